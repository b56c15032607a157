"""From nothing to the first sent hour: seven steps, each with what it does and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from syncjobs.display.formatting import in_hours, number
from syncjobs.models import Run
from syncjobs.pages.overview.workspace_card import Card

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
    """`state` is done, now, open (may be taken before the one that is now) or later; `after` is what it waits for."""

    number: int
    key: str
    title: str
    sentence: str
    state: str
    after: int = 0

    @property
    def button(self) -> str:
        """Which of the front page's buttons takes this step; empty for the others."""
        return {CHECK: "check", PREVIEW: "preview", SEND: "sync"}.get(self.key, "")


def is_needed(card: Card) -> bool:
    """Until the first hour was sent, or a first sync found that there is nothing to send."""
    if card.figures.sent.entries:
        return False
    return card.last_sync is None or card.last_sync.status != Run.Status.SUCCEEDED


def previewed(card: Card) -> bool:
    """Whether a person could look at what a sync would send."""
    ended = (Run.Status.SUCCEEDED, Run.Status.PARTIAL)
    rows = Run.objects.filter(workspace=card.workspace, kind=Run.Kind.SYNC, dry_run=True, status__in=ended)
    return rows.exists()


def steps(card: Card | None) -> list[FirstStep]:
    """The steps for a workspace that has sent nothing yet; for None, of an empty installation."""
    done = _done(card)
    open_now = {PREVIEW, SEND} if CHECK in done and card is not None and _may_send(card) else set()
    now = next((key for key, *_ in TEXTS if key not in done), "")
    found: list[FirstStep] = []
    for place, (key, title, sentence, after) in enumerate(TEXTS, start=1):
        state = "done" if key in done else "now" if key == now else "open" if key in open_now else "later"
        found.append(
            FirstStep(place, key, title, _sentence(card, key, sentence), state, after if state == "later" else 0)
        )
    return found


def _may_send(card: Card) -> bool:
    return card.is_connected and (card.subscription is None or card.subscription.supported)


def _done(card: Card | None) -> set[str]:
    if card is None:
        return set()
    done = set()
    if card.is_clockify_connected:
        done.add(CONNECT_CLOCKIFY)
    if card.is_quickbooks_connected:
        done |= {CONNECT_QUICKBOOKS, RULES}
    if card.last_check is not None and card.last_check.status == Run.Status.SUCCEEDED:
        done |= {RULES, CHECK}
        if not card.to_decide:
            done.add(DECIDE)
        if previewed(card):
            done.add(PREVIEW)
    return done


def _sentence(card: Card | None, key: str, sentence: str) -> str:
    """The step's own words, or how it stands where something is known of it."""
    if card is None:
        return sentence
    workspace = card.workspace
    if key == CONNECT_CLOCKIFY and card.is_clockify_connected:
        return f"{workspace.name}, with the key of {workspace.key_owner_name or workspace.key_owner_id}."
    if key == CONNECT_QUICKBOOKS and card.is_quickbooks_connected:
        return f"{card.company}. Its plan and Payroll are shown above with their evidence."
    if key == RULES:
        matching = "names must be identical" if workspace.matching == "strict" else "case and spaces are forgiven"
        first = workspace.start_date
        return f"Set to: {matching}, nothing before {first.day} {first:%B %Y}."
    return f"{sentence} {_standing(card, key)}".strip()


def _standing(card: Card, key: str) -> str:
    if key == CHECK and card.last_check is not None:
        return _of_run(card.last_check)
    if key == DECIDE and card.to_decide:
        held = card.figures.held
        names = number(card.to_decide, "name is open,names are open")
        return f"Now {names} and {in_hours(held.minutes)} held."
    if key == SEND and card.subscription is not None and not card.subscription.supported:
        return f"Off for now: {card.subscription.sentence}"
    if key == SEND and card.last_sync is not None:
        return _of_run(card.last_sync)
    return ""


def _of_run(run: Run) -> str:
    ended = run.get_status_display().lower()
    return "" if run.status == Run.Status.SUCCEEDED else f"The last one: {ended}. {run.error_message}".strip()


TEXTS = (
    (
        CONNECT_CLOCKIFY,
        "Connect Clockify",
        "Paste the API key of a workspace owner or admin: it shows everyone's entries and rates.",
        0,
    ),
    (
        CONNECT_QUICKBOOKS,
        "Connect QuickBooks Online",
        "You go to Intuit, choose the company, agree, and come back here. Take an administrator of the company along. "
        "Its plan and Payroll are read at once and shown with their evidence.",
        1,
    ),
    (
        RULES,
        "Agree on the rules",
        "Already set to the careful choice: names must be identical, employees only, the day the work began for its "
        "owner, nothing before the first of this month.",
        2,
    ),
    (CHECK, "Check for new users and customers", "Reads both sides and links identical names by itself.", 2),
    (
        DECIDE,
        "Decide what does not match",
        "Each name that has no partner, with its reason and likely partners. You may go on with some still open: their "
        "hours are held, not lost.",
        4,
    ),
    (PREVIEW, "Preview the first sync", "Every entry that would go, and every one that would not, with why.", 4),
    (
        SEND,
        "Send",
        "Nothing is sent before this step. Each run says what it did and can be undone while nothing is billed.",
        6,
    ),
)
