"""Lines of the history, one for each decision."""

from __future__ import annotations

from mapping.decisions.new_decision import NewDecision
from mapping.models import Decision
from mapping.record_states import RecordState, state_of


def write_history(decision: NewDecision, verb: str, before: RecordState, *, undoes: Decision | None = None) -> Decision:
    """Write one line of history: the record's state before, and as it is now."""
    return Decision.objects.create(
        workspace=decision.workspace,
        company=decision.workspace.company,
        **decision.record,
        verb=verb,
        batch=decision.batch,
        undoes=undoes,
        person=decision.person,
        at=decision.at,
        before=before,
        after=state_of(decision.workspace, decision.kind, decision.clockify_id),
        note=decision.note,
    )
