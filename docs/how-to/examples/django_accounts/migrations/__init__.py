"""The migrations of the accounts."""
