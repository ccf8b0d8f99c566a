"""Every verifier against the system whose hashes it checks, at its bounds, and at equal work."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import argon2
import bcrypt
import pytest
from argon2.low_level import error_to_str
from hypothesis import assume, example, given
from hypothesis import strategies as st

from schoolauth import NotConfigured, Overloaded, StoredPassword
from schoolauth.legacy import (
    Argon2,
    DjangoArgon2,
    DjangoBcrypt,
    DjangoBcryptSHA256,
    DjangoPBKDF2,
    DjangoScrypt,
    PHPBcrypt,
    WerkzeugPBKDF2,
    WerkzeugScrypt,
)
from tests.legacy.schemes import SCHEMES
from tests.legacy.work import Work
from tests.processes import run_python

PASSWORD = "Chälkboard7"
every_scheme = pytest.mark.parametrize("name", SCHEMES)

typed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


def stored(name: str, password: str = PASSWORD) -> StoredPassword:
    """Return a hash that the other system made, the cheapest that is recognised."""
    return StoredPassword(SCHEMES[name].make(password))


@every_scheme
@given(data=st.data(), one=typed, other=typed)
@example(data=None, one="", other="a")
@example(data=None, one="é", other="e\u0301")
@example(data=None, one="a ", other="a")
@example(data=None, one="P" * 18, other="p" * 18)
def test_the_verdict_is_the_other_system_s(name: str, data: Any, one: str, other: str) -> None:
    """A hash that the real system made matches here what it matches there, and nothing else."""
    scheme = SCHEMES[name]
    if scheme.cuts:
        assume(max(len(one.encode()), len(other.encode())) <= 72)
    made = scheme.make(one)
    assert scheme.check(one, made)
    assert scheme.verifier.verify(one, StoredPassword(made))
    verdict = scheme.verifier.verify(other, StoredPassword(made))
    assert verdict == scheme.check(other, made) == (one == other)


@every_scheme
def test_the_dearest_hash_is_recognised_too(name: str) -> None:
    """The cheapest and the dearest within the bounds are both checked."""
    dearest = StoredPassword(SCHEMES[name].make_dearest(PASSWORD))
    assert SCHEMES[name].verifier.verify(PASSWORD, dearest)
    assert not SCHEMES[name].verifier.verify(PASSWORD + "x", dearest)


@every_scheme
def test_a_scheme_recognises_its_own_hashes_only(name: str) -> None:
    """No text is of two schemes, so that one verifier does the real work and all others pretend."""
    for other, scheme in SCHEMES.items():
        assert scheme.verifier.recognises(stored(name)) == (other == name), other


@every_scheme
def test_a_hash_of_another_scheme_is_refused_without_work(name: str, work: Work) -> None:
    """The error says nothing of the hash."""
    others = [stored(other).reveal() for other in SCHEMES if other != name]
    work.calls.clear()
    for text in [*others, "", "!", stored(name).reveal() + "\n", " " + stored(name).reveal()]:
        work.calls.clear()
        with pytest.raises(ValueError, match=r"^the stored password is ") as caught:
            SCHEMES[name].verifier.verify(PASSWORD, StoredPassword(text))
        assert work.calls == []
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)
        assert not text or text not in repr(caught.value)


@every_scheme
def test_the_work_is_the_same_whatever_there_is_to_verify(name: str, work: Work) -> None:
    """The cheapest hash, the dearest and none at all take equal units of the same primitive."""
    scheme = SCHEMES[name]
    cheapest, dearest = scheme.make(PASSWORD), scheme.make_dearest(PASSWORD)
    work.calls.clear()
    scheme.verifier.pretend(PASSWORD)
    expected = work.total()
    assert sum(expected.values()) > 0
    for text in (cheapest, dearest):
        for password in (PASSWORD, "wrong", "", "x" * 1024, "\0", "\ud800", "a\0b"):
            scheme.verifier.verify(password, StoredPassword(text))
            assert work.total() == expected, password[:9]
            scheme.verifier.pretend(password)
            assert work.total() == expected, password[:9]


@every_scheme
def test_the_dearest_hash_is_verified_by_the_very_calls_of_the_pretence(
    name: str, work: Work
) -> None:
    """Where a table has hashes of one parameter set, nothing is done in two steps."""
    scheme = SCHEMES[name]
    dearest = StoredPassword(scheme.make_dearest(PASSWORD))
    work.calls.clear()
    scheme.verifier.pretend(PASSWORD)
    pretended = list(work.calls)
    work.calls.clear()
    scheme.verifier.verify(PASSWORD, dearest)
    assert work.calls == pretended
    assert len(pretended) == 1


@every_scheme
@pytest.mark.parametrize("other", ["Chälkboard7\0", "Chälkboard7\0Chälkboard7", "\0"])
def test_a_nul_makes_no_second_password(name: str, other: str) -> None:
    """HMAC pads with NUL and bcrypt repeats behind one: no such text is taken for the password."""
    assert not SCHEMES[name].verifier.verify(other, stored(name))
    assert not SCHEMES[name].verifier.verify(other, stored(name, ""))


def test_what_is_found_in_a_hash_is_masked() -> None:
    """A traceback that shows local values shows neither salt nor digest."""
    found = DjangoPBKDF2(iterations=1_500)._read(stored("django pbkdf2"))
    assert repr(found) == "Found(***)"


@every_scheme
def test_a_lone_surrogate_matches_nothing(name: str) -> None:
    """No error comes of it, which would carry the password."""
    assert not SCHEMES[name].verifier.verify("\ud800", stored(name, "?"))


def changed(text: str) -> st.SearchStrategy[str]:
    """Yield *text* with one sign replaced, taken away or doubled."""
    indexes = st.integers(0, len(text) - 1)
    return st.one_of(
        st.tuples(indexes, st.characters()).map(
            lambda at: text[: at[0]] + at[1] + text[at[0] + 1 :]
        ),
        indexes.map(lambda at: text[:at] + text[at + 1 :]),
        indexes.map(lambda at: text[:at] + text[at] + text[at:]),
        st.text(),
    )


@every_scheme
@given(data=st.data())
def test_a_hostile_text_is_never_more_than_a_value_error(name: str, data: st.DataObject) -> None:
    """Whatever a store holds instead, nobody is let in, and no other error is raised."""
    original = stored(name).reveal()
    text = data.draw(changed(original))
    assume(text != original)
    # bcrypt's $2a$, $2b$ and $2y$ are one algorithm
    assume(re.sub(r"\$2[aby]\$", "$2b$", text) != re.sub(r"\$2[aby]\$", "$2b$", original))
    verifier = SCHEMES[name].verifier
    assert isinstance(verifier.recognises(StoredPassword(text)), bool)
    said = "False"
    try:
        said = str(verifier.verify(PASSWORD, StoredPassword(text)))
    except ValueError as error:
        said = str(error)
    assert re.fullmatch(r"False|the stored password [a-z0-9, ]+", said)


TAIL = "$" + "A" * 22 + "$" + "A" * 43
OUT_OF_BOUNDS: dict[str, list[str]] = {
    "django pbkdf2": [
        f"pbkdf2_sha256${iterations}${salt}${digest}"
        for iterations, salt, digest in [
            ("1501", "saltsalt", "A" * 43 + "="),
            ("999", "saltsalt", "A" * 43 + "="),
            ("0", "saltsalt", "A" * 43 + "="),
            ("-1200", "saltsalt", "A" * 43 + "="),
            ("1 200", "saltsalt", "A" * 43 + "="),
            ("1_200", "saltsalt", "A" * 43 + "="),
            ("١٢٠٠", "saltsalt", "A" * 43 + "="),
            ("99999999999999999999", "saltsalt", "A" * 43 + "="),
            ("1200", "short", "A" * 43 + "="),
            ("1200", "s" * 129, "A" * 43 + "="),
            ("1200", "sältsalt", "A" * 43 + "="),
            ("1200", "saltsalt", "A" * 42 + "=="),
            ("1200", "saltsalt", "A" * 86 + "=="),
        ]
    ],
    "werkzeug pbkdf2": [
        "pbkdf2:sha256:1501$saltsalt$" + "a" * 64,
        "pbkdf2:sha256:999$saltsalt$" + "a" * 64,
        "pbkdf2:sha256$saltsalt$" + "a" * 64,
        "pbkdf2:sha1:1200$saltsalt$" + "a" * 40,
        "pbkdf2:md5:1200$saltsalt$" + "a" * 64,
        "pbkdf2:sha256:1200$short$" + "a" * 64,
        "pbkdf2:sha256:1200$saltsalt$" + "a" * 66,
    ],
    "django scrypt": [
        "scrypt$" + text + "$" + "A" * 86 + "=="
        for text in ("32$saltsalt$8$1", "16$saltsalt$9$1", "16$saltsalt$8$6", "8$saltsalt$8$1")
    ]
    + ["scrypt$16$short$8$1$" + "A" * 86 + "==", "scrypt$16$saltsalt$8$1$" + "A" * 43 + "="],
    "werkzeug scrypt": [
        f"scrypt:{costs}$saltsalt$" + "a" * 128
        for costs in ("512:8:1", "256:9:1", "256:8:4", "16777216:8:1", "256:8:0", "256:8:1:1")
    ]
    + ["scrypt:256:8:1$saltsalt$" + "a" * 64],
    "php bcrypt": [
        "$2y$07$" + "." * 53,
        "$2y$03$" + "." * 53,
        "$2y$31$" + "." * 53,
        "$2x$04$" + "." * 53,
        "$2$04$" + "." * 53,
        "$2y$4$" + "." * 53,
        "$2y$04$" + "." * 52,
        "$2y$04$" + "." * 21 + "/" + "." * 31,
        "$2y$04$" + "." * 52 + "/",
    ],
    "django bcrypt": ["bcrypt$$2b$07$" + "." * 53, "bcrypt$2b$04$" + "." * 53],
    "django bcrypt_sha256": ["bcrypt_sha256$$2b$07$" + "." * 53],
    "argon2id": [
        f"$argon2id$v=19$m={costs}{TAIL}" for costs in ("16,t=1,p=1", "8,t=2,p=1", "16,t=1,p=2")
    ]
    + [
        f"$argon2id$v=16$m=8,t=1,p=1{TAIL}",
        f"$argon2id$m=8,t=1,p=1{TAIL}",
        "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 10 + "$" + "A" * 43,
        "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 22 + "$" + "A" * 87,
    ],
    "django argon2": [f"argon2$argon2id$v=19$m=4194304,t=1,p=1{TAIL}", f"argon2{TAIL}"],
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(name, text, id=f"{name} {number}")
        for name, texts in OUT_OF_BOUNDS.items()
        for number, text in enumerate(texts)
    ],
)
def test_a_hash_out_of_bounds_is_refused_without_work(name: str, text: str, work: Work) -> None:
    """Iterations, memory, n, r, p, costs, salts and digests: none is worked on out of bounds."""
    verifier = SCHEMES[name].verifier
    assert not verifier.recognises(StoredPassword(text))
    with pytest.raises(ValueError, match="the stored password"):
        verifier.verify(PASSWORD, StoredPassword(text))
    assert work.calls == []


def test_a_well_formed_argon2_text_that_is_corrupt_is_a_value_error() -> None:
    """Base64 that no encoder writes is no hash, and is refused before any work."""
    text = "$argon2id$v=19$m=8,t=1,p=1$" + "A" * 21 + "B$" + "A" * 43
    with pytest.raises(ValueError, match="is not an argon2 hash with these"):
        SCHEMES["argon2id"].verifier.verify(PASSWORD, StoredPassword(text))


@pytest.mark.parametrize(
    ("make", "wrong", "error"),
    [
        (DjangoPBKDF2, {"iterations": 999}, ValueError),
        (DjangoPBKDF2, {"iterations": 10_000_001}, ValueError),
        (WerkzeugPBKDF2, {"iterations": "1000"}, TypeError),
        (WerkzeugPBKDF2, {"iterations": True}, TypeError),
        (DjangoScrypt, {"n": 3}, ValueError),
        (DjangoScrypt, {"n": 2**22}, ValueError),
        (DjangoScrypt, {"r": 0}, ValueError),
        (WerkzeugScrypt, {"p": 17}, ValueError),
        (WerkzeugScrypt, {"n": 2.0**14}, TypeError),
        (PHPBcrypt, {"cost": 3}, ValueError),
        (DjangoBcrypt, {"cost": 17}, ValueError),
        (DjangoBcryptSHA256, {"cost": None}, TypeError),
        (DjangoArgon2, {"time_cost": 11}, ValueError),
        (DjangoArgon2, {"memory_cost": 63}, ValueError),
        (DjangoArgon2, {"memory_cost": 262_145}, ValueError),
        (DjangoArgon2, {"parallelism": 17, "memory_cost": 1000}, ValueError),
        (DjangoArgon2, {"variant": "x"}, ValueError),
        (DjangoArgon2, {"time_cost": "2"}, TypeError),
    ],
)
def test_bounds_of_one_s_own_are_bounded(
    make: Any, wrong: dict[str, Any], error: type[Exception]
) -> None:
    """A slip in the settings cannot make every sign-in cost a minute or a gigabyte."""
    with pytest.raises(error):
        make(**wrong)


def test_the_defaults_are_those_of_the_systems() -> None:
    """But for the iterations of PBKDF2, which every release of Django raises: they are to be given.

    The installed release is within their bounds, and so is what Werkzeug writes.
    """
    from django.contrib.auth import hashers
    from werkzeug.security import DEFAULT_PBKDF2_ITERATIONS

    iterations = hashers.PBKDF2PasswordHasher.iterations
    assert repr(DjangoPBKDF2(iterations=iterations)) == f"DjangoPBKDF2(iterations={iterations})"
    assert WerkzeugPBKDF2(iterations=DEFAULT_PBKDF2_ITERATIONS)
    makers: list[Any] = [DjangoPBKDF2, WerkzeugPBKDF2]
    for verifier in makers:
        with pytest.raises(TypeError, match="iterations"):
            verifier()
    theirs = hashers.ScryptPasswordHasher
    numbers = (theirs.work_factor, theirs.block_size, theirs.parallelism)
    assert repr(DjangoScrypt()) == "DjangoScrypt(n={}, r={}, p={})".format(*numbers)
    assert repr(WerkzeugScrypt()) == "WerkzeugScrypt(n=32768, r=8, p=1)"
    assert repr(DjangoBcryptSHA256()) == "DjangoBcryptSHA256(cost=12)"
    assert hashers.BCryptSHA256PasswordHasher.rounds == 12
    argon = hashers.Argon2PasswordHasher
    assert repr(DjangoArgon2()) == (
        f"DjangoArgon2(variant='id', time_cost={argon.time_cost}, "
        f"memory_cost={argon.memory_cost}, parallelism={argon.parallelism})"
    )
    assert "variant='d'" in repr(Argon2(variant="d", time_cost=1, memory_cost=8, parallelism=1))


@pytest.mark.parametrize("error", [ValueError("malloc failure"), MemoryError()])
def test_a_machine_without_memory_is_overloaded_and_no_scrypt_hash_is_blamed(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL says ValueError when it gets no memory; the hash may be perfectly good."""
    made = stored("werkzeug scrypt")

    def short(*_: Any, **__: Any) -> bytes:
        raise error

    monkeypatch.setattr(hashlib, "scrypt", short)
    with pytest.raises(Overloaded) as caught:
        SCHEMES["werkzeug scrypt"].verifier.verify(PASSWORD, made)
    assert caught.value.__context__ is None
    with pytest.raises(Overloaded):
        SCHEMES["werkzeug scrypt"].verifier.pretend(PASSWORD)


