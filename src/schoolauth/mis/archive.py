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

_SMALL = 1024 * 1024  # below it a ratio harms nobody
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1
# the others unpack a block of any size at once, whatever is asked of them
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
                raise unreadable("duplicate_member", f"It has {name} twice.")
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
                raise unreadable("link", f"{name} is a link, and links are not followed.")
            return read_bytes(path, FILE_MAX, follow=False)
        try:
            # never more than it says that it has: without a number all is unpacked at once
            size = self._archive.getinfo(found).file_size
            with self._archive.open(found) as file:
                return file.read(size + 1)
        except _ZIP_ERRORS:
            pass
        raise unreadable("zip_damaged", f"{name} cannot be unpacked: the zip file is damaged.")


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
        raise unreadable("file_not_found", "It is a folder without files, or may not be read.")
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
    raise unreadable("not_a_zip", "It is neither a folder nor a whole zip file.")


def _in_zip(archive: zipfile.ZipFile) -> list[str]:
    seen: set[str] = set()
    for member in archive.infolist():
        name = _plain(member.filename)
        if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
            raise unreadable("unsafe_path", "It has a file whose path leads out of it.")
        if name in seen:
            raise unreadable("duplicate_member", "It has two files of one name.")
        seen.add(name)
    # folders too, which end in "/" and so are none of the wanted: `is_dir` wants every name filled
    return [member.filename for member in archive.infolist()]


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        if stat.S_ISLNK(member.external_attr >> 16):
            raise unreadable("link", "A file in it is a link, and links are not followed.")
        if member.flag_bits & _ENCRYPTED:
            raise unreadable("encrypted", "It is encrypted. Make one without a password.")
        if member.compress_type not in _METHODS:
            message = "It is packed in an unusual way. Make an ordinary zip file."
            raise unreadable("zip_method", message)
        if member.file_size > FILE_MAX:
            raise unreadable("file_too_large", f"A file has more than {FILE_MAX:,} bytes.")
        if member.file_size > max(_SMALL, RATIO_MAX * member.compress_size):
            raise unreadable("zip_bomb", "A file in it is packed far beyond what lists allow.")
    if sum(member.file_size for member in members) > TOTAL_MAX:
        raise unreadable("zip_bomb", f"Its files have more than {TOTAL_MAX:,} bytes.")


def _plain(name: str) -> str:
    return name.replace("\\", "/")


def _too_many() -> RosterUnreadable:
    return unreadable("too_many_files", f"It has more than {MEMBERS_MAX:,} files.")
