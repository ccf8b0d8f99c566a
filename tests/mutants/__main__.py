"""Mutation testing by hand: ``python -m tests.mutants rules model tokens.py hashing.py service``.

Each argument is a folder or file of the package. Every mutant meets the tests that run its line,
the nearest first; it is killed when one of them fails. What survives is compared with
``tests/mutants/explained.toml``: the command fails if anything survives that is not explained
there, and names what is explained there and killed. ``--only TEXT`` tries mutants whose
description has that text, and ``--new`` only those that are not explained.
"""

from __future__ import annotations

import argparse
import ast
import functools
import os
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.mutants.children import PACKAGE, ROOT, Replaced, load_libraries, run_children, run_tests
from tests.mutants.operators import Mutant, mutants, mutated
from tests.mutants.seen import Seen, look, progress

EXPLAINED = Path(__file__).with_name("explained.toml")
_BATCHES = (12, 60, 400)
"""How many of the nearest tests a mutant has met after each round, if it lives."""
_START, _SLOWER = 15.0, 6.0
"""Seconds that a child may take to begin, and how much slower tests may be than when alone."""


def explained() -> dict[str, str]:
    """Return why each survivor is no gap, by the name of the mutant."""
    groups = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["group"]
    return {key: group["why"] for group in groups for key in group["mutants"]}


def modules(asked: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each module in the folders and files of the package."""
    for name in asked:
        path = PACKAGE / name
        if not path.exists():
            raise SystemExit(f"there is no {name} in the package")
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")


# --- Which tests -----------------------------------------------------------------------------


class Choice:
    """Chooses the tests that a mutant meets."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests, the nearest and quickest first."""
        lines = range(mutant.line, mutant.last_line + 1)
        tests = self._seen.of(mutant.module, lines) if mutant.called else self._users(mutant)
        if not tests or mutant.where.endswith("__init__"):  # what is made early is used later
            tests |= self._seen.of(mutant.module, self._seen.lines.get(mutant.module, ()))
        return self._ordered(mutant, tests)

    def _ordered(self, mutant: Mutant, tests: Iterable[str]) -> list[str]:
        """Return the tests that speak of the place first, and of each file some early."""
        package, stem = mutant.part.removesuffix(".py"), Path(mutant.module).stem
        function = mutant.where.removesuffix(".__init__").rpartition(".")[2].strip("_")
        words = set(re.findall("[a-z_]{3,}", mutant.change))
        turns = Counter[tuple[str, int]]()

        def rank(test: str) -> tuple[int, int, float]:
            file, _, name = test.partition("::")
            near = 2 * (stem in Path(file).stem) + 2 * (function in name) + (package in file)
            near += (function in _text(file)) + any(word in name for word in words)
            turns[file, near] += 1
            return -near, turns[file, near], self._seen.seconds.get(test, 0.0)

        quickest = sorted(tests, key=lambda test: self._seen.seconds.get(test, 0.0))
        return sorted(quickest, key=rank)

    def _users(self, mutant: Mutant) -> set[str]:
        """Return the tests that run a function which has the place, or names what it defines."""
        tests = set[str]()
        for module, functions in _functions().items():
            for names, lines in functions:
                if names & _defined(mutant) or (module == mutant.module and mutant.line in lines):
                    tests |= self._seen.of(module, lines)
        return tests

    def seconds(self, tests: Sequence[str]) -> float:
        """Return how long the tests may take at most."""
        return _START + _SLOWER * sum(self._seen.seconds.get(test, 0.0) for test in tests)


@functools.cache
def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@functools.cache
def _functions() -> dict[str, list[tuple[set[str], range]]]:
    """Return for each module the names that each function uses, with its lines."""
    found: dict[str, list[tuple[set[str], range]]] = {}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[path.relative_to(PACKAGE).as_posix()] = [
            (_names(node), range(node.lineno, (node.end_lineno or node.lineno) + 1))
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        ]
    return found


def _names(tree: ast.AST) -> set[str]:
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    }


@functools.cache
def _defined(mutant: Mutant) -> frozenset[str]:
    """Return the names that the statement around the mutant defines."""
    tree = ast.parse((PACKAGE / mutant.module).read_text(encoding="utf-8"))
    names = set[str]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.ClassDef):
            continue
        if node.lineno <= mutant.line <= (node.end_lineno or node.lineno):
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    if names == {"__init__"}:
        names = {mutant.where.split(".")[-2]}
    return frozenset(names)


# --- The rounds ------------------------------------------------------------------------------


def _try(mutant: Mutant, text: str, tests: Sequence[str]) -> int:
    path = PACKAGE / mutant.module
    code = compile(mutated(mutant.module, text, mutant.number), str(path), "exec")
    sys.meta_path.insert(0, Replaced(path, code))
    return run_tests(tests, "-x")


def survivors(
    found: Sequence[tuple[Mutant, str]], choice: Choice, at_once: int
) -> Iterator[tuple[Mutant, int]]:
    """Yield each mutant that no test kills, with how many it met."""
    living, met = list(found), 0
    for most in _BATCHES:
        jobs = []
        for mutant, text in living:
            tests = choice.of(mutant)[met:most]
            job = functools.partial(_try, mutant, text, tests) if tests else (lambda: 0)
            jobs.append((job, choice.seconds(tests)))
        alive = []
        for done, (index, code) in enumerate(run_children(jobs, at_once=at_once), 1):
            if code in {0, 5}:
                alive.append(living[index])
            elif code not in {1, 2, 3, 4, None} and code is not None and code > 0:
                raise SystemExit(f"the trial of {living[index][0].key} ended with {code}")
            told = f"up to {most} tests: {done} of {len(jobs)}, {len(alive)} live"
            progress(told, last=done == len(jobs))
        living, met = alive, most
    for mutant, _ in living:
        yield mutant, len(choice.of(mutant))


def main() -> int:
    """Try the mutants, print what survives, and return 1 if it is not what is explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("parts", nargs="+")
    parser.add_argument("--only", default="")
    parser.add_argument("--new", action="store_true")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    known = explained()
    found = [
        (mutant, text)
        for module, text in modules(given.parts)
        for mutant in mutants(module, text)
        if given.only in mutant.key and not (given.new and mutant.key in known)
    ]
    load_libraries()
    choice = Choice(look(given.at_once))
    alive = dict(survivors(found, choice, given.at_once))
    tried, lived = (Counter(one.part for one in some) for some in (dict(found), alive))
    lines = [
        f"{part}: {number} mutants, {number - lived[part]} killed, {lived[part]} survive"
        for part, number in sorted(tried.items())
    ]
    unexplained = [
        f"NOT EXPLAINED, line {mutant.line}, {met} tests: {mutant.key}"
        for mutant, met in alive.items()
        if mutant.key not in known
    ]
    lines += unexplained
    lines += [
        f"EXPLAINED, BUT KILLED: {mutant.key}"
        for mutant, _ in found
        if mutant.key in known and mutant not in alive
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
