"""What is wrong with a staff list or an import: the whole, a row or a cell, by code and facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schoolauth.texts.errors import error_text
from schoolauth.texts.sentences import Facts, Sentences, say

FILES: Sentences = {
    "file_not_found": "There is no such file.",
    "file_not_found/empty_folder": "It is a folder without files, or may not be read.",
    "file_not_readable": "It is no file that may be read.",
    "file_too_large": "It has more than {maximum:,} bytes.",
    "file_too_large/member": "A file has more than {maximum:,} bytes.",
    "not_text": "It is not text. Save the list as CSV (UTF-8), not as a workbook.",
    "empty": "There is nothing in it.",
    "quotes": "The quotation marks do not match in the row that starts in line {starts_in}.",
    "row_too_long": "It has a row of more than {maximum:,} characters.",
    "too_many_rows": "It has more than {maximum:,} rows.",
    "too_many_rows/staff": "It has more than {maximum:,} members of staff.",
    "too_many_columns": "It has more than {maximum} headings.",
    "no_rows": "There is a heading line, and no row below it.",
    "no_rows/file": "{file} has no rows.",
    "no_rows/list": "There is no row in it, and everybody would have left.",
    "delta": "It has only what has changed, so nobody can be missing in it.",
    "heading_missing": "There is no heading {heading!r}. {shown}",
    "heading_missing/file": "{file} has no heading {heading}.",
    "no_known_heading": "No heading says whose row it is. {shown} Say which column holds what, "
    'such as columns={{"mis_id": "Payroll", "email": "Address"}}.',
    "password_column": "The column {heading!r} is for passwords, which are never read.",
    "several_schools": "Its staff are of {count} schools: {named}. Make a file of each.",
    "several_schools/orgs": "Its staff are of {count} schools. Say which by org=…: {orgs}{others}.",
    "org_unknown": "Of its organisations, there is none of this id or identifier: {orgs}{others}.",
    "org_unknown/ambiguous": "Of its organisations, several have this identifier: {orgs}{others}.",
    "no_staff": "Nobody in it is of this school's staff.",
    "not_a_zip": "It is neither a folder nor a whole zip file.",
    "zip_damaged": "{file} cannot be unpacked: the zip file is damaged.",
    "zip_bomb": "A file in it is packed far beyond what lists allow.",
    "zip_bomb/total": "Its files have more than {maximum:,} bytes.",
    "zip_method": "It is packed in an unusual way. Make an ordinary zip file.",
    "encrypted": "It is encrypted. Make one without a password.",
    "too_many_files": "It has more than {maximum:,} files.",
    "unsafe_path": "It has a file whose path leads out of it.",
    "duplicate_member": "It has two files of one name.",
    "duplicate_member/file": "It has {file} twice.",
    "link": "A file in it is a link, and links are not followed.",
    "link/file": "{file} is a link, and links are not followed.",
    "file_missing": "There is no {file}.",
    "file_missing/roles": "There is no {file}, so that nobody can be told from a pupil.",
    "file_missing/named": "{file} is missing, though the manifest names it.",
}
"""Of a list or a set as a whole."""

STANDARD: Sentences = {
    "manifest_missing": "There is no manifest.csv.",
    "manifest_missing/line": "The manifest has no {name}.",
    "manifest_property": "A line of the manifest is not known, or stands twice.",
    "manifest_property/spelling": "A name in the manifest has other letters than the standard's.",
    "manifest_value": "The manifest's {name} is none of {allowed}.",
    "version_mismatch": "The files are of OneRoster {version}, and the manifest says another.",
    "file_name": "{file} has other capital letters in its name.",
    "not_at_root": "{file} is in a folder of the zip file.",
    "file_undeclared": "{file} is absent, says the manifest.",
    "encoding": "The text is not UTF-8.",
    "delimiter": "The cells are not separated by commas.",
    "heading_misspelt": "The heading {heading!r} is misspelt.",
    "heading_duplicate": "The heading {heading!r} stands twice.",
    "heading_blank": "A heading is empty.",
    "heading_unknown": "The heading {heading!r} is not known.",
    "heading_order": "The headings are in another order than the standard's.",
    "cell_missing": "A cell that must be filled is empty.",
    "forbidden_in_bulk": "In a bulk file this must be empty.",
    "required_in_delta": "In a delta file this must be filled.",
    "line_break": "A cell has a line break.",
    "value_case": "A value has other capital letters than the standard's.",
    "value_unknown": "A value is not one of the standard's.",
    "date_invalid": "A date is not written as the standard says.",
    "id_invalid": "An id has characters that the standard does not allow.",
    "duplicate_id": "An id stands in two rows.",
    "reference_unknown": "An org is not in orgs.csv.",
    "reference_unknown/user": "A role is of somebody who is not in users.csv.",
    "too_many_problems": "There are {maximum:,} violations and maybe more.",
    "passwords": "It holds passwords. They are not read; ask that they be left out.",
}
"""What is against the standard of OneRoster, or is put up with."""

ROWS: Sentences = {
    "cell_count": "This row has {cells} cells, and the heading line {expected}.",
    "cell_count/any": "A row has another number of cells than the heading line.",
    "cell_count/row": "This row has not as many cells as the heading line.",
    "nothing_to_match": "This row has no id, name, e-mail address or username.",
    "too_long": "This has more than {maximum} characters.",
    "not_staff": "This person is not of the staff.",
    "status_unknown": "This status is not known. Write Active or Inactive.",
    "duplicate_mis_id": "The same id stands in {rows} rows, also in line {other_line}.",
    "duplicate_email": "The same e-mail address stands in {rows} rows, also in line {other_line}.",
    "duplicate_username": "The same username stands in {rows} rows, also in line {other_line}.",
    "no_role": "This user has no role in roles.csv, and is left out.",
    "role_unknown": "The role of this person is not known, and might be a pupil's.",
    "role_ended": "A role of this person has ended; others may stand in an earlier file.",
    "org_missing": "It is not said of which school this person is.",
    "other_org": "This member of staff is of another organisation, and is left out.",
}
"""Of one person in a list."""

IMPORTS: Sentences = {
    "missing": "This cannot be left out.",
    "password_hash_unknown": "No configured scheme recognises the password hash.",
    "password_hash_missing": "An active account needs a password hash.",
    "password_hash_unexpected": "An invited account has no password hash.",
    "status_invalid": "An imported account is active, invited or inactive.",
    "role_invalid": "There is no such role.",
    "mis_id_of_other_school": "The MIS id is another school's.",
    "repeated": "Another account of this import has the same.",
    "username_taken": "Another account has this username.",
    "email_taken": "Another account has this e-mail address.",
    "mis_id_taken": "Another account is linked to this person in the MIS.",
}
"""Of one account of an older system."""

ERRORS: Mapping[str, str] = {
    "name_invalid": "name_invalid",
    "mis_id_invalid": "name_invalid",
    "email_invalid": "email_invalid",
    "username_invalid": "username_invalid",
}
"""Problems that say what an error says, whose details are their facts."""

_SENTENCES: Sentences = {**FILES, **STANDARD, **ROWS, **IMPORTS}


def problem_text(code: str, facts: Facts) -> str:
    """Return what is said of a problem with this *code* and these *facts*.

    `in_file` among the facts names the file of a set that it is about, `places` how many there are.

    Raises:
        KeyError: if there is no such sentence, or a fact is missing.
    """
    if code in ERRORS:
        return error_text(ERRORS[code], facts)
    said = say(_SENTENCES, code, {**facts, **_written(facts)})
    if "in_file" in facts:
        said = f"{facts['in_file']}: {said}"
    if "places" in facts:
        said = f"{said} So it is in {facts['places']} places."
    return said


def _written(facts: Facts) -> dict[str, Any]:
    """Return what only some sentences need, and no table can say."""
    return {
        "shown": _headings(facts.get("headings")),
        "named": _schools(facts.get("schools"), facts.get("lines", ())),
        "others": f" and {facts['more']} more" if facts.get("more") else "",
    }


def _headings(headings: list[str] | None) -> str:
    if headings is None:
        return "The first line has digits or signs, like a person's row, and is not shown."
    return f"The headings found are: {', '.join(headings)}."


def _schools(schools: list[str] | None, lines: Iterable[int]) -> str:
    if schools is None:
        return ", ".join(f"one from line {line}" for line in lines)
    pairs = zip(schools, lines, strict=True)
    return ", ".join(f"{school} (line {line})" for school, line in pairs)
