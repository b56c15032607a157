"""A browser, the web site on a real port, a sandbox and a worker process: everything as in daily use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from sandbox.server import Running
from tests.browser import chromium
from tests.browser.person import Person
from tests.support import people
from tests.worker.conftest import WorkerProcess

HERE = Path(__file__).parent
# Settings of a test that its worker process needs.
FOR_WORKERS = (
    "CLOCKIFY_API_URL",
    "CLOCKIFY_REPORTS_URL",
    "CLOCKIFY_MAX_PER_SECOND",
    "QUICKBOOKS_CLIENT_ID",
    "QUICKBOOKS_CLIENT_SECRET",
    "QUICKBOOKS_API_URL",
    "QUICKBOOKS_TOKEN_URL",
    "QUICKBOOKS_REVOKE_URL",
    "QUICKBOOKS_MAX_PER_SECOND",
    "QUICKBOOKS_MAX_PER_MINUTE",
    "QUICKBOOKS_MAX_BATCHES_PER_MINUTE",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave browser tests out of the pass on PostgreSQL: their results do not depend on the database."""
    browser_items = [item for item in items if HERE in item.path.parents]
    for item in browser_items:
        item.add_marker("browser")
    if config.getoption("--database-only"):
        config.hook.pytest_deselected(items=browser_items)
        items[:] = [item for item in items if item not in browser_items]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if chromium.path() is None:
        if chromium.is_required():
            pytest.fail(chromium.MISSING)
        pytest.skip(chromium.MISSING)
    # Playwright keeps an event loop in this thread, where Django then suspects asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return chromium.launch_arguments()


@pytest.fixture(scope="session")
def base_url() -> None:
    """Replace a plugin's fixture about which pytest warns."""


@pytest.fixture
def site(sandbox: Running, live_server: Any, settings: Any) -> str:
    """Return the URL of Hourbridge, not connected yet."""
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def person(site: str, page: Page) -> Iterator[Person]:
    """Return a person in front of the browser, not logged in. Fails on browser errors at the end."""
    person = Person(page, site=site)
    yield person
    assert not person.troubles


@pytest.fixture
def worker(site: str, settings: Any, tmp_path: Path) -> Iterator[WorkerProcess]:
    worker_settings = {name: str(getattr(settings, name)) for name in FOR_WORKERS}
    worker = WorkerProcess(tmp_path / "worker.log", worker_settings)
    yield worker
    worker.stop()


@pytest.fixture
def log_in(person: Person, client: Any, page: Page) -> Callable[[str], None]:
    """Return a function that logs in as a person of a role, without the form."""

    def log_in(role: str) -> None:
        client.force_login(people.person("dana", role=role))
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": person.site}]
        )

    return log_in
