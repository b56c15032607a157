"""A model field that keeps secrets encrypted in the database."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from config import scrubber


class SecretUnreadable(ImproperlyConfigured):
    """A stored secret that none of ENCRYPTION_KEYS decrypts."""


def _cipher() -> MultiFernet:
    # The first key encrypts and all of them decrypt, so that keys can be replaced one by one.
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def seal(text: str) -> str:
    """Return the text encrypted with the newest key."""
    return _cipher().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the decrypted text. Raises SecretUnreadable rather than return ciphertext as if it were the secret."""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable() from None


def reseal(sealed: str) -> str:
    """Return the ciphertext of the newest key: itself, or the same secret encrypted again. Raises SecretUnreadable."""
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(sealed.encode())
        return sealed
    except InvalidToken:
        pass
    try:
        return _cipher().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable() from None


def _unreadable() -> SecretUnreadable:
    return SecretUnreadable(
        "A stored secret can't be read with any of ENCRYPTION_KEYS. Add the key it was stored with, or connect again."
    )


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database. Empty text stays empty. The column can't be searched."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if not value:
            return value
        scrubber.learn(value)
        return seal(value)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value:
            return value
        secret = unseal(value)
        scrubber.learn(secret)
        return secret


class ScrubbedTextField(models.TextField):
    """Text for people that may quote others, such as an error message; secrets in it never reach the database."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return scrubber.scrub(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        # The column is that of a TextField, so that no migration is needed.
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options
