"""axe-core on a page as people have it: wide and narrow, light and dark."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, NARROW = 1280, 360
HEIGHT = 900
FINDINGS_THAT_COUNT = {"serious", "critical"}
# The theme's own switch; it looks at what the device prefers only when a page begins.
SWITCH_THEME = """scheme => {
  if (window.Alpine) Alpine.$data(document.documentElement).adminTheme = scheme;
  return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    document.getAnimations().forEach(one => one.finish());
    done();
  })));
}"""


def findings(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it is, in each width and colour; a line for each element.

    Also said is when a page has to be scrolled sideways.
    """
    found: list[str] = []
    page.evaluate(Axe().axe_script)
    for width in (WIDE, NARROW):
        for scheme in ("light", "dark"):
            look_at(page, width=width, scheme=scheme)
            found += [f"{width} px, {scheme}: {line}" for line in _findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width} px: the page is wider than the screen")
    look_at(page, width=WIDE, scheme="light")
    return found


def look_at(page: Page, *, width: int, scheme: Any, height: int = HEIGHT) -> None:
    """The page at this width and in these colours."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(SWITCH_THEME, scheme)


def _findings(page: Page) -> list[str]:
    answer = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{rule['id']} ({rule['impact']}), {rule['help']}: {' '.join(map(str, node['target']))} {node['html'][:160]}"
        for rule in answer["violations"]
        if rule["impact"] in FINDINGS_THAT_COUNT
        for node in rule["nodes"]
    ]
