"""Which accounts look like one person's, and which only look alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.model.duplicates import DuplicateGroup
from schoolauth.model.names import EmailAddress, MisId, UserId
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.duplicates import find_duplicates
from tests.rules.rows import HILL, account


def found(*users: User, digests: dict[str, str] | None = None) -> tuple[DuplicateGroup, ...]:
    known = {UserId.parse(name): frozenset({text}) for name, text in (digests or {}).items()}
    return find_duplicates(users, known)


def told(*users: User, **more: Any) -> list[tuple[list[str], tuple[str, ...], str]]:
    """Return each group's usernames, reasons and verdict."""
    return [
        ([str(user.username) for user in group.users], group.reasons, group.verdict)
        for group in found(*users, **more)
    ]


def test_two_people_of_one_family_name_are_two() -> None:
    """A suffix alone proves nothing: two people share a surname."""
    pair = account("smith", given_name="Ann"), account("smith.1", given_name="Bob")
    assert told(*pair) == [(["smith", "smith.1"], ("username_suffix",), "two_people")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Jess", "James"), ("JESS", "Jamés")),
        (("Jess", "O'Hara"), ("Jess", "Ohara")),
        (("Jess", "Smith-Jones"), ("Jess", "Smith Jones")),
        (("Jess", "James"), ("James", "Jess")),
        (("Jess", "James"), ("Jess", "ZZJames")),
        (("Jess", "James"), ("Jess", "ZZ_James")),
    ],
)
def test_one_name_in_two_spellings(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Marks, case, apostrophes, hyphens, order and a leaver's ZZ make no other person."""
    users = [
        account(name, given_name=given_name, family_name=family_name)
        for name, (given_name, family_name) in (("a", one), ("b", other))
    ]
    assert told(*users) == [(["a", "b"], ("same_name",), "one_person")]


def test_another_name_is_another_person() -> None:
    """Nothing in common is no group, and neither is one account by itself."""
    users = account("a"), account("b", given_name="Ann"), account("zz", family_name="Zzyzx")
    assert told(*users) == []


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("jess@hill.example.org", "jess@mail.example.org", "one_person"),
        ("office@hill.example.org", "office@mail.example.org", None),
        ("jess@hill.example.org", "j.james@hill.example.org", None),
    ],
)
def test_one_mailbox_name_at_two_hosts(one: str, other: str, verdict: str | None) -> None:
    """A person's own mailbox name tells; an office's does not."""
    users = account("a", email=one), account("b", email=other, given_name="Bob")
    expected = [] if verdict is None else [(["a", "b"], ("same_email_name",), verdict)]
    assert told(*users) == expected


def test_an_admin_who_teaches_may_have_two() -> None:
    """The admin's account and the one to teach with are as they should be."""
    users = account("boss", role=Role.ADMIN), account("james")
    assert told(*users) == [(["boss", "james"], ("same_name",), "admin_and_own")]


def test_father_and_son() -> None:
    """Two ids of one MIS tell two people of one name apart, unless they share a mailbox name."""
    one, other = account("james", mis="1"), account("james.1", mis="2")
    reasons = ("same_name", "username_suffix")
    assert told(one, other) == [(["james", "james.1"], reasons, "two_people")]
    arbor = account("james.1", mis_id=MisId(HILL, "arbor", "2"))
    assert told(one, arbor)[0][2] == "one_person"
    mailboxes = (
        account("james", mis="1", email="jess@hill.example.org"),
        account("james.1", mis="2", email="jess@mail.example.org"),
    )
    assert told(*mailboxes)[0][2] == "one_person"


def test_an_id_on_one_side_only_tells_nobody_apart() -> None:
    """It takes two ids of one MIS to say that there are two people."""
    for one, other in (("1", None), (None, "1")):
        pair = account("james", mis=one), account("james.1", mis=other)
        assert told(*pair)[0][2] == "one_person"


def test_an_admin_of_another_name_is_another_person() -> None:
    """The two accounts of one person have one name; a username that is alike says nothing."""
    pair = account("smith", role=Role.ADMIN), account("smith.1", given_name="Bob")
    assert told(*pair) == [(["smith", "smith.1"], ("username_suffix",), "two_people")]


