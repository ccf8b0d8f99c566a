"""A lost admin account comes back with the headteacher's confirmation, and never without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from schoolauth import (
    ApprovalRefused,
    EmailInvalid,
    HistoryQuery,
    Links,
    LoginRefused,
    MailNotSent,
    NameInvalid,
    NotConfigured,
    RecoveryRequest,
    Refused,
    Role,
    School,
    SchoolAuth,
    SchoolUnknown,
    SessionEnded,
    Status,
    TokenRefused,
    Unavailable,
    User,
)
from schoolauth.model.events import RecoveryApproved, RecoveryRefused, RecoveryRequested
from schoolauth.ports import Store
from tests.service.doubles import Broken
from tests.service.world import HASHER, LINKS, PASSWORD, World, make_world

HEAD, DEPUTY = "head@wg204nx.example.org", "deputy@wg204nx.example.org"
NEW = "ada.new@hill.example.org"


@pytest.fixture
def school(stored_world: World) -> Iterator[World]:
    """A school on every store, whose file names a head and a deputy since long ago."""
    yield from settled(stored_world)


@pytest.fixture
def quick(world: World) -> Iterator[World]:
    """The same in memory, for what does not depend on the store."""
    yield from settled(world)


def settled(world: World) -> Iterator[World]:
    world.auth.support(by="Robin").change_school("wg204nx", deputy_email=DEPUTY)
    world.clock.advance(days=30)
    world.outbox.clear()
    yield world


def request(world: World, new_email: str = NEW, **more: Any) -> None:
    world.auth.request_admin_recovery(
        "wg204nx", new_email=new_email, requested_by="Ada Admin", **more
    )


def token(world: World, approver: str = HEAD) -> str:
    """Return what the link carries that this approver was mailed last."""
    mails = [mail for mail in world.outbox if mail.kind == "approve_recovery"]
    return str([mail.token for mail in mails if str(mail.to) == approver][-1])


def refusal(world: World, approver: str = HEAD, **more: Any) -> str:
    """Return why an approval is refused; nothing but the record of it may change."""
    before = [user for user in world.desk.search().items if user.role is Role.ADMIN]
    with pytest.raises(ApprovalRefused) as caught:
        world.auth.approve_admin_recovery(token(world, approver), **more)
    assert [user for user in world.desk.search().items if user.role is Role.ADMIN] == before
    (event,) = world.desk.history(kinds=["recovery_refused"], limit=1).items
    assert isinstance(event, RecoveryRefused)
    assert event.reason == caught.value.reason
    return caught.value.reason


def second_admin(world: World, email: str | None = "ben@hill.example.org") -> User:
    user = world.desk.add_user(given_name="Ben", family_name="Box", role=Role.ADMIN, email=email)
    return world.desk.set_password(user.id, PASSWORD, must_change=False)


# --- By the approver's link ------------------------------------------------------------------


def test_the_head_gives_the_account_a_new_address(school: World) -> None:
    """Asked, shown, approved, and signed in by the link that the new address gets (FAQ)."""
    world = school
    session = world.log_in(world.admin).session
    request(world)
    assert [(mail.kind, str(mail.to)) for mail in world.outbox] == [
        ("approve_recovery", HEAD),
        ("approve_recovery", DEPUTY),
        ("recovery_requested", "admin@wg204nx.example.org"),
    ]
    mail = world.outbox[0]
    for text in ("Ada Admin", NEW, "wg204nx_admin", "Hill Primary"):
        assert text in mail.text
    assert mail.link == f"https://app.example.org/recovery/{mail.token}"
    shown = world.auth.check_recovery_token(token(world))
    assert shown == RecoveryRequest(
        school=world.school.code,
        requested_by="Ada Admin",
        new_email=shown.new_email,
        accounts=(world.admin.username,),
        expires_at=world.clock.now() + timedelta(days=7),
    )
    assert str(shown.new_email) == NEW
    world.outbox.clear()
    user = world.auth.approve_admin_recovery(f" {mail.token}\n")
    assert user == world.desk.get_user(world.admin.id)
    assert (str(user.email), user.status) == (NEW, Status.ACTIVE)
    with pytest.raises(SessionEnded):
        world.auth.resume(session)
    assert [(mail.kind, str(mail.to)) for mail in world.outbox] == [
        ("recovery_approved", "admin@wg204nx.example.org"),
        ("create_password", NEW),
    ]
    login = world.auth.reset_password(world.token("create_password"), "Blackboard8")
    assert login.user.id == world.admin.id
    with pytest.raises(LoginRefused):
        world.log_in(world.admin)


def test_everything_is_on_the_record(quick: World) -> None:
    """Request and approval are in the school's and the account's history, without an address."""
    world = quick
    request(world)
    world.auth.approve_admin_recovery(token(world, DEPUTY))
    events = world.desk.history(world.admin.id).items
    asked = next(event for event in events if isinstance(event, RecoveryRequested))
    approved = next(event for event in events if isinstance(event, RecoveryApproved))
    assert asked.asked == ("headteacher", "deputy")
    assert (approved.approver, approved.request) == ("deputy", asked.request)
    assert "email_changed" in [event.kind for event in events]
    assert NEW not in str([event.to_record() for event in events])


def test_a_link_works_once_and_the_others_die_with_it(school: World) -> None:
    """The same link again, and the deputy's of the same request, are used."""
    world = school
    request(world)
    head, deputy = token(world), token(world, DEPUTY)
    world.auth.approve_admin_recovery(head)
    for one in (head, deputy):
        for call in (world.auth.approve_admin_recovery, world.auth.check_recovery_token):
            with pytest.raises(TokenRefused) as caught:
                call(one)
            assert caught.value.reason == "used"


