"""Readers of staff lists, as a school's MIS exports them.

The codes of a `RosterProblem`: ``cell_count``, ``mis_id_invalid``, ``name_invalid``,
``email_invalid``, ``username_invalid``, ``too_long``, ``status_unknown``, ``not_staff``,
``nothing_to_match``, ``duplicate_mis_id``, ``duplicate_email`` and ``duplicate_username`` in a row.
Of the file as a whole, in a `RosterUnreadable`: ``file_not_found``, ``file_not_readable``,
``file_too_large``, ``not_text``, ``empty``, ``no_rows``, ``quotes``, ``row_too_long``,
``too_many_rows``, ``no_known_heading``, ``heading_missing``, ``password_column`` and
``several_schools``.

`read_oneroster` adds, in a row, ``role_unknown``, ``role_ended`` and ``org_missing``; of the set as
a whole ``not_a_zip``, ``zip_damaged``, ``zip_bomb``, ``zip_method``, ``encrypted``,
``too_many_files``, ``unsafe_path``, ``duplicate_member``, ``link``, ``file_missing``,
``too_many_columns``, ``too_many_problems``, ``org_unknown`` and ``no_staff``; and for what is
against the standard, a warning or, if strict, a reason to refuse: ``manifest_missing``,
``manifest_property``, ``manifest_value``, ``version_mismatch``, ``file_name``, ``not_at_root``,
``file_undeclared``, ``file_missing``, ``no_rows``, ``encoding``, ``delimiter``,
``heading_missing``, ``heading_misspelt``, ``heading_duplicate``, ``heading_blank``,
``heading_unknown``, ``heading_order``, ``cell_count``, ``cell_missing``, ``forbidden_in_bulk``,
``required_in_delta``, ``line_break``, ``value_case``, ``value_unknown``, ``date_invalid``,
``id_invalid``, ``duplicate_id`` and ``reference_unknown``. Warnings in either mode are
``passwords``, ``no_role`` and ``other_org``. `plan_mapping(complete=True)` refuses a ``delta`` set.
"""

from __future__ import annotations

from schoolauth.mis.csv_file import read_csv
from schoolauth.mis.oneroster import read_oneroster
from schoolauth.model.roster import Roster

__all__ = ["Roster", "read_csv", "read_oneroster"]
