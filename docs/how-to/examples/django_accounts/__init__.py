"""School accounts in Django's ORM: an example of a storage adapter for schoolauth."""
