"""Verifiers for the hashes of an older system: `SchoolAuth(…, legacy=[DjangoScrypt(), …])`.

Each hash is replaced by a new one when its owner signs in. Every sign-in runs every verifier given,
so give only those whose hashes are in the table, and remove each once nobody needs it.
"""

from schoolauth.hashing import Argon2
from schoolauth.legacy.argon2 import DjangoArgon2
from schoolauth.legacy.bcrypt import DjangoBcrypt, DjangoBcryptSHA256, PHPBcrypt
from schoolauth.legacy.pbkdf2 import DjangoPBKDF2, WerkzeugPBKDF2
from schoolauth.legacy.scrypt import DjangoScrypt, WerkzeugScrypt

__all__ = [
    "Argon2",
    "DjangoArgon2",
    "DjangoBcrypt",
    "DjangoBcryptSHA256",
    "DjangoPBKDF2",
    "DjangoScrypt",
    "PHPBcrypt",
    "WerkzeugPBKDF2",
    "WerkzeugScrypt",
]
