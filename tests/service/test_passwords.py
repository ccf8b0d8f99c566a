"""Forgotten and changed passwords."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from schoolauth import (
    Links,
    LoginRefused,
    MailMessage,
    NotConfigured,
    PasswordPolicy,
    PasswordRejected,
    SessionEnded,
    Status,
    StorageUnavailable,
    Throttled,
    TokenRefused,
    User,
    UserNotFound,
)
from schoolauth.model.events import LoginFailed, MailFailed, PasswordRefused
from tests.service.test_sign_in import Failing, Recorder
from tests.service.world import LINKS, PASSWORD, World, make_world

EMAIL = "jess@hill.example.org"


@pytest.fixture
def teacher(world: World) -> User:
    """An active teacher with an address."""
    return world.teacher(email=EMAIL)


def refusal(world: World, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        world.auth.check_password_token(token)
    with pytest.raises(TokenRefused) as again:
        world.auth.reset_password(token, "Blackboard8")
    assert caught.value.reason == again.value.reason
    return caught.value.reason


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


def test_both_links_live_until_one_is_used(world: World, teacher: User) -> None:
    """Nobody can void another's link by asking again; using one ends them all."""
    world.auth.request_password_reset(EMAIL)
    first = world.token("password_reset")
    world.clock.advance(minutes=5)
    world.auth.request_password_reset(EMAIL)
    second = world.token("password_reset")
    assert first != second
    world.auth.check_password_token(second)
    world.auth.reset_password(first, "Blackboard8")
    assert refusal(world, first) == refusal(world, second) == "used"


@pytest.mark.parametrize(
    "step",
    [
        lambda world, user: world.desk.set_email(user.id, "new@hill.example.org"),
        lambda world, user: world.desk.release_email(user.id),
        lambda world, user: world.desk.set_password(user.id, "Whiteboard9"),
        lambda world, user: world.desk.deactivate(user.id),
        lambda world, user: world.desk.reactivate(world.desk.deactivate(user.id).id),
        lambda world, user: world.auth.end_sessions(user.id),
        lambda world, user: world.desk.erase(user.id),
    ],
    ids=["set_email", "release", "set_password", "deactivate", "reactivate", "sessions", "erase"],
)
def test_a_link_dies_with_any_change(
    world: World, teacher: User, step: Callable[[World, User], object]
) -> None:
    """A link mailed before a change of address, password or status is dead after it."""
    world.auth.request_password_reset(EMAIL)
    step(world, teacher)
    assert refusal(world, world.token("password_reset")) == "used"


def test_a_link_dies_with_its_address_even_if_the_epoch_were_the_same(
    world: World, teacher: User
) -> None:
    """The token carries a digest of where it was sent."""
    from dataclasses import replace

    from schoolauth import Change, EmailAddress

    world.auth.request_password_reset(EMAIL)
    moved = replace(
        world.desk.get_user(teacher.id), email=EmailAddress.parse("new@hill.example.org")
    )
    event = LoginFailed(at=world.clock.now(), reason="unknown")
    world.users.save(Change([moved], [event]))
    assert refusal(world, world.token("password_reset")) == "used"


def test_links_expire(world: World, teacher: User) -> None:
    """A reset link works for 24 hours, a create-password link for 7 days, to the millisecond."""
    world.auth.request_password_reset(EMAIL)
    world.desk.send_create_password_email(teacher.id)
    world.clock.advance(hours=24, milliseconds=-1)
    world.auth.check_password_token(world.token("password_reset"))
    world.clock.advance(milliseconds=1)
    assert refusal(world, world.token("password_reset")) == "expired"
    world.clock.advance(days=6, milliseconds=-1)
    world.auth.check_password_token(world.token("create_password"))
    world.clock.advance(milliseconds=1)
    assert refusal(world, world.token("create_password")) == "expired"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "=",
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token[1:],
        lambda token: token.replace(".", ".."),
    ],
    ids=["empty", "cut", "padded", "longer", "recased", "beheaded", "dotted"],
)
def test_a_spoilt_token_is_refused(
    world: World, teacher: User, spoil: Callable[[str], str]
) -> None:
    """Empty, truncated, padded and re-cased tokens are invalid, whatever they were."""
    world.auth.request_password_reset(EMAIL)
    assert refusal(world, spoil(world.token("password_reset"))) == "invalid"


