"""Real bodies of the vendors, which are not part of the project: SAMPLES_DIR says where they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def sample(name: str) -> Any:
    """Return a recorded JSON body; the test is skipped where SAMPLES_DIR is unset."""
    folder = os.environ.get("SAMPLES_DIR")
    if not folder:
        pytest.skip("SAMPLES_DIR is not set: recorded answers of the vendors are not compared.")
    return json.loads((Path(folder) / name).read_text())
