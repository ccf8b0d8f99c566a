"""The contract of a `SchoolDirectory`, shown beside the repository that has the same history."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from schoolauth.errors import SchoolAuthError, SchoolTaken, SchoolUnknown
from schoolauth.model.change import HistoryQuery, Page
from schoolauth.model.events import AuditEvent, MappingApplied, SchoolAdded, SchoolChanged
from schoolauth.model.names import SchoolCode
from schoolauth.model.school import School
from schoolauth.ports import SchoolDirectory, UserRepository
from schoolauth.testing.assertions import equal, expect, holds_no_data, raises, refuses
from schoolauth.testing.behaviour import Contract, Maker, none_of
from schoolauth.testing.pagination import no_page, paged, pages, refuses_cursors
from schoolauth.testing.repository.contract import no_repository
from schoolauth.testing.repository.history import events_are
from schoolauth.testing.repository.sample_accounts import NOW, a_user, edited, history, save

Pair = tuple[SchoolDirectory, UserRepository]
"""A directory, and the repository whose history has the events of its schools."""
Make = Maker[Pair]


def _used(pair: Pair) -> str | None:
    schools, users = pair
    if schools.list(limit=1).items:
        return "a school"
    if users.history(HistoryQuery(limit=1)).items:
        return "an event"
    return None


_no_directory = none_of("find", "list", "save")


def _amiss(made: object) -> str | None:
    if not isinstance(made, tuple) or len(made) != 2:
        return (
            f"something of the type {type(made).__name__} instead of a directory and its repository"
        )
    schools, users = made
    return _no_directory(schools) or no_repository(users)


DIRECTORY = Contract[Pair]("directory", "make_directory", _used, _amiss)
behaviour = DIRECTORY.behaviour

FULL = School("WG204nx", "Hill Primary ☂", "Head@x.example", "deputy@bücher.example")


def _added(school: School) -> SchoolAdded:
    return SchoolAdded(at=NOW, school=school.code, actor="support:Zoë")


def _changed(school: School) -> SchoolChanged:
    return SchoolChanged(at=NOW, school=school.code, fields=("name",))


def _add(schools: SchoolDirectory, *codes: str) -> list[School]:
    added = [School(code, "School") for code in codes]
    for school in added:
        schools.save(school, _added(school))
    return added


def _finds(
    schools: SchoolDirectory, codes: Collection[SchoolCode], expected: Iterable[School], what: str
) -> None:
    """Expect that *codes* find the schools *expected*, in the form that is shown, and no other."""
    wanted = {school.code: school for school in expected}
    found = schools.find(codes)
    equal(sorted(code.key for code in found), sorted(code.key for code in wanted), what)
    for code, school in wanted.items():
        _same(found[code], school, what)


def _same(found: School, school: School, what: str) -> None:
    for name in ("code", "name", "headteacher_email", "deputy_email"):
        one, other = getattr(found, name), getattr(school, name)
        equal(one, other, f"{name}, {what}")
        equal(str(one), str(other), f"{name} as text, {what}")


def _codes(page: Page[School]) -> Page[str]:
    return Page(tuple(school.code.key for school in page.items), page.next)


@behaviour("directory.fresh")
def _(make: Make) -> None:
    """The factory gives a new, empty directory, with an empty history, each time."""
    make.new()
    make.new()


@behaviour("directory.every_field")
def _(make: Make) -> None:
    """Every field of a school comes back, in the form that is shown."""
    schools, _ = make.new()
    schools.save(FULL, _added(FULL))
    _finds(schools, [FULL.code], [FULL], "found by the code of a school")
    listed = schools.list()
    equal(_codes(listed).items, (FULL.code.key,), "codes in the list of schools")
    _same(listed.items[0], FULL, "in the list of schools")


@behaviour("directory.no_addresses")
def _(make: Make) -> None:
    """A school may have no addresses at all."""
    schools, _ = make.new()
    (bare,) = _add(schools, "bare")
    _finds(schools, [bare.code], [bare], "found by the code of a school")


@behaviour("directory.absent")
def _(make: Make) -> None:
    """Codes of no school are not in the answer, beside codes of one, however many there are."""
    schools, _ = make.new()
    hill, mill = _add(schools, "hill", "mill")
    unknown = [SchoolCode.parse(f"unknown{n}") for n in range(3000)]
    both = {hill.code: hill, mill.code: mill}
    codes = [hill.code, *unknown, mill.code]
    _finds(
        schools, codes, both.values(), "found by two codes that are there and 3,000 that are not"
    )
    _finds(schools, unknown[:1], [], "found by a code of no school")
    _finds(schools, [], [], "found by no code")
    _finds(schools, both.keys(), both.values(), "found by the keys of a dict")


@behaviour("directory.typed_otherwise")
def _(make: Make) -> None:
    """A school is found by the canonical text of its code, however the code was typed."""
    schools, _ = make.new()
    schools.save(FULL, _added(FULL))
    _finds(schools, [SchoolCode.parse("wg204NX")], [FULL], "found by a code in other case")


@behaviour("directory.exact")
def _(make: Make) -> None:
    """A code is compared by code points: the store folds, trims and collates nothing."""
    schools, _ = make.new()
    _add(schools, "hill")
    for text in ("hill ", " hill", "hill\u00a0", "Hill", "hîll", "hil", "hil%", "hil_"):
        code = SchoolCode.stored(text, text)
        _finds(schools, [code], [], f"found by the code {text!r} of no school")


@behaviour("directory.changed")
def _(make: Make) -> None:
    """A change replaces the whole school: its addresses can be taken off."""
    schools, _ = make.new()
    schools.save(FULL, _added(FULL))
    (other,) = _add(schools, "other")
    bare = School("wg204NX", "Hill")
    schools.save(bare, _changed(bare))
    _finds(schools, [bare.code, other.code], [bare, other], "after a change of one school")


@behaviour("directory.taken")
def _(make: Make) -> None:
    """A school that is there cannot be added again, however its code is typed."""
    schools, users = make.new()
    schools.save(FULL, _added(FULL))
    _refused(schools, users, SchoolTaken, School("WG204NX", "Other"), _added(FULL))


@behaviour("directory.unknown")
def _(make: Make) -> None:
    """A school that is not there cannot be changed, whatever the event is."""
    schools, users = make.new()
    _add(schools, "other")
    for event in (
        _changed(FULL),
        MappingApplied(at=NOW, school=FULL.code, source="sims", added=1, changed=0),
    ):
        _refused(schools, users, SchoolUnknown, FULL, event)


def _refused(
    schools: SchoolDirectory,
    users: UserRepository,
    kind: type[SchoolAuthError],
    school: School,
    event: AuditEvent,
) -> None:
    """Expect that *school* is refused as *kind*, and that nothing of it is written."""
    stood, trail = schools.list().items, history(users)
    codes = [school.code, *(other.code for other in stood)]
    with refuses(kind, f"A save of the school {school.code.key!r} with a {type(event).__name__}"):
        schools.save(school, event)
    _finds(schools, codes, stood, f"after {kind.__name__}")
    events_are(history(users), trail, f"the history after {kind.__name__}")


@behaviour("directory.error_holds_no_data")
def _(make: Make) -> None:
    """A refusal names no address in its text, and no driver's error hangs on it."""
    schools, _ = make.new()
    quince = School("hill", "Quince Primary", "quince@x.example", "q.quince@x.example")
    for kind, event in ((SchoolUnknown, _changed(quince)), (SchoolTaken, _added(quince))):
        with refuses(kind, f"A save with a {type(event).__name__}") as refusal:
            schools.save(quince, event)
        holds_no_data(refusal.error, "quince")
        if kind is SchoolUnknown:
            schools.save(quince, _added(quince))


