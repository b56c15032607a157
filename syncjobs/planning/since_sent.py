"""What is different today from what was sent, of entries that were not edited since."""

from __future__ import annotations

from syncjobs.models import Receipt
from syncjobs.planning import inputs
from syncjobs.planning.context import PlanningContext
from syncjobs.rules.drafts.eligibility import Entry
from syncjobs.rules.steps import differences


def today(entry: Entry, context: PlanningContext, receipt: Receipt) -> dict[str, str]:
    """Return rate, partners and what line rules give as they would be sent today, where they are unlike what was sent.

    Empty for an edited entry: what an edit changes is told by its state, and by the next run's plan.
    """
    sent = inputs.sent_of(receipt)
    if entry.content_hash != sent.content_hash:
        return {}
    return differences.today(entry, context.resolve(entry), sent.draft)
