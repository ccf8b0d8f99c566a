"""Who is told of what, what stays as it is given, and names that are taken meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolauth import (
    Change,
    EmailAddress,
    EmailTaken,
    ImportedUser,
    MisId,
    MisIdTaken,
    NotPermitted,
    Role,
    School,
    SupportDesk,
    TransitionForbidden,
    UsernameTaken,
)
from schoolauth.model.events import PasswordChanged, UserAdded
from schoolauth.model.names import Username
from tests.service.world import PASSWORD, World

OLD, NEW = "old@hill.example.org", "new@hill.example.org"
MIS_ID = MisId.stored("wg204nx:sims:9", "wg204nx:sims:9")


def support(world: World) -> SupportDesk:
    return world.auth.support(by="Robin")


def told(world: World) -> list[tuple[str, str]]:
    return [(mail.kind, str(mail.to)) for mail in world.outbox]


def taken_once(world: World, monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[Change]:
    """Let the first save from now on fail by *error*; return those that were tried."""
    tried, save = [], world.users.save

    def once(change: Change) -> None:
        tried.append(change)
        if len(tried) == 1:
            raise error
        save(change)

    monkeypatch.setattr(world.users, "save", once)
    return tried


def test_an_address_that_is_replaced_is_told(world: World) -> None:
    """Unless it was a stranger's, and nobody is if there was none or it is the same."""
    user = world.teacher(email=OLD)
    world.outbox.clear()
    world.desk.set_email(user.id, NEW)
    assert told(world) == [("email_changed", OLD)]
    world.outbox.clear()
    world.desk.set_email(user.id, NEW)
    world.desk.set_email(user.id, "third@hill.example.org", was_wrong=True)
    assert told(world) == []


def test_admins_are_told_of_a_new_admin_and_of_nobody_else(world: World) -> None:
    """Not of a teacher whose name is corrected, nor of somebody who is one already."""
    user = world.teacher()
    world.teacher(family_name="Told", email="nobody.told@hill.example.org")
    gone = world.teacher(family_name="Gone", role=Role.ADMIN, email="gone@hill.example.org")
    world.desk.deactivate(gone.id)
    world.outbox.clear()
    world.desk.edit_user(user.id, given_name="Jessica")
    assert told(world) == []
    world.desk.edit_user(user.id, role=Role.ADMIN)
    assert told(world) == [("admin_added", str(world.admin.email))]
    world.outbox.clear()
    world.desk.edit_user(user.id, given_name="Jess")
    assert told(world) == []


def test_admins_are_told_of_an_imported_admin(world: World) -> None:
    """Also if there is nobody else in the import."""
    world.outbox.clear()
    support(world).import_users(
        "wg204nx", [ImportedUser("ann", "Ann", "Ash", Role.ADMIN)], source="old"
    )
    assert told(world) == [("admin_added", str(world.admin.email))]


def test_a_password_says_whether_the_school_or_the_support_set_it(world: World) -> None:
    """Both have a desk, and a school's first admin gets it from the support."""
    user = world.teacher()
    support(world).manage("wg204nx").set_password(user.id, "Blackboard8")
    support(world).add_school(School("mill", "Mill"))
    first = support(world).add_first_admin(
        "mill", given_name="M", family_name="Mill", password=PASSWORD
    )
    events = [
        *world.desk.history(user.id, kinds=["password_changed"]).items,
        *support(world).manage("mill").history(first.id, kinds=["password_changed"]).items,
    ]
    hows = [event.how for event in events if isinstance(event, PasswordChanged)]
    assert hows == ["support", "admin", "support"]


def test_a_leavers_password_is_not_even_judged(world: World) -> None:
    """The status is told, and the history has no refused password."""
    user = world.teacher()
    world.desk.deactivate(user.id)
    with pytest.raises(TransitionForbidden):
        world.desk.set_password(user.id, "short")
    assert world.desk.history(user.id, kinds=["password_refused"]).items == ()


