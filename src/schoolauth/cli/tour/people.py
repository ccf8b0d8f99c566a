"""The people of the made-up school: their usernames and addresses."""

from __future__ import annotations

ADMIN = "wg204nx_brackenrigg"
JAMES = "wg204nx_james"
FORMER_NAME = "wg204nx_marlpit"
ALICE, BENEDICT = "wg204nx_smith", "wg204nx_smith.1"
NIAMH, FLORENCE, NO_EMAIL = "wg204nx_ohara", "wg204nx_tansywell", "wg204nx_puddifoot"
FLORENCES_EMAIL = "florence@mail.example.org"
HEAD = "m.fenwick-stubbs@hill.example.org"
CALLUM, PRIYA, WILFRED = "wg204nx_wetherlam", "wg204nx_banksworth", "wg204nx_garsdale"
