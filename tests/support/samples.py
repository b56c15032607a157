"""Real bodies of the vendors, which are not part of the project: SAMPLES_DIR says where they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from integrations.http import bounded_json


def samples_folder() -> Path:
    """Return the folder with recorded bodies; the test is skipped where SAMPLES_DIR is unset."""
    folder = os.environ.get("SAMPLES_DIR")
    if not folder:
        pytest.skip("SAMPLES_DIR is not set: recorded answers of the vendors are not compared.")
    return Path(folder)


def samples(pattern: str) -> dict[str, Any]:
    """Return the recorded JSON bodies that match the pattern, by name, as they come through our own reader."""
    paths = sorted(samples_folder().glob(pattern))
    assert paths, f"nothing in SAMPLES_DIR matches {pattern}"
    return {path.name: bounded_json.parse(path.read_bytes()) for path in paths}
