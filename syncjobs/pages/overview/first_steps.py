"""The seven steps from an empty installation to the first sent hour, each with its state."""

from __future__ import annotations

from dataclasses import dataclass

from syncjobs.display.formatting import in_hours, number
from syncjobs.models import Run
from syncjobs.pages.overview.workspace_card import Card
from syncjobs.rules.reasons import full_date

CONNECT_CLOCKIFY, CONNECT_QUICKBOOKS, RULES, CHECK, DECIDE, PREVIEW, SEND = (
    "clockify",
    "quickbooks",
    "rules",
    "check",
    "decide",
    "preview",
    "send",
)


@dataclass(frozen=True)
class FirstStep:
    """A step; `state` is done, now, open (possible before the current one) or later; `after` is the step it needs."""

    number: int
    key: str
    title: str
    sentence: str
    state: str
    after: int = 0

    @property
    def button(self) -> str:
        """The run button of the front page that takes this step; empty for other steps."""
        return {CHECK: "check", PREVIEW: "preview", SEND: "sync"}.get(self.key, "")


def is_needed(card: Card) -> bool:
    """Return whether the steps are shown: until time was sent, or a sync succeeded with nothing to send."""
    if card.figures.sent.entries:
        return False
    return card.last_sync is None or card.last_sync.status != Run.Status.SUCCEEDED


def previewed(card: Card) -> bool:
    """Return whether a preview of a sync came to its end."""
    ended = (Run.Status.SUCCEEDED, Run.Status.PARTIAL)
    rows = Run.objects.filter(workspace=card.workspace, kind=Run.Kind.SYNC, dry_run=True, status__in=ended)
    return rows.exists()


def steps(card: Card | None) -> list[FirstStep]:
    """Return the steps of a workspace that has sent nothing yet; None stands for an empty installation."""
    done = _done(card)
    # Names may stay open: their time is held, and the rest can be sent.
    open_now = {PREVIEW, SEND} if CHECK in done and card is not None and _may_send(card) else set()
    now = next((key for key, *_ in STEP_TEXTS if key not in done), "")
    first_steps: list[FirstStep] = []
    for position, (key, title, sentence, after) in enumerate(STEP_TEXTS, start=1):
        state = "done" if key in done else "now" if key == now else "open" if key in open_now else "later"
        first_steps.append(
            FirstStep(position, key, title, _sentence(card, key, sentence), state, after if state == "later" else 0)
        )
    return first_steps


def _may_send(card: Card) -> bool:
    return card.is_connected and (card.subscription is None or card.subscription.supported)


def _done(card: Card | None) -> set[str]:
    if card is None:
        return set()
    done = set()
    if card.is_clockify_connected:
        done.add(CONNECT_CLOCKIFY)
    if card.is_quickbooks_connected:
        # The rules have careful defaults, so nobody has to open them.
        done |= {CONNECT_QUICKBOOKS, RULES}
    if card.last_check is not None and card.last_check.status == Run.Status.SUCCEEDED:
        done |= {RULES, CHECK}
        if not card.to_decide:
            done.add(DECIDE)
        if previewed(card):
            done.add(PREVIEW)
    return done


def _sentence(card: Card | None, key: str, sentence: str) -> str:
    """Return the step's text, or its current state where the workspace has one."""
    if card is None:
        return sentence
    workspace = card.workspace
    if key == CONNECT_CLOCKIFY and card.is_clockify_connected:
        return f"{workspace.name}, API key of {workspace.key_owner_name or workspace.key_owner_id}."
    if key == CONNECT_QUICKBOOKS and card.is_quickbooks_connected:
        return f"{card.company}: its plan and Payroll are shown above with their source."
    if key == RULES:
        matching = "names must match exactly" if workspace.matching == "strict" else "case and spaces are ignored"
        first = workspace.start_date
        asked = f" {card.item_question} Choose one, or leave it to QuickBooks." if card.item_question else ""
        return f"Set to: {matching}, nothing before {full_date(first)}.{asked}"
    return f"{sentence} {_state_sentence(card, key)}".strip()


def _state_sentence(card: Card, key: str) -> str:
    if key == CHECK and card.last_check is not None:
        return _failure(card.last_check)
    if key == DECIDE and card.to_decide:
        held = card.figures.held
        names = number(card.to_decide, "name is open,names are open")
        return f"Now {names} and {in_hours(held.minutes)} held."
    if key == SEND and card.subscription is not None and not card.subscription.supported:
        return f"Off for now: {card.subscription.sentence}"
    if key == SEND and card.last_sync is not None:
        return _failure(card.last_sync)
    return ""


def _failure(run: Run) -> str:
    ended = run.get_status_display().lower()
    return "" if run.status == Run.Status.SUCCEEDED else f"The last one: {ended}. {run.error_message}".strip()


# Key, title, sentence, and the step that comes before it.
STEP_TEXTS = (
    (
        CONNECT_CLOCKIFY,
        "Connect Clockify",
        "Paste the API key of a workspace owner or admin: it can see everyone's entries and rates.",
        0,
    ),
    (
        CONNECT_QUICKBOOKS,
        "Connect QuickBooks Online",
        "You sign in at Intuit, choose the company, approve access, and return here. You need an administrator "
        "of the company. Its plan and Payroll are read right away and shown with their source.",
        1,
    ),
    (
        RULES,
        "Review the rules",
        "Already set to the safe choice: exact names, employees only, the day the work began in the person's "
        "time zone, nothing before the first of this month.",
        2,
    ),
    (CHECK, "Check for new users and customers", "Reads both sides and links identical names automatically.", 2),
    (
        DECIDE,
        "Resolve what does not match",
        "Each unmatched name, with its reason and likely matches. You may continue with some still open: "
        "their hours are held, not lost.",
        4,
    ),
    (PREVIEW, "Preview the first sync", "Every entry that would be sent, every one that would not, and why.", 4),
    (
        SEND,
        "Send",
        "Nothing is sent before this step. Each sync says what it did and can be undone until time is billed.",
        6,
    ),
)
