"""What needs a person: a row for each cause that holds time back, whose hours add up to the hours that are held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import F
from django.urls import reverse

from integrations.models import Workspace
from integrations.unnamed import named
from mapping.desk import wording
from mapping.matching.row_json import first_in
from mapping.models import Mismatch
from syncjobs.models import EntryStatus
from syncjobs.pages import links, waiting
from syncjobs.pages.overview.workspace_card import Card
from syncjobs.pages.waiting import Cause
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code

State = EntryStatus.State
# Names that are shown at once; a click shows the others.
MAX_SHOWN = 8
ENTRIES = "integrations.timeentry"
HELD = "Held"
ICONS = {"user": "person", "client": "domain", "project": "folder"}
CODE_ICONS: dict[str, str] = {
    Code.BOOKS_CLOSED: "lock",
    Code.PERIOD_SIGNED: "verified",
    Code.CURRENCY_DIFFERS: "payments",
    Code.ALREADY_IN_QUICKBOOKS: "content_copy",
    Code.NOT_CONNECTED: "power_off",
    Code.OUTCOME_UNKNOWN: "help",
    Code.QUICKBOOKS_REFUSED: "report",
    Code.UNREADABLE: "warning",
}


@dataclass(frozen=True)
class Need:
    """One cause with the time that waits for it first; `entries_link` lists just that time.

    `link` is where it is decided, empty where that is the list; `also`: minutes that the record holds beside these,
    counted where they wait for something else first.
    """

    workspace: Workspace
    icon: str
    name: str
    sentence: str
    entries: int
    minutes: int
    entries_link: str
    client: str = ""
    link: str = ""
    also: int = 0


@dataclass
class Group:
    """The causes of time in one state, the most minutes first; `more` are rows that a click shows."""

    title: str
    rows: list[Need] = field(default_factory=list)
    more: list[Need] = field(default_factory=list)

    @property
    def stands_alone(self) -> bool:
        """True where the only row says itself what the head would say."""
        return self.title != HELD and len(self.rows) == 1

    @property
    def has_head(self) -> bool:
        return not self.stands_alone

    @property
    def entries(self) -> int:
        return sum(need.entries for need in [*self.rows, *self.more])

    @property
    def minutes(self) -> int:
        return sum(need.minutes for need in self.rows) + self.more_minutes

    @property
    def more_minutes(self) -> int:
        return sum(need.minutes for need in self.more)


def groups(cards: Iterable[Card]) -> list[Group]:
    """Return what is held, refused, in doubt, and changed, in a fixed number of queries."""
    cards = list(cards)
    by_pk = {card.workspace.pk: card.workspace for card in cards}
    in_doubt = {card.workspace.pk: card.unknown_for_people for card in cards}
    causes = waiting.causes(by_pk)
    found = [
        _held(causes[State.BLOCKED], by_pk),
        Group("Refused by QuickBooks", [_by_code(cause, by_pk, "failed") for cause in causes[State.FAILED]]),
        Group("In doubt", [_in_doubt(cause, by_pk, in_doubt) for cause in causes[State.UNKNOWN]]),
        Group("Changed after sending", _changed(cards)),
    ]
    return [group for group in found if group.rows]


def _held(causes: Sequence[Cause], by_pk: Mapping[int, Workspace]) -> Group:
    names, others = waiting.names(causes)
    mismatches = _mismatches(names)
    with_a_row = {*names}
    group, shown = Group(HELD), 0
    for cause in causes:
        if cause.record is None:
            group.rows.append(_by_code(cause, by_pk, "held"))
        elif cause in with_a_row:
            shown += 1
            need = _by_name(cause, by_pk, mismatches.get((cause.workspace_id, *cause.record)))
            (group.rows if shown <= MAX_SHOWN else group.more).append(need)
    group.more += _others(others, by_pk)
    return group


def _mismatches(names: Iterable[Cause]) -> dict[tuple[int, str, str], Mismatch]:
    ids = [cause.record[1] for cause in names if cause.record]
    found = Mismatch.objects.filter(company=F("workspace__company"), clockify_id__in=ids)
    found = found.defer("order_key", "search_left", "search_right")
    return {(row.workspace_id, row.kind, row.clockify_id): row for row in found}


def _by_name(cause: Cause, by_pk: Mapping[int, Workspace], mismatch: Mismatch | None) -> Need:
    kind, clockify_id = cause.record or ("", "")
    name = mismatch.clockify_name.strip() if mismatch else f"{kind.capitalize()} {clockify_id}"
    return Need(
        by_pk[cause.workspace_id],
        ICONS.get(kind, "help"),
        named(name, kind),
        _likely(mismatch) if mismatch else "It is not linked.",
        cause.entries,
        cause.minutes,
        _entries_link(cause, "held"),
        client=mismatch.clockify_client if mismatch else "",
        link=links.desk(cause.workspace_id, kind, clockify_id),
        also=max(0, mismatch.blocked_minutes - cause.minutes) if mismatch else 0,
    )


def _likely(mismatch: Mismatch) -> str:
    """Return what is wrong, with the likeliest partner and why, or why there is none."""
    words = wording.words(mismatch)
    likeliest = first_in(mismatch.suggestions)
    if likeliest is None:
        return words.sentence
    return f"{words.title}. Perhaps {likeliest.name}: {likeliest.why}."


def _others(causes: Iterable[Cause], by_pk: Mapping[int, Workspace]) -> list[Need]:
    """Return a row for the names of each workspace that have none of their own."""
    by_workspace: dict[int, list[Cause]] = defaultdict(list)
    for cause in causes:
        by_workspace[cause.workspace_id].append(cause)
    return [
        Need(
            by_pk[pk],
            "more_horiz",
            f"{len(names)} more names",
            "Each of them holds less than those above.",
            sum(cause.entries for cause in names),
            sum(cause.minutes for cause in names),
            links.list_of(ENTRIES, state="held", cause=waiting.MORE, workspace=pk),
            link=reverse("hourbridge:people", args=[pk]),
        )
        for pk, names in by_workspace.items()
    ]


def _by_code(cause: Cause, by_pk: Mapping[int, Workspace], state: str, *, link: str = "") -> Need:
    wording_of_code = reasons.WORDINGS.get(cause.key)
    if cause.key == Code.LINE_RULE_BROKEN:
        link = links.line_rules(cause.workspace_id)
    return Need(
        by_pk[cause.workspace_id],
        CODE_ICONS.get(cause.key, "pause_circle"),
        reasons.title(cause.key),
        wording_of_code.fix if wording_of_code else "",
        cause.entries,
        cause.minutes,
        _entries_link(cause, state),
        link=link,
    )


def _in_doubt(cause: Cause, by_pk: Mapping[int, Workspace], in_doubt: Mapping[int, int]) -> Need:
    """Return a row for writes without an answer, with the page that asks a person where some need one."""
    pk = cause.workspace_id
    link = reverse("hourbridge:uncertain-writes", args=[pk]) if in_doubt.get(pk) else ""
    return _by_code(cause, by_pk, "failed", link=link)


def _changed(cards: Iterable[Card]) -> list[Need]:
    needs = []
    for card in cards:
        figure = card.changed_for_people
        if figure.entries:
            link = f"{reverse('hourbridge:changed', args=[card.workspace.pk])}?show=needs"
            needs.append(
                Need(
                    card.workspace,
                    "edit",
                    "Changed after sending",
                    "Edited or deleted in Clockify, or changed by hand in QuickBooks; not applied automatically.",
                    figure.entries,
                    figure.minutes,
                    link,
                    link=link,
                )
            )
    return sorted(needs, key=lambda need: (-need.minutes, need.workspace.pk))


def _entries_link(cause: Cause, state: str) -> str:
    return links.list_of(ENTRIES, state=state, cause=cause.key, workspace=cause.workspace_id)
