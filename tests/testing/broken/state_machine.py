"""Repositories whose fault only shows where several things come together, as at random."""

from __future__ import annotations

from dataclasses import replace

from schoolauth.model.change import Change
from tests.testing.broken.base import BrokenRepository


class LosesMisIdOfAHeir(BrokenRepository):
    """Loses the MIS id of an account that gets the username of another in the same change."""

    caught_by = ("lives.like_memory",)

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change*."""
        held = self.find([user.username for user in change.users])
        users = [
            user if held.get(user.username, user).id == user.id else replace(user, mis_id=None)
            for user in change.users
        ]
        super().save(Change(users, change.events, change.unchanged))


ALL = (LosesMisIdOfAHeir,)
