"""What a desk may learn of other schools: that a key is taken, a few times a day, on the record."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from schoolauth import (
    MappingOutdated,
    MappingPlan,
    Role,
    RosterRow,
    School,
    Throttled,
    UserManagement,
    UserNotFound,
)
from schoolauth.model.events import MetElsewhere
from tests.service.world import World


@pytest.fixture
def mill(world: World) -> UserManagement:
    """The desk of another school."""
    support = world.auth.support(by="x")
    support.add_school(School("mill", "Mill Primary"))
    return support.manage("mill")


def fill(desk: UserManagement, count: int) -> list[str]:
    """Add accounts to another school, and return their addresses."""
    addresses = [f"t{number}@mill.example.org" for number in range(count)]
    for address in addresses:
        desk.add_user(given_name="T", family_name="Teacher", role=Role.TEACHER, email=address)
    return addresses


def rows(addresses: list[str]) -> list[RosterRow]:
    return [RosterRow(str(n), "A", f"B{n}", email=text) for n, text in enumerate(addresses)]


def met(world: World) -> list[MetElsewhere]:
    page = world.desk.history(kinds=["met_elsewhere"])
    return [event for event in page.items if isinstance(event, MetElsewhere)]


def test_a_held_address_is_a_problem_that_does_not_say_whose(
    world: World, mill: UserManagement
) -> None:
    """The row is a problem; the event has a digest, the desk and the school, and no address."""
    (address,) = fill(mill, 1)
    plan = world.desk.plan_mapping(rows([address]), source="sims")
    (item,) = plan.items
    assert (item.kind, item.reasons, item.candidates) == ("problem", ("email_unavailable",), ())
    (event,) = met(world)
    assert (event.school, event.actor, len(event.digests)) == (
        world.school.code,
        f"user:{world.admin.id}",
        1,
    )
    assert address not in str(event.to_record())
    assert mill.history(kinds=["met_elsewhere"]).items == ()


def test_the_same_address_is_counted_once_a_day(world: World, mill: UserManagement) -> None:
    """Planning again, and applying, asks nothing new; a day later it does."""
    plan = world.desk.plan_mapping(rows(fill(mill, 2)), source="sims")
    world.desk.apply_mapping(plan)
    world.desk.plan_mapping(rows(["t1@mill.example.org"]), source="sims")
    assert [len(event.digests) for event in met(world)] == [2]
    world.clock.advance(hours=25)
    world.desk.plan_mapping(plan.rows, source="sims")
    assert [len(event.digests) for event in met(world)] == [2, 2]


def test_a_list_cannot_be_used_to_ask_who_exists_elsewhere(
    world: World, mill: UserManagement
) -> None:
    """After 50 in a day the whole plan is refused, on the record; a day later it goes on."""
    addresses = fill(mill, 52)
    world.desk.plan_mapping(rows(addresses[:50]), source="sims")
    for one in addresses[50:]:
        with pytest.raises(Throttled) as caught:
            world.desk.plan_mapping(rows([one, "nobody@mill.example.org"]), source="sims")
        assert caught.value.retry_after > 0
    assert [len(event.digests) for event in met(world)] == [0, 0, 50]
    world.desk.plan_mapping(rows(["nobody@mill.example.org", *addresses[:50]]), source="sims")
    world.clock.advance(hours=25)
    assert world.desk.plan_mapping(rows(addresses[50:]), source="sims").of("problem")


def test_a_list_with_more_than_the_days_number_is_refused_whole(
    world: World, mill: UserManagement
) -> None:
    """It tells nothing of any row, and waits for none of its own: the day's number is used up."""
    addresses = fill(mill, 51)
    for part in (addresses, addresses[:1]):
        with pytest.raises(Throttled) as caught:
            world.desk.plan_mapping(rows(part), source="sims")
        assert caught.value.retry_after == 1728  # one more of fifty a day


def test_a_forged_plan_asks_no_more_than_a_list(world: World, mill: UserManagement) -> None:
    """Applying counts what it meets too."""
    addresses = fill(mill, 51)
    world.desk.plan_mapping(rows(addresses[:50]), source="sims")
    guess = world.desk.plan_mapping(rows(["nobody@mill.example.org"]), source="sims")
    text = guess.to_json().replace("nobody@mill.example.org", addresses[50])
    with pytest.raises((Throttled, MappingOutdated)) as caught:
        world.desk.apply_mapping(MappingPlan.from_json(text))
    assert isinstance(caught.value, Throttled)


def test_a_crowd_of_desks_shares_the_days_number(world: World, mill: UserManagement) -> None:
    """Threads that ask at once do not slip past the number."""
    addresses = fill(mill, 80)
    barrier, answered = Barrier(8), []

    def ask(part: list[str]) -> None:
        barrier.wait()
        for one in part:
            try:
                world.desk.plan_mapping(rows([one]), source="sims")
            except Throttled:
                continue
            answered.append(one)

    threads = [Thread(target=ask, args=(addresses[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answered) == 50


def test_a_diagnosis_asks_within_the_same_number(world: World, mill: UserManagement) -> None:
    """Another school's username is not found, as often as lists may meet one."""
    addresses = fill(mill, 51)
    world.desk.plan_mapping(rows(addresses[:49]), source="sims")
    with pytest.raises(UserNotFound):
        world.desk.diagnose("mill_teacher")
    with pytest.raises(UserNotFound):
        world.desk.diagnose("mill_teacher")
    with pytest.raises(Throttled):
        world.desk.diagnose(addresses[50])
    assert world.desk.diagnose("nobody@mill.example.org").findings[0].code == "no_such_account"
