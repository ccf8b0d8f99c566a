"""What the vendor's own staff do."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth import (
    EmailInvalid,
    EmailTaken,
    LastAdmin,
    NameInvalid,
    NotConfigured,
    NotPermitted,
    PasswordRejected,
    Role,
    School,
    SchoolAuth,
    SchoolTaken,
    SchoolUnknown,
    Status,
    SupportDesk,
    TransitionForbidden,
    UsernameTaken,
    UserNotFound,
)
from schoolauth.model.events import LegalHoldSet, UserMoved
from schoolauth.ports import Store
from schoolauth.testing import cheap_hasher
from tests.service.world import KEY, PASSWORD, World, make_world


@pytest.fixture
def support(world: World) -> SupportDesk:
    """The support desk of Test Support."""
    return world.auth.support(by="Test Support")


def test_schools_are_added_listed_and_changed(stored_world: World) -> None:
    """A school is there once, in order of code; old and new head are told of a change."""
    world = stored_world
    support = world.auth.support(by="Test Support")
    support.add_school(School("AB1cd", "Another School"))
    with pytest.raises(SchoolTaken):
        support.add_school(School("ab1CD", "The same code"))
    page = support.schools(limit=1)
    assert [school.name for school in page.items] == ["Another School"]
    assert [s.name for s in support.schools(after=page.next).items] == ["Hill Primary"]
    changed = support.change_school(
        "WG204NX", name="Hill Academy", headteacher_email="new@wg204nx.example.org"
    )
    assert support.schools().items[1] == changed
    assert {(mail.kind, str(mail.to)) for mail in world.outbox} == {
        ("school_changed", "head@wg204nx.example.org"),
        ("school_changed", "new@wg204nx.example.org"),
    }
    event = world.desk.history(kinds=["school_changed"]).items[0]
    assert (event.actor, event.to_record()["details"]) == (
        "support:Test Support",
        '{"fields": ["name", "headteacher_email"]}',
    )


def test_a_change_of_nothing_is_no_change(world: World, support: SupportDesk) -> None:
    """No event and no mail; None removes an approver."""
    support.change_school("wg204nx", name="Hill Primary")
    assert world.outbox == []
    assert "school_changed" not in world.kinds()
    assert support.change_school("wg204nx", headteacher_email=None).headteacher_email is None
    assert [str(mail.to) for mail in world.outbox] == ["head@wg204nx.example.org"]


def test_unknown_schools(support: SupportDesk) -> None:
    """Every call that names a school refuses an unknown one."""
    person: dict[str, Any] = {"given_name": "A", "family_name": "B"}
    for call in (
        lambda: support.change_school("nowhere", name="X"),
        lambda: support.manage("nowhere"),
        lambda: support.add_first_admin("nowhere", **person),
        lambda: support.move_user("user-1", "nowhere"),
    ):
        with pytest.raises(SchoolUnknown):
            call()


def test_bad_values(world: World, support: SupportDesk) -> None:
    """Each bad value has its typed refusal."""
    with pytest.raises(TypeError):
        support.add_school("wg204nx")  # type: ignore[arg-type] # on purpose
    with pytest.raises(NameInvalid):
        support.change_school("wg204nx", name="")
    with pytest.raises(EmailInvalid):
        support.change_school("wg204nx", deputy_email="no address")
    with pytest.raises(NameInvalid):
        support.manage("no code!")
    for by in ("", "x\n", "x" * 101):
        with pytest.raises(NameInvalid):
            world.auth.support(by=by)
    with pytest.raises(TypeError):
        support.set_legal_hold(world.admin.id, 1, reason="case 1")  # type: ignore[arg-type] # on purpose


def test_the_first_admin(world: World) -> None:
    """ACTIVE with a password that is not temporary, INVITED without; a second one is refused."""
    support = world.auth.support(by="Test Support")
    support.add_school(School("b", "B School"))
    support.add_school(School("c", "C School"))
    admin = support.add_first_admin(
        "b", given_name="Ben", family_name="Boss", email="ben@b.example.org", password=PASSWORD
    )
    assert (str(admin.username), admin.status, admin.version) == ("b_boss", Status.ACTIVE, 1)
    assert world.auth.manage(by=world.log_in(admin).user.id).school == admin.school
    invited = support.add_first_admin("c", given_name="Cat", family_name="Chief")
    assert invited.status is Status.INVITED
    for school in ("b", "c"):
        with pytest.raises(NotPermitted) as caught:
            support.add_first_admin(school, given_name="X", family_name="Y")
        assert caught.value.reason == "admin_exists"
    assert [event.kind for event in support.manage("b").history().items] == [
        "login_succeeded",
        "user_added",
        "password_changed",
        "status_changed",
        "school_added",
    ]


def test_a_first_admin_who_cannot_be_added(world: World, support: SupportDesk) -> None:
    """A refused password, a taken address or name leave no trace."""
    support.add_school(School("b", "B School"))
    person: dict[str, Any] = {"given_name": "Ben", "family_name": "Boss"}
    with pytest.raises(PasswordRejected):
        support.add_first_admin("b", **person, password="short")
    with pytest.raises(EmailTaken):
        support.add_first_admin("b", **person, email="admin@wg204nx.example.org")
    with pytest.raises(UsernameTaken):
        support.add_first_admin("b", **person, username="wg204nx_admin")
    assert support.manage("b").search().items == ()


def test_the_supports_own_desk(world: World, support: SupportDesk) -> None:
    """Support acts on a school's accounts under its own name."""
    teacher = world.teacher()
    desk = support.manage("wg204nx")
    desk.set_password(teacher.id, "Temporary1")
    event = world.desk.history(teacher.id).items[0]
    assert (event.kind, event.actor) == ("password_changed", "support:Test Support")
    assert "support" in str(event.to_record()["details"])
    desk.unlock(teacher.id)
    desk.send_create_password_email(desk.set_email(teacher.id, "j@hill.example.org").id)
    desk.set_email(world.admin.id, "new@hill.example.org")