def test_head_and_deputy_approve_at_once(school: World) -> None:
    """Of two approvals of one request one counts, on every store."""
    world = school
    request(world)
    tokens = [token(world), token(world, DEPUTY)] * 4
    barrier, done, refused = Barrier(len(tokens)), [], []

    def approve(one: str) -> None:
        barrier.wait()
        try:
            done.append(world.auth.approve_admin_recovery(one))
        except (Refused, Unavailable) as error:
            refused.append(error)

    threads = [Thread(target=approve, args=(one,)) for one in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert len(refused) == len(tokens) - 1
    assert len(world.desk.history(kinds=["recovery_approved"]).items) == 1


def test_a_link_lasts_seven_days(quick: World) -> None:
    """To the millisecond; looking at it changes nothing."""
    request(quick)
    quick.clock.advance(days=7, milliseconds=-1)
    before = quick.kinds()
    quick.auth.check_recovery_token(token(quick))
    assert quick.kinds() == before
    quick.clock.advance(milliseconds=1)
    for call in (quick.auth.approve_admin_recovery, quick.auth.check_recovery_token):
        with pytest.raises(TokenRefused) as caught:
            call(token(quick))
        assert caught.value.reason == "expired"


@pytest.mark.parametrize("kind", ["password_reset", "rubbish", "session"])
def test_another_token_approves_nothing(quick: World, kind: str) -> None:
    """A reset link, a session and rubbish are no approval, and an approval is none of them."""
    request(quick)
    session = quick.log_in(quick.admin).session
    quick.auth.request_password_reset("wg204nx_admin")
    other = {"password_reset": quick.token("password_reset"), "session": session}.get(kind, "x.y")
    with pytest.raises(TokenRefused):
        quick.auth.approve_admin_recovery(other)
    with pytest.raises(TokenRefused):
        quick.auth.reset_password(token(quick), "Blackboard8")
    with pytest.raises(SessionEnded):
        quick.auth.resume(token(quick))
    with pytest.raises(TypeError):
        quick.auth.approve_admin_recovery(None)  # type: ignore[arg-type] # on purpose


def test_a_link_outlives_a_rotation_of_the_key() -> None:
    """Links that were mailed before the key changed can still be approved."""
    old, new = "an old key for tests, not a secret!!", "a new key for tests, not a secret!!"
    before = make_world(secret_key=old)
    before.clock.advance(days=30)
    request(before)
    auth = SchoolAuth(
        Store(before.users, before.schools),
        secret_key=new,
        old_secret_keys=[old],
        mailer=before.outbox,
        links=LINKS,
        hasher=HASHER,
        clock=before.clock,
    )
    assert auth.approve_admin_recovery(token(before)).id == before.admin.id


# --- What stands against an approval -----------------------------------------------------------


def test_somebody_has_signed_in_since(quick: World) -> None:
    """An account that is used is not lost; a sign-in before the request does not count."""
    quick.log_in(quick.admin)
    request(quick)
    quick.log_in(quick.admin)
    assert refusal(quick) == "signed_in_since"


def test_the_schools_file_has_changed_since(quick: World) -> None:
    """A new deputy after the request voids it, the head's link too."""
    request(quick)
    quick.auth.support(by="Robin").change_school("wg204nx", deputy_email=None)
    with pytest.raises(ApprovalRefused) as caught:
        quick.auth.check_recovery_token(token(quick))
    assert caught.value.reason == "changed_since"
    with pytest.raises(ApprovalRefused):
        quick.auth.approve_admin_recovery(token(quick))


@pytest.mark.parametrize("change", ["password", "new admin", "deactivated"])
def test_an_admin_has_changed_since(quick: World, change: str) -> None:
    """A new password, a new admin or one fewer voids the request."""
    other = second_admin(quick)
    request(quick)
    match change:
        case "password":
            quick.desk.set_password(other.id, "Blackboard8")
        case "new admin":
            quick.desk.add_user(given_name="C", family_name="C", role=Role.ADMIN)
        case _:
            quick.desk.deactivate(other.id)
    with pytest.raises(ApprovalRefused) as caught:
        quick.auth.approve_admin_recovery(token(quick), account=quick.admin.id)
    assert caught.value.reason == "changed_since"


def test_an_approver_for_themselves(quick: World) -> None:
    """The head cannot approve the head's own address while there is a deputy, who can."""
    request(quick, HEAD)
    assert refusal(quick, HEAD) == "own_address"
    assert str(quick.auth.approve_admin_recovery(token(quick, DEPUTY)).email) == HEAD


def test_a_head_without_a_deputy_may(world: World) -> None:
    """Where nobody else could approve, the head's own address is accepted."""
    world.clock.advance(days=30)
    request(world, HEAD)
    assert str(world.auth.approve_admin_recovery(token(world)).email) == HEAD


def test_the_new_address_is_held_elsewhere(quick: World) -> None:
    """By anybody of any school; the account's own address is not elsewhere."""
    support = quick.auth.support(by="Robin")
    support.add_school(School("mill", "Mill"))
    support.manage("mill").add_user(given_name="A", family_name="B", role=Role.STAFF, email=NEW)
    request(quick)
    assert refusal(quick) == "email_held"
    quick.clock.advance(hours=2)
    request(quick, "admin@wg204nx.example.org")
    user = quick.auth.approve_admin_recovery(token(quick))
    assert user.epoch > quick.admin.epoch
    assert quick.outbox[-1].kind == "create_password"
    assert "recovery_approved" not in [mail.kind for mail in quick.outbox]


@pytest.mark.parametrize(("hours", "too_new"), [(71, True), (72, False)])
def test_a_new_approver_waits_for_three_days(quick: World, hours: int, too_new: bool) -> None:
    """Whoever talks the support into another head's address cannot approve with it at once."""
    quick.auth.support(by="Robin").change_school("wg204nx", headteacher_email="thief@example.org")
    quick.clock.advance(hours=hours)
    request(quick)
    if too_new:
        assert refusal(quick, "thief@example.org") == "address_too_new"
        assert str(quick.auth.approve_admin_recovery(token(quick, DEPUTY)).email) == NEW
    else:
        quick.auth.approve_admin_recovery(token(quick, "thief@example.org"))


def test_which_of_several_admins(quick: World) -> None:
    """With two the approver says whose, by username or id; all of the others are told."""
    other = second_admin(quick)
    third = quick.desk.add_user(given_name="C", family_name="Cox", role=Role.ADMIN)
    teacher = quick.teacher()
    request(quick)
    assert quick.auth.check_recovery_token(token(quick)).accounts == (
        quick.admin.username,
        other.username,
        third.username,
    )
    assert refusal(quick) == "account_needed"
    assert refusal(quick, account=teacher.id) == "not_an_admin"
    assert refusal(quick, account="wg204nx_nobody") == "not_an_admin"
    quick.outbox[:] = [mail for mail in quick.outbox if mail.kind == "approve_recovery"]
    user = quick.auth.approve_admin_recovery(token(quick), account="WG204NX_ADMIN")
    assert user.id == quick.admin.id
    told = [(mail.kind, str(mail.to)) for mail in quick.outbox if mail.kind != "approve_recovery"]
    assert told == [
        ("recovery_approved", "admin@wg204nx.example.org"),
        ("recovery_approved", "ben@hill.example.org"),
        ("create_password", NEW),
    ]


def test_an_invited_admin_is_recovered_too(quick: World) -> None:
    """Somebody whose invitation went to a dead mailbox."""
    other = quick.desk.add_user(given_name="C", family_name="C", role=Role.ADMIN)
    request(quick)
    quick.auth.approve_admin_recovery(token(quick), account=other.id)
    login = quick.auth.reset_password(quick.token("create_password"), "Blackboard8")
    assert (login.user.id, login.user.status) == (other.id, Status.ACTIVE)


# --- Quiet for anonymous callers ---------------------------------------------------------------


def test_an_unknown_school_gets_the_same_answer(quick: World) -> None:
    """No mail, no error; the record names no school."""
    quick.outbox.clear()
    quick.auth.request_admin_recovery("nowhere", new_email=NEW, requested_by="X")
    assert quick.outbox == []
    (event,) = quick.users.history(HistoryQuery(limit=1)).items
    assert isinstance(event, RecoveryRequested)
    assert (event.school, event.user, event.asked) == (None, None, ())


def test_a_school_without_approvers_is_quiet_for_anybody_and_clear_for_support(
    quick: World,
) -> None:
    """The support desk is told what is missing; the person who asks is not."""
    support = quick.auth.support(by="Robin")
    support.change_school("wg204nx", headteacher_email=None, deputy_email=None)
    quick.outbox.clear()
    request(quick)
    assert quick.outbox == []
    with pytest.raises(ApprovalRefused) as caught:
        support.confirm_admin_recovery(
            "wg204nx", confirmation_from=HEAD, reference="T-1", new_email=NEW
        )
    assert caught.value.reason == "no_approver_on_file"
    assert "headteacher's address" in caught.value.message


def test_a_school_without_admins(quick: World) -> None:
    """Nobody to recover: quiet for anybody, clear for support."""
    support = quick.auth.support(by="Robin")
    support.add_school(School("mill", "Mill", headteacher_email="head@mill.example.org"))
    quick.outbox.clear()
    quick.auth.request_admin_recovery("mill", new_email=NEW, requested_by="X")
    assert quick.outbox == []
    with pytest.raises(ApprovalRefused) as caught:
        support.confirm_admin_recovery(
            "mill", confirmation_from="head@mill.example.org", reference="T-1", new_email=NEW
        )
    assert caught.value.reason == "no_admin"


def test_a_flood_of_requests_mails_three_an_hour(quick: World) -> None:
    """Two at once, quietly: the head is not buried, and everybody gets the same answer."""
    for _ in range(10):
        request(quick, source="203.0.113.7")
    mails = [mail for mail in quick.outbox if mail.kind == "approve_recovery"]
    assert len(mails) == 2 * 2
    quick.clock.advance(hours=1, seconds=1)
    request(quick)
    assert len([mail for mail in quick.outbox if mail.kind == "approve_recovery"]) == 3 * 2


def test_what_is_typed_wrongly_is_told(quick: World) -> None:
    """Text that can be no code, address or name is refused, whatever schools there are."""
    for changes, error in (
        ({"school": "not a code"}, NameInvalid),
        ({"new_email": "no address"}, EmailInvalid),
        ({"requested_by": "https://example.org"}, NameInvalid),
        ({"requested_by": "a\nb"}, NameInvalid),
        ({"source": 5}, TypeError),
    ):
        given: dict[str, Any] = {"school": "wg204nx", "new_email": NEW, "requested_by": "Ada"}
        with pytest.raises(error):
            quick.auth.request_admin_recovery(**(given | changes))
    assert quick.outbox == []


def test_hostile_text_stays_text(quick: World) -> None:
    """A long name in many scripts still makes a link that works."""
    name = "\N{OLD ITALIC LETTER A}" * 100
    quick.auth.request_admin_recovery("wg204nx", new_email=NEW, requested_by=name)
    assert quick.auth.check_recovery_token(token(quick)).requested_by == name


def test_what_the_calls_need() -> None:
    """Without a mailer, a directory or the pages it is NotConfigured, for every code alike."""
    for settings in (
        {"mailer": None},
        {"links": Links(password="https://x.example.org/{token}")},
        {"links": Links(recovery="https://x.example.org/{token}")},
    ):
        world = make_world(**settings)
        with pytest.raises(NotConfigured):
            request(world)


# --- In writing, to the support desk -------------------------------------------------------------


def test_a_written_confirmation(quick: World) -> None:
    """From the head's address on file: the same ends, with the reference in the history."""
    world = quick
    other = second_admin(world)
    support = world.auth.support(by="Robin")
    world.outbox.clear()
    user = support.confirm_admin_recovery(
        "WG204NX",
        confirmation_from="HEAD@wg204nx.example.org",
        reference="Ticket 4711",
        new_email=NEW,
        account=world.admin.id,
    )
    assert (user.id, str(user.email)) == (world.admin.id, NEW)
    told = [(mail.kind, str(mail.to)) for mail in world.outbox]
    assert told == [
        ("recovery_approved", "admin@wg204nx.example.org"),
        ("recovery_approved", str(other.email)),
        ("create_password", NEW),
    ]
    event = world.desk.history(world.admin.id, kinds=["recovery_approved"]).items[0]
    assert isinstance(event, RecoveryApproved)
    assert (event.actor, event.reference, event.approver) == (
        "support:Robin",
        "Ticket 4711",
        "headteacher",
    )
    assert world.auth.reset_password(world.token("create_password"), "Blackboard8")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"confirmation_from": "colleague@wg204nx.example.org"}, "not_on_file"),
        ({"new_email": HEAD}, "own_address"),
        ({"new_email": "held@hill.example.org"}, "email_held"),
        ({"account": "wg204nx_nobody"}, "not_an_admin"),
    ],
)
def test_what_stands_against_a_letter(quick: World, changes: dict[str, str], reason: str) -> None:
    """The same refusals as by link, each on the record with its reference."""
    quick.teacher(email="held@hill.example.org")
    given: dict[str, Any] = {"confirmation_from": HEAD, "reference": "T-2", "new_email": NEW}
    with pytest.raises(ApprovalRefused) as caught:
        quick.auth.support(by="Robin").confirm_admin_recovery("wg204nx", **(given | changes))
    assert caught.value.reason == reason
    event = quick.desk.history(kinds=["recovery_refused"]).items[0]
    assert isinstance(event, RecoveryRefused)
    assert (event.reason, event.reference, event.actor) == (reason, "T-2", "support:Robin")