def test_a_machine_without_memory_is_overloaded_and_no_argon2_hash_is_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """argon2 has a code of its own for it."""
    made = stored("argon2i")

    def short(*_: Any) -> bool:
        raise argon2.exceptions.VerificationError(error_to_str(-22))

    monkeypatch.setattr(argon2._password_hasher, "verify_secret", short)
    with pytest.raises(Overloaded) as caught:
        SCHEMES["argon2i"].verifier.verify(PASSWORD, made)
    assert caught.value.__context__ is None


# --- bcrypt: what PHP wrote, 72 bytes, and the package ----------------------------------------


@pytest.mark.parametrize(
    ("text", "password"),
    [
        # the examples of PHP's manual for password_verify, and crypt_blowfish's own test
        ("$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq", "rasmuslerdorf"),
        ("$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a", "rasmuslerdorf"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
        ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"),
    ],
)
def test_published_bcrypt_hashes_match(text: str, password: str) -> None:
    """PHP's own hashes, which no Python package made."""
    verifier = PHPBcrypt(cost=int(text[4:6]))  # more would be work for nothing
    assert verifier.verify(password, StoredPassword(text))
    assert not verifier.verify(password + "x", StoredPassword(text))


@pytest.mark.parametrize("name", ["php bcrypt", "django bcrypt"])
def test_two_passwords_that_share_72_bytes_never_interchange(name: str) -> None:
    """The old system took any ending; here what is longer matches nothing (CVE-2025-22228)."""
    full = "x" * 72
    assert SCHEMES[name].verifier.verify(full, stored(name, full))
    for longer in (full + "a", full + "b", "é" * 36 + "a"):
        assert not SCHEMES[name].verifier.verify(longer, stored(name, full))
        assert not SCHEMES[name].verifier.verify(longer, stored(name, ""))
    assert SCHEMES[name].verifier.verify("é" * 36, stored(name, "é" * 36))


def test_django_s_bcrypt_sha256_looks_at_every_byte() -> None:
    """It hashes first, so that no length is cut."""
    made = stored("django bcrypt_sha256", "x" * 500 + "a")
    verifier = SCHEMES["django bcrypt_sha256"].verifier
    assert verifier.verify("x" * 500 + "a", made)
    assert not verifier.verify("x" * 500 + "b", made)


def test_what_the_installed_bcrypt_does_with_long_passwords_and_nul() -> None:
    """The facts behind the two rules: it refuses 73 bytes, and takes "a" for "a", NUL, "a"."""
    with pytest.raises(ValueError, match="72 bytes"):
        bcrypt.hashpw(b"x" * 73, bcrypt.gensalt(4))
    assert bcrypt.checkpw(b"a\0a", bcrypt.hashpw(b"a", bcrypt.gensalt(4)))


def test_bcrypt_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, a bcrypt verifier says which extra it needs, and no other one asks."""
    monkeypatch.setitem(__import__("sys").modules, "bcrypt", None)
    with pytest.raises(NotConfigured, match=r'pip install "schoolauth\[legacy\]"') as caught:
        PHPBcrypt()
    assert caught.value.__context__ is None
    DjangoScrypt()


def test_the_verifiers_load_bcrypt_only_when_it_is_needed() -> None:
    """`import schoolauth` does not load `schoolauth.legacy`, and that does not load bcrypt."""
    said = run_python(
        "import sys, schoolauth; print('schoolauth.legacy' in sys.modules)\n"
        "import schoolauth.legacy as legacy; print('bcrypt' in sys.modules)\n"
        "legacy.PHPBcrypt(); print('bcrypt' in sys.modules)"
    )
    assert said.split() == ["False", "False", "True"]
