"""Where accounts are kept: `memory` is the reference, `sql` is for SQLAlchemy Core."""
