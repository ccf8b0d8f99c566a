"""`map`: what a staff list would do is shown, and done only with --apply."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from schoolauth.cli import main
from schoolauth.cli.tour import oneroster_set, staff_list
from schoolauth.model.user import Role, Status
from tests.cli.lists import DATA, add, row, write
from tests.cli.shell import Screen, Shell

NOTHING = "Nothing was changed. With --apply, it will be.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "staff.csv"


def words(said: str) -> str:
    """Return what was said on one line."""
    return " ".join(said.split())


def mapped(shell: Shell, file: Path, *rows: str, source: str = "sims") -> None:
    """Let these rows be the school's staff already."""
    shell.done("map", write(file, *rows), "--source", source, "--apply")


# --- Shown, then done ------------------------------------------------------------------------


def test_nothing_is_done_without_apply(shell: Shell, file: Path) -> None:
    """The guessed columns and the plan are printed, and no account is added."""
    said = shell.done("map", write(file, "1,Al,Dale,al@hill.example.org,Teacher,Active"))
    assert "given_name   Forename" in said
    assert "1 row can be used; 0 problems in the file." in said
    assert row(said, 2) == "2 new Al Dale al@hill.example.org wg204nx_dale -"
    assert "1 new: an account is made, which is invited" in said
    assert said.endswith(NOTHING)
    assert shell.done("user", "list") == "0 accounts.\n"


def test_apply_and_again(shell: Shell, file: Path) -> None:
    """With --apply it is done once, signed, with the ids of the named source; again is nothing."""
    path = write(file, "1,Al,Dale,al@hill.example.org,Teacher,Active", "2,Bo,Dale,,Deputy Head,")
    said = shell.done("map", path, "--source", "sims", "--apply")
    assert row(said, 3) == (
        "3 new Bo Dale - wg204nx_dale.1 the plain username is taken: another person?"
    )
    assert "Added 2 accounts, changed 0, made 0 inactive, and left 0 rows alone.\n" in said
    assert said.endswith("the application sends them the create password mail.\n")
    user = shell.user("wg204nx_dale.1")
    assert user.role is Role.SLT
    assert str(user.mis_id) == "wg204nx:sims:2"
    assert shell.desk().history(kinds=["mapping_applied"]).items[0].actor == "support:tester"
    said = shell.done("map", path, "--source", "sims", "--apply")
    assert "2 rows with nothing to change." in said
    assert said.endswith("Added 0 accounts, changed 0, made 0 inactive, and left 0 rows alone.\n")


def test_every_kind_is_explained(shell: Shell, file: Path) -> None:
    """A possible match, a conflict, a leaver and another school's address are each told apart."""
    add(shell, "Jim", "Hill")
    add(shell, "Cy", "Carr", "c@x.example.org")
    add(shell, "Di", "Dove", "d@x.example.org")
    shell.done("school", "add", "ab1", "Dale")
    add(shell, "Secret", "Person", "s@x.example.org", school="ab1")
    school = ["--school", "wg204nx"]
    path = write(file, "1,Cy,Carr,c@x.example.org,,", "2,Di,Dove,d@x.example.org,,")
    shell.done(*school, "map", path, "--apply")
    path = write(
        file,
        "3,Jim,Hill,,,",
        "1,Cy,Carr,d@x.example.org,,",
        "2,Di,Dove,,,Left",
        "4,Ed,Esk,s@x.example.org,,",
        "5,Flo,Fell,,,Left",
    )
    said = shell.done(*school, "map", path, "--apply")
    assert row(said, 2) == "2 may match Jim Hill - jim an account has this name"
    assert (
        row(said, 3) == "3 conflict Cy Carr d@x.example.org cy, di points there by MIS id, e-mail"
    )
    assert row(said, 4) == "4 left Di Dove - di the list says so"
    assert row(said, 5) == "5 problem Ed Esk s@x.example.org - this e-mail cannot be used here"
    assert row(said, 6) == "6 left Flo Fell - - the list says so; has no account"
    assert "Secret" not in said
    assert "1 may match: nothing is done, so that nobody gets a second account" in words(said)
    assert "1 conflict: nothing is done" in said
    assert "1 left: the account is made inactive" in said
    assert "1 problem: nothing is done until the list" in said
    assert said.endswith(
        "Added 0 accounts, changed 0, made 1 inactive, and left 4 rows alone: 2, 3, 5, 6.\n"
    )
    assert shell.user("di").status is Status.INACTIVE


