"""One function for each parser of what others wrote, for Hypothesis and for atheris alike.

A target takes bytes. What it may raise is declared; anything else is a defect, and so is an
answer that breaks what the target says.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, get_args

from schoolauth import (
    EmailAddress,
    MisId,
    PasswordPolicy,
    Role,
    SchoolAuthError,
    SchoolCode,
    StoredPassword,
    TokenRefused,
    UserId,
    Username,
)
from schoolauth.mis import Roster, read_csv, read_oneroster
from schoolauth.model.text import parse_name
from schoolauth.model.token import RecoveryClaims, TokenClaims, TokenPurpose
from schoolauth.rules.passwords import prepare_password
from schoolauth.testing import cheap_hasher
from schoolauth.tokens import Tokens
from tests.fuzz.records import RECORD_TARGETS, edited
from tests.fuzz.target import BETWEEN, Target, text_of
from tests.legacy.schemes import SCHEMES
from tests.mis.oneroster_sets import TODAY, a_set, packed, person, role

MOMENT = datetime(2026, 9, 1, 8, tzinfo=UTC)
PURPOSES: tuple[TokenPurpose, ...] = get_args(TokenPurpose)
PASSWORD = "Chalkboard7"
Parsed = TypeVar("Parsed")


# --- Tokens ----------------------------------------------------------------------------------

TOKENS = Tokens("a key for tests only, not a secret")
SIGNED = tuple(
    TOKENS.issue(TokenClaims(purpose, UserId.parse("user-1"), 1, MOMENT, "a" * 32, "a@b.example"))
    for purpose in PURPOSES
)
ASKED = TOKENS.issue_recovery(
    RecoveryClaims(
        school=SchoolCode.parse("wg204nx"),
        approver="headteacher",
        request="request-1",
        requested_by="Jess James",
        new_email=EmailAddress.parse("jess@hill.example.org"),
        requested_at=MOMENT,
        expires_at=MOMENT,
        state="b" * 32,
    )
)


def token(data: bytes) -> None:
    """A session or mailed link: only what was signed is read, for its own purpose."""
    text = text_of(data)
    claims = TOKENS.read(text, *PURPOSES)
    assert TOKENS.issue(claims) == text.strip()
    assert text.strip() in SIGNED


def recovery_token(data: bytes) -> None:
    """An approver's link, likewise."""
    text = text_of(data)
    TOKENS.read_recovery(text)
    assert text.strip() == ASKED


def signed_token(data: bytes) -> None:
    """What is signed by our key and says anything, such as another version's: each is refused."""
    payload = edited({"u": "user-1", "e": 1, "x": 1, "s": "wg204nx", "w": "deputy"}, data)
    for purpose, serializer in TOKENS._serializers.items():
        try:
            text = str(serializer.dumps({**payload, "p": purpose}))
        except UnicodeEncodeError:  # no version signs a lone surrogate
            return
        with contextlib.suppress(TokenRefused):
            if purpose == "recovery":
                TOKENS.read_recovery(text)
            else:
                assert TOKENS.read(text, *PURPOSES).purpose == purpose


# --- Names -----------------------------------------------------------------------------------


def _parsed_again(parse: Callable[[str], Parsed], data: bytes) -> None:
    value = parse(text_of(data))
    assert parse(str(value)) == value


def username(data: bytes) -> None:
    """A username is read as itself again."""
    _parsed_again(Username.parse, data)


def email_address(data: bytes) -> None:
    """An e-mail address is read as itself again."""
    _parsed_again(EmailAddress.parse, data)


def school_code(data: bytes) -> None:
    """A school's code is read as itself again."""
    _parsed_again(SchoolCode.parse, data)


def user_id(data: bytes) -> None:
    """An account's id is read as itself again."""
    _parsed_again(UserId.parse, data)


def mis_id(data: bytes) -> None:
    """An id of an MIS is read as itself again."""
    _parsed_again(MisId.parse, data)


def person_name(data: bytes) -> None:
    """A name is read as itself again."""
    _parsed_again(lambda text: parse_name(text, "given_name"), data)


def password(data: bytes) -> None:
    """A password is judged by every policy, and one that all accept can be hashed."""
    text = text_of(data)
    policies = (PasswordPolicy.seed(), PasswordPolicy.recommended(), PasswordPolicy.nist())
    if not [violation for policy in policies for violation in policy.violations(text)]:
        assert prepare_password(text) is not None


# --- Stored hashes ---------------------------------------------------------------------------

HASHER = cheap_hasher()
HASHED = HASHER.hash(PASSWORD).reveal()


