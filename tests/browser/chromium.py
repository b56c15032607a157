"""The browser of these tests: this machine's Chromium, without a window and without background requests."""

from __future__ import annotations

import os
import shutil
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = f"No Chromium was found, looked for {', '.join(NAMES)} (Debian: apt-get install chromium)."


def path() -> str | None:
    """Return the program's path, or None."""
    return next((program for name in NAMES if (program := shutil.which(name))), None)


def is_required() -> bool:
    """Return whether a missing browser is a failure, as in CI."""
    return os.environ.get("REQUIRE_BROWSER", "0") not in {"", "0"}


def launch_arguments() -> dict[str, Any]:
    """Return the arguments with which Playwright starts the browser."""
    return {"executable_path": path(), "args": ARGUMENTS}
