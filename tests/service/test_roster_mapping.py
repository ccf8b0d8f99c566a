"""Mapping a staff list: plan, review, apply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schoolauth import (
    Create,
    EmailTaken,
    Link,
    MappingOutdated,
    MappingPlan,
    MisId,
    NameInvalid,
    Role,
    RosterRow,
    School,
    Skip,
    Status,
    User,
)
from schoolauth.model.events import MappingApplied, UserEdited
from tests.databases import Databases
from tests.service.world import World, make_world

ANN = RosterRow("1", "Ann", "O'Hara", email="ann@hill.example.org", role=Role.SLT, line=2)
BOB = RosterRow("2", "Bob", "Smith", email="bob@hill.example.org", line=3)
BEA = RosterRow("3", "Bea", "Smith", line=4)


def kinds(plan: MappingPlan) -> list[str]:
    return [item.kind for item in plan.items]


def plan(world: World, *rows: RosterRow) -> MappingPlan:
    return world.desk.plan_mapping(rows, source="sims")


def test_a_staff_list_is_applied_once(stored_world: World) -> None:
    """New people are added in one transaction; the same list again is all matched."""
    world = stored_world
    first = plan(world, ANN, BOB, BEA)
    assert [(item.kind, item.username, item.reasons) for item in first.items] == [
        ("new", "wg204nx_ohara", ()),
        ("new", "wg204nx_smith", ()),
        ("new", "wg204nx_smith.1", ("name_numbered",)),
    ]
    report = world.desk.apply_mapping(MappingPlan.from_json(first.to_json()))
    assert (len(report.added), report.changed, report.left_alone) == (3, (), ())
    ann = world.desk.get_user(report.added[0])
    assert (ann.role, ann.status, ann.mis_id) == (
        Role.SLT,
        Status.INVITED,
        MisId(world.school.code, "sims", "1"),
    )
    assert world.desk.get_user(report.added[1]).role is Role.TEACHER
    applied = world.desk.history().items
    assert [event.kind for event in applied[:4]] == ["user_added"] * 3 + ["mapping_applied"]
    assert isinstance(applied[3], MappingApplied)
    assert (applied[3].source, applied[3].added, applied[3].changed) == ("sims", 3, 0)
    again = plan(world, ANN, BOB, BEA)
    assert kinds(again) == ["matched"] * 3
    before = len(world.kinds())
    assert world.desk.apply_mapping(again).left_alone == ("1", "2", "3")
    assert len(world.kinds()) == before


@pytest.mark.parametrize("key", ["mis_id", "email", "username"])
def test_an_account_is_matched_by_each_key(world: World, key: str) -> None:
    """MIS id, then e-mail, then username; what differs is changed, blank cells are not."""
    given: dict[str, dict[str, Any]] = {
        "mis_id": {"mis_id": MisId(world.school.code, "sims", "17")},
        "email": {"email": "jess@hill.example.org"},
        "username": {"username": "jjames"},
    }
    user = world.teacher(**given[key])
    row = RosterRow(
        "17" if key == "mis_id" else None,
        "Jessica",
        "",
        email="JESS@hill.example.org" if key == "email" else None,
        username="JJAMES" if key == "username" else None,
    )
    (item,) = plan(world, row).items
    assert (item.kind, item.user_id, item.reasons, item.fields) == (
        "changed",
        user.id,
        (key,),
        ("given_name",),
    )
    report = world.desk.apply_mapping(plan(world, row))
    assert report.changed == (user.id,)
    assert world.desk.get_user(user.id).full_name == "Jessica James"
    event = world.desk.history(user.id).items[0]
    assert isinstance(event, UserEdited)
    assert (event.fields, event.source) == (("given_name",), "sims")


def test_a_changed_address_ends_sessions_but_an_admins_is_kept(world: World) -> None:
    """The MIS's word changes a teacher's address; a file never changes an admin's."""
    teacher = world.teacher(email="old@hill.example.org", username="jjames")
    session = world.log_in(teacher).session
    rows = [
        RosterRow(None, "Jess", "James", email="new@hill.example.org", username="jjames"),
        RosterRow(None, "Ada", "Admin", email="thief@hill.example.org", username="wg204nx_admin"),
    ]
    first = plan(world, *rows)
    assert [(item.kind, item.fields) for item in first.items] == [
        ("changed", ("email",)),
        ("matched", ()),
    ]
    world.desk.apply_mapping(first)
    assert str(world.desk.get_user(teacher.id).email) == "new@hill.example.org"
    assert str(world.desk.get_user(world.admin.id).email) == "admin@wg204nx.example.org"
    from schoolauth import SessionEnded

    with pytest.raises(SessionEnded):
        world.auth.resume(session)


