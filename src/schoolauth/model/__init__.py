"""The values that every other package uses: immutable, and parsed once, where they come in."""
