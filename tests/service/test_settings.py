"""What a host decides once is checked at once."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from schoolauth.errors import NotConfigured
from schoolauth.service.settings import Lifetimes, Links

LINKS = [field.name for field in fields(Links)]
LIFETIMES = [field.name for field in fields(Lifetimes)]


@pytest.mark.parametrize("page", LINKS)
@pytest.mark.parametrize(
    "template",
    [
        "https://app.example.org/password/{token}",
        "https://app.example.org/password?t={token}#top",
        "https://app.example.org:8443/#{token}",
        "http://localhost:8000/{token}",
        "http://127.0.0.1/{token}",
        "http://[::1]:8000/{token}",
    ],
)
def test_safe_links(page: str, template: str) -> None:
    """A page under https, or on the developer's own computer, with one ``{token}``."""
    assert getattr(Links(**{page: template}), page) == template


@pytest.mark.parametrize("page", LINKS)
@pytest.mark.parametrize(
    "template",
    [
        "",
        "{token}",
        "/password/{token}",
        "https:///{token}",
        "https://app.example.org/password",
        "https://app.example.org/{token}/{token}",
        "https://app.example.org/{Token}",
        "http://app.example.org/{token}",
        "http://localhost.example.org/{token}",
        "http://localhost@app.example.org/{token}",
        "ftp://app.example.org/{token}",
        "javascript://app.example.org/{token}",
        "https://[::1/{token}",
        "https://app.example.org:port/{token}",
        "https://app.example.org:99999/{token}",
        "https://{token}.example.org/",
        "https://{token}@app.example.org/",
        "https://app.example.org/pass word/{token}",
        "https://app.example.org/\n{token}",
        "https://app.example.org/\u202e{token}",
    ],
    ids=ascii,
)
def test_unsafe_links(page: str, template: str) -> None:
    """A link that others could read or that leads nowhere is refused, and the page is named."""
    with pytest.raises(NotConfigured, match=rf"^links\.{page} must be https") as caught:
        Links(**{page: template})
    assert caught.value.__context__ is None


@pytest.mark.parametrize("page", LINKS)
@pytest.mark.parametrize("template", [b"https://app.example.org/{token}", 7, ["{token}"]], ids=repr)
def test_links_are_text(page: str, template: Any) -> None:
    """Anything but `str` is a programmer's mistake, and the page is named."""
    with pytest.raises(TypeError, match=rf"^links\.{page} must be str"):
        Links(**{page: template})


def test_links_may_be_left_out() -> None:
    """A host without mails needs no pages; each call says what it misses."""
    assert {getattr(Links(), page) for page in LINKS} == {None}


@pytest.mark.parametrize("name", LIFETIMES)
@pytest.mark.parametrize("lifetime", [timedelta(0), -timedelta(seconds=1)])
def test_lifetimes_are_longer_than_nothing(name: str, lifetime: timedelta) -> None:
    """What would be over when it begins is refused, and named."""
    with pytest.raises(NotConfigured, match=rf"^lifetimes\.{name} must be longer than nothing$"):
        Lifetimes(**{name: lifetime})


@pytest.mark.parametrize("name", LIFETIMES)
def test_lifetimes_end(name: str) -> None:
    """Ten years are allowed; what is meant to last for ever is refused, and named."""
    longest = timedelta(days=3650)
    assert getattr(Lifetimes(**{name: longest}), name) == longest
    for lifetime in (longest + timedelta(days=4), timedelta.max):
        with pytest.raises(NotConfigured, match=rf"^lifetimes\.{name} must be ten years or less$"):
            Lifetimes(**{name: lifetime})


@pytest.mark.parametrize("name", LIFETIMES)
@pytest.mark.parametrize("lifetime", [3600, 1.5, None, "1h"], ids=repr)
def test_lifetimes_have_a_unit(name: str, lifetime: Any) -> None:
    """A bare number could be seconds or hours."""
    with pytest.raises(TypeError, match=rf"^lifetimes\.{name} must be a timedelta$"):
        Lifetimes(**{name: lifetime})


def test_lifetimes_are_those_of_the_design() -> None:
    """The defaults that the documents promise."""
    hours: dict[str, Any] = {
        name: getattr(Lifetimes(), name) / timedelta(hours=1) for name in LIFETIMES
    }
    assert hours == {
        "session": 12,
        "password_reset": 24,
        "create_password": 7 * 24,
        "must_change": 1,
        "temporary_password": 7 * 24,
        "confirm_email": 24,
        "recovery": 7 * 24,
        "device": 180 * 24,
    }


@pytest.mark.parametrize("name", LIFETIMES)
def test_ten_years_are_the_most(name: str) -> None:
    """Of them the last day counts, and not a moment more."""
    most = timedelta(days=3653)
    assert getattr(Lifetimes(**{name: most}), name) == most
    with pytest.raises(NotConfigured, match=name):
        Lifetimes(**{name: most + timedelta(microseconds=1)})


def test_a_link_carries_its_token() -> None:
    """It is the host's own address with the token in it; a page without an address has no link."""
    links = Links(password="https://app.example.org/password/{token}")
    assert links.to("password", "abc") == "https://app.example.org/password/abc"
    with pytest.raises(NotConfigured, match=r"links\.email"):
        links.to("email", "abc")