def argon2_hash(data: bytes) -> None:
    """A hash of today's scheme: only the one that was made is a hash of the password."""
    stored = StoredPassword(text_of(data))
    HASHER.needs_rehash(stored)
    # dear ones are within the bounds, and of no use here
    if all(cost in stored.reveal() for cost in ("m=8,", "t=1,", "p=1$")):
        assert not HASHER.verify(PASSWORD, stored) or stored.reveal() == HASHED


def _legacy_hash(name: str) -> Target:
    verifier, made = SCHEMES[name].verifier, SCHEMES[name].make(PASSWORD)

    def run(data: bytes) -> None:
        stored = StoredPassword(text_of(data))
        known = verifier.recognises(stored)
        try:
            matches = verifier.verify("Another8", stored)
        except ValueError:
            return
        assert known
        assert not matches

    dearest = SCHEMES[name].make_dearest(PASSWORD)
    return Target(run, (made.encode(), dearest.encode()))


# --- Staff lists -----------------------------------------------------------------------------


def _no_admin(roster: Roster) -> None:
    assert {row.role for row in roster} <= {None, Role.SLT, Role.TEACHER, Role.STAFF}


def _written(name: str, data: bytes, read: Callable[[Path], Roster]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(data)
        _no_admin(read(path))


def csv_file(data: bytes) -> None:
    """A CSV file of any bytes makes nobody an admin."""
    _written("staff.csv", data, read_csv)


def oneroster_zip(data: bytes) -> None:
    """A zip file of any bytes, read leniently and strictly."""
    _written("set.zip", data, lambda path: read_oneroster(path, today=TODAY))
    _written("set.zip", data, lambda path: read_oneroster(path, today=TODAY, strict=True))


def oneroster_files(data: bytes) -> None:
    """The three files of a set with any content, in a sound zip file."""
    names = ("users.csv", "roles.csv", "manifest.csv", "orgs.csv")
    files = dict(zip(names, data.split(BETWEEN), strict=False))
    with tempfile.TemporaryDirectory() as directory:
        path = packed(Path(directory), files)
        _no_admin(read_oneroster(path, today=TODAY))


_OF_1_1 = {"role": "teacher", "orgSourcedIds": "o1"}
SETS = (
    a_set("1.1", [person("u1", "Ann", "Able", **_OF_1_1)]),
    a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", "teacher")]),
)


def _zips() -> Iterable[bytes]:
    for files in SETS:
        with tempfile.TemporaryDirectory() as directory:
            yield packed(Path(directory), files).read_bytes()


def _joined(files: Mapping[str, str]) -> bytes:
    names = ("users.csv", "roles.csv", "manifest.csv", "orgs.csv")
    return BETWEEN.join(files.get(name, "").encode() for name in names)


TARGETS: dict[str, Target] = {
    "token": Target(token, tuple(text.encode() for text in SIGNED)),
    "recovery_token": Target(recovery_token, (ASKED.encode(),)),
    "signed_token": Target(
        signed_token, (b'i "1"\nr "Jess"\nm "a@b.example"\nt 1\nd "0"', b'u "user-2"\ne 7\na null')
    ),
    "username": Target(username, (b"wg204nx_james.1", "o'brien_ÄÖ".encode())),
    "email_address": Target(email_address, (b"jess@hill.example.org", "a@ä.example".encode())),
    "school_code": Target(school_code, (b"wg204nx",)),
    "user_id": Target(user_id, (b"user-1",)),
    "mis_id": Target(mis_id, (b"wg204nx:sims:7", b"wg204nx:sims:a:b")),
    "person_name": Target(person_name, ("Zoë O’Hara".encode(), "李".encode())),
    "password": Target(password, (b"Chalkboard7", " é\u200d1234567890123456".encode())),
    "argon2_hash": Target(argon2_hash, (HASHED.encode(),), (SchoolAuthError, ValueError)),
    **{f"{name.replace(' ', '_')}_hash": _legacy_hash(name) for name in SCHEMES},
    "csv_file": Target(
        csv_file,
        (
            b"ID,Forename,Surname,Email,Role,Active\r\n7,Jess,James,a@b.example,Teacher,yes\r\n",
            'Id;Given Name;Family Name;Username\n"7";"Zoë";"O""Hara";"zoe"\n'.encode("utf-8-sig"),
        ),
    ),
    "oneroster_zip": Target(oneroster_zip, tuple(_zips())),
    "oneroster_files": Target(oneroster_files, tuple(_joined(files) for files in SETS)),
    **RECORD_TARGETS,
}
