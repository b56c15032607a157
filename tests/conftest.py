"""Shared set-up of all tests: Django on a database of its own, no network, and a sandbox."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from sandbox.server import Running, start
from tests.support.network import allow_this_machine_only
from tests.sweep import report as sweep_report

# Must run before the first import of the modules, or their assertions would not be rewritten.
pytest.register_assert_rewrite(
    "tests.support.oracle", "tests.sweep.cells", "tests.sweep.reads", "tests.sweep.records", "tests.sweep.writes"
)

TEMPORARY = Path(tempfile.mkdtemp(prefix="hourbridge-tests-"))
atexit.register(shutil.rmtree, TEMPORARY, ignore_errors=True)

# Settings are read when Django loads: first the tests' own, and nothing of the developer's shell or `.env`.
PREFIXES = ("CLOCKIFY_", "QUICKBOOKS_", "REDIS_URL", "EMAIL_URL", "SENTRY_DSN", "ENCRYPTION_KEYS", "SECRET_KEY")
PREFIXES += ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PUBLIC_URL", "LEASE_SECONDS", "HEARTBEAT_SECONDS")
for name in [key for key in os.environ if key.startswith(PREFIXES)]:
    del os.environ[name]
DATABASE_URL = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{TEMPORARY / 'unused.sqlite3'}"
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "ENV_FILE": os.devnull,
    "DEBUG": "1",
    "DATABASE_URL": DATABASE_URL,
    "OAUTHLIB_INSECURE_TRANSPORT": "1",
}

import django  # noqa: E402
from django.conf import settings as django_settings  # noqa: E402

if DATABASE_URL.startswith("sqlite"):
    # A file, since threads and child processes see nothing of a database in memory.
    test_database = django_settings.DATABASES["default"].setdefault("TEST", {})
    test_database["NAME"] = str(TEMPORARY / "test.sqlite3")
# The default hasher takes half a second on purpose, and no test is about hashing.
django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tables are made of the models; tests/test_migrations.py makes them by the migrations, and compares.
django_settings.MIGRATION_MODULES = {name.rpartition(".")[2]: None for name in django_settings.INSTALLED_APPS}
# Look static files up on request, as with DEBUG; listing them all would slow the start of every test client.
django_settings.WHITENOISE_AUTOREFRESH = True
django.setup()

# How long an example takes depends on what else the machine does; speed is shown by the bench.
hypothesis.settings.register_profile("hourbridge", deadline=None)
hypothesis.settings.load_profile("hourbridge")

from config import scrubber  # noqa: E402
from tests.support import emptying, sampling  # noqa: E402

# Tests of whole processes: each takes seconds, some a minute.
LONG = [Path(__file__).parent / name for name in ("browser", "crash", "histories", "sweep", "worker", "workshop")]
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "admin_client"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="only the tests that use the database")
    parser.addoption("--quick", action="store_true", help="of many cases a sample (see tests/support/sampling.py)")
    parser.addoption("--share", action="store_true", help="with --quick: leave some to the pass on the other database")


def pytest_configure(config: pytest.Config) -> None:
    allow_this_machine_only()


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {DATABASE_URL.partition(':')[0]}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say that nothing was skipped: -rs lists only skips, so its silence could look like a missing option."""
    if not terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("Nothing was skipped.")
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    for line in sweep_report.lines(reports):
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Long tests first, or one worker would wait at the end for the other's. The order among them stays random.
    items.sort(key=lambda item: not any(folder in item.path.parents for folder in LONG))
    database_only = config.getoption("--database-only")
    deselected = {item for item in items if database_only and not uses_database(item)}
    if config.getoption("--quick"):
        rest = [item for item in items if item not in deselected]
        deselected |= {item for item in rest if database_only and item.get_closest_marker("any_database")}
        shared = {item for item in rest if uses_database(item)} if config.getoption("--share") else ()
        deselected |= sampling.left_out(rest, on_second_database=database_only, shared=shared)
    config.hook.pytest_deselected(items=list(deselected))
    items[:] = [item for item in items if item not in deselected]


def pytest_collection_finish() -> None:
    """Exclude all objects loaded so far from garbage collection, since they stay to the end."""
    gc.collect()
    gc.freeze()


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make the test database as pytest-django does, and empty it faster after tests that commit."""
    with django_db_blocker.unblock():
        emptying.begin()


@pytest.fixture(autouse=True)
def only_own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin with the secrets of the settings alone: another test's key may be a word of its messages."""
    known = type(scrubber._known)()
    for secret in scrubber._known._lasting:
        known.learn(secret, lasting=True)
    monkeypatch.setattr(scrubber, "_known", known)


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, settings: Any) -> Iterator[Running]:
    """Start a Clockify and a QuickBooks for this test, and point the settings at them, without our rate limits."""
    marker = request.node.get_closest_marker("sandbox")
    running = start(**(marker.kwargs if marker else {}))
    settings.CLOCKIFY_API_URL = f"{running.url}/api/v1"
    settings.CLOCKIFY_REPORTS_URL = f"{running.url}/report/v1"
    settings.QUICKBOOKS_CLIENT_ID = "sandbox-client"
    settings.QUICKBOOKS_CLIENT_SECRET = "sandbox-secret"
    settings.QUICKBOOKS_API_URL = running.url
    settings.QUICKBOOKS_AUTHORIZE_URL = f"{running.url}/oauth2/authorize"
    settings.QUICKBOOKS_TOKEN_URL = f"{running.url}/oauth2/token"
    settings.QUICKBOOKS_REVOKE_URL = f"{running.url}/oauth2/revoke"
    for limit in (
        "QUICKBOOKS_MAX_PER_SECOND",
        "QUICKBOOKS_MAX_PER_MINUTE",
        "QUICKBOOKS_MAX_BATCHES_PER_MINUTE",
    ):
        setattr(settings, limit, 0)
    settings.CLOCKIFY_MAX_PER_SECOND = 0
    yield running
    running.stop()
