"""Attack 17 in a crash report: what is in the locals of the library's own frames.

The exception, in the threat model: what was given to the call under way. So nobody's hash, no key
and nothing that the call has minted itself may be there.
"""

from __future__ import annotations

from functools import partial

import pytest

from schoolauth import (
    ImportedUser,
    PasswordPolicy,
    Role,
    SchoolAuthError,
    TokenRefused,
    User,
    Violation,
)
from schoolauth.model.token import TokenClaims
from schoolauth.tokens import Tokens
from tests.attacks.canaries import in_our_frames, told, with_locals
from tests.attacks.operations import ADDRESS, NEW, OPERATIONS, SECRET, Faces, Operation
from tests.attacks.rewound import Rewound
from tests.databases import STORES, Databases
from tests.service.world import KEY, PASSWORD, make_world

BOSS = "boss@x.example.org"


REFUSALS: dict[str, Operation] = {
    "wrong password": OPERATIONS["SchoolAuth.log_in: wrong"],
    "no such name": OPERATIONS["SchoolAuth.log_in: unknown"],
    "over-long password": lambda f: f.auth.log_in(ADDRESS, SECRET * 500),
    "half a character": lambda f: f.auth.log_in(ADDRESS, SECRET + "\ud800"),
    "must change": OPERATIONS["SchoolAuth.log_in: must change"],
    "inactive": OPERATIONS["SchoolAuth.log_in: inactive"],
    "wrong current": OPERATIONS["SchoolAuth.change_password: wrong"],
    "refused new": OPERATIONS["SchoolAuth.change_password: refused"],
    "refused by link": lambda f: f.auth.reset_password(f.sample.tokens["password_reset"], "short"),
    "refused at the desk": lambda f: f.desk.set_password(f.id("jess"), "short"),
    "no link": OPERATIONS["SchoolAuth.reset_password: no link"],
    "rubbish for a link": lambda f: f.auth.check_password_token("rubbish"),
    "no session": lambda f: f.auth.resume(f.sample.tokens["password_reset"]),
    "no confirmation": lambda f: f.auth.confirm_email_change(f.sample.tokens["session"]),
    "no approval": lambda f: f.auth.approve_admin_recovery(f.sample.tokens["session"]),
    "approval of nobody": lambda f: f.auth.approve_admin_recovery(
        f.sample.tokens["approve_recovery"], account="nobody"
    ),
    "no address": lambda f: f.auth.request_email_change(
        f.id("jess"), password=PASSWORD, new_email="x"
    ),
    "wrong password for an address": lambda f: f.auth.request_email_change(
        f.id("jess"), password=SECRET, new_email=NEW
    ),
    "taken address": OPERATIONS["UserManagement.set_email: taken"],
    "taken address of a new account": lambda f: f.desk.add_user(
        given_name="A", family_name="B", role=Role.STAFF, email=BOSS
    ),
    "taken username": lambda f: f.desk.edit_user(f.id("jess"), username="twin"),
    "no such account": lambda f: f.desk.get_user("nobody"),
    "nobody's password": lambda f: f.auth.change_password("nobody", current=PASSWORD, new=SECRET),
    "no admin": lambda f: f.auth.manage(by=f.id("jess")),
    "erased twice": lambda f: (
        f.desk.erase(f.id("jess")),
        f.desk.set_password(f.id("jess"), SECRET),
    ),
    "refused import": lambda f: f.support.import_users(
        "wg204nx",
        [ImportedUser("twin", "A", "B", Role.STAFF, password_hash=next(iter(f.sample.hashes())))],
        source="old",
    ),
    "unreadable import": lambda f: f.support.import_users(
        "wg204nx",
        [ImportedUser("im", "A", "B", Role.STAFF, password_hash="$argon2id$" + SECRET)],
        source="old",
    ),
    "plan applied twice": lambda f: [f.desk.apply_mapping(f.sample.plan) for _ in range(2)],
    "first admin with a short password": lambda f: f.support.add_first_admin(
        "second", given_name="A", family_name="B", password="short"
    ),
}
LATE = ("check_password_token", "reset_password", "confirm_email_change", "check_recovery_token")


