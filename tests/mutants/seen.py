"""Which tests run which lines of the package, and how long each takes."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutants.children import KEPT, PACKAGE, ROOT, run_children, run_tests

_FILES_AT_ONCE = 6
_SECONDS = 900.0
SLOWEST = 8.0


@dataclass
class Seen:
    """What a run of the tests showed."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    """For each module and line the tests that run it."""

    def of(self, module: str, lines: Iterable[int]) -> set[str]:
        """Return the tests that run one of the lines, without the slowest."""
        found = self.lines.get(module, {})
        tests = {test for line in lines for test in found.get(line, ())}
        return {test for test in tests if self.seconds.get(test, 0.0) <= SLOWEST}


class _Watch:
    """A plug-in of pytest that tells coverage which test runs."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Measure one test."""
        self._measured.switch_context(item.nodeid)
        start = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.perf_counter() - start
            self._measured.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails without any mutant: it says nothing of one."""
        if report.failed:
            self.failed.add(report.nodeid)


def look(at_once: int) -> Seen:
    """Run all tests whose stores are in memory, and return what they ran.

    What is known of a group of files is kept beside the project until they or the package change.
    """
    files = sorted(ROOT.glob("tests/**/test_*.py"))
    groups = [
        files[index : index + _FILES_AT_ONCE] for index in range(0, len(files), _FILES_AT_ONCE)
    ]
    results = [KEPT / f"{_digest([*PACKAGE.rglob('*.py'), *group])}.json" for group in groups]
    KEPT.mkdir(exist_ok=True)
    missing = [index for index, result in enumerate(results) if not result.exists()]
    jobs = [(partial(_measure, groups[index], results[index]), _SECONDS) for index in missing]
    for done, (job, code) in enumerate(run_children(jobs, at_once=at_once), 1):
        if code not in {0, 1, 5}:  # 1: some fail, 5: none of them is for memory
            names = " ".join(str(path) for path in groups[missing[job]])
            raise SystemExit(f"without any mutant these tests end with {code}: {names}")
        progress(
            f"looking which tests run which lines: {done} of {len(jobs)}", last=len(jobs) == done
        )
    for old in set(KEPT.glob("*.json")) - set(results):
        old.unlink()
    seen = Seen()
    for result in results:
        found = json.loads(result.read_text(encoding="utf-8"))
        seen.seconds |= found["seconds"]
        for test in found["failed"]:
            sys.stderr.write(f"left out, since it fails without any mutant: {test}\n")
        for module, line, tests in found["lines"]:
            seen.lines.setdefault(module, {}).setdefault(line, []).extend(tests)
    return seen


def _digest(files: Iterable[Path]) -> str:
    """Return what stands for these files and the help that every test has."""
    made = hashlib.sha256()
    helpers = [path for path in ROOT.glob("tests/*.py") if not path.name.startswith("test_")]
    for path in sorted([*files, *helpers]):
        made.update(f"{path.name}\0".encode() + path.read_bytes())
    return made.hexdigest()[:32]


def progress(text: str, *, last: bool) -> None:
    """Tell on one line how far it is."""
    sys.stderr.write(f"\r{text}" + ("\n" if last else ""))
    sys.stderr.flush()


def _measure(files: Sequence[Path], result: Path) -> int:
    measured = coverage.Coverage(data_file=None, config_file=False, source=[str(PACKAGE)])
    measured.start()
    watch = _Watch(measured)
    code = run_tests([path.relative_to(ROOT).as_posix() for path in files], plugins=[watch])
    measured.stop()
    data = measured.get_data()
    lines = [
        (Path(path).relative_to(PACKAGE).as_posix(), line, sorted(set(tests) - watch.failed - {""}))
        for path in data.measured_files()
        for line, tests in data.contexts_by_lineno(path).items()
    ]
    found = {"seconds": watch.seconds, "failed": sorted(watch.failed), "lines": lines}
    result.write_text(json.dumps(found), encoding="utf-8")
    return code
