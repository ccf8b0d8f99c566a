"""What an admin does with the accounts of their own school."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from schoolauth import (
    EmailInvalid,
    EmailMissing,
    EmailTaken,
    LoginRefused,
    MisId,
    MisIdTaken,
    NameInvalid,
    Role,
    Status,
    TransitionForbidden,
    UsernameInvalid,
    UsernameTaken,
    UserNotFound,
)
from schoolauth.model.events import UserEdited
from tests.service.world import PASSWORD, World, make_world

EMAIL = "jess@hill.example.org"


def test_add_user(stored_world: World) -> None:
    """A new account is INVITED, under the suggested username, and stands in the history."""
    world = stored_world
    user = world.teacher(None, email=EMAIL, mis_id=MisId(world.school.code, "sims", "17"))
    assert (str(user.username), user.status, user.role) == (
        "wg204nx_james",
        Status.INVITED,
        Role.TEACHER,
    )
    assert user == world.desk.get_user(user.id)
    assert world.kinds(user) == ["user_added"]


def test_the_next_free_username_is_suggested(stored_world: World) -> None:
    """The product's own form, then .1, .2: two Smiths are not one person (FAQ)."""
    names = [str(stored_world.teacher(None, family_name="Smith").username) for _ in range(3)]
    assert names == ["wg204nx_smith", "wg204nx_smith.1", "wg204nx_smith.2"]


def test_taken_keys_are_named(world: World) -> None:
    """One address belongs to one account, over statuses too; the holder is named (FAQ)."""
    mis_id = MisId(world.school.code, "sims", "17")
    first = world.teacher(email=EMAIL, mis_id=mis_id)
    world.desk.deactivate(first.id)
    with pytest.raises(EmailTaken) as caught:
        world.teacher(family_name="Other", email=EMAIL.upper())
    assert (caught.value.holder_username, caught.value.holder_status) == (
        "wg204nx_james",
        "inactive",
    )
    assert "wg204nx_james (inactive)" in caught.value.message
    with pytest.raises(UsernameTaken):
        world.teacher(family_name="Other", username="WG204NX_JAMES")
    with pytest.raises(MisIdTaken):
        world.teacher(family_name="Other", mis_id=mis_id)


def test_edit_user(world: World) -> None:
    """Names, role and username change; what is not given stays; no change is no event."""
    user = world.teacher()
    edited = world.desk.edit_user(user.id, given_name=" Jessica ", username="JJames")
    assert (edited.given_name, edited.family_name, str(edited.username)) == (
        "Jessica",
        "James",
        "JJames",
    )
    assert edited == world.desk.get_user(user.id)
    assert edited.epoch == user.epoch
    event = world.desk.history(user.id).items[0]
    assert isinstance(event, UserEdited)
    assert (event.fields, event.source) == (("given_name", "username"), None)
    assert world.desk.edit_user(user.id, given_name="Jessica") == edited
    assert world.auth.log_in("jjames", PASSWORD)
    assert str(world.desk.edit_user(user.id, username="jjames").username) == "jjames"


def test_set_and_release_email(stored_world: World) -> None:
    """An address is set, moved to another account and removed; the old address is told (FAQ)."""
    world = stored_world
    user = world.teacher()
    other = world.teacher(family_name="Other")
    assert str(world.desk.set_email(user.id, EMAIL).email) == EMAIL
    world.outbox.clear()
    assert world.desk.release_email(user.id).email is None
    assert [(mail.kind, str(mail.to)) for mail in world.outbox] == [("email_changed", EMAIL)]
    assert str(world.desk.set_email(other.id, EMAIL).email) == EMAIL
    with pytest.raises(EmailMissing):
        world.desk.release_email(user.id)
    unchanged = world.desk.set_email(other.id, EMAIL)
    assert unchanged == world.desk.get_user(other.id)
    world.desk.set_email(other.id, "second@hill.example.org")
    assert str(world.mail("email_changed").to) == EMAIL


def test_a_wrong_address_takes_the_password_with_it(world: World) -> None:
    """Whoever read the stranger's mail may have chosen the password: it is dropped, quietly."""
    user = world.teacher(email="stranger@hill.example.org")
    world.outbox.clear()
    fixed = world.desk.set_email(user.id, EMAIL, was_wrong=True)
    assert (fixed.password, fixed.status) == (None, Status.ACTIVE)
    assert world.outbox == []
    with pytest.raises(LoginRefused):
        world.log_in(user)
    world.auth.request_password_reset(EMAIL)
    assert world.auth.reset_password(world.token("password_reset"), PASSWORD)


def test_a_leaver_loses_access_at_once_and_may_come_back(world: World) -> None:
    """Inactive: no sign-in, perhaps no address; reactivated, the old password works (FAQ)."""
    user = world.teacher(email=EMAIL)
    gone = world.desk.deactivate(user.id, release_email=True)
    assert (gone.status, gone.email) == (Status.INACTIVE, None)
    assert world.kinds(user)[:2] == ["status_changed", "email_released"]
    with pytest.raises(LoginRefused):
        world.log_in(user)
    with pytest.raises(TransitionForbidden):
        world.desk.deactivate(user.id)
    assert world.desk.reactivate(user.id).status is Status.ACTIVE
    assert world.log_in(user)
    with pytest.raises(TransitionForbidden):
        world.desk.reactivate(user.id)


def test_an_invited_account_comes_back_invited(world: World) -> None:
    """Without a password there is nothing to be active with."""
    user = world.teacher(None)
    world.desk.deactivate(user.id)
    assert world.desk.reactivate(user.id).status is Status.INVITED
    world.desk.deactivate(user.id, release_email=True)
    assert world.kinds(user)[0] == "status_changed"


