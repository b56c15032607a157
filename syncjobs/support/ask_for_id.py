"""An id that was never read, asked for at its vendor: read there, and written to nobody but our own copy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Customer, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from integrations.reading.values import Unreadable
from mapping.queries import QUICKBOOKS_MODELS
from syncjobs.display.formatting import day, duration
from syncjobs.ledger import activities
from syncjobs.support import explain

# Clockify's ids are 24 hexadecimal digits, QuickBooks' are numbers.
CLOCKIFY_ID = re.compile(r"[0-9a-fA-F]{24}")
QUICKBOOKS_ID = re.compile(r"[0-9]{1,18}")


@dataclass
class Answer:
    """What the vendors said: an entry that is stored now, or sentences."""

    entry: TimeEntry | None = None
    sentences: list[str] = field(default_factory=list)


def vendor_of(text: str) -> str:
    """Return the vendor that could have an entry or activity of this id; "" where it is no id."""
    if QUICKBOOKS_ID.fullmatch(text):
        return "QuickBooks"
    return "Clockify" if CLOCKIFY_ID.fullmatch(text) else ""


def ask(text: str, *, now: datetime) -> Answer:
    """Ask each workspace's vendor for it. A vendor that does not answer is a sentence, not an error."""
    answer, vendor = Answer(), vendor_of(text)
    asked_companies: set[int] = set()
    for key, name in Workspace.objects.order_by("name", "pk").values_list("pk", "name"):
        try:
            # Its key and tokens may be unreadable, which is said of this workspace alone.
            workspace = Workspace.objects.select_related("company").get(pk=key)
            company = workspace.company
            if vendor == "Clockify":
                explain.explain(workspace, text, now=now)
                answer.entry = TimeEntry.objects.filter(workspace=workspace, clockify_id=text).first()
                answer.sentences.append(f"{workspace} has it, but its record can't be read.")
            elif vendor == "QuickBooks" and company is not None and company.pk not in asked_companies:
                asked_companies.add(company.pk)
                found = activities.by_ids(QuickBooksApiClient(company), [text])
                answer.sentences.append(_told(workspace, found.get(text), text))
        except explain.UnknownEntry:
            answer.sentences.append(f"Clockify has no time entry {text} in {name}; checked just now.")
        except ApiError as error:
            answer.sentences.append(f"{name}: {error.message} {error.fix}".strip())
        except (SecretUnreadable, Unreadable) as error:
            answer.sentences.append(f"{name}: {error}")
        if answer.entry is not None:
            answer.sentences.clear()
            break
    return answer


def _told(workspace: Workspace, activity: Activity | None, text: str) -> str:
    company = workspace.company
    if activity is None:
        return f"{company} in QuickBooks has no time activity {text}; checked just now."
    model = QUICKBOOKS_MODELS.get(activity.person_kind)
    people = model._default_manager.filter(company=company, quickbooks_id=activity.person_id) if model else None
    person = people.values_list("name", flat=True).first() if people is not None else None
    customers = Customer.objects.filter(company=company, quickbooks_id=activity.customer_id)
    customer = customers.values_list("full_name", flat=True).first()
    length = duration(activity.minutes) if activity.minutes is not None else "a length that can't be read"
    return (
        f"{company} in QuickBooks has activity {text}: {person or f'{activity.person_kind} {activity.person_id}'} for "
        f"{customer or f'customer {activity.customer_id}'}, {day(activity.txn_date) or 'no day'}, {length}. "
        "It was not sent from here."
    )
