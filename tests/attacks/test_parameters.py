"""Attacks 13 and 15: what a request can say at all is a closed list, name by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from schoolauth import (
    ImportedUser,
    RosterRow,
    School,
    SchoolAuth,
    SchoolAuthError,
    SupportDesk,
    UserManagement,
)
from tests.attacks.operations import LEGACY, OPERATIONS, Faces, add_sample, public_calls
from tests.service.world import make_world

FACES = {face.__name__: face for face in (SchoolAuth, UserManagement, SupportDesk)}
VALUES = {value.__name__: value for value in (RosterRow, ImportedUser, School)}

PARAMETERS = {
    "SchoolAuth.approve_admin_recovery": "token account",
    "SchoolAuth.change_password": "user_id current new",
    "SchoolAuth.check_password_token": "token",
    "SchoolAuth.check_recovery_token": "token",
    "SchoolAuth.confirm_email_change": "token",
    "SchoolAuth.end_sessions": "user_id",
    "SchoolAuth.log_in": "identifier password source device",
    "SchoolAuth.mail_failed": "message",
    "SchoolAuth.manage": "by",
    "SchoolAuth.request_admin_recovery": "school new_email requested_by source",
    "SchoolAuth.request_email_change": "user_id password new_email",
    "SchoolAuth.request_password_reset": "email_or_username source device",
    "SchoolAuth.reset_password": "token new_password source",
    "SchoolAuth.resume": "session",
    "SchoolAuth.support": "by",
    "SchoolAuth.within": "store mailer",
    "UserManagement.add_user": "given_name family_name role email username mis_id",
    "UserManagement.apply_mapping": "plan decisions leavers_at_most",
    "UserManagement.deactivate": "user_id release_email",
    "UserManagement.diagnose": "identifier",
    "UserManagement.edit_user": "user_id given_name family_name role username",
    "UserManagement.erase": "user_id",
    "UserManagement.find_duplicates": "",
    "UserManagement.get_user": "user_id",
    "UserManagement.history": "user_id kinds since after limit",
    "UserManagement.plan_mapping": "rows source complete rekey",
    "UserManagement.reactivate": "user_id",
    "UserManagement.release_email": "user_id",
    "UserManagement.resolve_duplicate": "keep retire move_email",
    "UserManagement.search": "text statuses roles has_email after limit",
    "UserManagement.send_create_password_email": "user_id",
    "UserManagement.send_create_password_emails": "user_ids",
    "UserManagement.set_email": "user_id email was_wrong",
    "UserManagement.set_password": "user_id password must_change",
    "UserManagement.undo_resolve_duplicate": "keep retire",
    "UserManagement.unlock": "user_id",
    "SupportDesk.add_first_admin": "school given_name family_name email username password",
    "SupportDesk.add_school": "school",
    "SupportDesk.change_school": "code name headteacher_email deputy_email",
    "SupportDesk.confirm_admin_recovery": "school confirmation_from reference new_email account",
    "SupportDesk.erase_leavers": "older_than apply progress",
    "SupportDesk.import_users": "school accounts source",
    "SupportDesk.manage": "school",
    "SupportDesk.move_user": "user_id school username",
    "SupportDesk.schools": "after limit",
    "SupportDesk.set_legal_hold": "user_id on reason",
    "RosterRow": "mis_id given_name family_name email username role active line",
    "ImportedUser": "username given_name family_name role email mis_id password_hash status",
    "School": "code name headteacher_email deputy_email",
}
MEANINGS = {
    "who or which school": (
        "account by code confirmation_from email_or_username identifier keep requested_by retire "
        "school user_id user_ids"
    ),
    "what is set": (
        "active deputy_email email family_name given_name headteacher_email mis_id name new_email "
        "on role status username"
    ),
    "a secret, or its hash": "current new new_password password password_hash session token",
    "how it is done": (
        "apply complete leavers_at_most move_email must_change older_than rekey release_email "
        "was_wrong"
    ),
    "which page of a list": "after has_email kinds limit roles since statuses text",
    "words for the record": "line reason reference",
    "where a try or a list comes from, as the host says": "source",
    "from which browser, by a token of ours that opens nothing": "device",
    "what the host has in its hands": (
        "accounts decisions mailer message plan progress rows store"
    ),
}
"""What each name stands for. None is an address of a page, a host or a header of a request."""


def of(name: str) -> Callable[..., Any]:
    face, _, call = name.partition(".")
    found: Callable[..., Any] = getattr(FACES[face], call) if call else VALUES[face]
    return found


@pytest.mark.parametrize("name", PARAMETERS)
def test_15_a_call_takes_its_own_parameters_and_no_others(name: str) -> None:
    """A form cannot set what is not listed here, and no call takes whatever is given."""
    parameters = dict(inspect.signature(of(name)).parameters)
    parameters.pop("self", None)
    assert list(parameters) == PARAMETERS[name].split()
    loose = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    assert not {parameter.kind for parameter in parameters.values()} & loose


def test_15_every_public_call_is_listed() -> None:
    """A call that is added fails here until its parameters are decided on."""
    assert PARAMETERS.keys() == public_calls() | VALUES.keys()


def test_13_every_parameter_means_something_else_than_a_page() -> None:
    """Each name has one meaning, and there is none for what a header or an address could tell."""
    names = {name for names in PARAMETERS.values() for name in names.split()}
    known = " ".join(MEANINGS.values()).split()
    assert len(known) == len(set(known))
    assert names == set(known)


@pytest.mark.parametrize("name", OPERATIONS)
def test_13_every_address_in_a_mail_is_one_of_links(name: str) -> None:
    """Whatever is called with whatever text, a mail leads to the host's own pages only."""
    world = make_world(legacy=[LEGACY])
    sample = add_sample(world)
    faces = Faces(world.auth, world.desk, world.auth.support(by="Test Support"), sample)
    with suppress(SchoolAuthError):
        OPERATIONS[name](faces)
    for mail in world.outbox:
        addresses = re.findall(r"\w+://\S+", mail.text)
        assert [mail.link] * (mail.link is not None) == addresses
        assert all(
            re.fullmatch(r"https://app\.example\.org/(password|email|recovery)/[\w.-]+", address)
            for address in addresses
        )
