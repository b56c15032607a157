"""The result of a run in one line, from the figures saved with it."""

from __future__ import annotations

from syncjobs import run_counters
from syncjobs.display.formatting import in_hours, number
from syncjobs.models import Run
from syncjobs.rules.reasons import UNDONE
from syncjobs.rules.steps.many_deletions import in_doubt, waiting
from syncjobs.run_options import RunOptions


def result(run: Run) -> str:
    """Return `summary`, or "" for a run that has only an error to show."""
    return summary(run) if run_counters.of(run).get("figures") or not run.error_message else ""


def summary(run: Run) -> str:
    """Return one line for lists, from the figures saved with the run."""
    counted = run_counters.of(run)
    figures = counted.get("figures")
    if run.error_message and not figures:
        return run.error_message
    if run.kind == Run.Kind.CHECK:
        mapping = counted.get("mapping", {})
        unmapped = sum(kind.get("unmapped", 0) for kind in mapping.values())
        return number(unmapped, "unmatched name,unmatched names") if mapping else ""
    if run.kind == Run.Kind.RECONCILE and "rows" in counted:
        difference, unexplained = counted["difference"], counted["unexplained"]
        return f"difference {in_hours(difference)}, {in_hours(unexplained)} not explained"
    if not figures:
        return run.stage
    if run.kind == Run.Kind.UNDO:
        deleted = f"{figures['deleted']} would be deleted" if run.dry_run else f"{figures['deleted']} deleted"
        kept_text = f"; {figures['blocked']} left there" if figures["blocked"] else ""
        return f"Run {RunOptions.of(run).undo}: {deleted}{kept_text}"
    verbs = ("would be sent", "would change") if run.dry_run else ("sent", "changed")
    parts = [f"{figures['sent']} {verbs[0]}, {in_hours(figures['minutes_sent'])}"]
    changed = figures["updated"] + figures["deleted"]
    parts += [f"{changed} {verbs[1]}"] if changed else []
    parts += [f"{figures['blocked']} not sent"] if figures["blocked"] else []
    # What waits was not refused.
    word = "not done" if run.error_code in UNDONE else "refused"
    parts += [f"{figures['failed']} {word}"] if figures["failed"] else []
    parts += [f"{in_doubt(figures)} in doubt"] if in_doubt(figures) else []
    parts += [f"{waiting(figures)} waiting for review"] if waiting(figures) else []
    return "; ".join(parts)


def course(run: Run) -> list[str]:
    """Return what did not go straight in a run: that it waited, was taken over, or was cut short, a sentence each."""
    sentences = interruptions(run)
    if not run.is_open and run.error_code and run.status != Run.Status.BLOCKED:
        sentences.append(f"Cut short: {run.error_message}" if run.error_message else f"Cut short ({run.error_code}).")
    return sentences


def interruptions(run: Run) -> list[str]:
    """Return that a run waited for a vendor's limit, and that its process was gone meanwhile, a sentence each."""
    sentences = []
    if run.waits:
        text = f": {run.wait_message}" if run.wait_message else "."
        sentences.append(f"Waited {number(run.waits, 'time,times')} for a request limit{text}")
    if run.takeovers:
        times = "" if run.takeovers == 1 else f", {run.takeovers} times"
        sentences.append(f"Its process ended, and another one continued it{times}.")
    return sentences
