"""Every public call about an account, and whether its sessions and links are dead after it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from schoolauth import (
    ImportedUser,
    PasswordChangeRequired,
    Role,
    RosterRow,
    School,
    User,
)
from tests.attacks.operations import OLD_HASH
from tests.service.world import PASSWORD, World

EMAIL, MOVED, DUPLICATE = "jess@hill.example.org", "moved@hill.example.org", "twin"
SCHOOL, HEAD = "wg204nx", "head@wg204nx.example.org"


@dataclass(frozen=True)
class Call:
    """What is done with an account, and whether its tokens are dead after it.

    *recovery* says the same of an approver's link for a school in which the account is an admin.
    """

    run: Callable[[World, User], object]
    ends: bool = False
    recovery: bool = False


def ending(run: Callable[[World, User], object]) -> Call:
    return Call(run, ends=True, recovery=True)


def sign_in(world: World, user: User) -> None:
    with suppress(PasswordChangeRequired):
        world.auth.resume(world.log_in(user).session)


def look_at_a_link(world: World, user: User) -> None:
    world.auth.request_password_reset(user.username.key)
    world.auth.check_password_token(world.token("password_reset"))


def look_at_a_request(world: World, user: User) -> None:
    world.auth.request_admin_recovery(SCHOOL, new_email=MOVED, requested_by="Ada")
    world.auth.check_recovery_token(world.token("approve_recovery"))


def reset(world: World, user: User) -> object:
    look_at_a_link(world, user)
    return world.auth.reset_password(world.token("password_reset"), "Blackboard8")


def confirm(world: World, user: User) -> object:
    world.auth.request_email_change(user.id, password=PASSWORD, new_email=MOVED)
    return world.auth.confirm_email_change(world.token("confirm_email_change"))


def recover(world: World, user: User) -> object:
    """Have *user* made an admin by an approver's link, who is one already or becomes it."""
    world.desk.edit_user(user.id, role=Role.ADMIN)
    world.auth.request_admin_recovery(SCHOOL, new_email=MOVED, requested_by="Ada")
    token = world.token("approve_recovery")
    world.auth.check_recovery_token(token)
    return world.auth.approve_admin_recovery(token, account=user.id)


def recover_in_writing(world: World, user: User) -> object:
    world.desk.edit_user(user.id, role=Role.ADMIN)
    return world.auth.support(by="x").confirm_admin_recovery(
        SCHOOL, confirmation_from=HEAD, reference="T1", new_email=MOVED, account=user.id
    )


def duplicate(world: World) -> User:
    return next(user for user in world.desk.search().items if str(user.username) == DUPLICATE)


def mapped(world: World, user: User, row: RosterRow) -> object:
    plan = world.desk.plan_mapping([row], source="sims")
    report = world.desk.apply_mapping(plan, leavers_at_most=9)
    assert user.role is Role.ADMIN or world.desk.get_user(user.id).version > user.version
    return report


def undo(world: World, user: User) -> object:
    keep = duplicate(world).id
    world.desk.resolve_duplicate(keep=keep, retire=user.id)
    return world.desk.undo_resolve_duplicate(keep=keep, retire=user.id)


def imported(role: Role) -> Callable[[World, User], object]:
    accounts = [ImportedUser("im1", "Im", "Ported", role, password_hash=OLD_HASH)]
    return lambda w, u: w.auth.support(by="x").import_users(SCHOOL, accounts, source="old")


def added(role: Role) -> Callable[[World, User], object]:
    return lambda w, u: w.desk.add_user(given_name="A", family_name="B", role=role)