def test_what_is_never_guessed(world: World) -> None:
    """Conflicts, problems and leavers are shown with their reasons, and nothing is applied."""
    jess = world.teacher(
        email="jess@hill.example.org", mis_id=MisId(world.school.code, "sims", "17")
    )
    sam = world.teacher(family_name="Sand", given_name="Sam", email="sam@hill.example.org")
    support = world.auth.support(by="x")
    support.add_school(School("other", "Other School"))
    support.manage("other").add_user(
        given_name="E", family_name="E", role=Role.TEACHER, email="else@hill.example.org"
    )
    rows = [
        RosterRow("17", "J", "J", email="sam@hill.example.org"),
        RosterRow("18", "Jess", "James", email="jess@hill.example.org"),
        RosterRow(None, "New", "One", email="else@hill.example.org"),
        RosterRow("19", "No", "Address", email="no address"),
        RosterRow("20", "", ""),
        RosterRow("21", "Gone", "Before", active=False),
        RosterRow("22", "Twice", "A"),
        RosterRow("22", "Twice", "B"),
        RosterRow(None, "Boss", "Boss", role=Role.ADMIN),
        RosterRow("\n", "x" * 101, "https://x", username="a b"),
    ]
    made = plan(world, *rows)
    assert [(item.kind, item.reasons) for item in made.items] == [
        ("conflict", ("mis_id", "email")),
        ("conflict", ("other_mis_id",)),
        ("problem", ("email_unavailable",)),
        ("problem", ("email_invalid",)),
        ("problem", ("name_missing",)),
        ("left", ("left_in_list",)),
        ("problem", ("mis_id_twice_in_list",)),
        ("problem", ("mis_id_twice_in_list",)),
        ("problem", ("role_admin",)),
        (
            "problem",
            (
                "mis_id_invalid",
                "username_invalid",
                "given_name_invalid",
                "family_name_invalid",
            ),
        ),
    ]
    assert made.items[0].candidates == (jess.id, sam.id)
    before = world.kinds()
    report = world.desk.apply_mapping(made)
    assert report.left_alone == tuple(item.key for item in made.items)
    assert world.kinds() == before


def test_two_rows_that_hit_one_account_are_a_conflict(world: World) -> None:
    """By different keys, too."""
    user = world.teacher(email="jess@hill.example.org", username="jjames")
    made = plan(
        world,
        RosterRow(None, "Jess", "James", email="jess@hill.example.org"),
        RosterRow(None, "Jess", "James", username="jjames"),
    )
    assert [(item.kind, item.candidates) for item in made.items] == [("conflict", (user.id,))] * 2


def test_a_leaver_of_the_list_is_shown(world: World) -> None:
    """Somebody whom the list calls a leaver is `left`, unless they are inactive already."""
    user = world.teacher(username="jjames")
    row = RosterRow(None, "Jess", "James", username="jjames", active=False)
    (item,) = plan(world, row).items
    assert (item.kind, item.user_id) == ("left", user.id)
    world.desk.deactivate(user.id)
    assert kinds(plan(world, row)) == ["matched"]


@pytest.fixture
def namesake(world: World) -> User:
    """An account whose name the list has too, and nothing else in common."""
    return world.teacher(given_name="Béa", family_name="Smith")


def test_a_name_is_a_proposal_only(world: World, namesake: User) -> None:
    """The same name makes may_match, which is left alone until somebody decides (FAQ)."""
    made = plan(world, BEA, ANN)
    assert kinds(made) == ["may_match", "new"]
    assert made.of("may_match")[0].candidates == (namesake.id,)
    report = world.desk.apply_mapping(made)
    assert report.left_alone == ("1",)
    assert len(report.added) == 1


def test_a_proposal_is_linked_created_or_skipped(world: World, namesake: User) -> None:
    """Link gives the account its MIS id; Create makes .1, said before; Skip does nothing."""
    made = plan(world, BEA)
    assert made.items[0].username == "wg204nx_smith.1"
    assert world.desk.apply_mapping(made, {"1": Skip()}).left_alone == ("1",)
    created = world.desk.apply_mapping(made, {"1": Create()})
    assert str(world.desk.get_user(created.added[0]).username) == "wg204nx_smith.1"
    world.desk.erase(created.added[0])
    linked = world.desk.apply_mapping(plan(world, BEA), {"1": Link(namesake.id)})
    assert linked.changed == (namesake.id,)
    assert world.desk.get_user(namesake.id).mis_id == MisId(world.school.code, "sims", "3")
    assert kinds(plan(world, BEA)) == ["matched"]


def test_a_new_person_can_be_skipped(world: World) -> None:
    """Skip is for any item."""
    report = world.desk.apply_mapping(plan(world, ANN, BOB), {"1": Skip()})
    assert (len(report.added), report.left_alone) == (1, ("1",))