def test_leaver_of_the_list_twice(shell: Shell, file: Path) -> None:
    """A leaver's row ends the account and changes nothing else, so that twice is like once."""
    add(shell, "Di", "Dove", "d@x.example.org")
    path = write(file, "2,Diana,Dove,d@x.example.org,,Left")
    assert "made 1 inactive" in shell.done("map", path, "--apply")
    said = shell.done("map", path, "--apply")
    assert "1 row with nothing to change." in said
    assert said.endswith("changed 0, made 0 inactive, and left 0 rows alone.\n")
    assert (shell.user("di").given_name, shell.user("di").mis_id) == ("Di", None)


def test_found_by_what(shell: Shell, file: Path) -> None:
    """A changed account says by what it was found and what will change of it."""
    add(shell, "Al", "Dale", "al@hill.example.org")
    said = shell.done("map", write(file, "1,Alan,Dale,al@hill.example.org,,"))
    assert row(said, 2).endswith("al found by e-mail; changes given name, MIS id")


def test_inactive_accounts_are_shown(shell: Shell, file: Path) -> None:
    """Who is listed and inactive is shown, and not woken; how to wake them is told."""
    mapped(shell, file, "1,Al,Dale,,,", "2,Bo,Beck,,,")
    shell.done("user", "deactivate", "wg204nx_dale")
    said = shell.done("map", str(file), "--source", "sims", "--apply")
    assert row(said, 2).endswith("found by MIS id; inactive, though listed: no list wakes anybody")
    assert "wg204nx_beck" not in said
    assert "`user reactivate USERNAME` wakes an account" in said
    assert shell.user("wg204nx_dale").status is Status.INACTIVE


def test_flaws_are_named(shell: Shell, file: Path) -> None:
    """Two accounts' id, and a row without a name, say what is wrong with them."""
    file.write_text("Staff ID,Username\n1,al\n", encoding="utf-8")
    said = shell.done("map", str(file))
    assert row(said, 2) == (
        "2 problem - - - no account has its keys, and there is no name for a new one"
    )


# --- Files -----------------------------------------------------------------------------------


def test_problems_of_the_file(shell: Shell, file: Path) -> None:
    """Each problem has its line, column and code; nothing in the file reaches the terminal raw."""
    path = write(file, "1,Al,Dale,no\x1b[2Jaddress,,", "2,Bo,Beck,b@hill.example.org,,", "3,Cy")
    said = words(shell.done("map", path))
    assert "Line 2, Work Email: email_invalid: " in said
    assert "Line 4: cell_count: " in said
    assert "1 row can be used; 2 problems in the file." in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "There is no such file."), ("", "There is nothing in it.")],
    ids=["missing", "empty"],
)
def test_unreadable_file(shell: Shell, file: Path, content: str | None, said: str) -> None:
    """A file that cannot be used is refused with its code and the reason."""
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert shell.refused("map", str(file)) == (
        f"roster_unreadable: The file cannot be read. {said}\n"
    )


def test_path_that_cannot_be_asked(shell: Shell) -> None:
    """A path that the system refuses to look at is a file that cannot be read, no traceback."""
    said = shell.refused("map", "a" * 5000)
    assert said.startswith("roster_unreadable: The file cannot be read. ")


def test_unusual_headings(shell: Shell, file: Path) -> None:
    """--column says where a field is, and the table of columns shows it."""
    file.write_text("Ref,Forename,Surname\n7,Al,Dale\n", encoding="utf-8")
    said = shell.done("map", str(file), "--column", "mis_id=Ref", "--apply")
    assert "mis_id       Ref" in said
    assert str(shell.user("wg204nx_dale").mis_id) == "wg204nx:mis:7"


@pytest.mark.parametrize("text", ["mis_id", "shoe_size=Ref"])
def test_column_that_is_none(shell: Shell, file: Path, text: str) -> None:
    """A field that there is not, or no heading, is wrong usage."""
    assert "say FIELD=HEADING" in shell.misused("map", str(file), "--column", text)


def test_unusable_source(shell: Shell, file: Path) -> None:
    """A source that can be no MIS's name is refused before anything is planned."""
    path = write(file, "1,Al,Dale,,,")
    ran = shell("map", path, "--source", "My MIS", "--apply")
    assert (ran.code, ran.err[:14]) == (1, "name_invalid: ")
    assert shell.done("user", "list") == "0 accounts.\n"


