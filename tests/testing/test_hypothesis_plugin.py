"""How Hypothesis comes to know the library's values, and what that costs whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.installed import run_installed

DRAW = """
print(find(st.from_type(schoolauth.SchoolCode), lambda code: True))
"""


@pytest.mark.parametrize(
    "imports",
    [
        "from hypothesis import find, strategies as st; import schoolauth",
        "import schoolauth; from hypothesis import find, strategies as st",
        "import schoolauth.testing.strategies; from hypothesis import find, strategies as st",
        "import schoolauth.testing.checks; from hypothesis import find, strategies as st",
    ],
    ids=["hypothesis first", "schoolauth first", "strategies first", "kit first"],
)
def test_the_hook_survives_every_order(imports: str, tmp_path: Path) -> None:
    """Whoever imports what first, `from_type` works, and nothing half made is used."""
    assert run_installed(tmp_path, "-c", imports + DRAW) == "0\n"


def test_without_the_hook_the_module_registers(tmp_path: Path) -> None:
    """Where plug-ins are switched off, importing the strategies is what it takes."""
    code = "import schoolauth, schoolauth.testing.strategies\n"
    code += "from hypothesis import find, strategies as st" + DRAW
    printed = run_installed(tmp_path, "-c", code, HYPOTHESIS_NO_PLUGINS="1")
    assert printed == "0\n"


def test_a_strategy_of_the_host_stays(tmp_path: Path) -> None:
    """What a test suite registers for itself is not taken back when it imports ours."""
    code = """
from hypothesis import find, strategies as st
import schoolauth
st.register_type_strategy(schoolauth.SchoolCode, st.just(schoolauth.SchoolCode.parse("mill-77")))
import schoolauth.testing.strategies
print(find(st.from_type(schoolauth.SchoolCode), lambda code: True))
"""
    assert run_installed(tmp_path, "-c", code) == "mill-77\n"


def test_importing_hypothesis_loads_the_values_alone(tmp_path: Path) -> None:
    """No strategy, no contract, no store and no pytest before one is asked for."""
    loaded = set(
        run_installed(tmp_path, "-c", "import hypothesis, sys; print(*sys.modules)").split()
    )
    assert "schoolauth.model.user" in loaded
    assert loaded & {"pytest", "sqlalchemy", "schoolauth.storage"} == set()
    assert {name for name in loaded if name.startswith("schoolauth.testing.")} == {
        "schoolauth.testing.fakes",
        "schoolauth.testing.hypothesis_plugin",
    }
