"""Secrets are compared in constant time: each other comparison near them is listed, with why."""

from __future__ import annotations

import ast

import pytest

from tests.pages import ROOT

SOURCE = ROOT / "src" / "schoolauth"
FILES = [
    *(path.relative_to(SOURCE).as_posix() for path in sorted((SOURCE / "legacy").glob("*.py"))),
    "hashing.py",
    "model/user.py",
    "rules/links.py",
    "tokens.py",
]

COST = "a parameter of a hash, which is written in front of it for all to see"
SIGNED = (
    "a keyed digest of a stored event, or of a token whose signature was checked before, in "
    "constant time: whoever presents it chose neither side, and a digest opens nothing"
)
LISTED: dict[str, dict[str, str]] = {
    "legacy/scheme.py": {r"'\x00' in password": "what was typed, beside nothing that is stored"},
    "legacy/scrypt.py": {"n == self._n": COST, "r == self._r": COST},
    "hashing.py": {
        "self._read(stored) != self._today": "parameters and lengths, as `_Parameters` has no more",
        "variant not in {'id', 'i', 'd'}": "a setting",
        "found.variant != 'id'": COST,
        "found[:4] == self._parameters": COST,
        "str(error) in {error_to_str(_OUT_OF_MEMORY), error_to_str(_OUT_OF_THREADS)}": (
            "what argon2 says is short"
        ),
        "base64.b64encode(base64.b64decode(padded, validate=True)).decode() == padded": (
            "a part of a stored hash and the same part spelt again; nothing typed is beside it"
        ),
    },
    "rules/links.py": {
        "claims.sent_to != address_digest": SIGNED,
        "user.epoch != claims.epoch": "a time, in a token whose signature was checked before",
        "user.status not in {Status.ACTIVE, Status.INVITED}": "no secret",
    },
    "tokens.py": {
        "approver not in get_args(Approver)": "no secret",
        "base64_encode(base64_decode(signature)) == signature.encode()": (
            "two spellings of what was presented, after `loads` has checked the signature"
        ),
        "payload['p'] == purpose": "no secret",
        "digest in [_digest(key, text) for key in self._digest_keys]": SIGNED,
        "like in digests": SIGNED,
    },
}
EQUALITY = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
DIGEST_COMPARERS = {
    "legacy/scheme.py": "hmac.compare_digest(self._work(secret or b'', found), found.digest)",
    "model/user.py": (
        "hmac.compare_digest(self.reveal().encode('utf-8', 'surrogatepass'), "
        "other.reveal().encode('utf-8', 'surrogatepass'))"
    ),
}
OTHER_WAYS = {"__eq__", "__ne__", "eq", "ne", "startswith", "endswith", "index", "find", "count"}


def parsed(name: str) -> ast.Module:
    return ast.parse((SOURCE / name).read_text(encoding="utf-8"))


def equalities(tree: ast.AST) -> set[str]:
    """Return every `==`, `!=`, `in` and `not in`, and every pattern that a `match` compares."""
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Compare) and any(isinstance(op, EQUALITY) for op in node.ops))
        or isinstance(node, ast.match_case)
    }


def called(tree: ast.AST) -> set[str]:
    """Return the last name of everything that is called."""
    return {
        node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }


@pytest.mark.parametrize("name", FILES)
def test_no_comparison_near_a_secret_ends_early(name: str) -> None:
    """Each `==`, `!=` and `in` of a file that handles hashes or tokens is listed with a reason."""
    listed = LISTED.get(name, {})
    assert equalities(parsed(name)) == listed.keys()
    assert all(listed.values())
    allowed = {"startswith"} if name == "hashing.py" else set()  # the name of a scheme
    assert called(parsed(name)) & OTHER_WAYS == allowed


@pytest.mark.parametrize("name", DIGEST_COMPARERS)
def test_what_compare_digest_says_is_the_answer(name: str) -> None:
    """Its result is what the method returns: it is not called beside another comparison."""
    comparer = DIGEST_COMPARERS[name]
    methods = [
        node
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.FunctionDef) and comparer in ast.unparse(node)
    ]
    (method,) = methods
    end = method.body[-1]
    assert isinstance(end, ast.Return)
    assert isinstance(end.value, ast.BoolOp)
    assert isinstance(end.value.op, ast.And)
    parts = [ast.unparse(part) for part in end.value.values]
    names = {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in ast.walk(method)
        if isinstance(node, ast.Assign)
    }
    assert comparer in [names.get(part, part) for part in parts]
