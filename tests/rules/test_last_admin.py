"""The last active admin: whose version the store must check beside the written accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import LastAdmin
from schoolauth.model.change import Change
from schoolauth.model.events import SessionsEnded
from schoolauth.model.names import UserId
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.accounts import about
from schoolauth.rules.last_admin import must_stand
from tests.rules.canary import HILL, JAMES, MILL, STAMP


def user(name: str, role: Role = Role.ADMIN, status: Status = Status.ACTIVE) -> User:
    return replace(JAMES, id=UserId.parse(name), role=role, status=status)


def change(*users: User) -> Change:
    return Change(users, [SessionsEnded(**about(JAMES, STAMP))])


def inactive(admin: User) -> User:
    return replace(admin, status=Status.INACTIVE)


ANN, BOB, CAT = user("ann"), user("bob"), user("cat", Role.TEACHER)


def test_the_acting_admin_must_still_stand() -> None:
    """They are an active admin already, so nobody else is looked for."""
    for changed in (CAT, inactive(ANN)):
        assert must_stand(change(changed), [], HILL, BOB, iter(())) == (BOB,)
    assert must_stand(change(), [], HILL, BOB, iter(())) == (BOB,)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("status", Status)
def test_only_an_active_admin_needs_another_one(role: Role, status: Status) -> None:
    """The account of anybody else may be changed by support without a look at who stays."""
    before = user("u1", role, status)
    after = change(replace(before, role=Role.STAFF))
    if before.is_active_admin:
        with pytest.raises(LastAdmin):
            must_stand(after, [before], HILL, None, [])
        assert must_stand(after, [before], HILL, None, [BOB]) == (BOB,)
    else:
        assert must_stand(after, [before], HILL, None, []) == ()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("status", Status)
def test_only_an_active_admin_can_stay_behind(role: Role, status: Status) -> None:
    """Neither the account that is changed nor an invited or former admin counts."""
    other = user("u2", role, status)
    if other.is_active_admin:
        admins = [ANN, other, BOB]
        assert must_stand(change(inactive(ANN)), [ANN], HILL, ANN, admins) == (other,)
    else:
        with pytest.raises(LastAdmin):
            must_stand(change(inactive(ANN)), [ANN], HILL, ANN, [ANN, other])


def test_an_admin_who_leaves_the_school_stays_nowhere() -> None:
    """An account that is still an active admin counts, but not in another school."""
    assert must_stand(change(replace(ANN, given_name="Anna")), [ANN], HILL, ANN, []) == ()
    with pytest.raises(LastAdmin):
        must_stand(change(replace(ANN, school=MILL)), [ANN], HILL, None, [ANN])


people = st.lists(
    st.tuples(st.sampled_from(Role), st.sampled_from(Status), st.booleans()), max_size=5
)


@given(people, st.booleans())
def test_a_school_that_has_an_active_admin_keeps_one(
    school: list[tuple[Role, Status, bool]], one_acts: bool
) -> None:
    """Whoever is deactivated by whom: an active admin is written or checked, or it is refused."""
    everyone = [user(f"u{n}", role, status) for n, (role, status, _) in enumerate(school)]
    going = [one for one, (_, _, goes) in zip(everyone, school, strict=True) if goes]
    admins = [one for one in everyone if one.is_active_admin]
    acting = admins[0] if one_acts and admins else None
    staying = [one for one in admins if one not in going]
    after = change(*map(inactive, going))
    try:
        checked = must_stand(after, going, HILL, acting, iter(admins))
    except LastAdmin:
        assert staying == []
        return
    if set(admins) & set(going):
        assert checked
    assert set(checked) <= set(staying)
