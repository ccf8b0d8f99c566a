"""What `search` and `history` promise, and what a directory of schools does."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from schoolauth.errors import SchoolTaken, SchoolUnknown
from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.events import (
    EVENT_KINDS,
    AuditEvent,
    LoginFailed,
    SchoolAdded,
    SchoolChanged,
    UserEdited,
)
from schoolauth.model.names import SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.user import Role, Status
from schoolauth.ports import SchoolDirectory, UserRepository
from tests.storage.people import HILL, MILL, NOW, a_user, edited, history, save, signed_in

SAMPLES: dict[Any, object] = {
    str: "text ‑ é",
    str | None: "text",
    bool: True,
    int: 7,
    Status: Status.INACTIVE,
    tuple[str, ...]: ("one", "two"),
}


def sample(hint: Any) -> object:
    """Return a value of the type *hint*: of a Literal its last word."""
    return get_args(hint)[-1] if get_origin(hint) is Literal else SAMPLES[hint]


def names(users: UserRepository, **query: object) -> list[str]:
    """Return the usernames that a search of the first school finds."""
    asked = UserQuery(**{"school": HILL, **query})  # type: ignore[arg-type] # any field of it
    return [str(user.username) for user in users.search(asked).items]


class SearchContract:
    """A subclass has a fixture `users`, an empty repository."""

    def test_every_word_must_be_in_the_text(self, users: UserRepository) -> None:
        """Words are looked for in names, username and address, and all must be there."""
        save(
            users,
            a_user("ann", "lee@x.example", given_name="Ánn", family_name="O’Hara"),
            a_user("ben", given_name="Ben", family_name="Ohara"),
        )
        assert names(users, words=("ohara",)) == ["ann", "ben"]
        assert names(users, words=("ohara", "ann", "lee@x")) == ["ann"]
        assert names(users, words=("ohara", "nobody")) == []
        assert names(users) == names(users, words=("",)) == ["ann", "ben"]

    @pytest.mark.parametrize("sign", ["%", "_", "/", "\\", "'", "//", "%%"])
    def test_signs_stand_for_themselves(self, users: UserRepository, sign: str) -> None:
        """No character of a word is a wildcard, an escape or the end of a text."""
        save(users, a_user("plain"), a_user("signed", family_name=f"x{sign}y"))
        expected = ["signed"] if sign != "'" else []  # apostrophes are folded away
        assert names(users, words=(f"x{sign}y",)) == expected
        assert names(users, words=(f"{sign}y",)) == expected

    def test_words_that_no_store_holds_find_nothing(self, users: UserRepository) -> None:
        """A NUL or half of a surrogate pair is in no account, and is no error."""
        save(users, a_user("ann"))
        assert names(users, words=("a\0",)) == names(users, words=("\ud800",)) == []

    def test_accents_and_look_alikes_are_not_folded_by_the_store(
        self, users: UserRepository
    ) -> None:
        """The words are compared as they are: folding is the library's business, done once."""
        save(users, a_user("ann", family_name="Søren"))
        assert names(users, words=("søren",)) == ["ann"]
        assert names(users, words=("soren",)) == names(users, words=("s%ren",)) == []

    def test_other_schools_are_not_searched(self, users: UserRepository) -> None:
        """A search finds accounts of its own school only."""
        save(users, a_user("ann"), a_user("ben", school=MILL))
        assert names(users) == ["ann"]
        assert names(users, school=SchoolCode.parse("none")) == []

    def test_filters(self, users: UserRepository) -> None:
        """Status, role and the presence of an address narrow the search, together too."""
        save(
            users,
            a_user("ann", "ann@x.example", status=Status.ACTIVE),
            a_user("ben", role=Role.ADMIN),
            a_user("cat", status=Status.INACTIVE),
        )
        assert names(users, statuses=frozenset({Status.ACTIVE, Status.INVITED})) == ["ann", "ben"]
        assert names(users, statuses=frozenset()) == []
        assert names(users, roles=frozenset({Role.ADMIN})) == ["ben"]
        assert names(users, roles=frozenset()) == []
        assert names(users, has_email=True) == ["ann"]
        assert names(users, has_email=False) == ["ben", "cat"]
        assert names(users, has_email=False, roles=frozenset({Role.TEACHER})) == ["cat"]

    def test_order_is_by_code_points(self, users: UserRepository) -> None:
        """Usernames are ordered by the code points of their keys, whatever a collation says."""
        people = ["b", "A", "a-b", "a_b", "ab", "a.b", "ä", "z", "я", "a1"]
        save(
            users,
            *(a_user(f"u{n}", username=Username.parse(name)) for n, name in enumerate(people)),
        )
        assert names(users) == ["A", "a-b", "a.b", "a1", "a_b", "ab", "b", "z", "ä", "я"]

    @pytest.mark.parametrize("limit", [1, 2, 5, 6])
    def test_pages_join_without_gap_or_repeat(self, users: UserRepository, limit: int) -> None:
        """Following `next` gives every account once, and it is None exactly at the end."""
        save(users, *(a_user(f"u{n}") for n in range(5)))
        found: list[str] = []
        after = None
        for _ in range(10):
            page = users.search(UserQuery(school=HILL, limit=limit, after=after))
            assert 0 < len(page.items) <= limit
            found += [str(user.username) for user in page.items]
            after = page.next
            if after is None:
                break
        assert found == [f"u{n}" for n in range(5)]

    def test_a_page_of_nothing(self, users: UserRepository) -> None:
        """Where nothing fits, the page is empty and the last."""
        page = users.search(UserQuery(school=HILL))
        assert (page.items, page.next) == ((), None)

    def test_an_impossible_cursor(self, users: UserRepository) -> None:
        """A cursor that no store has given is a ValueError, not a database's error."""
        for after in ("a\0b", "\udc00"):
            with pytest.raises(ValueError, match="next"):
                users.search(UserQuery(school=HILL, after=after))


