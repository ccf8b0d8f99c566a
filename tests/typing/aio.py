"""What mypy and pyright make of the asyncio face. Nothing here runs.

Each wrong use has a ``type: ignore``, and an ignore without an error is an error to both checkers:
a use that is no longer noticed fails `mypy` and `pyright`.
"""

from __future__ import annotations

from typing import assert_type

from schoolauth import Login, MappingReport, Page, Role, School, SchoolAuth, User
from schoolauth.aio import AsyncSchoolAuth, AsyncSupportDesk, AsyncUserManagement


async def right(auth: SchoolAuth) -> None:
    """Answers and desks have their types; positions, names and defaults are those of the calls."""
    async with AsyncSchoolAuth(auth) as accounts:
        assert_type(accounts, AsyncSchoolAuth)
        assert_type(await accounts.log_in("ann", "secret"), Login)
        assert_type(await accounts.log_in("ann", password="secret", source=None), Login)
        desk = await accounts.manage(by="ann")
        assert_type(desk, AsyncUserManagement)
        assert_type(await desk.edit_user("ann", role=Role.STAFF), User)
        assert_type(await desk.search(), Page[User])
        plan = await desk.plan_mapping([], source="sims")
        assert_type(await desk.apply_mapping(plan, leavers_at_most=3), MappingReport)
        support = await accounts.support("Ann")
        assert_type(support, AsyncSupportDesk)
        assert_type(await support.manage("wg204nx"), AsyncUserManagement)
        assert_type(await support.schools(limit=10), Page[School])


async def wrong(
    accounts: AsyncSchoolAuth, desk: AsyncUserManagement, support: AsyncSupportDesk
) -> None:
    """Names, arguments and answers that are not those of the calls."""
    await accounts.log_in("ann", "secret", sauce="x")  # type: ignore[call-arg] # misspelt
    await accounts.log_in("ann")  # type: ignore[call-arg] # no password
    await accounts.log_in("ann", 1)  # type: ignore[arg-type] # a number
    await accounts.change_password("ann", "old", "new")  # type: ignore[call-arg] # by position
    await accounts.sign_in("ann", "secret")  # type: ignore[attr-defined] # no such call
    await accounts.manage(user="ann")  # type: ignore[call-arg] # misspelt
    str(accounts.log_in("ann", "secret").session)  # type: ignore[attr-defined] # not awaited
    await desk.edit_user("ann", role="staff")  # type: ignore[arg-type] # text
    await desk.set_password("ann", "secret", must_chnage=True)  # type: ignore[call-arg] # misspelt
    assert_type(await desk.erase("ann"), None)  # type: ignore[assert-type] # it answers
    await support.add_first_admin("wg204nx", given_name="Ann")  # type: ignore[call-arg] # no name
    await (await support.manage("x")).schools()  # type: ignore[attr-defined] # of another desk
