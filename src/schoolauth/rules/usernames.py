"""Which usernames are suggested for somebody new."""

from __future__ import annotations

from collections.abc import Iterator

from schoolauth.model.names import USERNAME_MAX, SchoolCode, Username
from schoolauth.model.text import fold


def suggest_usernames(
    school: SchoolCode, family_name: str, given_name: str = ""
) -> Iterator[Username]:
    """Yield the product's own form, ``wg204nx_james``, then ``.1``, ``.2`` … up to ``.9999``.

    Only a suggestion: that ``.1`` is free does not say whether it is the same person.
    """
    letters = (
        "".join(c for c in fold(name) if c.isalnum() and c.isascii())
        for name in (family_name, given_name)
    )
    stem = f"{school.key}_{next(filter(None, letters), 'user')}"[: USERNAME_MAX - 5]
    yield Username.stored(stem, stem)  # ASCII, lower case: canonical as it stands
    for number in range(1, 10_000):
        yield Username.stored(f"{stem}.{number}", f"{stem}.{number}")
