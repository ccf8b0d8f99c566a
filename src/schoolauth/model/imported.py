"""One account of an older system, as a host hands it over with its hash."""

from __future__ import annotations

from dataclasses import dataclass, field

from schoolauth.model.names import EmailAddress, MisId, Username
from schoolauth.model.user import Role, Status, StoredPassword


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """An account to be imported, as the older system has it; nothing is parsed yet.

    *password_hash* is the stored text as it stands there, and is masked from then on. *status* is
    ACTIVE with a hash and INVITED without one unless it is given; INACTIVE is for a leaver.

    Raises:
        TypeError: if the hash is not a str.
    """

    username: Username | str
    given_name: str
    family_name: str
    role: Role
    email: EmailAddress | str | None = None
    mis_id: MisId | None = None
    password_hash: StoredPassword | str | None = field(default=None, repr=False)
    status: Status | None = None

    def __post_init__(self) -> None:
        if self.password_hash is not None:
            object.__setattr__(self, "password_hash", _masked(self.password_hash))

    @property
    def password(self) -> StoredPassword | None:
        """The hash, masked."""
        return None if self.password_hash is None else _masked(self.password_hash)


def _masked(text: StoredPassword | str) -> StoredPassword:
    return text if isinstance(text, StoredPassword) else StoredPassword(text)