@pytest.mark.parametrize("name", ["uk-mis-25-users", "uk-mis-minimal"])
def test_real_staff_lists(shell: Shell, name: str) -> None:
    """Microsoft's samples of UK staff lists are shown; the second has no names for new accounts."""
    said = shell.done("map", str(DATA / name / "Teacher.csv"), "--apply")
    assert "2 rows can be used; 0 problems in the file." in said
    assert "P@ssw0rd" not in said
    if name == "uk-mis-25-users":
        assert row(said, 2) == "2 new Craig Beane - CBeane -"
        assert [str(user.mis_id) for user in shell.desk().search().items] == [
            "wg204nx:mis:14001",
            "wg204nx:mis:14002",
        ]
        said = shell.done("map", str(DATA / "uk-mis-minimal" / "Teacher.csv"))
        assert "2 rows with nothing to change." in said
    else:
        assert "2 problem: " in said


def test_real_oneroster_set(shell: Shell) -> None:
    """Microsoft's School Data Sync set is read as a folder; its school's only teacher has left."""
    said = shell.done("map", str(DATA / "sds-v2.1"), "--org", "110003")
    assert "Warning: " in said
    assert "manifest_missing" in said
    assert "P@ssword123" not in said
    assert row(said, 8) == (
        "8 left Kristen Fein kfein@classrmtest31.org - the list says so; has no account"
    )


def test_strict_names_every_violation(shell: Shell) -> None:
    """With --strict the set is refused, and each violation has line, column and code."""
    said = shell.refused("map", str(DATA / "sds-v2.1"), "--org", "110003", "--strict")
    assert said.startswith("roster_unreadable: The file cannot be read.")
    assert "\nManifest.csv: manifest_missing: " in said
    assert len(said.splitlines()) > 5


def oneroster_zip(path: Path) -> str:
    """Write the set that comes with the library as a zip, and return its path."""
    source = Path(staff_list.__code__.co_filename).parents[1] / "sample" / "oneroster"
    with zipfile.ZipFile(path, "w") as archive:
        for member in sorted(source.iterdir()):
            archive.write(member, member.name)
    return str(path)


def test_oneroster_zip(shell: Shell, tmp_path: Path) -> None:
    """A zip is read like a folder; it says that it is whole, and what --complete would do."""
    path = oneroster_zip(tmp_path / "set.ZIP")
    said = shell.done("map", path, "--source", "sims", "--strict", "--apply")
    assert "The set says that it is whole: with --complete, who is not in it has left." in said
    assert "Added 10 accounts" in said
    said = shell.done("map", path, "--source", "sims", "--complete")
    assert "says that it is whole" not in said


def test_set_that_does_not_say_it_is_whole(shell: Shell) -> None:
    """--complete of a set without a manifest is done with a warning."""
    said = shell.done("map", str(DATA / "sds-v2.1"), "--org", "110003", "--complete")
    assert "Beware: the set does not say that it is whole" in said


def test_set_of_several_schools(shell: Shell, tmp_path: Path) -> None:
    """Which school is meant has to be said, and the hint says how; another refusal has no hint."""
    files = {
        "users.csv": "sourcedId,givenName,familyName,role,orgSourcedIds\n"
        "1,Al,Dale,teacher,o1\n2,Bo,Beck,teacher,o2\n",
        "manifest.csv": "propertyName,value\noneroster.version,1.1\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    said = shell.refused("map", str(tmp_path))
    assert said.endswith("\nhint: `--org ID` says which school is meant\n")
    assert "--org" in shell.refused("map", str(tmp_path), "--org", "o3")
    (tmp_path / "users.csv").unlink()
    assert "hint" not in shell.refused("map", str(tmp_path))


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["staff.csv", "--strict"], "--strict and --org are for OneRoster"),
        (["staff.csv", "--org", "o1"], "--strict and --org are for OneRoster"),
        (["set.zip", "--column", "mis_id=Ref"], "--column is for a CSV"),
    ],
    ids=["strict", "org", "column"],
)
def test_options_of_the_other_format(shell: Shell, argv: list[str], said: str) -> None:
    """What makes no sense for the format is wrong usage."""
    assert said in shell.misused("map", *argv)