CALLS: dict[str, Call] = {
    "SchoolAuth.log_in": Call(sign_in, recovery=True),
    "SchoolAuth.resume": Call(
        lambda w, u: w.auth.resume(w.log_in(w.admin).session), recovery=False
    ),
    "SchoolAuth.end_sessions": ending(lambda w, u: w.auth.end_sessions(u.id)),
    "SchoolAuth.request_password_reset": Call(lambda w, u: w.auth.request_password_reset(EMAIL)),
    "SchoolAuth.check_password_token": Call(look_at_a_link),
    "SchoolAuth.reset_password": ending(reset),
    "SchoolAuth.change_password": ending(
        lambda w, u: w.auth.change_password(u.id, current=PASSWORD, new="Blackboard8")
    ),
    "SchoolAuth.request_email_change": Call(
        lambda w, u: w.auth.request_email_change(u.id, password=PASSWORD, new_email=MOVED)
    ),
    "SchoolAuth.confirm_email_change": ending(confirm),
    "SchoolAuth.request_admin_recovery": Call(
        lambda w, u: w.auth.request_admin_recovery(SCHOOL, new_email=MOVED, requested_by="Ada")
    ),
    "SchoolAuth.check_recovery_token": Call(look_at_a_request),
    "SchoolAuth.approve_admin_recovery": ending(recover),
    "SchoolAuth.mail_failed": Call(lambda w, u: w.auth.mail_failed(w.mail("create_password"))),
    "SchoolAuth.manage": Call(lambda w, u: w.auth.manage(by=w.admin.id)),
    "SchoolAuth.support": Call(lambda w, u: w.auth.support(by="x")),
    "UserManagement.get_user": Call(lambda w, u: w.desk.get_user(u.id)),
    "UserManagement.search": Call(lambda w, u: w.desk.search("jess")),
    "UserManagement.history": Call(lambda w, u: w.desk.history(u.id)),
    "UserManagement.find_duplicates": Call(lambda w, u: w.desk.find_duplicates()),
    "UserManagement.diagnose": Call(lambda w, u: w.desk.diagnose(EMAIL)),
    "UserManagement.add_user": Call(added(Role.STAFF)),
    "UserManagement.add_user: an admin": Call(added(Role.ADMIN), recovery=True),
    "UserManagement.edit_user: names": Call(
        lambda w, u: w.desk.edit_user(u.id, given_name="Other", family_name="One")
    ),
    "UserManagement.edit_user: username": Call(
        lambda w, u: w.desk.edit_user(u.id, username="another")
    ),
    "UserManagement.edit_user: role": ending(lambda w, u: w.desk.edit_user(u.id, role=Role.SLT)),
    "UserManagement.set_email": ending(lambda w, u: w.desk.set_email(u.id, MOVED)),
    "UserManagement.set_email: was wrong": ending(
        lambda w, u: w.desk.set_email(u.id, MOVED, was_wrong=True)
    ),
    "UserManagement.release_email": ending(lambda w, u: w.desk.release_email(u.id)),
    "UserManagement.set_password": ending(lambda w, u: w.desk.set_password(u.id, "Whiteboard9")),
    "UserManagement.set_password: for good": ending(
        lambda w, u: w.desk.set_password(u.id, "Whiteboard9", must_change=False)
    ),
    "UserManagement.send_create_password_email": Call(
        lambda w, u: w.desk.send_create_password_email(u.id)
    ),
    "UserManagement.send_create_password_emails": Call(
        lambda w, u: w.desk.send_create_password_emails([u.id])
    ),
    "UserManagement.deactivate": ending(lambda w, u: w.desk.deactivate(u.id)),
    "UserManagement.deactivate: with its address": ending(
        lambda w, u: w.desk.deactivate(u.id, release_email=True)
    ),
    "UserManagement.reactivate": ending(lambda w, u: w.desk.reactivate(w.desk.deactivate(u.id).id)),
    "UserManagement.unlock": Call(lambda w, u: w.desk.unlock(u.id)),
    "UserManagement.erase": ending(lambda w, u: w.desk.erase(u.id)),
    "UserManagement.resolve_duplicate: retired": ending(
        lambda w, u: w.desk.resolve_duplicate(keep=duplicate(w).id, retire=u.id)
    ),
    "UserManagement.resolve_duplicate: kept": Call(
        lambda w, u: w.desk.resolve_duplicate(keep=u.id, retire=duplicate(w).id, move_email=False)
    ),
    "UserManagement.undo_resolve_duplicate": ending(undo),
    "UserManagement.plan_mapping": Call(
        lambda w, u: w.desk.plan_mapping([RosterRow("7", "Other", "James")], source="sims")
    ),
    "UserManagement.apply_mapping: name": Call(
        lambda w, u: mapped(w, u, RosterRow("7", "Jessica", "James", EMAIL))
    ),
    "UserManagement.apply_mapping: address": Call(  # an admin's is not taken from a list
        lambda w, u: mapped(w, u, RosterRow("7", "Jess", "James", MOVED)), ends=True
    ),
    "UserManagement.apply_mapping: left": ending(
        lambda w, u: mapped(w, u, RosterRow("7", "Jess", "James", EMAIL, active=False))
    ),
    "SupportDesk.manage": Call(lambda w, u: w.auth.support(by="x").manage(SCHOOL)),
    "SupportDesk.schools": Call(lambda w, u: w.auth.support(by="x").schools()),
    "SupportDesk.add_school": Call(
        lambda w, u: w.auth.support(by="x").add_school(School("third", "Third School"))
    ),
    "SupportDesk.change_school: name": Call(
        lambda w, u: w.auth.support(by="x").change_school(SCHOOL, name="Hill")
    ),
    "SupportDesk.change_school: approver": Call(
        lambda w, u: w.auth.support(by="x").change_school(SCHOOL, deputy_email=MOVED),
        recovery=True,
    ),
    "SupportDesk.add_first_admin": Call(
        lambda w, u: w.auth.support(by="x").add_first_admin(
            "second", given_name="A", family_name="B"
        )
    ),
    "SupportDesk.import_users": Call(imported(Role.STAFF)),
    "SupportDesk.import_users: an admin": Call(imported(Role.ADMIN), recovery=True),
    "SupportDesk.move_user": ending(lambda w, u: w.auth.support(by="x").move_user(u.id, "second")),
    "SupportDesk.set_legal_hold": Call(
        lambda w, u: w.auth.support(by="x").set_legal_hold(u.id, True, reason="case 1")
    ),
    "SupportDesk.confirm_admin_recovery": ending(recover_in_writing),
    "SupportDesk.erase_leavers": Call(
        lambda w, u: w.auth.support(by="x").erase_leavers(timedelta(days=1), apply=True)
    ),
}
