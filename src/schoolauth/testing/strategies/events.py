"""Strategies for events: each kind with what the library itself writes into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, TypeVar, get_args

from hypothesis import strategies as st

from schoolauth.errors import ApprovalReason, Hint
from schoolauth.model.events import (
    ANONYMOUS,
    EVENT_KINDS,
    AuditEvent,
    StatusChanged,
    actor_support,
    actor_user,
)
from schoolauth.model.mail import MailKind
from schoolauth.model.school import School
from schoolauth.model.token import Approver
from schoolauth.model.user import TRANSITIONS, User
from schoolauth.testing.strategies.values import (
    mis_sources,
    moments,
    names,
    school_codes,
    user_ids,
)

Event = TypeVar("Event", bound=AuditEvent)

_COMMON = {field.name for field in dataclasses.fields(AuditEvent)}
_MOVES = [(old, new) for old, become in TRANSITIONS.items() for new in sorted(become)]
_CODES = (
    "context_word",
    "forbidden_character",
    "no_number",
    "space_at_end",
    "space_at_start",
    "too_common",
    "too_long",
    "too_short",
)


def events() -> st.SearchStrategy[AuditEvent]:
    """Return a strategy for events of every kind."""
    return st.sampled_from(sorted(EVENT_KINDS)).flatmap(lambda kind: events_of(EVENT_KINDS[kind]))


def events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Return a strategy for events of one kind: ``events_of(LoginFailed)``.

    Each is one that the library could write, of an account and a school that need not be there.
    """
    common = {
        "at": moments(),
        "actor": actors(),
        "school": st.none() | school_codes(),
        "user": st.none() | user_ids(),
    }
    if issubclass(kind, StatusChanged):
        return st.sampled_from(_MOVES).flatmap(
            lambda move: st.builds(kind, **common, old=st.just(move[0]), new=st.just(move[1]))
        )
    texts = _texts()
    own = {
        field.name: texts.get(f"{kind.kind}.{field.name}", ...)  # or as its type says
        for field in dataclasses.fields(kind)
        if field.name not in _COMMON
    }
    return st.builds(kind, **common, **own)


def actors() -> st.SearchStrategy[str]:
    """Return a strategy for who did something: nobody known, an account or the support."""
    return st.one_of(st.just(ANONYMOUS), user_ids().map(actor_user), names().map(actor_support))


def _texts() -> Mapping[str, st.SearchStrategy[Any]]:
    digests = st.text("0123456789abcdef", min_size=32, max_size=32)
    fields_of = {
        kind: _several({field.name for field in dataclasses.fields(kind)})
        for kind in (School, User)
    }
    counts = st.integers(0, 10_000)
    moved = st.lists(st.sampled_from(["email", "mis_id"]), unique=True).map(tuple)
    requests = st.text("0123456789abcdef", min_size=16, max_size=16)
    return {
        "duplicate_resolved.email_digest": st.none() | digests,
        "duplicate_resolved.kept": user_ids().map(str),
        "duplicate_resolved.mis_digest": st.none() | digests,
        "duplicate_resolved.moved": moved,
        "duplicate_resolved.old": st.sampled_from(["invited", "active", "inactive"]),
        "duplicate_restored.kept": user_ids().map(str),
        "duplicate_restored.moved": moved,
        "legal_hold_set.reason": names(),
        "login_failed.hints": _several(get_args(Hint)),
        "login_failed.name_digest": st.none() | digests,
        "login_throttled.name_digest": digests,
        "mail_failed.mail": st.sampled_from(get_args(MailKind)),
        "mapping_applied.added": counts,
        "mapping_applied.changed": counts,
        "mapping_applied.left": counts,
        "mapping_applied.source": mis_sources(),
        "met_elsewhere.digests": st.lists(digests, max_size=5, unique=True).map(tuple),
        "password_refused.violations": _several(_CODES),
        "password_reset_requested.name_digest": st.none() | digests,
        "recovery_approved.approver": st.sampled_from(get_args(Approver)),
        "recovery_approved.reference": st.none() | names(),
        "recovery_approved.request": st.none() | requests,
        "recovery_refused.reason": st.sampled_from(get_args(ApprovalReason)),
        "recovery_refused.reference": st.none() | names(),
        "recovery_refused.request": st.none() | requests,
        "recovery_requested.asked": st.lists(st.sampled_from(get_args(Approver)), unique=True).map(
            tuple
        ),
        "recovery_requested.email_digest": digests,
        "recovery_requested.request": requests,
        "school_changed.fields": fields_of[School],
        "user_added.mis_digest": st.none() | digests,
        "user_added.source": st.none() | mis_sources(),
        "user_edited.fields": fields_of[User],
        "user_edited.mis_digest": st.none() | digests,
        "user_edited.source": st.none() | mis_sources(),
        "user_moved.new": school_codes().map(lambda code: code.key),
        "user_moved.old": school_codes().map(lambda code: code.key),
    }


def _several(values: Collection[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True).map(tuple)
