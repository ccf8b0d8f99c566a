"""The edges of admin recovery: what is missing, who is not meant, and what is recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schoolauth import (
    ApprovalRefused,
    Change,
    EmailAddress,
    Links,
    MailMessage,
    NameInvalid,
    NotConfigured,
    Role,
    SchoolAuth,
    User,
    UserId,
    Username,
)
from schoolauth.model.events import RecoveryRefused, RecoveryRequested, UserAdded
from schoolauth.ports import Store
from schoolauth.service.core import Core
from schoolauth.tokens import Tokens
from tests.service.world import HASHER, KEY, LINKS, World

HEAD, NEW = "head@wg204nx.example.org", "ada.new@hill.example.org"
NO_PASSWORD_PAGE = Links(recovery=LINKS.recovery, email=LINKS.email)


def again(world: World, **settings: Any) -> SchoolAuth:
    """Return another service on the same stores."""
    given: dict[str, Any] = {
        "secret_key": KEY,
        "mailer": world.outbox,
        "links": LINKS,
        "hasher": HASHER,
        "clock": world.clock,
    }
    return SchoolAuth(Store(world.users, world.schools), **(given | settings))


def ask(world: World) -> str:
    """Ask for recovery, and return the token that the head is mailed."""
    world.clock.advance(days=30)
    world.auth.request_admin_recovery("wg204nx", new_email=NEW, requested_by="Ada")
    return world.token("approve_recovery")


def confirm(auth: SchoolAuth, account: object = None) -> User:
    return auth.support(by="Robin").confirm_admin_recovery(
        "wg204nx",
        confirmation_from=HEAD,
        reference="Ticket 4711",
        new_email=NEW,
        account=account,  # type: ignore[arg-type] # wrong ones too
    )


def test_nothing_is_approved_without_a_page_to_choose_a_password(world: World) -> None:
    """By link and in writing it is told before anything is changed."""
    token = ask(world)
    before, auth = world.kinds(), again(world, links=NO_PASSWORD_PAGE)
    with pytest.raises(NotConfigured):
        auth.approve_admin_recovery(token)
    with pytest.raises(NotConfigured):
        confirm(auth)
    assert world.kinds() == before


def test_a_school_that_is_gone_has_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link outlives the school's file, and then approves nothing."""
    token = ask(world)
    monkeypatch.setattr(world.schools, "find", lambda _: {})
    with pytest.raises(ApprovalRefused) as caught:
        world.auth.approve_admin_recovery(token)
    assert caught.value.reason == "changed_since"


def test_a_refused_link_is_recorded_with_its_request(world: World) -> None:
    """The desk sees which request it was."""
    token = ask(world)
    with pytest.raises(ApprovalRefused):
        world.auth.approve_admin_recovery(token, account="wg204nx_nobody")
    (refused,) = world.desk.history(kinds=["recovery_refused"]).items
    (asked,) = world.desk.history(kinds=["recovery_requested"]).items
    assert isinstance(refused, RecoveryRefused)
    assert isinstance(asked, RecoveryRequested)
    assert refused.request == asked.request
    assert len(asked.request) == 16


def test_the_mails_name_the_school(world: World) -> None:
    """The approver's by its code, and the one to the new address in its text."""
    token = ask(world)
    assert world.mail("approve_recovery").school == world.school.code
    world.auth.approve_admin_recovery(token)
    assert "Hill Primary" in world.mail("create_password").text


def test_an_inactive_admin_is_not_recovered(world: World) -> None:
    """Whoever has left does not come back by a letter."""
    left = world.desk.add_user(given_name="Ben", family_name="Box", role=Role.ADMIN)
    world.desk.deactivate(left.id)
    world.clock.advance(days=30)
    with pytest.raises(ApprovalRefused) as caught:
        confirm(world.auth, left.id)
    assert caught.value.reason == "not_an_admin"


def test_the_sixtieth_admin_is_found(world: World) -> None:
    """A list of accounts has fifty on a page; a recovery reads them all."""
    admins = [
        replace(
            world.admin,
            id=UserId.parse(f"a{n}"),
            username=Username.parse(f"zz{n}"),
            email=None,
            version=0,
        )
        for n in range(60)
    ]
    event = UserAdded(at=world.clock.now(), school=world.school.code, user=admins[0].id)
    world.users.save(Change(admins, [event]))
    world.clock.advance(days=30)
    assert confirm(world.auth, "zz59").id == admins[59].id


def test_what_cannot_be_read_is_named(world: World) -> None:
    """The account that is no text, and the name of nobody."""
    with pytest.raises(TypeError, match=r"^account must be str"):
        confirm(world.auth, 7)
    with pytest.raises(NameInvalid) as caught:
        world.auth.request_admin_recovery("wg204nx", new_email=NEW, requested_by="")
    assert caught.value.field == "requested_by"


@pytest.mark.parametrize("code", ["wg204nx", "nowhere"])
def test_a_request_that_reaches_nobody_takes_as_long(
    world: World, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A school without approvers, and none at all: one mail is composed and handed to nobody."""
    pretended: list[MailMessage] = []
    monkeypatch.setattr(Core, "pretend", lambda _, message: pretended.append(message))
    world.auth.support(by="Robin").change_school("wg204nx", headteacher_email=None)
    world.outbox.clear()
    world.auth.request_admin_recovery(code, new_email=NEW, requested_by="Ada")
    assert [mail.kind for mail in pretended] == ["approve_recovery"]
    assert list(world.outbox) == []


@pytest.mark.parametrize(("asked", "mails"), [(49, 1), (50, 0)])
def test_one_source_asks_for_fifty_schools_at_once(world: World, asked: int, mails: int) -> None:
    """Whoever goes through the codes is turned away without a word, and nobody else is."""
    world.clock.advance(days=30)
    world.outbox.clear()

    def heads_mails(school: str, source: str) -> int:
        world.auth.request_admin_recovery(school, new_email=NEW, requested_by="Ada", source=source)
        return [mail.kind for mail in world.outbox].count("approve_recovery")

    assert [heads_mails(f"other{n}", "192.0.2.7") for n in range(asked)] == [0] * asked
    assert heads_mails("wg204nx", "192.0.2.7") == mails
    assert heads_mails("wg204nx", "192.0.2.8") == mails + 1


def test_the_history_knows_the_address_that_was_asked_for_by_its_digest(world: World) -> None:
    """The one that every version makes of an address, so that a request can be found by it."""
    ask(world)
    (event,) = world.desk.history(kinds=["recovery_requested"]).items
    assert isinstance(event, RecoveryRequested)
    assert event.email_digest == Tokens(KEY).address_digest(EmailAddress.parse(NEW))
