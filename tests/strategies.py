"""Texts that nobody should type; the library's own strategies are in `schoolauth.testing`."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    "\0\t\n\r\x7f\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u202e\u2028\u2060\u3000"
    "\u3164\ufe0f\ufeff\uffa0\ud800\udfff\U000e0100\U000e0001"
)

any_text = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.lists(st.sampled_from([*NASTY, *"aZ9@.-_", "james"]), max_size=20).map("".join),
)
"""Any text at all, with lone surrogates, controls and the unseen."""
