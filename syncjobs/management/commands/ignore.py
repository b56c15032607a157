from __future__ import annotations

from mapping.decisions import decide
from mapping.decisions.new_decision import NewDecision
from syncjobs.management.record_command import RecordCommand


class Command(RecordCommand):
    help = "Leave a user, client or project and its time out until a person links it."
    takes_json = False

    def decide(self, decision: NewDecision) -> str:
        decide.ignore(decision)
        return f"{decision.kind.capitalize()} {decision.clockify_id} is ignored until someone links it."
