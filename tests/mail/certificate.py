"""A certificate for this computer, made afresh: ECDSA on P-256 and just enough DER.

It is for tests on loopback only. Written out so that the tests need neither a program nor one more
package; the arithmetic is the textbook's (SEC 1, FIPS 186), slow and not safe against onlookers.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int] | None

_EC_KEY, _P256, _ECDSA = "2a8648ce3d0201", "2a8648ce3d030107", "2a8648ce3d040302"
_COMMON_NAME, _ALT_NAME = "550403", "551d11"


def _add(a: _Point, b: _Point) -> _Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % _P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, _P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P)
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _times(factor: int, point: _Point = _G) -> tuple[int, int]:
    total: _Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    assert total is not None
    return total


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, *parts)


def _oid(text: str) -> bytes:
    return _der(0x06, bytes.fromhex(text))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _time(moment: datetime) -> bytes:
    return _der(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _pem(what: str, der: bytes) -> str:
    return f"-----BEGIN {what}-----\n{base64.encodebytes(der).decode()}-----END {what}-----\n"


def write_certificate(path: Path) -> Path:
    """Write a new key and its self-signed certificate for localhost and 127.0.0.1 to *path*."""
    private = secrets.randbelow(_N - 1) + 1
    point = b"\x04" + b"".join(part.to_bytes(32, "big") for part in _times(private))
    name = _sequence(_der(0x31, _sequence(_oid(_COMMON_NAME), _der(0x0C, b"localhost"))))
    now = datetime.now(UTC)
    names = _sequence(_der(0x82, b"localhost"), _der(0x87, bytes([127, 0, 0, 1])))
    signed = _sequence(
        _der(0xA0, _integer(2)),
        _integer(secrets.randbits(120)),
        _sequence(_oid(_ECDSA)),
        name,
        _sequence(_time(now - timedelta(hours=1)), _time(now + timedelta(hours=1))),
        name,
        _sequence(_sequence(_oid(_EC_KEY), _oid(_P256)), _der(0x03, b"\0", point)),
        _der(0xA3, _sequence(_sequence(_oid(_ALT_NAME), _der(0x04, names)))),
    )
    nonce = secrets.randbelow(_N - 1) + 1
    r = _times(nonce)[0] % _N
    digest = int.from_bytes(hashlib.sha256(signed).digest(), "big")
    s = pow(nonce, -1, _N) * (digest + r * private) % _N
    signature = _der(0x03, b"\0", _sequence(_integer(r), _integer(s)))
    key = _sequence(
        _integer(1),
        _der(0x04, private.to_bytes(32, "big")),
        _der(0xA0, _oid(_P256)),
        _der(0xA1, _der(0x03, b"\0", point)),
    )
    certificate = _sequence(signed, _sequence(_oid(_ECDSA)), signature)
    path.write_text(_pem("EC PRIVATE KEY", key) + _pem("CERTIFICATE", certificate))
    return path
