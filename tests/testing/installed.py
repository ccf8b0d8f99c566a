"""The library as if it were installed, entry points and all, whether it is or not."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def install(folder: Path) -> Path:
    """Write the entry points of pyproject.toml into *folder*, to be put on the path."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        groups = tomllib.load(file)["project"]["entry-points"]
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()))
    ]
    info = folder / "installed" / "schoolauth-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: schoolauth\nVersion: 0\n")
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return info.parent


def run_installed(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what a fresh interpreter prints, for which the library is installed."""
    path = [str(install(folder)), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout
