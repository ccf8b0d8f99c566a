"""The tables of the first version."""

from django.db import migrations, models

from ..models import ExactText


class Migration(migrations.Migration):
    """Makes the four tables; the gate's row is made when it is first needed."""

    initial = True

    operations = (
        migrations.CreateModel(
            name="Gate",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="School",
            fields=[
                ("code_key", ExactText(primary_key=True, serialize=False)),
                ("code", models.TextField()),
                ("name", models.TextField()),
                ("headteacher_email", models.TextField(null=True)),
                ("headteacher_email_key", ExactText(null=True)),
                ("deputy_email", models.TextField(null=True)),
                ("deputy_email_key", ExactText(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", ExactText(primary_key=True, serialize=False)),
                ("version", models.BigIntegerField()),
                ("school", models.TextField()),
                ("school_key", ExactText()),
                ("username", models.TextField()),
                ("username_key", ExactText(null=True)),
                ("email", models.TextField(null=True)),
                ("email_key", ExactText(null=True)),
                ("mis_key", ExactText(null=True)),
                ("given_name", models.TextField()),
                ("family_name", models.TextField()),
                ("role", ExactText()),
                ("status", ExactText()),
                ("status_since", models.BigIntegerField()),
                ("created_at", models.BigIntegerField()),
                ("last_login_at", models.BigIntegerField(null=True)),
                ("must_change_password", models.BooleanField()),
                ("superseded_by", ExactText(null=True)),
                ("legal_hold", models.BooleanField()),
                ("epoch", models.BigIntegerField()),
                ("password", models.TextField(null=True)),
                ("search_text", ExactText()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["school_key", "username_key"], name="account_school")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("username_key",), name="account_username"),
                    models.UniqueConstraint(fields=("email_key",), name="account_email"),
                    models.UniqueConstraint(fields=("mis_key",), name="account_mis"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", ExactText()),
                ("at", models.BigIntegerField()),
                ("actor", models.TextField()),
                ("school_key", ExactText(null=True)),
                ("user_id", ExactText(null=True)),
                ("details", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["school_key", "number"], name="event_school"),
                    models.Index(fields=["user_id", "number"], name="event_user"),
                ],
            },
        ),
    )
