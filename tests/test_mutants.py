"""The mutants themselves: `python -m tests.mutants` is run by hand."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.__main__ import explained, modules
from tests.mutants.operators import mutants, mutated

PLACES = {
    "if a < b: c()": {"a < b → a >= b", "a < b → a <= b", "c() → pass"},
    "x = a and b": {"a and b → a or b", "a and b → a", "a and b → b"},
    "x = not a": {"not a → a"},
    "x = a + 1": {"a + 1 → a - 1", "1 → 2", "1 → 0"},
    "x = True": {"True → False"},
    "x = 'code'": {"'code' → 'xcode'"},
    "x = 'a sentence stays'": set(),
    "x = f(a, b=c)": {"f(a, b=c) → f(a)"},
    "x = {a, b}": {"{a, b} → {b}", "{a, b} → {a}"},
    "x = [a for a in b if a]": {"[a for a in b if a] → [a for a in b]"},
    "x: Literal['a'] = b": set(),
    "o.x = a": {"o.x = a → pass"},
    "o[x] = a": {"o[x] = a → pass"},
    "while a: b": {"a → not a"},
    "raise a": {"raise a → pass"},
    "try: a\nexcept B: c": {"except B: c → except (): c"},
    "try: a\nexcept (B, C): d": {
        "except (B, C): d → except (C,): d",
        "except (B, C): d → except (B,): d",
    },
    "def f(a=1):\n  '''Docstring.'''\n  return b": {"1 → 2", "1 → 0", "return b → return None"},
    "@g(x=1)\nclass A: pass": set(),
    "x = TypeVar('x')": set(),
}


@pytest.mark.parametrize("text", PLACES)
def test_each_place_is_changed_in_every_way_that_the_page_tells(text: str) -> None:
    """The mutants of one line are those that docs/explanation/mutation.md lists, and no others."""
    assert {mutant.change for mutant in mutants("m.py", text)} == PLACES[text]


def test_a_mutant_is_the_module_with_one_change() -> None:
    """Each mutant's tree is the text with its own change alone, whatever was tried before."""
    text = "def f(a, b):\n    if a == 1:\n        return b + 2\n    return b\n"
    expected = {
        "a == 1 → a != 1": text.replace("==", "!="),
        "b + 2 → b - 2": text.replace("+", "-"),
        "return b → return None": text.replace("return b\n", "return None\n"),
    }
    numbers = {mutant.change: mutant.number for mutant in mutants("m.py", text)}
    for change, changed in expected.items():
        made = ast.unparse(mutated("m.py", text, numbers[change]))
        assert made == ast.unparse(ast.parse(changed))


def test_two_alike_in_one_function_have_names_of_their_own() -> None:
    """What is explained of one place is not taken as explained of another with the same words."""
    found = [mutant.key for mutant in mutants("m.py", "def f(a):\n    g(a == 1)\n    g(a == 1)")]
    assert len(found) == len(set(found))
    assert "m.py: f: a == 1 → a != 1 (2)" in found


def test_every_explained_mutant_is_still_there() -> None:
    """An explanation of code that was changed or moved is taken out with it."""
    parts = {key.split(":")[0] for key in explained()}
    there = {mutant.key for part in parts for mutant in mutants(part, dict(modules([part]))[part])}
    assert set(explained()) - there == set()
