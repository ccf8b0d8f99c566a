"""What every command but the tour needs: the database, who asks, and which school is meant."""

from __future__ import annotations

import getpass
import secrets
from argparse import Namespace
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schoolauth.cli.csv_table import CsvTerminal
from schoolauth.cli.terminal import Terminal
from schoolauth.errors import (
    NameInvalid,
    SchoolUnknown,
    StorageUnavailable,
    UsernameInvalid,
    UserNotFound,
)
from schoolauth.model.change import LISTED, PAGE_MAX
from schoolauth.model.names import SchoolCode, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import Mailer
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.settings import Links
from schoolauth.service.support_desk import SupportDesk
from schoolauth.service.user_management import UserManagement
from schoolauth.tokens import KEY_MIN_BYTES

if TYPE_CHECKING:
    from sqlalchemy import Engine

_NOWHERE = Links(password="https://nowhere.invalid/{token}")  # noqa: S106 # no page, and no secret
NEEDS_SQLALCHEMY = 'this needs SQLAlchemy, which comes with: pip install "schoolauth[sql]"'


@dataclass(frozen=True)
class Context:
    """What a command works with; every change is signed ``support:`` and the ``--by`` name."""

    args: Namespace
    out: Terminal
    engine: Engine
    secret_key: bytes
    auth: SchoolAuth

    def support(self, mailer: Mailer | None = None) -> SupportDesk:
        """Open the support desk; with a *mailer*, one that hands its mails to it.

        Raises:
            NameInvalid: if the ``--by`` name cannot be used.
        """
        auth = self.auth if mailer is None else _library(self.engine, self.secret_key, mailer)
        return auth.support(by=self._by())

    def desk(self) -> UserManagement:
        """Open the desk of the school that is meant: ``--school``, or the only one there is."""
        return self.support().manage(self.school())

    @contextmanager
    def one_transaction(self) -> Iterator[UserManagement]:
        """Open the school's desk in one transaction: everything is done there, or nothing."""
        from schoolauth.storage.sql import SqlStore

        school = self.school()
        with self.engine.begin() as connection:
            joined = self.auth.within(SqlStore(connection), mailer=None)
            yield joined.support(by=self._by()).manage(school)

    def school(self) -> SchoolCode:
        """Return the code of the school that is meant.

        Raises:
            SystemExit: if it is not clear which, or there is no school.
        """
        support = self.support()
        if self.args.school is None:
            schools = support.schools(limit=2).items
            if len(schools) != 1:
                raise SystemExit(
                    "there are several schools: say which with --school CODE"
                    if schools
                    else "there is no school yet: `school add CODE NAME` makes one"
                )
            return schools[0].code
        try:
            return support.manage(self.args.school).school
        except (SchoolUnknown, NameInvalid) as error:
            problem = f"{error.code}: {error.message}"
        raise SystemExit(problem)

    def _by(self) -> str:
        if self.args.by is not None:
            return str(self.args.by)
        with suppress(OSError, KeyError, ImportError):  # what it raises depends on the Python
            return getpass.getuser()
        raise SystemExit("say who you are with --by NAME: it stands in the history")


@contextmanager
def opened(args: Namespace) -> Iterator[Context]:
    """Open the database behind ``--db`` for one command.

    Raises:
        StorageUnavailable: if the URL does not lead to a database, or the database gives up.
    """
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError:
        raise SystemExit(NEEDS_SQLALCHEMY) from None
    secret_key = _secret_key(args.key_file)
    engine = _connected(args.db)
    try:
        out = CsvTerminal() if args.csv else Terminal()
        yield Context(args, out, engine, secret_key, _library(engine, secret_key))
        return
    except SQLAlchemyError as error:
        problem = type(error).__name__
    finally:
        engine.dispose()
    raise StorageUnavailable(f"The database gave up ({problem}).")


def _library(engine: Engine, secret_key: bytes, mailer: Mailer | None = None) -> SchoolAuth:
    from schoolauth.storage.sql import SqlStore

    return SchoolAuth(
        SqlStore(engine),
        secret_key=secret_key,
        mailer=mailer,
        links=_NOWHERE,
    )


def _secret_key(path: str | None) -> bytes:
    """Return the application's key: digests in the history and in counts are then its own.

    Nothing that is signed here is handed out, so without it any key will do.
    """
    if path is None:
        return secrets.token_bytes(KEY_MIN_BYTES)
    try:
        key = Path(path).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        problem = f"--key-file cannot be read: {error.strerror}"
    else:
        if len(key) >= KEY_MIN_BYTES:
            return key
        problem = f"--key-file must hold the secret key, at least {KEY_MIN_BYTES} bytes"
    raise SystemExit(problem)


def _connected(url: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError, NoSuchModuleError

    try:
        engine = create_engine(url)
        with engine.connect():
            return engine
    except DBAPIError as error:
        problem = str(error.orig)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 # drivers raise what they like for a wrong URL
        # not its text, which may have parts of a password
        problem = f"the URL is not understood ({type(error).__name__})"
    problem = " ".join(problem.split())
    raise StorageUnavailable(f"The database behind --db cannot be reached: {problem[:300]}")


def everyone(
    desk: UserManagement,
    text: str = "",
    *,
    statuses: Collection[Status] = LISTED,
    roles: Collection[Role] = frozenset(Role),
) -> Iterator[User]:
    """Yield the school's accounts in which every word of *text* occurs, page by page."""
    after = None
    while True:
        page = desk.search(text, statuses=statuses, roles=roles, after=after, limit=PAGE_MAX)
        yield from page.items
        after = page.next
        if after is None:
            return


def find_user(desk: UserManagement, text: str) -> User:
    """Return the school's account with exactly this username.

    Raises:
        UserNotFound: if there is no such account.
    """
    wanted = None
    with suppress(UsernameInvalid):  # nobody can have it
        wanted = Username.parse(text)
    for user in everyone(desk, text) if wanted is not None else ():
        if user.username == wanted:
            return user
    raise UserNotFound(f"There is no user {text!r} in {desk.school}.")
