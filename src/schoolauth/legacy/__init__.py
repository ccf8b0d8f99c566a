"""Verifiers for the hashes of an older system: `SchoolAuth(…, legacy=[DjangoScrypt(), …])`.

Each hash is replaced by one of today's when its owner signs in. Every try to sign in does the work
of every verifier given, so give those that the table has, and take them away once nobody needs
them.
"""

from schoolauth.hashing import Argon2
from schoolauth.legacy.bcrypt import DjangoBcrypt, DjangoBcryptSHA256, PHPBcrypt
from schoolauth.legacy.django_argon2 import DjangoArgon2
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
