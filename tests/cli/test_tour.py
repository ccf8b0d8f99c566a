"""The tour answers the whole help page for real, checks itself, and keeps its secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from schoolauth.cli import main, tour
from schoolauth.cli.recovery import KeptMails
from schoolauth.cli.tour import transcript
from schoolauth.cli.tour.transcript import Transcript, promise
from schoolauth.errors import LoginRefused
from schoolauth.model.mail import MailMessage

QUESTIONS = [
    "1. I Think My Admin User Name And Password Is Correct, But I Can't Log In. What Can I Do?",
    "2. I Have Forgotten The Admin Password. What Do I Do?",
    "3. What Do I Do If a Teacher/SLT User Has Forgotten Their Password?",
    (
        "4. A User Has Changed Their Password, But When They Try And Log In Again It Is Saying "
        "Incorrect Password, What Do We Do?"
    ),
    "5. Why Can't I Send My Teachers The Create New Password Email?",
    "6. Why Does A Particular Teacher Have More Than One User Account?",
    "7. How Do I Remove An Email Address From a User Account?",
    "8. A Teacher Has Left. How Do I Remove Their User Account So They Can't Login Anymore?",
    "9. My Question Isn't Listed Here. What Should I Do?",
]


def test_tour_of_a_visitor(tmp_path: Path) -> None:
    """A process of its own answers all nine questions in order, in plain ASCII, and cleans up."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "schoolauth", "tour"],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONIOENCODING": "ascii", "COLUMNS": "80"},
        capture_output=True,
        encoding="ascii",
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    text = " ".join(run.stdout.split())
    found = [text.index(question) for question in QUESTIONS]
    assert found == sorted(found)
    assert "\x1b" not in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_tour_tells_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No password, no whole token and no session is printed, and every code of the FAQ is."""
    passwords: list[str] = []
    sent: list[MailMessage] = []

    def new_password() -> str:
        passwords.append(f"Chalkboard-{len(passwords)}")
        return passwords[-1]

    def send(self: KeptMails, message: MailMessage) -> None:
        self.append(message)
        sent.append(message)

    monkeypatch.setattr(tour, "new_password", new_password)
    monkeypatch.setattr(transcript, "new_password", new_password)
    monkeypatch.setattr(KeptMails, "send", send)
    assert main(["tour"]) == 0
    text = capsys.readouterr().out
    tokens = [message.token for message in sent if message.token is not None]
    assert len(passwords) > 8
    assert len(tokens) > 5
    assert not any(password in text for password in passwords)
    assert not any(token[:10] in text for token in tokens)
    assert not re.search(r"[\w.]{40,}", text)  # a session is a longer run of such characters
    for code in ("login_refused", "token_refused", "password_rejected", "email_missing"):
        assert f"refused   {code}: " in text
    for code in ("password_change_required", "email_taken", "session_ended"):
        assert f"refused   {code}: " in text
    for code in ("approval_refused", "too_many_leavers"):
        assert f"refused   {code}: " in text
    for finding in ("space_in_recent_attempts", "password_change_refused", "invitation_not_sent"):
        assert f"answer    {finding}: " in text
    assert "1 may match" in text
    assert "wg204nx_james, wg204nx_james.1: one person" in text
    assert "3 due, 1 under a legal hold, 3 erased" in text
    assert "Every question came out as promised" in text


def test_broken_promise_fails_the_tour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that comes out otherwise ends the tour with 1 and the promise that was broken."""

    def answer(played: Transcript) -> None:
        promise(not played.mails, "no mail was ever sent")

    monkeypatch.setattr(tour, "QUESTIONS", [("Is nothing sent?", answer)])
    assert main(["tour"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "The tour did not come out as promised: no mail was ever sent\n"
    assert "Every question came out" not in printed.out


def test_call_that_should_have_been_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that succeeds where a refusal is promised fails the tour; an empty page is told."""

    def answer(played: Transcript) -> None:
        played.run(played.desk.search, "nobody of this name")
        played.refused(LoginRefused, played.desk.search, "nobody of this name")

    monkeypatch.setattr(tour, "QUESTIONS", [("Is a search refused?", answer)])
    assert main(["tour"]) == 1
    printed = capsys.readouterr()
    assert "answer    nothing found" in printed.out
    assert "login_refused was to be the answer, and nothing was refused" in printed.err
