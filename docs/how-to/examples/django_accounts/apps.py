"""The app, for `INSTALLED_APPS`."""

from django.apps import AppConfig


class DjangoAccountsConfig(AppConfig):
    """Keeps the accounts, their history and the schools."""

    name = "django_accounts"
    verbose_name = "School accounts"