def test_erase(stored_world: World) -> None:
    """Nothing personal remains but the id and the trail, and every key is free again."""
    world = stored_world
    mis_id = MisId(world.school.code, "sims", "17")
    user = world.teacher(email=EMAIL, mis_id=mis_id)
    erased = world.desk.erase(user.id)
    assert erased == world.desk.get_user(user.id)
    text = repr(erased.to_record(with_password=True)) + erased.search_text
    for personal in ("jess", "james", "17", "argon2"):
        assert personal not in text.lower().replace(str(erased.epoch), "").replace("1788", "")
    assert world.kinds(user)[0:2] == ["status_changed", "user_erased"]
    assert user.id not in {found.id for found in world.desk.search().items}
    again = world.teacher(email=EMAIL, mis_id=mis_id)
    assert str(again.username) == "wg204nx_james"
    calls: list[Callable[[], object]] = [
        lambda: world.desk.erase(user.id),
        lambda: world.desk.edit_user(user.id, given_name="X"),
        lambda: world.desk.set_email(user.id, "x@hill.example.org"),
        lambda: world.desk.set_password(user.id, PASSWORD),
        lambda: world.desk.reactivate(user.id),
    ]
    for call in calls:
        with pytest.raises(TransitionForbidden):
            call()


def test_search(stored_world: World) -> None:
    """Words in any order, without marks, apostrophes or case; filters; pages."""
    world = stored_world
    ohara = world.teacher(given_name="Máire", family_name="O'Hara", email=EMAIL)
    world.desk.deactivate(world.teacher(family_name="Gone").id)
    for text in ("ohara", "O’HARA maire", "o hara", "jess@hill", "wg204nx_oh"):
        assert [user.id for user in world.desk.search(text).items] == [ohara.id], text
    assert world.desk.search("%").items == ()
    assert [str(user.username) for user in world.desk.search(statuses=[Status.INACTIVE]).items] == [
        "wg204nx_gone"
    ]
    assert [user.id for user in world.desk.search(roles=[Role.ADMIN]).items] == [world.admin.id]
    assert {user.id for user in world.desk.search(has_email=True).items} == {
        ohara.id,
        world.admin.id,
    }
    first = world.desk.search(limit=2)
    rest = world.desk.search(limit=2, after=first.next)
    assert [str(user.username) for user in first.items + rest.items] == [
        "wg204nx_admin",
        "wg204nx_gone",
        "wg204nx_ohara",
    ]
    assert rest.next is None
    with pytest.raises(NameInvalid):
        world.desk.search("x" * 201)


def test_history(stored_world: World) -> None:
    """One account's or the whole school's; kinds, a beginning, and pages; newest first."""
    world = stored_world
    user = world.teacher()
    world.clock.advance(hours=1)
    since = world.clock.now()
    world.log_in(user)
    assert [event.kind for event in world.desk.history(user.id, since=since).items] == [
        "login_succeeded"
    ]
    assert {event.kind for event in world.desk.history(kinds=["user_added"]).items} == {
        "user_added"
    }
    page = world.desk.history(user.id, limit=1)
    assert page.next is not None
    more = world.desk.history(user.id, limit=500, after=page.next)
    assert [event.kind for event in page.items + more.items] == world.kinds(user)
    assert "school_added" in world.kinds()
    with pytest.raises(UserNotFound):
        world.desk.history("nobody")
    with pytest.raises(ValueError, match="no event of the kind"):
        world.desk.history(kinds=["rubbish"])
    with pytest.raises(ValueError, match="zone"):
        world.desk.history(since=datetime(2026, 1, 1))  # noqa: DTZ001 # on purpose


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"given_name": ""}, NameInvalid),
        ({"family_name": "x\u202e"}, NameInvalid),
        ({"family_name": "https://x"}, NameInvalid),
        ({"given_name": "x" * 101}, NameInvalid),
        ({"given_name": 7}, TypeError),
        ({"role": "headmaster"}, TypeError),
        ({"role": None}, TypeError),
        ({"email": "no address"}, EmailInvalid),
        ({"email": 7}, TypeError),
        ({"username": "jess james"}, UsernameInvalid),
        ({"username": "james "}, UsernameInvalid),
        ({"username": "j\u0430mes"}, UsernameInvalid),
        ({"mis_id": "17"}, TypeError),
    ],
)
def test_bad_values_are_refused_and_nothing_is_written(
    world: World, fields: dict[str, Any], error: type[Exception]
) -> None:
    """Each bad value has its typed refusal, before any work."""
    before = world.kinds()
    with pytest.raises(error):
        world.teacher(None, **fields)
    assert world.kinds() == before


def test_a_suggested_name_taken_meanwhile_is_suggested_again() -> None:
    """Two admins adding a Smith at once get two names, not an error."""
    from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository

    inner = MemoryUserRepository()

    class Racing:
        armed = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def save(self, change: Any) -> None:
            if self.armed:
                self.armed -= 1
                world.auth.support(by="test").manage("wg204nx").add_user(
                    given_name="Sam",
                    family_name="Smith",
                    role=Role.TEACHER,
                    username=str(change.users[0].username),
                )
            inner.save(change)

    users = Racing()
    world = make_world(users, MemorySchoolDirectory(inner))
    users.armed = 1
    assert str(world.teacher(None, family_name="Smith").username) == "wg204nx_smith.1"
    users.armed = 1
    with pytest.raises(UsernameTaken):
        world.teacher(None, username="mine")
