"""Forgotten passwords: the same answer for everybody, and a link for some."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth import (
    Links,
    MailMessage,
    NotConfigured,
    PasswordRejected,
    Status,
    StorageUnavailable,
    User,
)
from schoolauth.model.events import MailFailed, PasswordRefused
from tests.service.doubles import Broken, Failing, Recorder
from tests.service.world import LINKS, PASSWORD, World, make_world

EMAIL = "jess@hill.example.org"


@pytest.fixture
def teacher(world: World) -> User:
    """An active teacher with an address."""
    return world.teacher(email=EMAIL)


def test_a_forgotten_password_is_reset_by_mail_on_every_store(stored_world: World) -> None:
    """Ask by address or username, follow the link, choose a password, be signed in (FAQ)."""
    world = stored_world
    teacher = world.teacher(email=EMAIL)
    for name in (EMAIL.upper(), "wg204nx_james"):
        world.auth.request_password_reset(name)
        mail = world.mail("password_reset")
        assert str(mail.to) == EMAIL
        assert mail.link == f"https://app.example.org/password/{mail.token}"
        assert mail.link in mail.text
        info = world.auth.check_password_token(world.token("password_reset"))
        assert (info.purpose, info.username) == ("password_reset", teacher.username)
        assert (info.school, info.expires_at) == (teacher.school, mail.expires_at)
        login = world.auth.reset_password(world.token("password_reset"), f"Blackboard{len(name)}")
        assert (login.how, login.user.id) == ("link", teacher.id)
        assert login.user.last_login_at == world.clock.now().replace(hour=0)
        assert world.auth.resume(login.session).id == teacher.id
        assert world.log_in(teacher, f"Blackboard{len(name)}")
        assert world.mail("password_changed").to == teacher.email


def test_an_invited_account_gets_a_create_password_link(world: World) -> None:
    """Somebody whose invitation was lost helps themselves (peer D16)."""
    invited = world.teacher(None, email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    info = world.auth.check_password_token(world.token("create_password"))
    assert info.purpose == "create_password"
    login = world.auth.reset_password(world.token("create_password"), PASSWORD)
    assert login.user.status is Status.ACTIVE
    assert world.kinds(invited)[:3] == ["password_changed", "status_changed", "login_succeeded"]


def test_nobody_learns_who_has_an_account(world: World, teacher: User) -> None:
    """Known, unknown, inactive and without an address: the same answer, the same one event."""
    world.teacher(family_name="Silent")
    world.desk.deactivate(world.teacher(family_name="Gone", email="gone@hill.example.org").id)
    names = [
        EMAIL,
        "nobody@hill.example.org",
        "wg204nx_silent",
        "gone@hill.example.org",
        "\x00",
        "",
    ]
    from schoolauth import HistoryQuery

    for name in names:
        before = len(world.users.history(HistoryQuery(limit=500)).items)
        assert world.auth.request_password_reset(name) is None  # type: ignore[func-returns-value] # that is what is shown
        events = world.users.history(HistoryQuery(limit=500)).items
        assert len(events) == before + 1
        assert events[0].kind == "password_reset_requested"
    assert [mail.kind for mail in world.outbox if mail.kind == "password_reset"] == [
        "password_reset"
    ]


def test_a_reset_request_does_the_same_work_for_all() -> None:
    """The same calls of the store and no hash, whether the name is known or not."""
    calls: list[str] = []
    hasher = Recorder()
    world = make_world(hasher=hasher)

    class Counting:
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(world.users, name)

    world.teacher(email=EMAIL)
    hasher.calls.clear()
    object.__setattr__(world.auth._core, "users", Counting())
    seen = []
    for name in (EMAIL, "nobody@hill.example.org"):
        calls.clear()
        world.auth.request_password_reset(name)
        seen.append(tuple(calls))
    assert seen[0] == seen[1] == ("find", "save")
    assert hasher.calls == []


def test_a_refused_password_says_why_and_leaves_the_old_one(world: World, teacher: User) -> None:
    """Every broken rule is named and recorded; the link and the old password stay good (FAQ)."""
    world.auth.request_password_reset(EMAIL)
    with pytest.raises(PasswordRejected) as caught:
        world.auth.reset_password(world.token("password_reset"), "short ")
    assert [v.code for v in caught.value.violations] == ["too_short", "no_number", "space_at_end"]
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, PasswordRefused)
    assert (event.how, event.violations) == ("reset", ("too_short", "no_number", "space_at_end"))
    assert world.log_in(teacher)
    assert world.auth.reset_password(world.token("password_reset"), "Blackboard8")


def test_a_call_that_needs_a_mailer_says_so_to_everyone() -> None:
    """Without a mailer or a link the refusal is the same for known and unknown names."""
    for settings in ({"mailer": None}, {"links": Links(email=LINKS.email)}):
        world = make_world(**settings)
        world.teacher(email=EMAIL)
        for name in (EMAIL, "nobody"):
            with pytest.raises(NotConfigured):
                world.auth.request_password_reset(name)


def test_a_mailer_that_raises_changes_nothing_for_anonymous_callers() -> None:
    """The reset request is answered as ever, and the failure stands in the history."""
    world = make_world(mailer=Broken())
    teacher = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, MailFailed)
    assert event.mail == "password_reset"
    assert world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")


def test_a_failing_mail_and_a_failing_store_together_still_answer() -> None:
    """Even the event about the mail may be lost without another answer."""
    from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository

    inner = MemoryUserRepository()
    users = Failing(inner, "save", StorageUnavailable())

    class TakesTheStoreDown:
        def send(self, message: MailMessage) -> None:
            users.down = True
            raise OSError

    world = make_world(users, MemorySchoolDirectory(inner), mailer=TakesTheStoreDown())
    teacher = world.desk.add_user(
        given_name="Jess", family_name="James", role=world.admin.role.TEACHER, email=EMAIL
    )
    assert teacher.email is not None
    world.auth.request_password_reset(EMAIL)
    assert users.down


def test_a_queue_tells_of_a_mail_that_it_could_not_send() -> None:
    """With `on_failure` the history has what failed in the background."""
    from schoolauth import QueuedMailer

    worlds: list[World] = []
    mailer = QueuedMailer(Broken(), on_failure=lambda mail: worlds[0].auth.mail_failed(mail))
    worlds.append(make_world(mailer=mailer))
    teacher = worlds[0].teacher(email=EMAIL)
    worlds[0].desk.send_create_password_email(teacher.id)
    mailer.close()
    failed = [e for e in worlds[0].desk.history(teacher.id).items if isinstance(e, MailFailed)]
    assert [event.mail for event in failed] == ["create_password", "password_changed"]


def test_a_mailer_that_can_pretend_is_asked_to_for_everybody_else() -> None:
    """Known names cost a `send`, all others a `pretend` of a mail to nobody."""
    done: list[tuple[str, str]] = []

    class Pretending:
        def send(self, message: MailMessage) -> None:
            done.append(("send", str(message.to)))

        def pretend(self, message: MailMessage) -> None:
            done.append(("pretend", str(message.to)))

    world = make_world(mailer=Pretending())
    world.teacher(email=EMAIL)
    done.clear()
    world.auth.request_password_reset(EMAIL)
    world.auth.request_password_reset("nobody@hill.example.org")
    assert done == [("send", EMAIL), ("pretend", "nobody@nowhere.invalid")]
