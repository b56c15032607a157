"""The browser of these tests: the Chromium of this machine, without a window and without calling anybody."""

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
    """Where it is, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def is_required() -> bool:
    """CI says so: there a missing browser is a failure."""
    return os.environ.get("REQUIRE_BROWSER", "0") not in {"", "0"}


def launch_arguments() -> dict[str, Any]:
    """What Playwright starts it with."""
    return {"executable_path": path(), "args": ARGUMENTS}
