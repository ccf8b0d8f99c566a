"""Signed tokens: sessions and mailed links. The only module that imports itsdangerous.

A token proves who made it and its purpose, not that it is still valid: the account decides that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

from itsdangerous import BadData, Serializer, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from schoolauth.errors import NotConfigured, Refused, TokenRefused
from schoolauth.model.names import EmailAddress, SchoolCode, UserId
from schoolauth.model.token import Approver, DeviceClaims, RecoveryClaims, TokenClaims, TokenPurpose
from schoolauth.model.user import from_micros, to_micros

Purpose = TypeVar("Purpose", bound=str)
Claims = TypeVar("Claims")
KEY_MIN_BYTES = 32
_TOKEN_MAX = 4096
_RECOVERY = "recovery"
_DEVICE = "device"


class _Serializer(URLSafeSerializer):
    """itsdangerous' own without compression, whose texts begin with a dot.

    Many web servers treat a path with ``/.`` in it as a hidden file, and refuse the link.
    """

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(Serializer.dump_payload(self, obj))


class Tokens:
    """Issues and reads tokens, and makes the keyed digests of the same secret.

    Args:
        secret_key: at least 32 bytes, or text of that length; a different one for each environment.
        old_secret_keys: earlier keys whose tokens stay valid; new tokens use *secret_key*.

    Raises:
        NotConfigured: if a key is too short.
    """

    def __init__(
        self, secret_key: str | bytes, old_secret_keys: Sequence[str | bytes] = ()
    ) -> None:
        if isinstance(old_secret_keys, str | bytes):
            raise TypeError("old_secret_keys must be a sequence of keys")
        keys = [_key_bytes(key) for key in (*old_secret_keys, secret_key)]
        self._digest_keys = [hmac.digest(key, b"schoolauth.digest", "sha256") for key in keys]
        self._serializers = {
            purpose: _Serializer(
                keys,  # oldest first: itsdangerous signs with the last
                salt=f"schoolauth.{purpose}",
                signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
            )
            for purpose in (*get_args(TokenPurpose), _RECOVERY, _DEVICE)
        }

    def issue(self, claims: TokenClaims) -> str:
        """Return the signed text of *claims*."""
        payload: dict[str, Any] = {
            "p": claims.purpose,
            "u": claims.user.key,
            "e": claims.epoch,
            "x": to_micros(claims.expires_at) // 1000,
        }
        if claims.sent_to is not None:
            payload["a"] = claims.sent_to
        if claims.new_email is not None:
            payload["m"] = claims.new_email
        return self._signed(claims.purpose, payload)

    def issue_recovery(self, claims: RecoveryClaims) -> str:
        """Return the signed text of a request for approval."""
        payload = {
            "p": _RECOVERY,
            "s": claims.school.key,
            "w": claims.approver,
            "i": claims.request,
            "r": claims.requested_by,
            "m": str(claims.new_email),
            "t": to_micros(claims.requested_at),
            "x": to_micros(claims.expires_at) // 1000,
            "d": claims.state,
        }
        return self._signed(_RECOVERY, payload)

    def issue_device(self, claims: DeviceClaims) -> str:
        """Return the signed text of a known browser."""
        payload = {
            "p": _DEVICE,
            "u": claims.user.key,
            "e": claims.epoch,
            "n": claims.nonce,
            "d": list(claims.names),
            "x": to_micros(claims.expires_at) // 1000,
        }
        return self._signed(_DEVICE, payload)

    def _signed(self, purpose: str, payload: Mapping[str, Any]) -> str:
        token = self._serializers[purpose].dumps(payload)
        return token if isinstance(token, str) else token.decode()

    def read(self, token: str, *purposes: TokenPurpose) -> TokenClaims:
        """Return what *token* says, if we signed it for one of *purposes*.

        White space around it is trimmed, because mail programs add it; beyond that only the one
        canonical text is accepted. Expiry is for the caller to judge.

        Raises:
            TokenRefused: with the reason ``invalid``.
        """
        return self._read(token, purposes, _claims)

    def read_recovery(self, token: str) -> RecoveryClaims:
        """Return the request for approval in *token*, as `read` does.

        Raises:
            TokenRefused: with the reason ``invalid``.
        """
        return self._read(token, (_RECOVERY,), _recovery_claims)

    def read_device(self, token: str) -> DeviceClaims:
        """Return what the token of a known browser says, as `read` does.

        Raises:
            TokenRefused: with the reason ``invalid``.
        """
        return self._read(token, (_DEVICE,), _device_claims)

    def _read(
        self,
        token: str,
        purposes: Sequence[Purpose],
        claims_of: Callable[[Purpose, dict[str, Any]], Claims],
    ) -> Claims:
        if not isinstance(token, str):
            raise TypeError("a token must be str")
        text = token.strip() if len(token) <= _TOKEN_MAX else ""
        if text.isascii():
            for purpose in purposes:
                try:
                    payload = self._payload(text, purpose)
                    if payload is not None:
                        return claims_of(purpose, payload)
                # BadData: not signed by us; the others: a payload of another version
                except (BadData, Refused, ArithmeticError, LookupError, TypeError, ValueError):
                    continue
        raise TokenRefused("invalid")

    def _payload(self, text: str, purpose: str) -> dict[str, Any] | None:
        payload: dict[str, Any] = self._serializers[purpose].loads(text)
        # All but the signature's own last character is signed as it stands.
        signature = text.rpartition(".")[2]
        canonical = base64_encode(base64_decode(signature)) == signature.encode()
        return payload if canonical and payload["p"] == purpose else None

    def digest(self, text: str) -> str:
        """Return a keyed digest of *text*: equal for equal text, and not reversible."""
        return _digest(self._digest_keys[-1], text)

    def stands_for(self, digest: str, text: str) -> bool:
        """Tell whether *digest* is that of *text* under any key: links survive a rotation."""
        return digest in [_digest(key, text) for key in self._digest_keys]

    def address_digest(self, email: EmailAddress | None, *, like: str | None = None) -> str | None:
        """Return the digest in a mailed token of the address that it was sent to.

        *like* is a token's digest; it is returned if it is the digest of *email* under any of the
        keys, so that links survive a rotation.
        """
        if email is None:
            return None
        digests = [_digest(key, f"address:{email.key}") for key in self._digest_keys]
        return like if like in digests else digests[-1]


def _claims(purpose: TokenPurpose, payload: Mapping[str, Any]) -> TokenClaims:
    return TokenClaims(
        purpose=purpose,
        user=UserId.parse(payload["u"]),
        epoch=payload["e"],
        expires_at=from_micros(payload["x"] * 1000),
        sent_to=payload.get("a"),
        new_email=payload.get("m"),
    )


def _device_claims(_: str, payload: Mapping[str, Any]) -> DeviceClaims:
    return DeviceClaims(
        user=UserId.parse(payload["u"]),
        epoch=payload["e"],
        nonce=payload["n"],
        names=tuple(payload["d"]),
        expires_at=from_micros(payload["x"] * 1000),
    )


def _recovery_claims(_: str, payload: Mapping[str, Any]) -> RecoveryClaims:
    approver: Approver = payload["w"]
    if approver not in get_args(Approver):
        raise ValueError("no such approver")
    return RecoveryClaims(
        school=SchoolCode.parse(payload["s"]),
        approver=approver,
        request=payload["i"],
        requested_by=payload["r"],
        new_email=EmailAddress.parse(payload["m"]),
        requested_at=from_micros(payload["t"]),
        expires_at=from_micros(payload["x"] * 1000),
        state=payload["d"],
    )


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


def expiry(at: datetime, lifetime: timedelta) -> datetime:
    """Return when something of *lifetime* ends, in whole milliseconds, as tokens carry it."""
    end = at + lifetime
    return end.replace(microsecond=end.microsecond // 1000 * 1000)


def _key_bytes(key: str | bytes) -> bytes:
    if not isinstance(key, str | bytes):
        raise TypeError("a secret key must be str or bytes")
    data = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    if len(data) < KEY_MIN_BYTES:
        raise NotConfigured(f"a secret key needs at least {KEY_MIN_BYTES} bytes")
    return data
