"""The files of a folder or a zip file, read one at a time into bounded memory, never unpacked."""

from __future__ import annotations

import io
import itertools
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from schoolauth.errors import RosterUnreadable
from schoolauth.mis.reading import FILE_MAX, read_bytes, unreadable

MEMBERS_MAX = 1_000
"""Files in a folder or a zip file."""
TOTAL_MAX = 2 * FILE_MAX
"""Bytes of all the files that are wanted, unpacked."""
RATIO_MAX = 200
"""How many times larger than packed a file may be; a list of people makes 5 to 30."""

_SMALL = 1024 * 1024  # below this size no ratio is harmful
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1
# the other methods unpack a block of any size at once
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RuntimeError,  # NotImplementedError too
)


class FileSet:
    """The files called *wanted* in the folder or zip file at *path*.

    `names` says how each is written there, by its name in *wanted*; upper and lower case make no
    difference.
    """

    def __init__(self, path: Path, wanted: Iterable[str]) -> None:
        self._folder = path
        is_folder = stat.S_ISDIR(_mode(path, follow=True))
        self._archive = None if is_folder else _open_zip(read_bytes(path, FILE_MAX))
        self.names: dict[str, str] = {}
        known = {name.casefold(): name for name in wanted}
        for found in _in_folder(path) if self._archive is None else _in_zip(self._archive):
            name = known.get(_plain(found).rpartition("/")[2].casefold())
            if name in self.names:
                raise unreadable("duplicate_member", case="file", file=name)
            if name is not None:
                self.names[name] = found
        if self._archive is not None:
            _check_members([self._archive.getinfo(found) for found in self.names.values()])

    def read(self, name: str) -> bytes:
        """Return what the file *name*, one of `names`, holds."""
        found = self.names[name]
        if self._archive is None:
            path = self._folder / found
            if stat.S_ISLNK(_mode(path, follow=False)):
                raise unreadable("link", case="file", file=name)
            return read_bytes(path, FILE_MAX, follow=False)
        try:
            # never more than it declares: without a number all is unpacked at once
            size = self._archive.getinfo(found).file_size
            with self._archive.open(found) as file:
                return file.read(size + 1)
        except _ZIP_ERRORS:
            pass
        raise unreadable("zip_damaged", file=name)


def _mode(path: Path, *, follow: bool) -> int:
    """Return what *path* is, for `stat`; 0 if that cannot be told."""
    try:
        return path.stat(follow_symlinks=follow).st_mode
    except (OSError, ValueError):  # ValueError: a path that nothing can have
        return 0


def _in_folder(path: Path) -> list[str]:
    try:
        with os.scandir(path) as entries:
            found = [entry.name for entry in itertools.islice(entries, MEMBERS_MAX + 1)]
    except OSError:
        found = []
    if not found:
        raise unreadable("file_not_found", case="empty_folder")
    if len(found) > MEMBERS_MAX:
        raise _too_many()
    return sorted(found)


def _open_zip(data: bytes) -> zipfile.ZipFile:
    # counted before `zipfile` makes an object of each
    if data.count(_DIRECTORY_ENTRY) > MEMBERS_MAX:
        raise _too_many()
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _ZIP_ERRORS:
        pass
    raise unreadable("not_a_zip")


def _in_zip(archive: zipfile.ZipFile) -> list[str]:
    seen: set[str] = set()
    for member in archive.infolist():
        name = _plain(member.filename)
        if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
            raise unreadable("unsafe_path")
        if name in seen:
            raise unreadable("duplicate_member")
        seen.add(name)
    # folders too, which end in "/" and so are never wanted: `is_dir` wants every name filled
    return [member.filename for member in archive.infolist()]


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        if stat.S_ISLNK(member.external_attr >> 16):
            raise unreadable("link")
        if member.flag_bits & _ENCRYPTED:
            raise unreadable("encrypted")
        if member.compress_type not in _METHODS:
            raise unreadable("zip_method")
        if member.file_size > FILE_MAX:
            raise unreadable("file_too_large", case="member", maximum=FILE_MAX)
        if member.file_size > max(_SMALL, RATIO_MAX * member.compress_size):
            raise unreadable("zip_bomb")
    if sum(member.file_size for member in members) > TOTAL_MAX:
        raise unreadable("zip_bomb", case="total", maximum=TOTAL_MAX)


def _plain(name: str) -> str:
    return name.replace("\\", "/")


def _too_many() -> RosterUnreadable:
    return unreadable("too_many_files", maximum=MEMBERS_MAX)
