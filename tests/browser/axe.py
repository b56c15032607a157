"""axe-core on a page, wide and narrow, light and dark."""

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
    document.getAnimations().forEach(animation => animation.finish());
    done();
  })));
}"""


def findings(page: Page) -> list[str]:
    """Return a line for each element that axe finds serious or critical, in each width and color scheme.

    A page that has to be scrolled sideways gets a line, too.
    """
    lines: list[str] = []
    page.evaluate(Axe().axe_script)
    for width in (WIDE, NARROW):
        for scheme in ("light", "dark"):
            look_at(page, width=width, scheme=scheme)
            lines += [f"{width} px, {scheme}: {line}" for line in _findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            lines.append(f"{width} px: the page is wider than the screen")
    look_at(page, width=WIDE, scheme="light")
    return lines


def look_at(page: Page, *, width: int, scheme: Any, height: int = HEIGHT) -> None:
    """Show the page at this width and in this color scheme."""
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
