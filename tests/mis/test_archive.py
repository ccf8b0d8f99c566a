from __future__ import annotations

import contextlib
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.errors import RosterUnreadable
from schoolauth.mis import archive, read_csv
from schoolauth.mis.reading import FILE_MAX
from tests.mis.lists import codes
from tests.mis.oneroster_sets import a_set, folder, packed, packed_with, person, read, refused, role

SET = a_set("1.2", [person("u1", "Ann", "Able")], roles=[role("u1", "teacher")])


def zipped(directory: Path, users: bytes, **others: int) -> Path:
    """Write the set with another users.csv, whose entry has the fields of *others*."""
    return packed_with(directory, SET, users, **others)


def test_zip_bomb_by_ratio(tmp_path: Path) -> None:
    """A file packed a thousandfold is refused before it is unpacked, in little memory."""
    path = zipped(tmp_path, b"x" * (32 * 1024 * 1024))
    tracemalloc.start()
    try:
        assert codes(refused(path)) == ["zip_bomb"]
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_zip_bomb_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All the files together have a limit, and each has one."""
    monkeypatch.setattr(archive, "TOTAL_MAX", 200)
    assert codes(refused(packed(tmp_path, SET))) == ["zip_bomb"]
    monkeypatch.setattr(archive, "FILE_MAX", 50_000)
    assert codes(refused(zipped(tmp_path, b"x" * 50_001))) == ["file_too_large"]


def test_entry_that_lies_about_its_size(tmp_path: Path) -> None:
    """No more is unpacked than the entry says that there is, however much there is."""
    size = 32 * 1024 * 1024
    path = zipped(tmp_path, b"x" * size)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", size), struct.pack("<L", 100)))
    tracemalloc.start()
    try:
        assert codes(refused(path)) == ["zip_damaged"]
        assert tracemalloc.get_traced_memory()[1] < 12 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../x", "..\\users.csv", "C:\\users.csv"]
)
def test_path_that_leads_out(tmp_path: Path, name: str) -> None:
    """Nothing is ever unpacked to the disk, and such a file is refused all the same."""
    assert codes(refused(packed(tmp_path, {**SET, name: "x"}))) == ["unsafe_path"]


@pytest.mark.parametrize("name", ["users.csv", "Users.csv", "more/users.csv", "readme.txt"])
def test_two_members_of_one_name(tmp_path: Path, name: str) -> None:
    """Which of the two counts is nobody's to guess."""
    path = packed(tmp_path, {**SET, "readme.txt": "x"})
    with (
        zipfile.ZipFile(path, "a") as file,
        pytest.warns(UserWarning, match="Duplicate")
        if name in {*SET, "readme.txt"}
        else contextlib.nullcontext(),
    ):
        file.writestr(name, "x")
    assert codes(refused(path)) == ["duplicate_member"]


def test_two_files_of_one_name_in_a_folder(tmp_path: Path) -> None:
    """Capitals make no difference, so that two such files are one too many."""
    path = folder(tmp_path, {**SET, "USERS.CSV": "x"})
    if len(list(path.iterdir())) == len(SET):
        pytest.skip("this file system does not tell them apart")
    assert codes(refused(path)) == ["duplicate_member"]


def test_member_without_a_name(tmp_path: Path) -> None:
    """A name that begins with NUL is read as none, and the file is nobody's."""
    path = packed(tmp_path, {**SET, "readme.txt": "x"})
    path.write_bytes(path.read_bytes().replace(b"readme.txt", b"\0eadme.txt"))
    assert [row.mis_id for row in read(path)] == ["u1"]