def test_the_lists_that_come_along_are_clean() -> None:
    """The tour's lists have no problem, no warning, and the set is whole."""
    assert staff_list().problems == ()
    export = oneroster_set()
    assert (export.problems, export.warnings, export.complete) == ((), (), True)


# --- Leavers and new ids ---------------------------------------------------------------------

NAMES = ["Abe", "Ben", "Cal", "Dan", "Eve"]
FIVE = [f"{number},{name},Hill,,," for number, name in enumerate(NAMES, start=1)]


def test_who_is_not_in_a_complete_list_has_left(shell: Shell, file: Path) -> None:
    """Only with --complete: the account is shown without a row, and made inactive; skip spares."""
    mapped(shell, file, *FIVE)
    path = write(file, *FIVE[:3])
    assert "left" not in shell.done("map", path, "--source", "sims")
    said = shell.done(
        "map", path, "--source", "sims", "--complete", "--decide", "left:wg204nx_hill.4=skip"
    )
    assert row(said, "left:wg204nx_hill.3") == (
        "left:wg204nx_hill.3 left Dan Hill - wg204nx_hill.3 not in the list any more"
    )
    assert row(said, "left:wg204nx_hill.4").endswith("not in the list any more; decided: skip")
    assert shell.user("wg204nx_hill.3").status is Status.INVITED
    said = shell.done(
        "map", path, "--source", "sims", "--complete", "--apply",
        "--decide", "left:wg204nx_hill.4=skip",
    )  # fmt: skip
    assert said.endswith("made 1 inactive, and left 1 row alone: left:wg204nx_hill.4.\n")
    assert shell.user("wg204nx_hill.3").status is Status.INACTIVE
    assert shell.user("wg204nx_hill.4").status is Status.INVITED


def test_row_of_a_retired_duplicate(shell: Shell, file: Path) -> None:
    """Who is in a complete list by the id of their retired duplicates only has not left."""
    mapped(shell, file, "1,Al,Dale,,,", "2,Al,Dale,,,", "3,Al,Dale,,,")
    for keep, retire in (("wg204nx_dale.1", "wg204nx_dale.2"), ("wg204nx_dale", "wg204nx_dale.1")):
        shell.done("duplicates", "--resolve", keep, retire)
    said = shell.done("map", write(file, "3,Al,Dale,,,"), "--source", "sims", "--complete")
    assert row(said, 2).endswith("wg204nx_dale.2 found by MIS id; a retired duplicate")
    assert "left:" not in said
    said = shell.done("map", write(file, "3,Al,Dale,,,Left"), "--source", "sims", "--complete")
    assert "left:wg204nx_dale " in said


def test_too_many_leavers(shell: Shell, file: Path) -> None:
    """A list cut short is held by the brake; it is told before, and how to lift it."""
    mapped(shell, file, *FIVE)
    path = write(file, FIVE[0])
    whole = ["map", path, "--source", "sims", "--complete"]
    said = words(shell.done(*whole))
    assert "As it stands, --apply would be refused. This would make 4 accounts inactive" in said
    ran = shell(*whole, "--apply")
    assert ran.code == 1
    assert "too_many_leavers: This would make 4 accounts inactive; 3 are allowed.\n" in ran.err
    assert "hint: check that the list is the whole one; then `--leavers-at-most N`" in ran.err
    assert shell.user("wg204nx_hill.4").status is Status.INVITED
    said = shell.done(*whole, "--leavers-at-most", "4")
    assert "would be refused" not in said
    assert "made 4 inactive" in shell.done(*whole, "--leavers-at-most", "4", "--apply")


def test_complete_list_with_a_problem(shell: Shell, file: Path) -> None:
    """Who has a problem row has not left: the list is refused, with its problems and a hint."""
    ran = shell("map", write(file, FIVE[0], "2,Ben,Hill,nobody,,"), "--complete", "--apply")
    assert ran.code == 1
    assert ran.err.startswith("roster_unreadable: ")
    assert "\nLine 3, Work Email: email_invalid: " in ran.err
    assert "\nhint: --complete needs a list without a problem" in ran.err
    assert shell.done("user", "list") == "0 accounts.\n"


