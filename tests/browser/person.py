"""A person in front of the browser, who reads, fills in and presses buttons, and checks pages with axe."""

from __future__ import annotations

import re

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.browser import axe

# A worker takes a run within seconds; the machine may be busy with other tests.
PATIENCE_MS = 60_000


class Person:
    """A person's actions and expectations; `troubles` lists the errors that the browser reported meanwhile."""

    def __init__(self, page: Page, *, site: str) -> None:
        self.page = page
        self.site = site
        self.troubles: list[str] = []
        page.set_default_timeout(PATIENCE_MS / 2)
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("console", self._note_error)

    def _note_error(self, message: ConsoleMessage) -> None:
        """Note a console error: blocked scripts and styles show up only here. Status 422 is a form with errors."""
        if message.type == "error" and self.page.url.startswith(self.site) and "422" not in message.text:
            self.troubles.append(f"{self.page.url}: {message.text}")

    # --- going ---------------------------------------------------------------------------------------------
    def opens(self, path: str) -> None:
        self.page.goto(self.site + path)

    def logs_in(self, name: str, password: str) -> None:
        self.opens("/")
        self.fills("Username or e-mail", name)
        self.fills("Password", password)
        self.checks_accessibility()
        self.presses("Log in")
        self.page.wait_for_url("**/admin/")

    def follows(self, text: str, *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("link", name=text).first.click()

    def chooses_in_menu(self, text: str) -> None:
        """Follow a link of the menu; a badge may follow its text."""
        self.page.locator("#nav-sidebar").get_by_role("link", name=re.compile(rf"\b{text}\b")).first.click()

    # --- doing ---------------------------------------------------------------------------------------------
    def fills(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).fill(value)

    def presses(self, text: str, *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=text).first.click()

    # --- reading -------------------------------------------------------------------------------------------
    def sees(self, *sentences: str | re.Pattern[str]) -> None:
        """Wait until all sentences are on the page."""
        for sentence in sentences:
            expect(self.page.get_by_text(sentence).first).to_be_visible(timeout=PATIENCE_MS)

    def sees_no_button(self, text: str) -> None:
        expect(self.page.get_by_role("button", name=text)).to_have_count(0)

    def sees_run_end(self, word: str = "Done") -> None:
        """Wait on a run's page until its status becomes this, without reloading."""
        state = self.page.locator(".hb-title:has(#run-title) .hb-badge")
        expect(state).to_have_text(re.compile(rf"{word}$"), timeout=PATIENCE_MS)

    def waits_for_runs(self) -> None:
        """Wait on the front page until no run is under way, without reloading."""
        expect(self.page.locator("#overview")).to_be_visible()
        expect(self.page.locator("[data-live]")).to_have_count(0, timeout=PATIENCE_MS)

    def figure(self, word: str) -> int:
        """Return the large number of the tile with that label."""
        tile = self.page.locator(".hb-figure").filter(has=self.page.get_by_text(re.compile(f"{word}$")))
        return int(tile.locator(".hb-big").inner_text())

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=text).first

    def checks_accessibility(self) -> None:
        """Assert that axe finds no serious problem on this page."""
        findings = axe.findings(self.page)
        assert not findings, f"{self.page.url}\n" + "\n".join(findings)
