"""A person in front of the browser: reads, fills in, presses. Every page that is looked at is examined by axe."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.browser import axe

# A worker takes a run within seconds; the machine may be busy with other tests.
PATIENCE_MS = 60_000


class Person:
    """What they see and do; `troubles` is what the browser complained about meanwhile."""

    def __init__(self, page: Page, *, site: str) -> None:
        self.page = page
        self.site = site
        self.troubles: list[str] = []
        page.set_default_timeout(PATIENCE_MS / 2)
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        """Blocked scripts and styles show up here, and nowhere else. A form sent back as wrong is no trouble."""
        if message.type == "error" and self.page.url.startswith(self.site) and "422" not in message.text:
            self.troubles.append(f"{self.page.url}: {message.text}")

    # --- going ---------------------------------------------------------------------------------------------
    def opens(self, path: str) -> None:
        self.page.goto(self.site + path)

    def logs_in(self, name: str, password: str) -> None:
        self.opens("/")
        self.fills("Username or e-mail", name)
        self.fills("Password", password)
        self.looks_around()
        self.presses("Log in")
        self.page.wait_for_url("**/admin/")

    def follows(self, words: str, *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("link", name=words).first.click()

    def chooses_in_menu(self, words: str) -> None:
        """The menu's line; a badge may stand behind its words."""
        self.page.locator("#nav-sidebar").get_by_role("link", name=re.compile(rf"\b{words}\b")).first.click()

    # --- doing ---------------------------------------------------------------------------------------------
    def fills(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).fill(value)

    def presses(self, words: str, *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=words).first.click()

    # --- reading -------------------------------------------------------------------------------------------
    def sees(self, *sentences: str | re.Pattern[str]) -> None:
        """Waits until all of them stand on the page."""
        for sentence in sentences:
            expect(self.page.get_by_text(sentence).first).to_be_visible(timeout=PATIENCE_MS)

    def sees_no_button(self, words: str) -> None:
        expect(self.page.get_by_role("button", name=words)).to_have_count(0)

    def sees_run_end(self, word: str = "Done") -> None:
        """On a run's page: the state beside its name comes to this, without reloading."""
        state = self.page.locator(".hb-title:has(#run-title) .hb-badge")
        expect(state).to_have_text(re.compile(rf"{word}$"), timeout=PATIENCE_MS)

    def waits_for_runs(self) -> None:
        """On the front page: until nothing is under way, without reloading."""
        expect(self.page.locator("#overview")).to_be_visible()
        expect(self.page.locator("[data-live]")).to_have_count(0, timeout=PATIENCE_MS)

    def figure(self, word: str) -> int:
        """The large number under that word."""
        tile = self.page.locator(".hb-figure").filter(has=self.page.get_by_text(re.compile(f"{word}$")))
        return int(tile.locator(".hb-big").inner_text())

    def row(self, words: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=words).first

    def looks_around(self) -> None:
        """Nothing on this page shuts anybody out."""
        found = axe.findings(self.page)
        assert not found, f"{self.page.url}\n" + "\n".join(found)
