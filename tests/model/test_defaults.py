"""What values say when nothing is said, and the words that stand in stores and answers."""

from __future__ import annotations

import weakref
from datetime import UTC, datetime
from typing import Any

import pytest

from schoolauth import (
    AuditEvent,
    ImportedUser,
    MailMessage,
    MappingOutdated,
    MappingPlan,
    MisId,
    Role,
    Status,
    UserQuery,
)
from schoolauth.errors import EmailInvalid, NameInvalid, UsernameInvalid
from schoolauth.model.change import HistoryQuery
from schoolauth.model.events import ANONYMOUS, EmailChanged, MappingApplied
from schoolauth.model.names import USERNAME_MAX, EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.text import fold, is_space, name_key, strip_spaces
from schoolauth.model.user import TRANSITIONS, StoredPassword

AT = datetime(2026, 9, 1, tzinfo=UTC)
SCHOOL = SchoolCode.parse("wg204nx")


def test_a_page_is_fifty() -> None:
    """Of accounts and of events, for whoever asks a store directly."""
    assert (UserQuery(school=SCHOOL).limit, HistoryQuery(school=SCHOOL).limit) == (50, 50)


def test_words_that_stand_in_stores_do_not_change() -> None:
    """Rows of every version have them."""
    assert ANONYMOUS == "anonymous"
    assert [role.value for role in Role] == ["admin", "slt", "teacher", "staff"]
    assert [status.value for status in Status] == ["invited", "active", "inactive", "erased"]


def test_every_status_but_erased_can_be_left() -> None:
    """The whole table, since everything obeys it."""
    assert {one.value: {after.value for after in then} for one, then in TRANSITIONS.items()} == {
        "invited": {"active", "inactive", "erased"},
        "active": {"inactive", "erased"},
        "inactive": {"active", "invited", "erased"},
        "erased": set(),
    }


@pytest.mark.parametrize("event", [EmailChanged, MappingApplied])
def test_an_event_of_an_older_version_lacks_what_came_later(event: type[AuditEvent]) -> None:
    """It reads as if nothing had been said: the address was not wrong, and nobody had left."""
    needed: dict[str, Any] = {"source": "sims", "added": 1, "changed": 2}
    made: Any = event(at=AT, **(needed if event is MappingApplied else {}))
    assert not (made.left if event is MappingApplied else made.was_wrong)


def test_what_is_secret_is_in_no_repr_and_need_not_be_given() -> None:
    """A mail without a link, and an account without a hash, are whole without them."""
    to = EmailAddress.parse("jess@hill.example.org")
    note = MailMessage(kind="password_changed", to=to, subject="s", text="t")
    assert (note.token, note.link) == (None, None)
    link = MailMessage(
        kind="password_reset", to=to, subject="s", text="t", token="canary-1", link="canary-2"
    )
    hashed = ImportedUser("jess", "Jess", "James", Role.STAFF, password_hash="canary-3")
    assert "canary" not in repr(link) + repr(hashed)


def test_a_plan_is_of_a_part_of_a_list_unless_it_is_said() -> None:
    """Else everybody who is not in it would leave."""
    plan = MappingPlan("sims", ())
    assert (plan.complete, plan.rekey) == (False, False)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "[]", "7", "null", '"x"', "{}", "[" * 9999),
        *('{"items": [7]}', '{"items": {"a": 1}}', '{"items": [[]]}', '{"items": [{"row": 7}]}'),
    ],
    ids=range(12),
)
def test_what_is_no_plan_is_one_refusal(text: str) -> None:
    """Whatever a form sent back."""
    with pytest.raises(MappingOutdated):
        MappingPlan.from_json(text)


REFUSED: list[tuple[Any, Any, dict[str, Any]]] = [
    (SchoolCode.parse, "a b", {"field": "school", "reason": "forbidden_character"}),
    (lambda text: MisId(SCHOOL, text, "1"), "a b", {"field": "source"}),
    (lambda text: MisId(SCHOOL, "sims", text), "\0", {"field": "mis_id"}),
    (MisId.parse, "wg204nx:sims", {"field": "mis_id", "reason": "incomplete"}),
]


@pytest.mark.parametrize(("parse", "text", "told"), REFUSED, ids=range(len(REFUSED)))
def test_a_key_that_cannot_be_used_says_which_and_why(
    parse: Any, text: str, told: dict[str, Any]
) -> None:
    """For the form, in words that do not change."""
    with pytest.raises(NameInvalid) as caught:
        parse(text)
    assert {"reason": "forbidden_character"} | told == caught.value.details()


@pytest.mark.parametrize(
    ("parse", "name"),
    [
        (SchoolCode.parse, "school"),
        (Username.parse, "username"),
        (EmailAddress.parse, "email"),
        (MisId.parse, "mis_id"),
        (lambda value: MisId(SCHOOL, value, "1"), "source"),
        (lambda value: MisId(SCHOOL, "sims", value), "mis_id"),
    ],
)
def test_what_is_no_text_is_told_by_its_name(parse: Any, name: str) -> None:
    """A developer's mistake, told before any work."""
    with pytest.raises(TypeError, match=f"^{name} must be str, not int$"):
        parse(7)


def test_the_longest_names_and_addresses() -> None:
    """64 characters, as typed and as compared, and 254; one more is refused."""
    for letter in "aé":
        assert len(str(Username.parse(letter * USERNAME_MAX))) == USERNAME_MAX == 64
        with pytest.raises(UsernameInvalid):
            Username.parse(letter * (USERNAME_MAX + 1))
    assert str(UserId.parse("u" * 64)) == "u" * 64
    longest = "a@" + ".".join(["b" * 62] * 4)[:248] + ".org"
    assert len(longest) == 254
    assert str(EmailAddress.parse(longest)) == longest
    with pytest.raises(EmailInvalid):
        EmailAddress.parse("a" + longest)


def test_marks_at_the_edges_of_what_a_username_may_have() -> None:
    """The first and the last printing character, and letters that only lengthen others."""
    for name in ("!a", "~a", "!é", "~é", "كـب"):
        assert str(Username.parse(name)) == name
    with pytest.raises(UsernameInvalid) as caught:
        Username.parse("aǅ")
    assert caught.value.reason == "forbidden_character"


def test_the_parts_of_a_mis_id() -> None:
    """The value may have colons of its own."""
    parsed = MisId.parse("wg204nx:sims:a:b")
    assert (parsed.school.key, parsed.source, str(parsed)) == (
        "wg204nx",
        "sims",
        "wg204nx:sims:a:b",
    )


def test_how_names_are_compared() -> None:
    """Apostrophes of each kind, hyphens, the leaver's mark, and what looks like nothing."""
    assert {fold(f"O{mark}Hara") for mark in "'‘’ʼ´`"} == {"ohara"}
    assert name_key("ZZ_James-Smith Jess") == name_key("jess smith james")
    assert name_key("xZZJames") != name_key("xJames")
    assert all(is_space(blank) for blank in "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
    assert not is_space("x")
    assert strip_spaces(" a ") == "a"
    assert strip_spaces("  ") == ""


def test_a_hash_can_be_watched_and_has_nothing_else() -> None:
    """It has the slots that it names: one can be referred to weakly, and nothing can be added."""
    stored = StoredPassword("hash")
    assert weakref.ref(stored)() is stored
    with pytest.raises(AttributeError):
        stored.other = 1  # type: ignore[attr-defined] # on purpose
