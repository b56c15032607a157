"""Pictures of pages, wide and narrow, light and dark, and without scripts, into var/screenshots.

PICTURES names those to take, as in `PICTURES='desk-* rules*' make screenshots`, which takes all of them without it.
Tests in a browser take theirs too, where it names them.
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image
from playwright.sync_api import Page, ViewportSize

from tests.browser import axe

FOLDER = settings.BASE_DIR / "var" / "screenshots"
FOR_DOCS = settings.BASE_DIR / "docs" / "pictures"
WIDTHS = {"wide": 1400, "narrow": 390}
IN_DOCS = {"overview": 900, "projects": 900, "run": 900, "entry": 900}
MAX_BYTES = 200_000
# What follows a picture's name.
VARIANT = re.compile(r"-((wide|narrow)-(light|dark)|no-scripts)$")
CHOSEN = os.environ.get("PICTURES", "").split()


def forget_old() -> None:
    """Remove the pictures that are taken again."""
    for old in FOLDER.glob("*.png"):
        if _is_chosen(VARIANT.sub("", old.stem)):
            old.unlink()


def take(page: Page, name: str) -> None:
    """Take pictures of the open page in each width and color scheme, and of its address without scripts."""
    if not _is_chosen(name):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state("networkidle")
    for size, width in WIDTHS.items():
        for scheme in ("light", "dark"):
            axe.look_at(page, width=width, scheme=scheme)
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=FOLDER / f"{name}-{size}-{scheme}.png", full_page=True)
    _take_without_scripts(page, name)
    if name in IN_DOCS:
        axe.look_at(page, width=WIDTHS["wide"], scheme="light", height=IN_DOCS[name])
        _save_small(page.screenshot(), FOR_DOCS / f"{name}.png")
    axe.look_at(page, width=axe.WIDE, scheme="light")


def _is_chosen(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in CHOSEN)


def _take_without_scripts(page: Page, name: str) -> None:
    """Take a wide picture of the open page's address as a browser without JavaScript shows it to the same person."""
    browser = page.context.browser
    assert browser is not None
    viewport: ViewportSize = {"width": WIDTHS["wide"], "height": axe.HEIGHT}
    login = page.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=login, viewport=viewport)
    plain = context.new_page()
    plain.goto(page.url)
    plain.screenshot(path=FOLDER / f"{name}-no-scripts.png", full_page=True)
    context.close()


def _save_small(picture: bytes, path: Path) -> None:
    """Save with 128 colors, which is enough for a page and a third of the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(BytesIO(picture)).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < MAX_BYTES, f"{path} is too large"
