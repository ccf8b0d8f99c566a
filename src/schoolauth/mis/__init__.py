"""Readers of staff lists, as a school's MIS exports them.

The codes of a `RosterProblem`: ``cell_count``, ``mis_id_invalid``, ``name_invalid``,
``email_invalid``, ``username_invalid``, ``too_long``, ``status_unknown``, ``not_staff``,
``nothing_to_match``, ``duplicate_mis_id``, ``duplicate_email`` and ``duplicate_username`` in a row.
Of the file as a whole, in a `RosterUnreadable`: ``file_not_found``, ``file_not_readable``,
``file_too_large``, ``not_text``, ``empty``, ``no_rows``, ``quotes``, ``row_too_long``,
``too_many_rows``, ``no_known_heading``, ``heading_missing``, ``password_column`` and
``several_schools``.
"""

from __future__ import annotations

from schoolauth.mis.csv_file import read_csv
from schoolauth.mis.roster import Roster

__all__ = ["Roster", "read_csv"]
