"""What another version signed with the same key, while two run side by side."""

from __future__ import annotations

from typing import Any

import pytest

from schoolauth.errors import TokenRefused
from schoolauth.tokens import Tokens

TOKENS = Tokens("a key for tests only, not a secret")
SOUND = {"p": "session", "u": "u1", "e": 1, "x": 1}
SOUND_RECOVERY = {
    "p": "recovery",
    "s": "wg204nx",
    "w": "deputy",
    "i": "1",
    "r": "Jess",
    "t": 1,
    "x": 1,
    "m": "jess@hill.example.org",
    "d": "0",
}


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        "session",
        None,
        *[{key: value for key, value in SOUND.items() if key != gone} for gone in SOUND],
        {**SOUND, "u": 7},
        {**SOUND, "u": ""},
        {**SOUND, "x": "soon"},
        {**SOUND, "x": 10**30},
    ],
    ids=repr,
)
def test_what_another_version_signed_is_refused(payload: Any) -> None:
    """While two versions run side by side, one meets the other's sessions: they are ended."""
    assert TOKENS.read(str(TOKENS._serializers["session"].dumps(SOUND)), "session")
    with pytest.raises(TokenRefused) as caught:
        TOKENS.read(str(TOKENS._serializers["session"].dumps(payload)), "session")
    assert caught.value.reason == "invalid"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "change",
    [{"m": "no address"}, {"m": 7}, {"t": None}, {"x": 10**30}, {"s": 7}, {"w": "governor"}],
    ids=repr,
)
def test_what_another_version_asked_an_approver_is_refused(change: dict[str, Any]) -> None:
    """An approver's link of another form approves nothing, and breaks nothing."""
    serializer = TOKENS._serializers["recovery"]
    assert TOKENS.read_recovery(str(serializer.dumps(SOUND_RECOVERY)))
    with pytest.raises(TokenRefused) as caught:
        TOKENS.read_recovery(str(serializer.dumps({**SOUND_RECOVERY, **change})))
    assert caught.value.reason == "invalid"
    assert caught.value.__context__ is None
