"""What came of a run, in one line, from what was saved with it."""

from __future__ import annotations

from syncjobs.display.formatting import in_hours, number
from syncjobs.models import Run


def result(run: Run) -> str:
    """As `summary`, and nothing about a run that has nothing but a fault to show."""
    return summary(run) if run.counters.get("figures") or not run.error_message else ""


def summary(run: Run) -> str:
    """One line for lists, from what was saved with the run."""
    saved = run.counters.get("figures")
    if run.error_message and not saved:
        return run.error_message
    if run.kind == Run.Kind.CHECK:
        mapping = run.counters.get("mapping", {})
        unmapped = sum(kind.get("unmapped", 0) for kind in mapping.values())
        return number(unmapped, "name without partner,names without partner") if mapping else ""
    if not saved:
        return run.stage
    if run.kind == Run.Kind.UNDO:
        deleted = f"{saved['deleted']} would be deleted" if run.dry_run else f"{saved['deleted']} deleted"
        left = f"; {saved['blocked']} left there" if saved["blocked"] else ""
        return f"Run {run.options.get('undo')}: {deleted}{left}"
    words = ("would be sent", "would change") if run.dry_run else ("sent", "changed")
    parts = [f"{saved['sent']} {words[0]}, {in_hours(saved['minutes_sent'])}"]
    changed = saved["updated"] + saved["deleted"]
    parts += [f"{changed} {words[1]}"] if changed else []
    parts += [f"{saved['blocked']} not sent"] if saved["blocked"] else []
    parts += [f"{saved['failed']} refused"] if saved["failed"] else []
    parts += [f"{saved['unknown']} in doubt"] if saved["unknown"] else []
    return "; ".join(parts)