def test_last_admin_is_spared(shell: Shell, file: Path) -> None:
    """The school's only admin is a problem of a list that lacks them, by username."""
    names = ["--given-name", "Ada", "--family-name", "Hill", "--email", "ada@hill.example.org"]
    shell.done("admin", "add", *names, typed="Chalkboard7\n")
    mapped(shell, file, "1,Ada,Hill,ada@hill.example.org,,")
    said = shell.done("map", write(file, "2,Bo,Beck,,,"), "--source", "sims", "--complete")
    assert row(said, "left:wg204nx_hill") == (
        "left:wg204nx_hill problem Ada Hill ada@hill.example.org wg204nx_hill "
        "not in the list any more; the school would have no admin"
    )


def test_new_ids_for_everybody(shell: Shell, file: Path) -> None:
    """With --rekey the ids of the old MIS are replaced; who loses one to another is named."""
    mapped(shell, file, "1,Al,Dale,al@x.example.org,,", "2,Bo,Beck,bo@x.example.org,,")
    path = write(file, "2,Al,Dale,al@x.example.org,,", "3,Bo,Beck,bo@x.example.org,,")
    assert "2 conflict: " in shell.done("map", path, "--source", "sims")
    said = shell.done("map", path, "--source", "sims", "--rekey", "--apply")
    assert row(said, 2) == (
        "2 changed Al Dale al@x.example.org wg204nx_dale found by e-mail; "
        "takes the MIS id that wg204nx_beck has; changes MIS id"
    )
    assert str(shell.user("wg204nx_dale").mis_id) == "wg204nx:sims:2"
    assert str(shell.user("wg204nx_beck").mis_id) == "wg204nx:sims:3"


# --- Decisions -------------------------------------------------------------------------------


def test_decisions(shell: Shell, file: Path) -> None:
    """A row is linked to a proposed account, made a new one, or skipped, as it is told."""
    for given in ("Abe", "Ben"):
        add(shell, given, "Hill", username=f"{given}.h")
    path = write(file, "1,Abe,Hill,,,", "2,Ben,Hill,,,", "3,Cal,Hill,,,")
    decided = ["--decide", "2=ABE.h", "--decide", "3=create", "--decide", "4=skip"]
    said = shell.done("map", path, "--source", "sims", *decided)
    assert row(said, 2).endswith("an account has this name; decided: is Abe.h")
    assert row(said, 3).endswith("an account has this name; decided: create")
    assert row(said, 4).endswith("decided: skip")
    assert said.endswith(NOTHING)
    said = shell.done("map", path, "--source", "sims", "--apply", *decided)
    assert "Added 1 account, changed 1, made 0 inactive, and left 1 row alone: 4.\n" in said
    assert str(shell.user("Abe.h").mis_id) == "wg204nx:sims:1"
    assert len(shell.desk().search("hill").items) == 3


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        (["9=skip"], "--decide 9=skip: the plan has no row 9"),
        (["left:nobody=skip"], "the plan has no row left:nobody"),
        (["2"], "--decide 2: say ROW=skip, ROW=create or ROW=USERNAME"),
        (["2=skip", "2=create"], "--decide 2=create: row 2 is decided twice"),
        (["3=create"], "--decide 3=create: the row is 'new', and can only be skipped"),
        (["2=cal"], "--decide 2=cal: the row may match abe, ben, and no other account"),
        (["2=x\x1b[2J"], r"--decide 2=x\x1b[2J: the row may match"),
        (["2=abe", "4=abe"], "--decide: abe cannot be the account of 2 rows"),
    ],
    ids=["row", "leaver", "nothing", "twice", "kind", "account", "escape", "shared"],
)
def test_decision_that_fits_no_row(shell: Shell, file: Path, decided: list[str], said: str) -> None:
    """A decision that cannot be meant so is wrong usage, and nothing is done."""
    for username in ("abe", "ben"):
        add(shell, "Abe", "Hill", username=username)
    add(shell, "Cal", "Cole")
    path = write(file, "1,Abe,Hill,,,", "2,Dan,Dale,,,", "3,Abe,Hill,,,")
    ran = shell("map", path, "--apply", *(f"--decide={text}" for text in decided))
    assert ran.code == 2
    assert said in ran.err
    assert "\x1b" not in ran.err
    assert len(shell.desk().search().items) == 3


@pytest.mark.parametrize("text", ["-1", "many", "²"])
def test_count_that_is_none(shell: Shell, file: Path, text: str) -> None:
    """How many may leave is a number of digits."""
    argv = ["map", write(file, *FIVE), f"--leavers-at-most={text}"]
    assert "must be 0 or more" in shell.misused(*argv)


