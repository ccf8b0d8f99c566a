"""The manifest of a OneRoster set, and which version the set is of."""

from __future__ import annotations

from dataclasses import dataclass, field

from schoolauth.mis.archive import FileSet
from schoolauth.mis.headings import heading_key
from schoolauth.mis.oneroster_sheet import Findings, Sheet
from schoolauth.mis.oneroster_tables import MANIFEST, MANIFEST_OTHERS, VALUES, Column
from schoolauth.mis.reading import Progress

_NAME = "manifest.csv"
_COLUMNS = (Column("propertyName", required=True, kind=""), Column("value", False, ""))
_VERSIONS = "manifest.version", "oneroster.version"
_FILES = "file.orgs", "file.users"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says: the version, and of each file ``absent``, ``bulk`` or ``delta``."""

    version: str | None = None
    modes: dict[str, str] = field(default_factory=dict)


def read_manifest(files: FileSet, findings: Findings, progress: Progress) -> Manifest:
    """Return what the manifest of *files* says, as far as it can be understood."""
    if _NAME not in files.names:
        findings.note(_NAME, "manifest_missing")
        return Manifest()
    sheet = Sheet(_NAME, files.read(_NAME), findings)
    sheet.fit(_COLUMNS, ["propertyName", "value"])
    known = {*_VERSIONS, *MANIFEST_OTHERS, *MANIFEST["1.2"]}
    by_key = {heading_key(name): name for name in known}
    values: dict[str, str] = {}
    for line, cells in sheet.rows(progress):
        written = "" if cells is None else cells["propertyName"]
        name = by_key.get(heading_key(written))
        if name is None or name in values or cells is None:
            findings.note(_NAME, "manifest_property", line)
            continue
        if written != name:
            findings.note(_NAME, "manifest_property", line, case="spelling")
        values[name] = cells["value"]
        _check(name, cells["value"], line, findings)
    versions = [one for one in MANIFEST if values.get(_VERSIONS[1], "").startswith(one)]
    version = versions[0] if versions else None
    # what is not read is the business of strict reading only
    files_named = MANIFEST[version or "1.2"] if findings.strict else set(_FILES)
    for name in sorted({*_VERSIONS, *files_named} - values.keys()):
        findings.note(f"{_NAME}:{name}", "manifest_missing", case="line", name=name)
    modes = {
        f"{name.removeprefix('file.')}.csv": value.casefold()
        for name, value in values.items()
        if name.startswith("file.") and value.casefold() in VALUES["mode"]
    }
    return Manifest(version, modes)


def _check(name: str, value: str, line: int, findings: Findings) -> None:
    allowed = {"manifest.version": ("1.0",), "oneroster.version": tuple(MANIFEST)}.get(
        name, VALUES["mode"] if name.startswith("file.") else (value,)
    )
    if value not in allowed:
        findings.note(f"{_NAME}:{name}", "manifest_value", line, name=name, allowed=list(allowed))


def check_files(manifest: Manifest, files: FileSet, findings: Findings) -> None:
    """Note the files that are there but not in the manifest, and the other way round."""
    for name, found in files.names.items():
        if found.replace("\\", "/").rpartition("/")[2] != name:
            findings.note(name, "file_name", file=name)
        if "/" in found.replace("\\", "/"):
            findings.note(name, "not_at_root", file=name)
        if name != _NAME and manifest.modes.get(name, "bulk") == "absent":
            findings.note(name, "file_undeclared", file=name)
    for name, mode in manifest.modes.items():
        if mode != "absent" and name in {"users.csv", "roles.csv", "orgs.csv"} - files.names.keys():
            findings.note(name, "file_missing", case="named", file=name)


def find_version(manifest: Manifest, users: Sheet, files: FileSet, findings: Findings) -> str:
    """Return the version that the data has, even if the manifest says another."""
    has_roles, has_role = "roles.csv" in files.names, users.has("role")
    judged = "1.2" if has_roles else "1.1"
    version = judged if has_roles != has_role else manifest.version or "1.2"
    if manifest.version not in {None, version}:
        findings.note(_NAME, "version_mismatch", version=version)
    return version