def test_a_linked_account_with_nothing_to_change(world: World) -> None:
    """A link without news changes nothing."""
    user = world.teacher(given_name="Bea", family_name="Smith")
    row = replace(BEA, mis_id=None)
    report = world.desk.apply_mapping(plan(world, row), {"1": Link(user.id)})
    assert (report.changed, report.added) == ((), ())


def test_decisions_that_do_not_fit(world: World, namesake: User) -> None:
    """A decision must be about an item, of its kind, and for one of its candidates."""
    made = plan(world, BEA, ANN, RosterRow(None, "Bea", "Smith"))
    for decisions, error in (
        ({"9": Skip()}, ValueError),
        ({"2": Create()}, ValueError),
        ({"1": Link(world.admin.id)}, ValueError),
        ({"1": Link(namesake.id), "3": Link(namesake.id)}, ValueError),
        ({"1": "create"}, TypeError),
    ):
        with pytest.raises(error):
            world.desk.apply_mapping(made, decisions)  # type: ignore[arg-type] # on purpose


def test_a_plan_is_refused_when_what_it_rests_on_has_changed(world: World) -> None:
    """An account that appeared, or a name that was edited, makes the plan outdated."""
    made = plan(world, ANN)
    world.teacher(email="ann@hill.example.org")
    with pytest.raises(MappingOutdated):
        world.desk.apply_mapping(made)


def test_a_sign_in_does_not_outdate_a_plan(world: World) -> None:
    """Only the fields that the plan read count."""
    teacher = world.teacher(username="jjames")
    made = plan(world, RosterRow("17", "Jess", "James", username="jjames"))
    world.log_in(teacher)
    assert world.desk.apply_mapping(made).changed == (teacher.id,)


def test_a_forged_plan_is_refused(world: World, namesake: User) -> None:
    """Only rows and source are trusted: other ids, kinds or items are not the plan."""
    made = plan(world, BEA, ANN)
    first, second = made.items
    for forged in (
        (replace(first, kind="changed", user_id=world.admin.id, fields=("email",)), second),
        (replace(first, candidates=(world.admin.id,)), second),
        (second, first),
        (first, replace(second, username="admin")),
        (first, replace(second, row=replace(ANN, role=Role.ADMIN))),
    ):
        with pytest.raises(MappingOutdated):
            world.desk.apply_mapping(MappingPlan("sims", forged))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": "x", "items": [{}]}', "[" * 5000])
def test_a_plan_that_is_no_plan(text: str) -> None:
    """Rubbish instead of JSON is MappingOutdated."""
    with pytest.raises(MappingOutdated):
        MappingPlan.from_json(text)


def test_a_key_taken_between_planning_and_saving() -> None:
    """The store's refusal is told as an outdated plan, not as somebody's address."""
    from schoolauth import EmailAddress
    from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
    from tests.service.doubles import Failing

    inner = MemoryUserRepository()
    users = Failing(inner, "save", EmailTaken(EmailAddress.parse("ann@hill.example.org")))
    world = make_world(users, MemorySchoolDirectory(inner))
    made = plan(world, ANN)
    users.down = True
    with pytest.raises(MappingOutdated) as caught:
        world.desk.apply_mapping(made)
    assert caught.value.__context__ is None


def test_names_of_other_schools_are_left_out(world: World) -> None:
    """A username of this school's form that another school's account has is not proposed."""
    support = world.auth.support(by="x")
    support.add_school(School("other", "Other School"))
    other = support.manage("other")
    for name in ("wg204nx_smith", "wg204nx_smith.1"):
        other.add_user(given_name="S", family_name="S", role=Role.TEACHER, username=name)
    assert plan(world, BOB).items[0].username == "wg204nx_smith.2"
    assert world.desk.apply_mapping(plan(world, BOB)).added


def test_bad_input(world: World) -> None:
    """A source that cannot be one, and rows that are none, are refused before any work."""
    with pytest.raises(NameInvalid):
        world.desk.plan_mapping([], source="SIMS Next!")
    with pytest.raises(TypeError):
        world.desk.plan_mapping(["row"], source="sims")  # type: ignore[list-item] # on purpose
    assert world.desk.plan_mapping([], source="sims").items == ()


def test_ten_thousand_new_people(databases: Databases) -> None:
    """A big list is planned and applied whole, in one transaction."""
    backend = databases.backend("sqlite")
    world = make_world(backend.users, backend.schools)
    rows = [
        RosterRow(str(n), "Given", f"Family{n}", email=f"p{n}@hill.example.org")
        for n in range(10_000)
    ]
    report = world.desk.apply_mapping(plan(world, *rows))
    assert len(report.added) == 10_000
    assert world.desk.search("family9999").items[0].id == report.added[9999]
