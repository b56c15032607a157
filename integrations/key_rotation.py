"""Every stored secret, wherever it is, and its encryption with the newest key, while other processes go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction
from django.db.models import Model, QuerySet, TextField, Value
from django.db.models.functions import Cast

from integrations.fields import EncryptedTextField, SecretUnreadable, reseal

# In allauth's JSON: the key of an authenticator app, the seed of recovery codes, and codes of another package.
FACTOR_SECRETS = ("secret", "seed", "migrated_codes")
# A secret that is replaced so often while it is read again is somebody else's work.
MAX_TRIES = 5


@dataclass
class Rotation:
    """What became of the stored secrets; `unreadable` and `replaced` name those that were left as they are.

    `replaced`: stored with an older key meanwhile, by a process that does not know the newest one.
    """

    done: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.done + self.current + len(self.unreadable) + len(self.replaced)


def columns() -> Iterator[tuple[type[Model], str]]:
    """Yield every column of secrets, of whatever model."""
    for model in apps.get_models():
        for column in model._meta.local_concrete_fields:
            if isinstance(column, EncryptedTextField):
                yield model, column.name


def sealed_values() -> Iterator[str]:
    """Yield the ciphertext of every stored secret, those of second factors included."""
    for model, column in columns():
        yield from _sealed(model, column).values_list("sealed", flat=True)
    for factor in Authenticator.objects.order_by("pk"):
        yield from _of_factor(factor)


def rotate() -> Rotation:
    """Encrypt every stored secret with the newest key, each in a transaction of its own.

    Cut short, it goes on where it was: what is done is found to be current.
    """
    rotation = Rotation()
    for model, column in columns():
        for key in list(_sealed(model, column).values_list("pk", flat=True)):
            _rotate(rotation, model, column, key)
    for key in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
        _rotate_factor(rotation, key)
    return rotation


def _sealed(model: type[Model], column: str) -> QuerySet[Any]:
    # As plain text: the field itself would decrypt it.
    rows = model._default_manager.annotate(sealed=Cast(column, TextField()))
    return rows.exclude(sealed="").exclude(sealed=None).order_by("pk")


def _rotate(rotation: Rotation, model: type[Model], column: str, key: Any) -> None:
    for _ in range(MAX_TRIES):
        sealed = _sealed(model, column).filter(pk=key).values_list("sealed", flat=True).first()
        if sealed is None:
            # Removed or disconnected meanwhile.
            return
        try:
            new = reseal(sealed)
        except SecretUnreadable:
            rotation.unreadable.append(_name(model, key, column))
            return
        if new == sealed:
            rotation.current += 1
            return
        # Only while it is still what was read: a token that was refreshed meanwhile stays.
        unchanged = _sealed(model, column).filter(pk=key, sealed=sealed).order_by()
        if unchanged.update(**{column: Value(new, TextField())}):
            rotation.done += 1
            return
    rotation.replaced.append(_name(model, key, column))


def _rotate_factor(rotation: Rotation, key: Any) -> None:
    with transaction.atomic():
        factor = Authenticator.objects.select_for_update().filter(pk=key).first()
        if factor is None:
            return
        old = _of_factor(factor)
        try:
            new_by_old = {sealed: reseal(sealed) for sealed in old}
        except SecretUnreadable:
            rotation.unreadable.append(_name(Authenticator, key, factor.type))
            return
        if all(new == sealed for sealed, new in new_by_old.items()):
            rotation.current += bool(old)
            return
        for name in FACTOR_SECRETS:
            stored = factor.data.get(name)
            if isinstance(stored, list):
                factor.data[name] = [new_by_old.get(secret, secret) for secret in stored]
            elif stored in new_by_old:
                factor.data[name] = new_by_old[stored]
        factor.save(update_fields=["data"])
        rotation.done += 1


def _of_factor(factor: Authenticator) -> list[str]:
    found: list[str] = []
    for name in FACTOR_SECRETS:
        stored = factor.data.get(name)
        found += [secret for secret in (stored if isinstance(stored, list) else [stored]) if secret]
    return found


def _name(model: type[Model], key: Any, column: str) -> str:
    """Return what a secret is, for people: `workspace Northlight Studio, api key`."""
    secrets = [name for owner, name in columns() if owner is model]
    try:
        row = str(model._default_manager.defer(*secrets).filter(pk=key).first() or key)
    except SecretUnreadable:
        # The row's own words need another row with secrets.
        row = str(key)
    return f"{model._meta.verbose_name} {row}, {column.replace('_', ' ')}"
