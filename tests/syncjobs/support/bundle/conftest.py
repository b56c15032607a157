"""A workspace of the agency that has done its work, and what its bundles hold."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.support.scene import Scene, run_command

TODAY = date(2026, 3, 27)


class Bundle:
    """A zip that was made, and its files as they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with ZipFile(path) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name).decode() for name in archive.namelist()}

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.files[name].removeprefix("\ufeff"), newline="")))


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Bundle]:
    """Return a function that runs `support_bundle` and reads its zip."""
    count = iter(range(99))

    def make(*args: str) -> Bundle:
        path = tmp_path / f"bundle{next(count)}.zip"
        result = run_command("support_bundle", "--output", str(path), *args)
        assert result.code == 0, result.stderr
        return Bundle(path)

    return make


@pytest.fixture
def agency(sandbox: Any, transactional_db: None) -> Scene:
    """Return the agency of the sandbox after a check and a sync of its five weeks."""
    scene = Scene(sandbox).connect()
    scene.policy(start_date="2026-02-20")
    assert scene.check().code == 0
    assert scene.sync("2026-02-20", "2026-03-27").code == 0
    return scene


@pytest.fixture
def unconnected(sandbox: Any, transactional_db: None) -> Scene:
    """Return an empty workspace and an empty company that nobody has connected yet."""
    return Scene(sandbox)
