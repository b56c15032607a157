"""An administrator's story: connect, decide, send, disconnect and reconnect."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from tests.browser.person import Person
from tests.support import people
from tests.worker.conftest import WorkerProcess

COMPANY = "Northlight Studio LLC"


@pytest.mark.sandbox(dataset="agency", entries=80)
def test_an_administrator_connects_decides_sends_leaves_and_comes_back(
    person: Person, sandbox: Running, worker: WorkerProcess
) -> None:
    people.person("dana", role=people.ADMINISTRATOR)
    person.logs_in("dana", people.PASSWORD)
    connects_clockify(person)
    connects_quickbooks(person)
    watches_the_first_check(person)
    checks_for_new_users_and_customers(person)
    decides_who_is_who(person)
    there_before = activities(sandbox)
    planned = previews_a_sync(person)
    assert activities(sandbox) == there_before
    sent = sends_time(person)
    assert sent == planned == activities(sandbox) - there_before
    reads_what_went_over(person)
    disconnects(person)
    reconnects(person)
    assert sends_time(person) == 0
    assert activities(sandbox) == there_before + sent


def activities(sandbox: Running) -> int:
    """Return the number of activities in the sandbox's QuickBooks."""
    return len(sandbox.world.quickbooks.companies[REALM].records["TimeActivity"])


def connects_clockify(person: Person) -> None:
    person.sees("Set up your first sync")
    person.checks_accessibility()
    person.fills("API key", ADMIN_KEY)
    person.fills("Send time from", (date.today() - timedelta(days=40)).isoformat())
    person.presses("Connect Clockify")
    person.sees("Connected Northlight Studio.")


def connects_quickbooks(person: Person) -> None:
    person.checks_accessibility()
    person.presses("Connect to QuickBooks")
    consents(person)
    person.sees(f"QuickBooks company {COMPANY} is connected.", "QuickBooks Online Plus", "Payroll off")


def consents(person: Person) -> None:
    """Give consent on the sandbox's page, which replaces Intuit's."""
    person.sees("Connect to QuickBooks (sandbox)")
    person.presses("Connect")
    person.page.wait_for_url(f"{person.site}/admin/")


def watches_the_first_check(person: Person) -> None:
    """Wait for the first check, which starts automatically; the front page shows its end."""
    person.sees("A check for new users and customers starts as soon as a worker picks it up.")
    person.waits_for_runs()
    person.sees("names to decide")


def checks_for_new_users_and_customers(person: Person) -> None:
    person.presses("Check for new users and customers")
    person.sees("requested. It starts in a moment")
    person.follows("Open run")
    person.sees_run_end()
    person.sees("What was read")
    person.checks_accessibility()


def decides_who_is_who(person: Person) -> None:
    person.chooses_in_menu("Review desk")
    person.sees("Two users, one name")
    person.checks_accessibility()
    person.follows("Choose for Siobhán O'Connor")
    person.sees("Who is this user?", "If you link it")
    person.checks_accessibility()
    person.presses("Link", within=person.page.locator(".hb-panel"))
    person.sees("Linked.")
    person.follows("Projects")
    person.checks_accessibility()
    person.presses("Accept client GreenLine Transit for Greenline Transit")
    person.sees("Linked.")
    # Its project had waited for it and follows by itself.
    person.follows("Linked")
    person.sees("Ridership map")


def previews_a_sync(person: Person) -> int:
    person.chooses_in_menu("Overview")
    person.presses("Preview sync")
    person.follows("Open run")
    person.sees("nothing is sent by a preview")
    person.sees_run_end()
    return person.figure("Create")


def sends_time(person: Person) -> int:
    """Sync and return the number sent. The run's page updates without reloading."""
    person.chooses_in_menu("Overview")
    person.presses("Sync now")
    person.follows("Open run")
    person.sees_run_end()
    return person.figure("Sent")


def reads_what_went_over(person: Person) -> None:
    person.sees("Not sent, by reason", "Books closed")
    person.checks_accessibility()
    person.follows("Created")
    # The first row's person depends on the day of the week.
    person.page.locator(".hb-items tbody a").first.click()
    person.sees("1 result")
    person.checks_accessibility()
    person.page.locator("#result_list tbody a").first.click()
    person.sees("It is in QuickBooks as activity", "What was sent", "Attempts")
    person.checks_accessibility()
    person.chooses_in_menu("Overview")
    person.sees("Needs you")
    person.checks_accessibility()


def disconnects(person: Person) -> None:
    person.page.get_by_text("Disconnect…").click()
    person.presses(f"Disconnect {COMPANY}")
    person.sees(f"{COMPANY} is disconnected", "Mappings and history are kept")
    person.sees_no_button("Sync now")
    person.checks_accessibility()


def reconnects(person: Person) -> None:
    """Reconnect. A check and a preview start automatically; the preview finds nothing left to send."""
    person.presses("Reconnect QuickBooks")
    consents(person)
    person.sees(f"QuickBooks company {COMPANY} is connected.", "what the catch-up sync would send")
    person.waits_for_runs()
    runs = person.page.get_by_role("region", name="Latest syncs and checks", exact=True)
    person.follows("Time sync", within=runs.get_by_role("listitem").filter(has_text="preview").first)
    person.sees_run_end()
    person.sees("Nothing to send.")
