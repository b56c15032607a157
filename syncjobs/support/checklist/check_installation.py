"""The checklist's lines on the installation itself."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from config.environment import is_loopback
from config.version import name_and_version
from integrations import key_rotation
from integrations.database import database_now
from integrations.fields import SecretUnreadable, reseal
from integrations.http.asking import Seen
from syncjobs.display import formatting
from syncjobs.support.checklist.check_lines import FAIL, OK, SKIP, WARN, Line, moment

# Intuit cuts a write off after 120 seconds; until then it may still arrive.
SHORTEST_SETTLING = 120
CLOCKS_APART = timedelta(seconds=60)
NO_SECRET = "No secret is stored yet."


def settings_line() -> Line:
    """Check the settings that may do harm; their values are not shown."""
    problems = []
    if settings.SETTLE_SECONDS < SHORTEST_SETTLING:
        text = f"SETTLE_SECONDS is {settings.SETTLE_SECONDS:g}; a write may arrive up to {SHORTEST_SETTLING} s later"
        problems.append((text, f"set SETTLE_SECONDS to {SHORTEST_SETTLING} or more"))
    is_local = is_loopback(urlsplit(settings.PUBLIC_URL).hostname or "")
    if not is_local and urlsplit(settings.PUBLIC_URL).scheme != "https":
        problems.append(("PUBLIC_URL is not https", "write it with https, and put a proxy with TLS in front"))
    if settings.DEBUG and not is_local:
        problems.append(("DEBUG is on at a public address", "set DEBUG=0"))
    if not (settings.QUICKBOOKS_CLIENT_ID and settings.QUICKBOOKS_CLIENT_SECRET):
        text = "QUICKBOOKS_CLIENT_ID or QUICKBOOKS_CLIENT_SECRET is not set, so QuickBooks can't be connected"
        problems.append((text, "set both, from your app at developer.intuit.com"))
    now = moment(timezone.now())
    if not problems:
        return Line(OK, f"No problem is known in the settings of this process, {now}.")
    found, fixes = zip(*problems, strict=True)
    text = "; ".join(fixes)
    return Line(WARN, f"{'; '.join(found)}. {now}.", f"{text[0].upper()}{text[1:]}. See docs/settings.md.")


def database() -> Line:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    version = ".".join(str(part) for part in connection.get_database_version())
    message = f"{connection.display_name} {version} answers, {moment(timezone.now())}."
    if connection.vendor == "sqlite" and not settings.DEBUG:
        text = f"{message} SQLite serves one machine and few people."
        return Line(WARN, text, "Use PostgreSQL for production: DATABASE_URL, see docs/operating.md.")
    return Line(OK, message)


def migrations() -> Line:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    now = moment(timezone.now())
    if plan:
        text = f"{formatting.number(len(plan), 'migration,migrations')} not applied yet, {now}."
        return Line(FAIL, text, "Stop web site and worker, run `python manage.py migrate`, and start them again.")
    return Line(OK, f"All migrations are applied, {now}.")


def clock(seen: Sequence[Seen]) -> Line:
    """Compare this machine's clock with the database's and with those of the vendors that answered."""
    before = timezone.now()
    apart = []
    # SQLite's clock is this machine's; a database that is away has a line of its own.
    if connection.vendor != "sqlite":
        with contextlib.suppress(DatabaseError):
            apart.append(("the database's", abs(database_now() - before)))
    names = {"clockify": "Clockify's", "quickbooks": "QuickBooks'"}
    apart += [(names[row.vendor], abs(row.at - row.vendors_time)) for row in seen if row.vendors_time is not None]
    if not apart:
        return Line(OK, f"It is {moment(before)} here. There was no other clock to compare with.")
    whose, most = max(apart, key=lambda pair: pair[1])
    compared = " and ".join(dict.fromkeys(name for name, _ in apart))
    message = f"It is {moment(before)} here, compared with {compared} clock; at most {most.total_seconds():.0f} s apart"
    if most > CLOCKS_APART:
        return Line(WARN, f"{message} ({whose}).", "Have this machine's clock set by NTP.")
    return Line(OK, f"{message}.")


def encryption() -> Line:
    """Decrypt every stored secret, those of second factors included; none is shown."""
    unreadable = older = total = 0
    for sealed in key_rotation.sealed_values():
        total += 1
        try:
            older += reseal(sealed) != sealed
        except SecretUnreadable:
            unreadable += 1
    keys, now = formatting.number(len(settings.ENCRYPTION_KEYS), "key,keys"), moment(timezone.now())
    secrets = formatting.number(total, "stored secret,stored secrets")
    if unreadable:
        fix = "Add the key they were stored with to ENCRYPTION_KEYS, or connect again."
        return Line(FAIL, f"{unreadable} of {secrets} can't be read with the {keys} in ENCRYPTION_KEYS, {now}.", fix)
    if not total:
        return Line(OK, NO_SECRET)
    if older:
        text = f"{older} of {secrets} still need an older key than the first of ENCRYPTION_KEYS, {now}."
        return Line(WARN, text, "Run `python manage.py rotate_keys` before you take an older key away.")
    return Line(OK, f"{secrets} can be read with the {keys} in ENCRYPTION_KEYS, all with the first, {now}.")


def backup_age() -> Line:
    return Line(SKIP, "Hourbridge makes no backups yet, so their age is not known.", "See docs/operating.md, Backups.")


def version(now: datetime) -> Line:
    parts = f"{name_and_version()}, Python {platform.python_version()}, Django {django.get_version()}"
    return Line(OK, f"{parts}. Newer versions were not looked for, {moment(now)}.")
