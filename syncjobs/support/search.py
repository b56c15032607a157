"""The one search: an id, a name, an error code, a run, or "person, day, project"; every look-up uses an index.

It reads our own database alone. `ask` is for an id that was never read.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from heapq import nlargest
from itertools import product

from django.db.models import Model, QuerySet

from integrations.kinds import Kind
from integrations.models import ApiCall, ClockifyProject, Company, TimeEntry, Workspace
from mapping.matching.names import plain_words
from mapping.models import Link, PartnerWrite
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS
from syncjobs.models import Action, Receipt, Run
from syncjobs.rules import day_words, reasons, refusals

MAX_ENTRIES, MAX_RECORDS, MAX_RUNS = 50, 20, 10
# Words beyond these, and records that one word names beyond these, say nothing that narrows a search.
MAX_WORDS, MAX_NAMED = 5, 200
MAX_LENGTH = 200
RUN = re.compile(r"(?:run|check|sync|undo)?\s*#?(\d{1,18})", re.IGNORECASE)


@dataclass
class Found:
    """What fits. `days`: the days that were meant; `codes`: error codes and reasons; `is_exact`: found by an id."""

    text: str
    entries: list[TimeEntry] = field(default_factory=list)
    records: list[Model] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    codes: list[tuple[str, str]] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    is_exact: bool = False
    has_more: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.entries or self.records or self.runs or self.calls or self.codes)


def find(text: str, *, now: datetime) -> Found:
    """Return what the text may mean: ids first, then names and days."""
    # PostgreSQL refuses NUL in any text.
    text = " ".join(text.replace("\x00", "").split())[:MAX_LENGTH]
    found = Found(text)
    if not text:
        return found
    found.codes = _codes(text)
    found.runs = _runs(text)
    if " " not in text:
        _find_ids(found)
    if not (found.is_exact or found.codes):
        _find_names(found, now=now)
    return found


# --- ids and codes -------------------------------------------------------------------------------------------
def entries_with_id(text: str) -> QuerySet[TimeEntry]:
    """Return entries by their own id, or by the id of an activity, of a request, or an intuit_tid of theirs."""
    workspaces, companies = _keys(Workspace), _keys(Company)
    keys = {*TimeEntry.objects.filter(workspace__in=workspaces, clockify_id=text).values_list("pk", flat=True)}
    pairs = {*Receipt.objects.filter(company__in=companies, quickbooks_id=text).values_list("workspace", "entry_id")}
    actions = [Action.objects.filter(quickbooks_id=text), Action.objects.filter(intuit_tid=text)]
    if (request_id := _uuid(text)) is not None:
        actions.append(Action.objects.filter(request_id=request_id))
    for attempts in actions:
        pairs.update(attempts.values_list("workspace", "entry_id")[:MAX_ENTRIES])
    for workspace_id in {workspace_id for workspace_id, _ in pairs}:
        ids = [entry_id for of_workspace, entry_id in pairs if of_workspace == workspace_id]
        rows = TimeEntry.objects.filter(workspace_id=workspace_id, clockify_id__in=ids)
        keys.update(rows.values_list("pk", flat=True))
    return TimeEntry.objects.filter(pk__in=keys)


def _find_ids(found: Found) -> None:
    text, workspaces, companies = found.text, _keys(Workspace), _keys(Company)
    found.entries = _shown(entries_with_id(text))
    for model in CLOCKIFY_MODELS.values():
        found.records += model._default_manager.filter(workspace__in=workspaces, clockify_id=text).defer("raw")
    for quickbooks_model in QUICKBOOKS_MODELS.values():
        found.records += quickbooks_model._default_manager.filter(company__in=companies, quickbooks_id=text).defer(
            "raw"
        )
    found.records += PartnerWrite.objects.filter(intuit_tid=text)[:MAX_RECORDS]
    found.calls = list(ApiCall.objects.filter(intuit_tid=text).order_by("-at")[:MAX_RUNS])
    found.is_exact = bool(found.entries or found.records or found.calls)


def _codes(text: str) -> list[tuple[str, str]]:
    """Return the error code of QuickBooks, or the reason, that the text is, with its meaning in words."""
    if (meaning := refusals.meaning(text)) is not refusals.UNKNOWN:
        return [(text, meaning.words)]
    code = text.upper().replace(" ", "_")
    return [(code, reasons.title(code))] if code in reasons.WORDINGS else []


def _runs(text: str) -> list[Run]:
    number = RUN.fullmatch(text)
    rows = Run.objects.filter(pk=int(number[1])) if number else Run.objects.none()
    return list(rows.select_related("workspace", "person").defer(*_secrets("workspace"))[:MAX_RUNS])


# --- names and days ------------------------------------------------------------------------------------------
def _find_names(found: Found, *, now: datetime) -> None:
    workspaces = list(Workspace.objects.defer(*Workspace.SECRETS).order_by("name", "pk"))
    entries: list[TimeEntry] = []
    for workspace in workspaces:
        names = _Names(workspace)
        days, rest = day_words.read(found.text, workspace.today(now))
        hits = _entries(names, days, _words(rest))
        if not hits and days:
            # "May 3" may be a project's name.
            without_day = _entries(names, (), _words(found.text))
            days, hits = ((), without_day) if without_day else (days, hits)
        found.days += [day for day in days if day not in found.days]
        entries += hits
        # Records are those of every word: with a person's and a project's, what they share is the time above.
        if not days:
            found.records += names.records(_words(rest))
    entries.sort(key=lambda entry: (entry.txn_date, entry.start_at), reverse=True)
    found.has_more = len(entries) > MAX_ENTRIES or len(found.records) > MAX_RECORDS
    found.entries, found.records = entries[:MAX_ENTRIES], found.records[:MAX_RECORDS]


class _Names:
    """The names of a workspace's records on both sides, read once for all words of a search."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._rows: dict[str, list[tuple[int, str, str]]] = {}

    def _named(self, kind: str) -> list[tuple[int, str, str]]:
        """Return key, vendor's id and plain name of each record of a kind."""
        if kind not in self._rows:
            model, owner, column = _source(self.workspace, kind)
            rows = model._default_manager.filter(**owner).values_list("pk", column, "name")
            self._rows[kind] = [(key, vendor_id, _plain(name)) for key, vendor_id, name in rows]
        return self._rows[kind]

    def records(self, words: Sequence[str]) -> list[Model]:
        """Return the records of either side whose names have all the words."""
        rows: list[Model] = []
        for kind in (*CLOCKIFY_MODELS, *QUICKBOOKS_MODELS) if words else ():
            keys = [key for key, _, name in self._named(kind) if all(word in name for word in words)]
            chosen = _source(self.workspace, kind)[0]._default_manager.filter(pk__in=keys[: MAX_RECORDS + 1])
            rows += chosen.defer("raw").order_by("name", "pk") if keys else ()
        return rows

    def ids(self, word: str) -> dict[str, set[str]]:
        """Return the Clockify ids of users and of projects that the word names, by their partners' names as well."""
        ids = {kind: {key for _, key, name in self._named(kind) if word in name} for kind in CLOCKIFY_MODELS}
        workspace = self.workspace
        for kind in QUICKBOOKS_MODELS:
            keys = [key for _, key, name in self._named(kind) if word in name][:MAX_NAMED]
            links = Link.objects.filter(workspace=workspace, company=workspace.company_id, quickbooks_kind=kind)
            linked = links.filter(quickbooks_id__in=keys).values_list("kind", "clockify_id") if keys else ()
            for linked_kind, clockify_id in linked:
                ids[linked_kind].add(clockify_id)
        clients = sorted(ids["client"])[:MAX_NAMED]
        of_clients = ClockifyProject.objects.filter(workspace=workspace, client_id__in=clients)
        ids["project"].update(of_clients.values_list("clockify_id", flat=True) if clients else ())
        return ids


