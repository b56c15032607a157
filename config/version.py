"""The version of Hourbridge, which is defined in pyproject.toml and nowhere else."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


@cache
def version() -> str:
    """Return the version, such as `0.1.0`; the file is read once per process."""
    with PYPROJECT.open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def name_and_version() -> str:
    """Return name and version as pages and commands show them, such as `Hourbridge 0.1.0`."""
    return f"Hourbridge {version()}"