def test_a_mail_programs_white_space_is_trimmed(world: World, teacher: User) -> None:
    """A line break around the token is the mail program's, not the person's."""
    world.auth.request_password_reset(EMAIL)
    assert world.auth.reset_password(f" {world.token('password_reset')}\r\n", "Blackboard8")


def test_keys_rotate(world: World, teacher: User) -> None:
    """A link and a session signed with an old key work while it is listed, and not longer."""
    from schoolauth import SchoolAuth
    from tests.service.world import HASHER, KEY

    world.auth.request_password_reset(EMAIL)
    session = world.log_in(teacher).session
    new = "another key for tests, not a secret"
    rotated = SchoolAuth(
        world.users, secret_key=new, old_secret_keys=[KEY], clock=world.clock, hasher=HASHER
    )
    assert rotated.resume(session).id == teacher.id
    later = rotated.log_in("wg204nx_james", PASSWORD).session
    with pytest.raises(SessionEnded):
        world.auth.resume(later)
    gone = SchoolAuth(world.users, secret_key=new, clock=world.clock, hasher=HASHER)
    assert gone.resume(later).id == teacher.id
    with pytest.raises(SessionEnded):
        gone.resume(session)


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


def test_change_password(world: World, teacher: User) -> None:
    """The old password is asked for, the new one works, every other session ends (ASVS 6.2.3)."""
    other = world.log_in(teacher).session
    login = world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    assert login.how == "password"
    assert world.auth.resume(login.session).id == teacher.id
    with pytest.raises(SessionEnded):
        world.auth.resume(other)
    with pytest.raises(LoginRefused):
        world.log_in(teacher)
    assert world.log_in(teacher, "Blackboard8")
    assert world.mail("password_changed").to == teacher.email


def test_a_refused_change_leaves_the_old_password(world: World, teacher: User) -> None:
    """A refused change says why, and the old password goes on working (FAQ)."""
    session = world.log_in(teacher).session
    with pytest.raises(PasswordRejected) as caught:
        world.auth.change_password(teacher.id, current=PASSWORD, new="letters")
    assert {v.code for v in caught.value.violations} == {"too_short", "no_number"}
    assert "at least 8 characters" in caught.value.message
    assert world.auth.resume(session)
    assert world.log_in(teacher)


def test_a_wrong_current_password_counts_as_an_attempt(world: World, teacher: User) -> None:
    """Guessing through the change form fills the account's bucket, and is recorded."""
    for _ in range(10):
        with pytest.raises(LoginRefused):
            world.auth.change_password(teacher.id, current="Wrong1234", new="Blackboard8")
    with pytest.raises(LoginRefused):
        world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")
    event = world.desk.history(teacher.id).items[0]
    assert isinstance(event, LoginFailed)
    assert event.reason == "throttled"
    with pytest.raises(LoginRefused):
        world.log_in(teacher)


def test_a_space_in_the_current_password_is_told(world: World, teacher: User) -> None:
    """The same hint as at sign-in."""
    with pytest.raises(LoginRefused) as caught:
        world.auth.change_password(teacher.id, current=PASSWORD + " ", new="Blackboard8")
    assert caught.value.hints == ("space_at_end_of_password",)


def test_a_temporary_password_may_be_changed_by_its_holder(world: World) -> None:
    """The current password may be the one that an admin set."""
    teacher = world.teacher(None)
    world.desk.set_password(teacher.id, "Temporary1")
    world.auth.change_password(teacher.id, current="Temporary1", new="Blackboard8")
    assert world.log_in(teacher, "Blackboard8")


def test_change_password_of_nobody_and_of_the_inactive(world: World, teacher: User) -> None:
    """An unknown id is UserNotFound; an inactive account's right password is refused."""
    with pytest.raises(UserNotFound):
        world.auth.change_password("nobody", current=PASSWORD, new="Blackboard8")
    world.desk.deactivate(teacher.id)
    with pytest.raises(LoginRefused):
        world.auth.change_password(teacher.id, current=PASSWORD, new="Blackboard8")


