"""The page of attacks and the tests are in step: each row has a test or a reason."""

from __future__ import annotations

import pytest

from tests.pages import NODE, missing_tests, tables

PAGE = tables("reference/attacks.md")
REASON = "Cannot apply: "

ATTACKS = [str(number) for number in range(1, 28)]
COUNTS = [
    "wipe",
    "fill",
    "recovery",
    "school",
    "spelling",
    "network",
    "own account",
    "own browser",
    "many browsers",
    "hanging tries",
    "owner's success",
    "full or locked",
]
DEFECTS = [f"D{number}" for number in range(1, 18)]
ADVISORIES = [
    "CVE-2012-6661",
    "CVE-2013-0233",
    "CVE-2013-1443",
    "CVE-2016-2513",
    "CVE-2017-5537",
    "CVE-2019-5421",
    "CVE-2019-13177",
    "CVE-2019-16109",
    "CVE-2019-19844",
    "CVE-2020-10594",
    "CVE-2021-21416",
    "CVE-2021-30185",
    "CVE-2021-45115",
    "CVE-2022-21659",
    "CVE-2022-23485",
    "CVE-2022-43685",
    "CVE-2023-0105",
    "CVE-2023-46128",
    "CVE-2023-46695",
    "CVE-2023-49438",
    "CVE-2024-39329",
    "CVE-2024-45231",
    "CVE-2024-56734",
    "CVE-2025-13473",
    "CVE-2025-22228",
    "CVE-2025-22234",
    "CVE-2025-61928",
    "CVE-2025-68481",
    "CVE-2026-1529",
    "CVE-2026-3429",
    "CVE-2026-9087",
    "CVE-2026-9798",
    "CVE-2026-22751",
    "CVE-2026-32700",
    "GHSA-392p-2q2v-4372",
    "GHSA-7w99-5wm4-3g79",
    "GHSA-97r5-pg8x-p63p",
    "GHSA-cc3v-gcfp-mhfp",
    "GHSA-cq42-vhv7-xr7p",
    "GHSA-f66q-9rf6-8795",
    "GHSA-w2j7-f3c6-g8cw",
    "GHSA-wc43-73w7-x2f5",
    "GHSA-xg6x-h9c9-2m83",
    "PYSEC-2021-876",
    "allauth 65.3.0",
    "allauth 65.8.1",
    "allauth 65.11.1",
    "allauth 65.12.1",
    "allauth 65.13.0",
    "allauth 65.14.2",
    "allauth TOTP",
    "aspnetcore #46185",
    "authentik #19967",
    "better-auth #9993",
    "Keycloak forum 20447",
    "Kratos hash limits",
    "Laravel #13658",
    "OwnPay #546",
    "Rodauth 2.41",
    "Sudhodanan and Paverd 2022",
]
EXPECTED = {
    "The twenty-seven": ATTACKS,
    "Attacks on counts": COUNTS,
    "Defects of released libraries": DEFECTS,
    "Public advisories and reports": ADVISORIES,
}
ROWS = [row for heading in EXPECTED for row in PAGE[heading]]


@pytest.mark.parametrize("heading", EXPECTED)
def test_no_attack_is_missing(heading: str) -> None:
    """The page has exactly the rows that it must have, each once and in order."""
    assert [row[0] for row in PAGE[heading]] == EXPECTED[heading]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_attack_has_a_test_or_a_reason(row: list[str]) -> None:
    """Each named test is collected; a row without one says in a sentence why it cannot apply."""
    shown = row[-1]
    assert missing_tests(shown) == []
    if shown.startswith(REASON):
        assert shown.endswith(".")
        assert len(shown) > len(REASON) + 15
    else:
        assert NODE.sub("", shown).strip() == ""
        assert NODE.search(shown)