def _source(workspace: Workspace, kind: str) -> tuple[type[Model], dict[str, int | None], str]:
    """Return the model of a kind, whose records they are, and the column of the vendor's id."""
    if kind in CLOCKIFY_MODELS:
        return CLOCKIFY_MODELS[kind], {"workspace": workspace.pk}, "clockify_id"
    return QUICKBOOKS_MODELS[kind], {"company": workspace.company_id}, "quickbooks_id"


def _words(text: str) -> list[str]:
    return plain_words(text)[:MAX_WORDS]


def _entries(names: _Names, days: Sequence[date], words: Sequence[str]) -> list[TimeEntry]:
    """Return the latest entries, of the days if there are some, whose person and project are named by the words."""
    workspace = names.workspace
    if not words:
        return _shown(TimeEntry.objects.filter(workspace=workspace, txn_date__in=days)) if days else []
    named = [names.ids(word) for word in words]
    keys: set[tuple[date, int]] = set()
    # Each word names a person or a project; its client's and partner's names count as its own.
    for kinds in product(("user", "project"), repeat=len(words)):
        chosen: dict[str, set[str]] = {}
        for kind, ids in zip(kinds, named, strict=True):
            chosen[kind] = chosen[kind] & ids[kind] if kind in chosen else ids[kind]
        if all(chosen.values()):
            keys.update(_of(workspace, days, chosen))
    # A common name may be that of many records, each with as many entries as are shown of all together.
    latest = nlargest(MAX_ENTRIES + 1, keys)
    return _shown(TimeEntry.objects.filter(pk__in=[key for _, key in latest]))


def _of(workspace: Workspace, days: Sequence[date], chosen: dict[str, set[str]]) -> Iterator[tuple[date, int]]:
    """Yield day and key of the latest entries of these users, on these projects; each record by its index."""
    rows = TimeEntry.objects.filter(workspace=workspace)
    if days:
        rows = rows.filter(txn_date__in=days)
    kind = "user" if "user" in chosen else "project"
    if kind == Kind.USER and "project" in chosen:
        rows = rows.filter(project_id__in=sorted(chosen["project"])[:MAX_NAMED])
    if days:
        yield from _latest(rows.filter(**{f"{kind}_id__in": sorted(chosen[kind])[:MAX_NAMED]}))
        return
    for record_id in sorted(chosen[kind])[:MAX_RECORDS]:
        yield from _latest(rows.filter(**{f"{kind}_id": record_id}))


def _latest(rows: QuerySet[TimeEntry]) -> Iterable[tuple[date, int]]:
    return rows.order_by("-txn_date", "-pk").values_list("txn_date", "pk")[: MAX_ENTRIES + 1]


def _shown(rows: QuerySet[TimeEntry]) -> list[TimeEntry]:
    rows = rows.select_related("status").defer("raw").order_by("-txn_date", "-pk")
    return list(rows[: MAX_ENTRIES + 1])


@lru_cache(maxsize=100_000)
def _plain(name: str) -> str:
    """Return a name's words without accents and capitals: `Zoë Krüger` is found by `zoe kru`."""
    return " ".join(plain_words(name))


def _keys(model: type[Model]) -> list[int]:
    """Return the keys of all workspaces or companies: the indexes over ids begin with them."""
    return list(model._default_manager.values_list("pk", flat=True))


def _secrets(relation: str) -> list[str]:
    return [f"{relation}__{name}" for name in Workspace.SECRETS]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