def test_move_user(stored_world: World) -> None:
    """The account goes with its password; the MIS id stays behind; both histories say so."""
    from schoolauth import MisId

    world = stored_world
    support = world.auth.support(by="Test Support")
    support.add_school(School("other", "Other School"))
    teacher = world.teacher(
        email="jess@hill.example.org", mis_id=MisId(world.school.code, "sims", "17")
    )
    moved = support.move_user(teacher.id, "other")
    assert (str(moved.username), moved.mis_id, str(moved.school)) == ("other_james", None, "other")
    assert moved == support.manage("other").get_user(teacher.id)
    assert world.auth.log_in("jess@hill.example.org", PASSWORD)
    with pytest.raises(UserNotFound):
        world.desk.get_user(teacher.id)
    for desk in (world.desk, support.manage("other")):
        (event,) = desk.history(kinds=["user_moved"]).items
        assert isinstance(event, UserMoved)
        assert (event.old, event.new) == ("wg204nx", "other")


def test_an_admin_moves_as_staff_and_never_the_last(world: World, support: SupportDesk) -> None:
    """Nobody becomes an admin of a school by being moved there."""
    support.add_school(School("other", "Other School"))
    with pytest.raises(LastAdmin):
        support.move_user(world.admin.id, "other")
    second = world.teacher(family_name="Second", role=Role.ADMIN, username="second")
    moved = support.move_user(second.id, "other")
    assert (moved.role, str(moved.username)) == (Role.STAFF, "second")
    assert str(support.move_user(second.id, "wg204nx", username="third").username) == "third"
    with pytest.raises(UserNotFound):
        support.move_user("nobody", "other")
    world.desk.erase(second.id)
    with pytest.raises(TransitionForbidden):
        support.move_user(second.id, "other")


def test_a_legal_hold_forbids_to_erase(world: World) -> None:
    """Until it is taken off; both words stand in the history with their reason."""
    support = world.auth.support(by="Test Support")
    teacher = world.teacher()
    held = support.set_legal_hold(teacher.id, True, reason="inquiry 14/2026")
    assert held.legal_hold
    with pytest.raises(NotPermitted) as caught:
        world.desk.erase(teacher.id)
    assert caught.value.reason == "legal_hold"
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, LegalHoldSet)
    assert (event.on, event.reason) == (True, "inquiry 14/2026")
    support.set_legal_hold(teacher.id, False, reason="inquiry 14/2026 closed")
    assert world.desk.erase(teacher.id).status is Status.ERASED
    with pytest.raises(TransitionForbidden):
        support.set_legal_hold(teacher.id, True, reason="too late")


def test_without_a_directory_support_says_so() -> None:
    """Every call about schools is NotConfigured; a legal hold needs none."""
    world = make_world()
    teacher = world.teacher()
    bare = SchoolAuth(Store(world.users), secret_key=KEY, hasher=cheap_hasher()).support(by="x")
    for call in (
        lambda: bare.add_school(School("b", "B")),
        lambda: bare.schools(),
        lambda: bare.manage("wg204nx"),
        lambda: bare.change_school("wg204nx", name="X"),
        lambda: bare.move_user(teacher.id, "b"),
    ):
        with pytest.raises(NotConfigured):
            call()
    assert bare.set_legal_hold(teacher.id, True, reason="case 1").legal_hold


def test_heads_are_told_only_where_there_is_a_mailer() -> None:
    """Without a mailer the school is changed all the same."""
    world = make_world(mailer=None)
    support = world.auth.support(by="x")
    assert support.change_school("wg204nx", name="Hill Academy").name == "Hill Academy"
