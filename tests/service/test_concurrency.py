"""Many at once: exactly one winner, nobody in twice, and always one admin left."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from schoolauth import (
    EmailTaken,
    Role,
    SchoolAuthError,
    Status,
    TokenRefused,
    User,
    UserManagement,
)
from tests.service.world import World

EMAIL = "jess@hill.example.org"


def together(*calls: Callable[[], object]) -> list[object]:
    """Start every call at the same moment and return what each gave or raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait(60)
        try:
            return call()
        except SchoolAuthError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_one_address_is_claimed_by_sixty_four_at_once(stored_world: World) -> None:
    """Differing only in case: exactly 1 winner and 63 `EmailTaken`."""
    world = stored_world

    def claim(number: int) -> Callable[[], object]:
        email = (
            "".join(c.upper() if number >> i & 1 else c for i, c in enumerate(EMAIL[:6]))
            + EMAIL[6:]
        )
        return lambda: world.desk.add_user(
            given_name="Jess",
            family_name="James",
            role=Role.TEACHER,
            email=email,
            username=f"claim{number}",
        )

    answers = together(*[claim(number) for number in range(64)])
    assert Counter(type(answer) for answer in answers) == {User: 1, EmailTaken: 63}
    assert len(world.desk.search("claim", limit=500).items) == 1


def test_one_reset_token_is_redeemed_thirty_two_times_at_once(stored_world: World) -> None:
    """Exactly one success, one change of password; the others are `TokenRefused`."""
    world = stored_world
    teacher = world.teacher(email=EMAIL)
    world.auth.request_password_reset(EMAIL)
    token = world.token("password_reset")

    def redeem(number: int) -> Callable[[], object]:
        return lambda: world.auth.reset_password(token, f"Blackboard{number}").user.id

    answers = together(*[redeem(number) for number in range(32)])
    assert answers.count(teacher.id) == 1
    assert sum(isinstance(answer, TokenRefused) for answer in answers) == 31
    assert world.kinds(teacher).count("password_changed") == 2
    assert world.log_in(teacher, f"Blackboard{answers.index(teacher.id)}")


def test_a_link_and_an_admin_never_both_win(stored_world: World) -> None:
    """An invited account's first password is chosen by its link, or set by the admin."""
    world = stored_world
    for round_ in range(5):
        user = world.teacher(None, email=f"p{round_}@hill.example.org")
        world.desk.send_create_password_email(user.id)
        token = world.token("create_password")
        by_link, by_admin = together(
            partial(world.auth.reset_password, token, "Blackboard8"),
            partial(world.desk.set_password, user.id, "Whiteboard9", must_change=False),
        )
        current = world.desk.get_user(user.id)
        assert current.status is Status.ACTIVE
        changes = world.kinds(user).count("password_changed")
        if isinstance(by_link, TokenRefused):
            assert (by_link.reason, changes) == ("used", 1)
        else:  # the link was first, and the admin's word came after it, knowing of it
            assert changes == 2
        assert isinstance(by_admin, User)
        assert world.log_in(user, "Whiteboard9")


def test_two_admins_deactivate_each_other(stored_world: World) -> None:
    """Sixty rounds: always exactly one left, and never a deadlock told to the caller."""
    world = stored_world
    support = world.auth.support(by="test").manage(world.school.code)
    second = world.teacher(family_name="Second", role=Role.ADMIN)

    def deactivate(desk: UserManagement, user: User) -> Callable[[], object]:
        return lambda: desk.deactivate(user.id)

    for _ in range(60):
        first_desk, second_desk = world.desk, world.auth.manage(by=second.id)
        answers = together(deactivate(first_desk, second), deactivate(second_desk, world.admin))
        codes = sorted(a.code for a in answers if isinstance(a, SchoolAuthError))
        assert codes in (["not_permitted"], ["last_admin"]), answers
        admins = support.search(roles=[Role.ADMIN], statuses=[Status.ACTIVE]).items
        assert len(admins) == 1
        for user in (world.admin, second):
            if support.get_user(user.id).status is Status.INACTIVE:
                support.reactivate(user.id)


def test_the_supports_hand_cannot_take_the_last_admin_either(stored_world: World) -> None:
    """Two support desks deactivate one admin each, at once: one of them is refused."""
    world = stored_world
    second = world.teacher(family_name="Second", role=Role.ADMIN)
    desks = [world.auth.support(by=name).manage(world.school.code) for name in ("a", "b")]
    for _ in range(10):
        answers = together(
            lambda: desks[0].deactivate(world.admin.id), lambda: desks[1].deactivate(second.id)
        )
        assert sum(isinstance(answer, User) for answer in answers) == 1
        for user in (world.admin, second):
            if desks[0].get_user(user.id).status is Status.INACTIVE:
                desks[0].reactivate(user.id)


def test_a_deactivation_wins_over_a_sign_in_under_way(stored_world: World) -> None:
    """Whichever comes first, no session outlives the deactivation."""
    from schoolauth import Login, SessionEnded

    world = stored_world
    for round_ in range(10):
        user = world.teacher(username=f"leaver{round_}")
        login, _ = together(partial(world.log_in, user), partial(world.desk.deactivate, user.id))
        if isinstance(login, Login):
            try:
                world.auth.resume(login.session)
            except SessionEnded:
                continue
            raise AssertionError("a session outlived the deactivation")
