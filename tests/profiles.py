"""How hard Hypothesis looks: `quick` unless SCHOOLAUTH_HYPOTHESIS names another profile."""

from __future__ import annotations

import os

from hypothesis import Phase, settings


def load_profile() -> None:
    """Register both profiles and load the one that the environment names."""
    # no deadline: a busy machine is no defect
    settings.register_profile("quick", max_examples=25, deadline=None, print_blob=True)
    settings.register_profile("thorough", max_examples=1000, deadline=None, print_blob=True)
    # a mutant has to fail, and needs no smallest example
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    settings.register_profile("mutants", settings.get_profile("quick"), phases=phases)
    settings.load_profile(os.environ.get("SCHOOLAUTH_HYPOTHESIS", "quick"))
