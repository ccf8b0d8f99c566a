"""A staff list and the accounts: which row is whose, and what applying it changes."""
