"""What came out of a contract: a report that a program can ask and a person can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from schoolauth.errors import ContractBroken
from schoolauth.testing.assertions import Unkept, Unusable
from schoolauth.testing.behaviour import Behaviour, Contract, Maker, Subject, show

Result = Literal["kept", "FAILED", "gap", "not run"]


@dataclass(frozen=True, slots=True)
class Line:
    """How one behaviour came out, with one sentence: the promise, the failure or the reason."""

    id: str
    result: Result
    sentence: str
    script: tuple[str, ...] = ()
    """The calls that led to the failure, where a random sequence of calls found it."""

    def __str__(self) -> str:
        line = f"{self.id:<36} {self.result:<8} {self.sentence}"
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)


@dataclass(frozen=True, slots=True)
class Report:
    """How each behaviour of a contract came out, in the contract's order; prints as a table.

    A report is true if it is `ok`.
    """

    name: str
    version: int
    lines: tuple[Line, ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every behaviour that was run is kept, but for the known gaps."""
        return not self.failures

    def __bool__(self) -> bool:
        return self.ok

    @property
    def failures(self) -> dict[str, str]:
        """What is not kept, by behaviour id: one sentence each."""
        return self._with("FAILED")

    @property
    def gaps(self) -> dict[str, str]:
        """The known gaps that are still open, by behaviour id: the reason given for each."""
        return self._with("gap")

    @property
    def not_run(self) -> dict[str, str]:
        """What was not run, by behaviour id, and why."""
        return self._with("not run")

    def __str__(self) -> str:
        kept = sum(line.result == "kept" for line in self.lines)
        counts = f"{kept} kept, {len(self.failures)} failed, {len(self.gaps)} known gaps"
        title = f"{self.name} contract, version {self.version}: {counts}"
        if self.not_run:
            title += f", {len(self.not_run)} not run"
        scripts = [
            "\n".join([f"\n{line.id} fails after:", *line.script])
            for line in self.lines
            if line.script
        ]
        return "\n".join([title, "", *map(str, self.lines), *scripts])

    def _with(self, result: Result) -> dict[str, str]:
        return {line.id: line.sentence for line in self.lines if line.result == result}


def reason_not_to_run(
    behaviour: Behaviour[Subject], maker: Maker[Subject], version: int | None
) -> str | None:
    """Return why *behaviour* is not run for this adapter, or None."""
    if version is not None and behaviour.since > version:
        return f"it is new in version {behaviour.since} of the contract, and {version} is pinned"
    if behaviour.needs is not None and behaviour.needs not in maker.options:
        return f"the adapter gives no {behaviour.needs!r}"
    return None


def check(
    contract: Contract[Subject],
    maker: Maker[Subject],
    *,
    gaps: Mapping[str, str],
    version: int | None,
    progress: Callable[[Line], object] | None,
) -> Report:
    """Run every behaviour of *contract* and return how each came out."""
    contract.check_gaps(gaps, version)
    lines: list[Line] = []
    unusable = False
    for behaviour in contract.behaviours:
        reason = reason_not_to_run(behaviour, maker, version)
        if unusable:
            reason = "there is nothing to test"
        if reason is not None:
            line = Line(behaviour.id, "not run", reason)
        else:
            line, unusable = _line(behaviour, maker, gaps.get(behaviour.id))
        lines.append(line)
        if progress is not None:
            progress(line)
    return Report(contract.name, version or contract.version, tuple(lines))


def _line(
    behaviour: Behaviour[Subject], maker: Maker[Subject], gap: str | None
) -> tuple[Line, bool]:
    failed: Unkept | ContractBroken | None = None
    try:
        show(behaviour, maker)
    except (Unkept, ContractBroken) as error:
        failed = error
    if isinstance(failed, Unusable):
        return Line(behaviour.id, "FAILED", str(failed)), True
    if gap is not None and failed is not None:
        return Line(behaviour.id, "gap", gap), False
    if gap is not None:
        return Line(behaviour.id, "FAILED", CLOSED), False
    if failed is not None:
        script = tuple(getattr(failed, "__notes__", ()))
        return Line(behaviour.id, "FAILED", str(failed), script), False
    return Line(behaviour.id, "kept", behaviour.promise), False


CLOSED = "This gap is closed: the behaviour is kept now. Take it off the list of gaps."