def test_encrypted_member(tmp_path: Path) -> None:
    """A zip file with a password is named as such."""
    path = zipped(tmp_path, b"x")
    data = bytearray(path.read_bytes())
    start = data.rindex(b"PK\x01\x02")
    data[start + 8] |= 1
    path.write_bytes(data)
    assert codes(refused(path)) == ["encrypted"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_methods_without_bounds(tmp_path: Path, method: int) -> None:
    """What unpacks a block of any size at once is not unpacked."""
    assert codes(refused(zipped(tmp_path, b"x", compress_type=method))) == ["zip_method"]


def test_links(tmp_path: Path) -> None:
    """A link among the files, in a folder or a zip file, is not followed; the set's own is."""
    path = folder(tmp_path, SET)
    (tmp_path / "link").symlink_to(path)
    assert len(read(tmp_path / "link")) == 1
    (path / "users.csv").rename(tmp_path / "users.csv")
    (path / "users.csv").symlink_to(tmp_path / "users.csv")
    assert codes(refused(path)) == ["link"]
    assert codes(refused(zipped(tmp_path, b"/etc/passwd", external_attr=0o120777 << 16))) == [
        "link"
    ]


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder or zip file of thousands of files is no set, and is not listed to its end."""
    monkeypatch.setattr(archive, "MEMBERS_MAX", 3)
    assert codes(refused(folder(tmp_path, SET))) == ["too_many_files"]
    assert codes(refused(packed(tmp_path, SET))) == ["too_many_files"]


def test_line_of_two_gigabytes(tmp_path: Path) -> None:
    """It is refused in the memory of the largest file, in a set and in a list by itself."""
    path = folder(tmp_path, SET)
    with (path / "users.csv").open("r+b") as file:
        file.truncate(2 * 1024**3)
    tracemalloc.start()
    try:
        assert codes(refused(path)) == ["file_too_large"]
        with pytest.raises(RosterUnreadable):
            read_csv(path / "users.csv")
        assert tracemalloc.get_traced_memory()[1] < 2.5 * FILE_MAX
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("inside", [True, False], ids=["in-a-folder", "by-itself"])
def test_pipe_is_not_waited_for(tmp_path: Path, inside: bool) -> None:
    """A pipe without a writer is refused at once, in a folder, as a zip file and as a list."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    path = folder(tmp_path, SET)
    (path / "users.csv").unlink()
    os.mkfifo(path / "users.csv")
    assert codes(refused(path if inside else path / "users.csv")) == ["file_not_readable"]
    with pytest.raises(RosterUnreadable):
        read_csv(path / "users.csv")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/dev/zero", "file_not_readable"),
        ("/proc/self/status", "file_not_readable"),
        ("missing.zip", "file_not_found"),
        ("nul\0.zip", "file_not_readable"),
        ("x" * 300, "file_not_readable"),
        ("empty", "file_not_found"),
        ("other", "file_missing"),
        ("users.csv", "not_a_zip"),
        ("half.zip", "not_a_zip"),
        ("folders", "file_not_readable"),
    ],
)
def test_what_is_no_set(tmp_path: Path, name: str, code: str) -> None:
    """Devices and files without an end, nothing, an empty folder, a list, half a zip file."""
    if name.startswith("/") and not Path(name).exists():
        pytest.skip("there is no such device here")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "readme.txt").write_text("x")
    (tmp_path / "folders" / "users.csv").mkdir(parents=True)
    (tmp_path / "users.csv").write_text(SET["users.csv"])
    data = packed(tmp_path, SET).read_bytes()
    (tmp_path / "half.zip").write_bytes(data[: len(data) // 2])
    assert codes(refused(tmp_path / name)) == [code]


def test_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that may not be listed is a refusal."""
    path = folder(tmp_path, SET)

    def refuse(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(RosterUnreadable) as caught:
        archive.FileSet(path, ["users.csv"])
    assert codes(caught.value) == ["file_not_found"]


def test_damaged_archives_are_read_or_refused(tmp_path: Path) -> None:
    """Whatever bytes of a zip file change, nothing but `RosterUnreadable` is raised."""
    data = packed(tmp_path, SET).read_bytes()
    change = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255))

    @given(st.lists(change, min_size=1, max_size=6), st.integers(0, len(data)))
    def check(changes: list[tuple[int, int]], cut: int) -> None:
        damaged = bytearray(data)
        for index, value in changes:
            damaged[index] = value
        if cut % 4 == 0:
            del damaged[cut:]
        path = tmp_path / "damaged.zip"
        path.write_bytes(damaged)
        with contextlib.suppress(RosterUnreadable):
            read(path)

    check()