def test_whoever_unlocks_must_still_be_an_admin(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it is written, not only when it is asked."""
    user = world.teacher()
    tried = taken_once(world, monkeypatch, UsernameTaken(user.username))
    with pytest.raises(UsernameTaken):
        world.desk.unlock(user.id)
    assert [one.id for one in tried[0].unchanged] == [world.admin.id]


def test_a_first_admin_who_left_before_signing_in_is_none(world: World) -> None:
    """Another one can be added then; while one stands or is invited, none can."""
    support(world).add_school(School("mill", "Mill"))
    first = support(world).add_first_admin("mill", given_name="M", family_name="Mill")
    with pytest.raises(NotPermitted):
        support(world).add_first_admin("mill", given_name="N", family_name="Mill")
    support(world).manage("mill").deactivate(first.id)
    assert support(world).add_first_admin("mill", given_name="N", family_name="Mill")


def test_an_erased_account_is_moved_nowhere(world: World) -> None:
    """Not even to where it is."""
    user = world.desk.erase(world.teacher().id)
    with pytest.raises(TransitionForbidden):
        support(world).move_user(user.id, world.school.code)


def test_an_import_without_a_source_is_on_record_as_one(world: World) -> None:
    """The history says where an account came from, in the same word in every version."""
    (user,) = support(world).import_users("wg204nx", [ImportedUser("a", "A", "B", Role.STAFF)])
    (event,) = world.desk.history(user.id, kinds=["user_added"]).items
    assert isinstance(event, UserAdded)
    assert event.source == "import"


def test_a_move_under_a_given_name_keeps_it(world: World) -> None:
    """Only without one does a name of the old school's form get the new school's."""
    support(world).add_school(School("mill", "Mill"))
    given, other = world.teacher(), world.teacher()
    moved = support(world).move_user(given.id, "mill", username="own.name")
    assert str(moved.username) == "own.name"
    assert str(support(world).move_user(other.id, "mill").username) == "mill_james"


def test_a_suggested_name_that_is_taken_meanwhile_is_replaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was given is refused instead."""
    support(world).add_school(School("mill", "Mill"))
    user = world.teacher()
    error = UsernameTaken(Username.parse("mill_james"))
    taken_once(world, monkeypatch, error)
    assert str(support(world).move_user(user.id, "mill").username) == "mill_james"
    monkeypatch.undo()
    taken_once(world, monkeypatch, error)
    first = support(world).add_first_admin("mill", given_name="M", family_name="Mill")
    assert str(first.username) == "mill_mill"
    monkeypatch.undo()
    taken_once(world, monkeypatch, error)
    with pytest.raises(UsernameTaken):
        support(world).move_user(user.id, "wg204nx", username="mill_james")


@pytest.mark.parametrize(
    "make",
    [
        lambda: EmailTaken(EmailAddress.parse(NEW)),
        lambda: UsernameTaken(Username.parse("ann")),
        lambda: MisIdTaken(MIS_ID),
    ],
    ids=["email", "username", "mis_id"],
)
def test_an_import_is_looked_at_again_if_a_key_is_taken_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Exception]
) -> None:
    """Whoever has it is found then, and if nobody has, the import goes through."""
    tried = taken_once(world, monkeypatch, make())
    (user,) = support(world).import_users(
        "wg204nx", [ImportedUser("ann", "Ann", "Ash", Role.SLT)], source="old"
    )
    assert (len(tried), str(user.username)) == (2, "ann")


def test_fifty_schools_are_a_page(world: World) -> None:
    """Unless the call says otherwise; and the head's mail names the school that was changed."""
    for number in range(52):
        support(world).add_school(School(f"z{number}", "A School"))
    assert len(support(world).schools().items) == 50
    world.outbox.clear()
    support(world).change_school("wg204nx", name="Hill")
    support(world).change_school("wg204nx", deputy_email=NEW)
    mail = world.mail("school_changed")
    assert "deputy email" in mail.text
    assert mail.school == world.school.code
    assert "Hill" in mail.subject + mail.text
