"""The world.json of a support bundle, and why a file can't be served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

FORMATS = (1,)
WORLD, MANIFEST = "world.json", "manifest.json"


class NotABundle(ValueError):
    """A file that holds no world; the message says why, and what to do."""


def read(path: Path) -> dict[str, Any]:
    """Return the world of a bundle. Raises NotABundle."""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            missing = [name for name in (MANIFEST, WORLD) if name not in names]
            if missing:
                raise NotABundle(f"{path} is no support bundle: {missing[0]} is missing in it.")
            manifest, world = (json.loads(archive.read(name)) for name in (MANIFEST, WORLD))
    except OSError as error:
        raise NotABundle(f"{path} can't be read: {error.strerror or error}.") from None
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise NotABundle(f"{path} is no whole zip ({error}); have it made or sent again.") from None
    except ValueError as error:
        if isinstance(error, NotABundle):
            raise
        raise NotABundle(f"{path} has a {WORLD} or {MANIFEST} that is no JSON: {error}.") from None
    _check(path, manifest, world)
    return dict(world)


def _check(path: Path, manifest: Any, world: Any) -> None:
    for name, value in ((MANIFEST, manifest), (WORLD, world)):
        found = value.get("format") if isinstance(value, dict) else None
        if found not in FORMATS:
            known = ", ".join(map(str, FORMATS))
            raise NotABundle(
                f"{path}: {name} has format {found!r}, this sandbox knows {known}; use another version of it."
            )
    if not isinstance(world.get("clockify"), dict) or not isinstance(world["clockify"].get("workspace"), dict):
        raise NotABundle(f"{path}: {WORLD} has no Clockify workspace.")