def test_a_policy_is_asked_with_the_account() -> None:
    """A host's own rule sees whose password it is."""
    seen: list[str] = []

    def rule(password: str, user: User | None) -> list[Any]:
        seen.append("" if user is None else str(user.username))
        return []

    world = make_world(policy=PasswordPolicy.recommended().also(rule))
    teacher = world.teacher("Bridgewater7")
    with pytest.raises(PasswordRejected) as caught:
        world.auth.change_password(teacher.id, current="Bridgewater7", new="james2024")
    assert [v.code for v in caught.value.violations] == ["context_word"]
    assert seen[-1] == "wg204nx_james"
    assert world.auth.policy.describe()[0] == "at least 8 characters"


@pytest.mark.parametrize("bad", [None, 7, b"x"])
def test_wrong_types_are_refused_before_any_work(world: World, teacher: User, bad: Any) -> None:
    """Whatever is no text is a TypeError, and leaves no trace."""
    before = len(world.kinds())
    for call in (
        lambda: world.auth.request_password_reset(bad),
        lambda: world.auth.check_password_token(bad),
        lambda: world.auth.reset_password(bad, "Blackboard8"),
        lambda: world.auth.reset_password("x", bad),
        lambda: world.auth.change_password(teacher.id, current=bad, new="Blackboard8"),
        lambda: world.auth.change_password(teacher.id, current=PASSWORD, new=bad),
    ):
        with pytest.raises(TypeError):
            call()
    assert len(world.kinds()) == before


def test_a_call_that_needs_a_mailer_says_so_to_everyone() -> None:
    """Without a mailer or a link the refusal is the same for known and unknown names."""
    for settings in ({"mailer": None}, {"links": Links(email=LINKS.email)}):
        world = make_world(**settings)
        world.teacher(email=EMAIL)
        for name in (EMAIL, "nobody"):
            with pytest.raises(NotConfigured):
                world.auth.request_password_reset(name)


class Broken:
    """A mailer that never gets anything away."""

    def send(self, message: MailMessage) -> None:
        raise OSError(f"cannot reach {message.to}")


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


def test_bad_tokens_from_one_source_are_throttled(world: World, teacher: User) -> None:
    """A hundred bad tokens turn the source away, before anything is looked up."""
    for _ in range(100):
        with pytest.raises(TokenRefused):
            world.auth.reset_password("rubbish", "Blackboard8", source="192.0.2.7")
    with pytest.raises(Throttled):
        world.auth.reset_password("rubbish", "Blackboard8", source="192.0.2.7")
    with pytest.raises(TokenRefused):
        world.auth.reset_password("rubbish", "Blackboard8", source="192.0.2.8")


def test_a_password_is_kept_exactly(world: World, teacher: User) -> None:
    """Nothing is cut, trimmed or folded: passwords that differ in the last character differ."""
    for length in (64, 72, 73, 128, 1024):
        new = "x7" + "é" * (length - 3) + "a"
        world.auth.request_password_reset(EMAIL)
        world.auth.reset_password(world.token("password_reset"), new)
        world.clock.advance(hours=2)
        for wrong in (new[:-1], new[:-1] + "b", new.upper(), new + " "):
            with pytest.raises(LoginRefused):
                world.log_in(teacher, wrong)
        assert world.log_in(teacher, new)


def test_a_password_typed_in_another_normal_form_is_the_same(world: World, teacher: User) -> None:
    """An accent typed as one character or as two is one password (NIST SP 800-63B-4: NFC)."""
    world.auth.change_password(teacher.id, current=PASSWORD, new="Caf\u00e9 au lait 7")
    assert world.log_in(teacher, "Cafe\u0301 au lait 7")


def test_the_mail_shows_no_secret_in_its_repr(world: World, teacher: User) -> None:
    """Token, link and text are not in the repr of a mail."""
    world.auth.request_password_reset(EMAIL)
    mail = world.mail("password_reset")
    assert world.token("password_reset") not in repr(mail)
    assert not re.search("password/", repr(mail))


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