def kept(rewound: Rewound, faces: Faces) -> set[str]:
    """Return what is never a caller's own: the key and what is made of it, hashes, what is new."""
    found = rewound.users.find([user.id for user in rewound.sample.people.values()])
    stored = {user.password.reveal() for user in found.values() if user.password is not None}
    keys = faces.auth._core.tokens._digest_keys
    derived = {text for key in keys for text in (key.hex(), repr(key)[2:-1])}
    return {KEY, *derived, *stored, *rewound.sample.hashes(), *rewound.minted}


def shown(error: Exception) -> str:
    """Return what two ways of printing locals say of *error*, both of which find some."""
    frames, printed = in_our_frames(error), with_locals(error)
    assert "self=" in frames
    assert "    self = " in printed
    return frames + printed


@pytest.mark.parametrize("store", STORES)
def test_a_refusals_frames_hold_no_key_no_hash_and_nothing_new(
    store: str, databases: Databases
) -> None:
    """Wrong, refused, taken, unknown, no link, too late: locals show what was typed and no more."""
    rewound, raised = Rewound(databases.backend(store)), 0
    late = {f"late {name}": OPERATIONS[f"SchoolAuth.{name}"] for name in LATE}
    for name, operation in {**REFUSALS, **late}.items():
        if name == f"late {LATE[0]}":
            rewound.clock.advance(days=400)
        rewound.rewind()
        faces = rewound.faces()
        with pytest.raises(SchoolAuthError) as caught:
            operation(faces)
        raised += 1
        text = shown(caught.value)
        assert [one for one in kept(rewound, faces) if one in text] == [], name
        assert name not in late or isinstance(caught.value, TokenRefused)
    assert raised >= 30


def test_a_faults_frames_hold_no_key_no_hash_and_nothing_new(databases: Databases) -> None:
    """All operations, all calls of all ports, printed as `traceback` prints locals."""
    rewound, raised, minted = Rewound(databases.backend("memory")), 0, 0
    for name, operation in OPERATIONS.items():
        faces = rewound.faces()
        calls, _ = rewound.fuse.names(partial(operation, faces))
        for number in range(1, len(calls) + 1):
            rewound.rewind()
            faces = rewound.faces()
            _, answer = rewound.fuse.blow(partial(operation, faces), number)
            if isinstance(answer, Exception):
                raised += 1
                minted += bool(rewound.minted)
                text = shown(answer) + told(answer)
                what = (name, number, calls[number - 1])
                assert [one for one in kept(rewound, faces) if one in text] == [], what
        rewound.rewind()
    assert raised > 400
    assert minted > 100  # in so many, there was something new to hide


def test_what_was_typed_is_in_the_frames_and_not_in_the_error(databases: Databases) -> None:
    """The stated exception, which shows that the frames are read: a password that was given."""
    rewound = Rewound(databases.backend("memory"))
    with pytest.raises(SchoolAuthError) as caught:
        REFUSALS["wrong password"](rewound.faces())
    assert SECRET in in_our_frames(caught.value)
    assert SECRET in with_locals(caught.value)
    assert SECRET not in told(caught.value)


def test_a_rule_of_the_hosts_that_fails_finds_no_session_in_the_frames() -> None:
    """A breach list that is away ends the sign-in before there is a session to be kept."""

    def away(password: str, user: User | None) -> tuple[Violation, ...]:
        if armed:
            raise ConnectionError("no breach list")
        return ()

    armed: list[bool] = []
    world = make_world(policy=PasswordPolicy.seed().also(away))
    teacher, minted = world.teacher(), list[str]()
    issue = Tokens.issue

    def keep(self: Tokens, claims: TokenClaims) -> str:
        minted.append(issue(self, claims))
        return minted[-1]

    armed.append(True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Tokens, "issue", keep)
        with pytest.raises(ConnectionError):
            world.log_in(teacher)
    assert minted == []
