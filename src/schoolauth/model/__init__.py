"""The values that every other room speaks: frozen, and parsed once at the door."""