@behaviour("directory.same_history")
def _(make: Make) -> None:
    """The events of a school are in one history with those of its accounts, in its order."""
    schools, users = make.new()
    schools.save(FULL, _added(FULL))
    events_are(history(users), (_added(FULL),), "the history after a school was added")
    save(users, a_user("ann"))
    schools.save(FULL, _changed(FULL))
    _add(schools, "other")
    found = users.history(HistoryQuery(school=FULL.code)).items
    events_are(found, (_changed(FULL), edited(), _added(FULL)), "the history of the school")


@behaviour("directory.stands_alone")
def _(make: Make) -> None:
    """A directory with transactions of its own has no true attribute `joined`."""
    schools, _ = make.new()
    expect(not getattr(schools, "joined", False), "The directory says that it is joined.")


@behaviour("directory.order")
def _(make: Make) -> None:
    """Schools are listed by the code points of `code.key`, whatever a collation says."""
    ordered = ["1", "a", "a-1", "a.1", "a1", "a_1", "aa", "b1", "z"]
    schools, _ = make.new()
    _add(schools, *(code.upper() for code in (*ordered[::2], *ordered[1::2])))
    equal(_codes(schools.list()).items, tuple(ordered), "codes in the order of the list")


@behaviour("directory.pages")
def _(make: Make) -> None:
    """Following `next` lists every school once, in pages of any size; it is None at the end."""
    schools, _ = make.new()
    whole = [school.code.key for school in _add(schools, *(f"s{n}" for n in range(6)))]
    paged(
        lambda after, limit: _codes(schools.list(after=after, limit=limit)), whole, "codes listed"
    )


@behaviour("directory.pages_while_growing")
def _(make: Make) -> None:
    """Schools that are added between two pages make no other one missing or repeated."""
    schools, _ = make.new()
    whole = [school.code.key for school in _add(schools, *(f"s{n}" for n in range(6)))]
    found: list[str] = []
    turning = pages(lambda after, limit: _codes(schools.list(after=after, limit=limit)), 2)
    for number, page in enumerate(turning):
        found += page.items
        _add(schools, f"a{number}")
    equal(found, whole, "codes listed, two at a time, while others are added before them")


@behaviour("directory.empty")
def _(make: Make) -> None:
    """Where there is no school, the page is empty and the last."""
    schools, _ = make.new()
    no_page(schools.list(), "the list of no schools")


@behaviour("directory.limits")
def _(make: Make) -> None:
    """A page has 50 schools if nothing is said, and a limit beyond 1 to 500 is a `ValueError`."""
    schools, _ = make.new()
    _add(schools, *(f"s{n}" for n in range(51)))
    equal(len(schools.list().items), 50, "schools on a page without a limit")
    equal(len(schools.list(limit=500).items), 51, "schools on a page of 500")
    for limit in (0, -1, 501):
        with raises(ValueError, f"The limit {limit} was not a ValueError."):
            schools.list(limit=limit)


@behaviour("directory.bad_cursor")
def _(make: Make) -> None:
    """An `after` that the store cannot have given is a `ValueError`."""
    schools, _ = make.new()
    _add(schools, "hill")
    refuses_cursors(lambda after: schools.list(after=after))
