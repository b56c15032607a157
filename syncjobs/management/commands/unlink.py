from __future__ import annotations

from mapping.decisions import decide
from mapping.decisions.new_decision import NewDecision
from syncjobs.management.record_command import RecordCommand


class Command(RecordCommand):
    help = "Take a link away; the rule does not make it again, and nothing is deleted in QuickBooks."
    takes_json = False

    def decide(self, decision: NewDecision) -> str:
        decide.unlink(decision)
        return f"Unlinked {decision.kind} {decision.clockify_id}. Time already sent stays in QuickBooks."
