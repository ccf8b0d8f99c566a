"""The tables: accounts, events, schools, and the gate.

The fields of `Account` and `Event` are named as in the library's records.
"""

from typing import Any

from django.db import models

EXACT = {"postgresql": "C", "sqlite": "BINARY"}


class ExactText(models.TextField):
    """Text that is compared and ordered by its code points, whatever the database's default is."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        """Ask for the exact collation; another database is a KeyError, not a surprise later on."""
        return {**super().db_parameters(connection), "collation": EXACT[connection.vendor]}


class Account(models.Model):
    """One account as it was saved last; written by `DjangoUserRepository.save` only."""

    id = ExactText(primary_key=True)
    version = models.BigIntegerField()
    school = models.TextField()
    school_key = ExactText()
    username = models.TextField()
    username_key = ExactText(null=True)  # NULL only between the two halves of one save
    email = models.TextField(null=True)
    email_key = ExactText(null=True)
    mis_key = ExactText(null=True)
    given_name = models.TextField()
    family_name = models.TextField()
    role = ExactText()
    status = ExactText()
    status_since = models.BigIntegerField()  # times are microseconds since 1970 in UTC
    created_at = models.BigIntegerField()
    last_login_at = models.BigIntegerField(null=True)
    must_change_password = models.BooleanField()
    superseded_by = ExactText(null=True)
    legal_hold = models.BooleanField()
    epoch = models.BigIntegerField()
    password = models.TextField(null=True)
    search_text = ExactText()

    class Meta:
        """Keys are one account's; constraints, since `unique=True` adds indexes for LIKE."""

        constraints = (
            models.UniqueConstraint(fields=["username_key"], name="account_username"),
            models.UniqueConstraint(fields=["email_key"], name="account_email"),
            models.UniqueConstraint(fields=["mis_key"], name="account_mis"),
        )
        indexes = (models.Index(fields=["school_key", "username_key"], name="account_school"),)

    def __str__(self) -> str:
        return str(self.username)


class Event(models.Model):
    """One thing that happened; never changed, and no foreign key: it outlives its account."""

    number = models.BigAutoField(primary_key=True)
    kind = ExactText()
    at = models.BigIntegerField()
    actor = models.TextField()
    school_key = ExactText(null=True)
    user_id = ExactText(null=True)
    details = models.TextField()

    class Meta:
        """The history is read by school and by account, from its end."""

        indexes = (
            models.Index(fields=["school_key", "number"], name="event_school"),
            models.Index(fields=["user_id", "number"], name="event_user"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class School(models.Model):
    """One school, and who may approve the recovery of its admin's account."""

    code_key = ExactText(primary_key=True)
    code = models.TextField()
    name = models.TextField()
    headteacher_email = models.TextField(null=True)
    headteacher_email_key = ExactText(null=True)
    deputy_email = models.TextField(null=True)
    deputy_email_key = ExactText(null=True)

    def __str__(self) -> str:
        return str(self.name)


class Gate(models.Model):
    """One row: whoever locks it is the only one who hands out keys. See `Database.close_gate`."""

    id = models.SmallIntegerField(primary_key=True)

    def __str__(self) -> str:
        return "gate"
