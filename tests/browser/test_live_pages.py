"""A run's page and the front page follow a run without reloading, and keep focus and opened parts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from syncjobs.models import Run
from tests.browser.person import Person
from tests.support import people
from tests.support.factories import RunFactory

LogIn = Callable[[str], None]


@pytest.fixture
def run(site: str) -> Run:
    return RunFactory(
        status="running", stage="Sending", total=80, done=12, beat_at=None, finished_at=None, counters={"seen": 80}
    )


def goes_on(run: Run, **fields: object) -> None:
    Run.objects.filter(pk=run.pk).update(**fields)


def test_the_page_follows_the_run_while_a_button_keeps_the_focus(person: Person, run: Run, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens(f"/admin/syncjobs/run/{run.pk}/change/")
    person.sees("12 of 80 done")
    person.checks_accessibility()
    cancel = person.page.get_by_role("button", name="Cancel run")
    cancel.focus()

    goes_on(run, done=63)

    person.sees("63 of 80 done")
    expect(cancel).to_be_focused()


def test_the_end_is_shown_and_announced_and_then_polling_stops(person: Person, run: Run, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens(f"/admin/syncjobs/run/{run.pk}/change/")
    news = person.page.locator("p[role=status]")
    expect(news).to_be_empty()

    goes_on(run, stage="Checking what is still in doubt")
    expect(news).to_contain_text("12 of 80 done. Checking what is still in doubt", timeout=20_000)
    goes_on(run, status="succeeded", done=80)
    expect(news).to_have_text(f"Time sync {run.pk}, Done", timeout=20_000)

    person.sees_run_end()
    person.sees_no_button("Cancel run")
    expect(person.page.locator("[data-live]")).to_have_count(0)


def test_on_the_front_page_what_was_opened_stays_open(person: Person, run: Run, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens("/admin/")
    person.page.get_by_text("Disconnect…").click()
    person.sees("Affects")
    person.sees("12 of 80")

    goes_on(run, done=63)

    person.sees("63 of 80", "Affects")


def test_without_scripts_a_link_refreshes_the_page(
    browser: Browser, site: str, client: object, run: Run, log_in: LogIn, person: Person
) -> None:
    log_in(people.ADMINISTRATOR)
    cookies = person.page.context.cookies()
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(f"{site}/admin/syncjobs/run/{run.pk}/change/")
    expect(page.get_by_text("12 of 80 done")).to_be_visible()

    goes_on(run, done=63)
    page.get_by_role("link", name="Refresh").click()

    expect(page.get_by_text("63 of 80 done")).to_be_visible()
    plain.close()