# --- Terminals, pipes and disks --------------------------------------------------------------


def test_progress_on_a_terminal(shell: Shell, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody looks at stderr, rows are counted there, and the count is wiped away."""
    path = write(file, *(f"{number},Al,Dale{number},,," for number in range(1500)))
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    assert main(["--db", shell.url, "--by", "x", "map", path]) == 0
    assert screen.getvalue() == f"\r1,000 rows read\r1,500 rows read\r{' ' * 15}\r"


def test_long_list_of_rows_left_alone(shell: Shell, file: Path) -> None:
    """Of many rows left alone the first are named, and the rest is counted."""
    add(shell, "Al", "Dale")
    said = shell.done("map", write(file, *(f"{n},Al,Dale,,," for n in range(30))), "--apply")
    assert "left 30 rows alone: 2, 3, " in said
    assert words(said).endswith("20, 21 and 10 more.")


@pytest.mark.parametrize("rows", [1, 1500], ids=["short", "long"])
def test_reader_that_goes_away(
    shell: Shell, file: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """A closed pipe ends with 141 before anything is applied, however short the plan is."""
    path = write(file, *(f"{number},Al,Dale{number:x>40},,," for number in range(rows)))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        assert main(["--db", shell.url, "--by", "x", "map", path, "--apply"]) == 141
    assert not shell.desk().search().items


def test_read_only_directory(shell: Shell, tmp_path: Path) -> None:
    """A list in a directory that nobody may write into is mapped, and nothing is left in it."""
    directory = tmp_path / "exports"
    directory.mkdir()
    path = write(directory / "staff.csv", "1,Al,Dale,,,")
    directory.chmod(0o555)
    try:
        assert "Added 1 account" in shell.done("map", path, "--apply")
        assert [entry.name for entry in directory.iterdir()] == ["staff.csv"]
    finally:
        directory.chmod(0o755)


def test_read_only_database(shell: Shell, tmp_path: Path, file: Path) -> None:
    """A plan is shown from a database that cannot be written; applying it is unavailable."""
    url = f"sqlite:///file:{tmp_path / 'school.db'}?mode=ro&uri=true"
    argv = ["--db", url, "--by", "x", "map", write(file, "1,Al,Dale,,,")]
    assert shell.bare(*argv).out.endswith(NOTHING)
    ran = shell.bare(*argv, "--apply")
    assert ran.code == 1
    assert ran.err.startswith("storage_unavailable: ")


def test_hostile_text_in_a_file(shell: Shell, file: Path) -> None:
    """Whatever a file holds, a terminal obeys none of it: names, addresses, headings, values."""
    nasty = "\x1b]0;owned\x07\x9b2J\u202e"
    file.write_text(
        f"Staff ID,Forename,Surname,Work Email,Note{nasty}\n1{nasty},A{nasty}l,Dale,{nasty}@x,x\n"
        "2,Bo,O\u2019Hara,bo@x.example.org,\n",
        encoding="utf-8",
    )
    ran = shell("map", str(file), "--apply")
    assert not any(sign in ran.out + ran.err for sign in "\x1b\x07\x9b\u202e")
    assert "Bo O\u2019Hara" in ran.out


def test_key_of_the_application(shell: Shell, file: Path, tmp_path: Path) -> None:
    """With --key-file the digests in the history are those that the application makes."""
    (tmp_path / "key").write_text("k" * 32 + "\n", encoding="utf-8")
    path = write(file, "1,Al,Dale,,,")
    shell.done("--key-file", str(tmp_path / "key"), "map", path, "--apply", "--source", "sims")
    user = shell.user("wg204nx_dale")
    core = shell.auth()._core
    assert user.mis_id is not None
    event = shell.newest("wg204nx_dale")
    assert getattr(event, "mis_digest", None) == core.mis_digest(user.mis_id)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "--key-file cannot be read: "), ("short", "at least 32 bytes")],
    ids=["missing", "short"],
)
def test_key_that_cannot_be_used(
    shell: Shell, tmp_path: Path, content: str | None, said: str
) -> None:
    """A key file that is not there, or holds no key, is wrong usage."""
    if content is not None:
        (tmp_path / "key").write_text(content, encoding="utf-8")
    assert said in shell.misused("--key-file", str(tmp_path / "key"), "user", "list")