class HistoryContract:
    """A subclass has a fixture `users`, an empty repository."""

    def test_newest_save_first_each_in_its_order(self, users: UserRepository) -> None:
        """The events of one save keep their order, and the newest save comes first."""
        one, two, three = (edited(source=name) for name in ("one", "two", "three"))
        users.save(Change(events=[one, two]))
        users.save(Change([a_user("ann")], [three]))
        assert history(users) == (three, one, two)

    @pytest.mark.parametrize("kind", sorted(EVENT_KINDS))
    def test_every_kind_comes_back_equal(self, users: UserRepository, kind: str) -> None:
        """An event is read as it was written, with all that only its kind has."""
        own = {
            field.name: sample(get_type_hints(EVENT_KINDS[kind])[field.name])
            for field in dataclasses.fields(EVENT_KINDS[kind])
            if field.name not in {"at", "actor", "school", "user"}
        }
        event = EVENT_KINDS[kind](
            at=NOW, actor="support:Zoë", school=HILL, user=UserId.parse("ann"), **own
        )
        users.save(Change(events=[event]))
        assert history(users) == (event,)

    def test_an_event_of_nobody(self, users: UserRepository) -> None:
        """An event without a school and an account is kept and found."""
        event = LoginFailed(at=NOW, reason="unknown")
        users.save(Change(events=[event]))
        assert history(users) == (event,)
        assert users.history(HistoryQuery(school=HILL)).items == ()

    def test_filters_of_the_history(self, users: UserRepository) -> None:
        """School, account, kinds and time narrow the history, together too."""
        ann, ben = save(users, a_user("ann"), a_user("ben", school=MILL), events=[edited()])
        users.save(Change(events=[signed_in(ann), signed_in(ben)]))
        later = UserEdited(at=NOW + timedelta(microseconds=1), school=MILL, user=ben.id, fields=())
        users.save(Change(events=[later]))

        def kinds(**query: object) -> list[str]:
            asked = HistoryQuery(**query)  # type: ignore[arg-type] # any field of it
            return [event.kind for event in users.history(asked).items]

        assert kinds(school=HILL) == ["login_succeeded", "user_edited"]
        assert kinds(user=ben.id) == ["user_edited", "login_succeeded"]
        assert kinds(kinds=frozenset({"user_edited"})) == ["user_edited", "user_edited"]
        assert kinds(since=later.at) == ["user_edited"]
        assert kinds(since=NOW) == [
            "user_edited",
            "login_succeeded",
            "login_succeeded",
            "user_edited",
        ]
        assert kinds(school=MILL, user=ann.id) == []
        assert kinds(school=MILL, kinds=frozenset({"login_succeeded"})) == ["login_succeeded"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    def test_pages_of_the_history(self, users: UserRepository, limit: int) -> None:
        """Following `next` gives every event once, also when others are added meanwhile."""
        events = [edited(source=str(number)) for number in range(7)]
        for event in events:
            users.save(Change(events=[event]))
        found: list[AuditEvent] = []
        after = None
        for _ in range(10):
            page = users.history(HistoryQuery(school=HILL, limit=limit, after=after))
            assert 0 < len(page.items) <= limit
            found += page.items
            users.save(Change(events=[edited(source="meanwhile")]))
            after = page.next
            if after is None:
                break
        assert found == events[::-1]

    @pytest.mark.parametrize("after", ["", "x", "-1", " 1", "1.5", "²", "9" * 30])
    def test_a_cursor_that_is_none(self, users: UserRepository, after: str) -> None:
        """A cursor that is no position is a ValueError."""
        with pytest.raises(ValueError, match="next"):
            users.history(HistoryQuery(after=after))

    def test_a_cursor_before_everything(self, users: UserRepository) -> None:
        """A position before the first event leaves an empty page, one after the last all."""
        users.save(Change(events=[edited()]))
        assert users.history(HistoryQuery(after="0")).items == ()
        assert len(users.history(HistoryQuery(after="9" * 18)).items) == 1


class SchoolDirectoryContract:
    """A subclass has fixtures `schools` and `users` of one empty store."""

    full = School("WG204nx", "Hill Primary ☂", "Head@x.example", "deputy@bücher.example")
    added = SchoolAdded(at=NOW, school=full.code, actor="support:Zoë")
    changed = SchoolChanged(at=NOW, school=full.code, fields=("name",))

    def test_a_school_comes_back(self, schools: SchoolDirectory) -> None:
        """A school is found by its code as it was saved, and unknown codes are left out."""
        schools.save(self.full, self.added)
        unknown = SchoolCode.parse("unknown")
        found = schools.find([SchoolCode.parse("wg204NX"), unknown])
        assert found == {self.full.code: self.full}
        (school,) = found.values()
        assert str(school.code) == "WG204nx"
        assert str(school.headteacher_email) == "Head@x.example"
        assert schools.find([]) == {}

    def test_a_school_is_changed(self, schools: SchoolDirectory) -> None:
        """A change replaces the whole file: addresses can be taken off."""
        schools.save(self.full, self.added)
        bare = School("wg204nx", "Hill")
        schools.save(bare, self.changed)
        assert schools.find([bare.code]) == {bare.code: bare}

    def test_a_code_is_one_schools(self, schools: SchoolDirectory, users: UserRepository) -> None:
        """A school that is there cannot be added again, in any case, and nothing is written."""
        schools.save(self.full, self.added)
        with pytest.raises(SchoolTaken):
            schools.save(School("WG204NX", "Other"), self.added)
        assert schools.find([self.full.code]) == {self.full.code: self.full}
        assert history(users) == (self.added,)

    def test_only_a_known_school_is_changed(
        self, schools: SchoolDirectory, users: UserRepository
    ) -> None:
        """A school that is not there cannot be changed, and nothing is written."""
        with pytest.raises(SchoolUnknown):
            schools.save(self.full, self.changed)
        assert schools.find([self.full.code]) == {}
        assert history(users) == ()

    def test_its_events_are_in_the_history(
        self, schools: SchoolDirectory, users: UserRepository
    ) -> None:
        """What happens to a school is in the same history as what happens to its accounts."""
        schools.save(self.full, self.added)
        save(users, a_user("ann"))
        schools.save(self.full, self.changed)
        assert users.history(HistoryQuery(school=HILL)).items == (
            self.changed,
            edited(),
            self.added,
        )

    @pytest.mark.parametrize("limit", [1, 2, 4, 5])
    def test_schools_are_listed_by_code(self, schools: SchoolDirectory, limit: int) -> None:
        """Following `next` lists every school once, by the code points of its key."""
        for code in ("b1", "A.1", "a-1", "a_1"):
            school = School(code, "School")
            schools.save(school, SchoolAdded(at=NOW, school=school.code))
        found: list[str] = []
        after = None
        for _ in range(10):
            page = schools.list(after=after, limit=limit)
            assert 0 < len(page.items) <= limit
            found += [str(school.code) for school in page.items]
            after = page.next
            if after is None:
                break
        assert found == ["a-1", "A.1", "a_1", "b1"]
        assert schools.list(after="b1").items == ()

    def test_bad_pages_of_schools(self, schools: SchoolDirectory) -> None:
        """A limit out of bounds and an impossible cursor are ValueErrors."""
        for limit in (0, 501):
            with pytest.raises(ValueError, match="limit"):
                schools.list(limit=limit)
        with pytest.raises(ValueError, match="next"):
            schools.list(after="a\0")

    def test_neither_store_is_joined(self, schools: SchoolDirectory, users: UserRepository) -> None:
        """A store with transactions of its own says so."""
        assert not getattr(schools, "joined", False)
        assert not getattr(users, "joined", False)