def test_one_mis_id_now_and_once() -> None:
    """Who has, or once had, the same id is the same person, whatever the name."""
    users = account("a"), account("b", given_name="Other", family_name="Name")
    groups = told(*users, digests={"a": "x", "b": "x"})
    assert groups == [(["a", "b"], ("same_mis_id",), "one_person")]
    assert told(*users, digests={"a": "x", "b": "y", "c": "x"}) == []


def test_a_resolved_pair_says_so() -> None:
    """Retired, inactive and without address is done; otherwise something was undone by hand."""
    kept = account("a")
    retired = account("b", status=Status.INACTIVE, superseded_by=kept.id)
    assert told(kept, retired) == [(["a", "b"], ("superseded", "same_name"), "resolved")]
    for half in (
        account("b", superseded_by=kept.id),
        account("b", status=Status.INACTIVE, superseded_by=kept.id, email="jess@hill.example.org"),
    ):
        assert told(kept, half)[0][2] == "one_person"
    assert told(retired) == []


def test_three_accounts_and_a_namesake() -> None:
    """Groups of one verdict hang together; a namesake is in a group of their own."""
    users = (
        account("james"),
        account("james.1"),
        account("jess", email="james@hill.example.org"),
        account("james.2", given_name="Ann"),
    )
    groups = told(*users)
    assert [(names, verdict) for names, _, verdict in groups] == [
        (["james", "james.1", "jess"], "one_person"),
        (["james", "james.1", "james.2"], "two_people"),
    ]


def test_a_crowd_is_compared_with_the_next_only() -> None:
    """A thousand accounts of one name are one group, and no half a million pairs."""
    users = [account(f"test.{number}") for number in range(1000)]
    (group,) = found(*users)
    assert len(group.users) == 1000


@pytest.mark.parametrize(
    "mailbox",
    [
        *("admin", "bursar", "contact", "enquiries", "finance", "head", "headteacher", "info"),
        *("it", "mail", "office", "reception", "school", "secretary", "senco", "staff", "support"),
    ],
)
def test_the_mailbox_of_an_office_is_no_persons(mailbox: str) -> None:
    """Whoever reads it today is somebody else tomorrow."""
    one = account("a", email=f"{mailbox}@hill.example.org")
    assert told(one, account("b", given_name="Bob", email=f"{mailbox}@mail.example.org")) == []


def test_each_group_has_its_own_reasons_and_they_stand_in_order() -> None:
    """By the first username of each, and none has the reason of another."""
    users = (
        account("b", given_name="Ann"),
        account("c", given_name="Ann"),
        account("a", given_name="Jo", email="jo@hill.example.org"),
        account("z", given_name="Bob", email="jo@mail.example.org"),
    )
    assert told(*users) == [
        (["a", "z"], ("same_email_name",), "one_person"),
        (["b", "c"], ("same_name",), "one_person"),
    ]


@pytest.mark.parametrize(("size", "together"), [(20, 20), (21, 2)])
def test_up_to_twenty_are_compared_each_with_each(size: int, together: int) -> None:
    """Whom the MIS tells apart hang together by the one account that it does not know."""
    users = [account("a00"), *(account(f"a{n:02}", mis=str(n)) for n in range(1, size))]
    (group,) = (group for group in found(*users) if group.verdict == "one_person")
    assert len(group.users) == together


names = st.sampled_from(["jess", "jess.1", "jess.2", "james", "james.1"])
mailboxes = st.sampled_from([None, "jess@hill.example.org", "jess@mail.example.org"])


@given(st.lists(st.tuples(names, mailboxes, st.sampled_from(Role)), unique_by=lambda t: t[0]))
def test_groups_are_of_two_or_more_and_in_order(
    accounts: list[tuple[str, str | None, Role]],
) -> None:
    """Whatever there is, each group has two accounts or more, reasons, and one order."""
    users = [
        account(name, role=role, email=email, given_name=name[:5]) for name, email, role in accounts
    ]
    groups = found(*users)
    assert groups == found(*reversed(users))
    for group in groups:
        assert len(group.users) >= 2
        assert group.reasons
        usernames = [user.username.key for user in group.users]
        assert usernames == sorted(set(usernames))


def test_an_address_is_compared_as_it_is_kept() -> None:
    """Case does not matter in a mailbox name."""
    other = EmailAddress.parse("JESS@mail.example.org")
    users = account("a", email="jess@hill.example.org"), account("b", given_name="B")
    assert told(users[0], account("b", given_name="B", email=str(other)))[0][1] == (
        "same_email_name",
    )
    assert told(*users) == []
