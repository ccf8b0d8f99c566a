"""The one function that gives somebody a session."""

from __future__ import annotations

from schoolauth.model.events import LoginWay
from schoolauth.model.login import Login
from schoolauth.model.user import User
from schoolauth.service.core import Core


def issue_login(core: Core, user: User, how: LoginWay, password: str) -> Login:
    """Return a session of *user*, who has proved who they are; *password* is what they typed."""
    below = bool(core.policy.violations(password, user))  # a host's rule may raise
    session, _ = core.issue("session", user)
    return Login(user=user, session=session, how=how, password_below_policy=below)