def test_the_support_cannot_put_an_approver_on_file_and_use_it(quick: World) -> None:
    """An address that was changed within three days counts neither by link nor by letter."""
    support = quick.auth.support(by="Robin")
    support.change_school("wg204nx", headteacher_email="thief@example.org")
    with pytest.raises(ApprovalRefused) as caught:
        support.confirm_admin_recovery(
            "wg204nx", confirmation_from="thief@example.org", reference="T", new_email=NEW
        )
    assert caught.value.reason == "address_too_new"


def test_wrong_values_for_a_letter(quick: World) -> None:
    """Unknown schools and unusable references are refused before anything is recorded."""
    support = quick.auth.support(by="Robin")
    before = quick.kinds()
    with pytest.raises(SchoolUnknown):
        support.confirm_admin_recovery(
            "nowhere", confirmation_from=HEAD, reference="T", new_email=NEW
        )
    with pytest.raises(NameInvalid):
        support.confirm_admin_recovery(
            "wg204nx", confirmation_from=HEAD, reference="", new_email=NEW
        )
    with pytest.raises(TypeError):
        support.confirm_admin_recovery(
            "wg204nx",
            confirmation_from=HEAD,
            reference="T",
            new_email=NEW,
            account=7,  # type: ignore[arg-type] # on purpose
        )
    assert quick.kinds() == before


def test_a_mail_that_is_not_sent_is_told() -> None:
    """The address is changed and recorded, the failure too, and the caller knows."""
    world = make_world()
    world.clock.advance(days=30)
    core = world.auth._core
    world.auth._core = replace(core, mailer=Broken())
    with pytest.raises(MailNotSent):
        world.auth.support(by="Robin").confirm_admin_recovery(
            "wg204nx", confirmation_from=HEAD, reference="T", new_email=NEW
        )
    assert str(world.desk.get_user(world.admin.id).email) == NEW
    assert world.kinds()[0] == "mail_failed"
