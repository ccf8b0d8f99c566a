"""A process whose children are killed in the middle of a save, each at another moment.

``python -m tests.storage.victim URL`` reads a number from each line, and forks a child that saves
`the_change` of that number and is killed at the moment of that number, counted from 0. It answers
with the name of the moment and how the child ended, or with the latter alone if there was no such
moment.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event

from schoolauth.model.change import Change
from schoolauth.model.user import User
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.testing.repository.sample_accounts import a_user, edited, save


def a_pair(number: int) -> list[User]:
    """Return two new accounts that no other *number* has."""
    return [a_user(f"{name}{number}", f"{name}{number}@x.example") for name in ("ann", "ben")]


def the_change(pair: Sequence[User], number: int) -> Change:
    """Let *pair* swap their addresses and add an account, with two events."""
    ann, ben = pair
    return Change(
        [
            replace(ann, email=ben.email),
            replace(ben, email=ann.email),
            a_user(f"cat{number}", f"cat{number}@x.example"),
        ],
        [edited(user=ann.id, source=source) for source in ("first", "second")],
    )


def stored_pair(users: SqlUserRepository, number: int) -> list[User]:
    """Return the pair of *number* as it is stored."""
    ids = [user.id for user in a_pair(number)]
    found = users.find(ids)
    return [found[key] for key in ids]


def save_and_die(engine: Engine, number: int) -> None:
    """Save the change of *number* and be killed meanwhile, at the moment of that number."""
    users = SqlUserRepository(engine)
    change = the_change(stored_pair(users, number), number)
    left = number

    def dies(name: str) -> Callable[..., None]:
        def moment(*context: Any) -> None:
            nonlocal left
            if left == 0:
                statement = next((text for text in context if isinstance(text, str)), "")
                os.write(1, f"{name} {statement.partition(' ')[0]} ".encode())
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        return moment

    event.listen(engine, "before_cursor_execute", dies("before"))
    event.listen(engine, "after_cursor_execute", dies("after"))
    event.listen(engine, "commit", dies("before COMMIT"))
    event.listen(engine.pool, "checkin", dies("after COMMIT"))
    users.save(change)


def main(url: str) -> None:
    """Fork a child for every line of the input, which is a number."""
    engine = create_engine(url, poolclass=NullPool)  # no connection is shared with a child
    users = SqlUserRepository(engine)
    save(users, *a_pair(-1))
    users.save(the_change(stored_pair(users, -1), -1))  # the children inherit compiled statements
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            save_and_die(engine, int(line))
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(1, f"{ended}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1])
