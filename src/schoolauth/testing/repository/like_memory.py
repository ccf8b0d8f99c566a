"""Random lives of a repository: the machine that leads them is loaded only to lead them."""

from __future__ import annotations

from importlib.util import find_spec

from schoolauth.testing.assertions import expect
from schoolauth.testing.repository.contract import Make, behaviour


@behaviour("lives.like_memory")
def _(make: Make) -> None:
    """Whatever is done with it, the repository refuses, keeps and finds what the reference does.

    The reference is `MemoryUserRepository`, led through the same random lives beside it.
    """
    expect(find_spec("hypothesis"), "Random lives need the extra schoolauth[testing]: install it.")
    from schoolauth.testing.repository.state_machine import lead  # Hypothesis is loaded here only

    lead(make)
