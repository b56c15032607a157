"""The page of the one search, *Why is this not in QuickBooks?*, which the box on every page leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Max, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from integrations.models import TimeEntry
from syncjobs.display import badges, run_summary
from syncjobs.display.badges import StatusBadge
from syncjobs.display.formatting import day, duration, moment
from syncjobs.models import Run
from syncjobs.pages import access, links
from syncjobs.support import ask_for_id, search
from syncjobs.support.search import Found


@dataclass(frozen=True)
class EntryLine:
    """One entry with its page and its first reason."""

    entry: TimeEntry
    link: str
    length: str
    badge: StatusBadge


def page(request: HttpRequest) -> HttpResponse:
    """Show what the text may mean; one exact hit opens at once. A POST asks the vendor for an id never read."""
    text, now = " ".join(request.GET.get("q", "").split()), timezone.now()
    answer: list[str] = []
    if request.method == "POST":
        text = " ".join(request.POST.get("q", "").split())
        asked = ask_for_id.ask(text, now=now)
        if asked.entry is not None:
            return redirect(links.page_of(asked.entry))
        answer = asked.sentences or [f"“{text}” is no id of Clockify or QuickBooks."]
    found = search.find(text, now=now)
    _limit_to_rights(request, found)
    single = _single(found)
    if single and request.method == "GET":
        return redirect(single)
    context = {
        "text": text,
        "found": found,
        "days": [day(value) for value in found.days],
        "entries": [_entry_line(entry) for entry in found.entries],
        "records": [(_kind_and_place(row), row, links.page_of(row)) for row in found.records],
        "runs": [(run, run_summary.result(run)) for run in found.runs],
        "calls": [(call, links.page_of(call)) for call in found.calls],
        "codes": list(_codes(found)),
        "list_link": links.list_of("integrations.timeentry", q=text) if text else "",
        "vendor": ask_for_id.vendor_of(text),
        "answer": answer,
        "reach": _reach() if found.nothing or answer else [],
    }
    return access.show(request, "support/search.html", context, title="Search")


def _kind_and_place(row: Model) -> str:
    """Return `Customer under Acme & Sons` or `Clockify user, ada@example.test`, which tells namesakes apart."""
    kind = str(row._meta.verbose_name)
    parent = getattr(row, "full_name", "").rpartition(":")[0] or getattr(row, "client_name", "")
    email = getattr(row, "email", "")
    return kind[:1].upper() + kind[1:] + (f" under {parent}" if parent else "") + (f", {email}" if email else "")


def _limit_to_rights(request: HttpRequest, found: Found) -> None:
    """Take out rows of models that this person may not list."""

    def may_see(row: Model) -> bool:
        return access.may_list(request, row._meta.label_lower)

    found.entries = [entry for entry in found.entries if may_see(entry)]
    found.records = [row for row in found.records if may_see(row)]
    found.runs = [run for run in found.runs if may_see(run)]
    found.calls = [call for call in found.calls if may_see(call)]


def _single(found: Found) -> str:
    """Return the page of what an id alone names; "" where there is more to choose from."""
    hits: list[Model] = [*found.entries, *found.records, *found.runs]
    # The calls behind an intuit_tid belong to its entry.
    return links.page_of(hits[0]) if found.is_exact and len(hits) == 1 and not found.codes else ""


def _entry_line(entry: TimeEntry) -> EntryLine:
    status = getattr(entry, "status", None)
    badge = badges.UNKNOWN
    if status is not None:
        codes = (str(row.get("code")) for row in status.reasons)
        badge = badges.of_entry(status.state, held=status.held, codes=codes)
    seconds = entry.seconds
    length = "running" if seconds is None else duration(max(seconds, 0) // 60)
    return EntryLine(entry, links.page_of(entry), length, badge)


def _codes(found: Found) -> Iterator[tuple[str, str, str, str]]:
    """Yield code, meaning, workspace, and its sync log with the entries of that code."""
    for code, words in found.codes:
        for workspace in access.workspaces():
            query = urlencode({"from": workspace.start_date.isoformat(), "cause": code})
            log = reverse("hourbridge:sync-log", args=[workspace.pk])
            yield code, words, workspace.name, f"{log}?{query}#cause-{code}"


def _reach() -> list[str]:
    """Return for each workspace up to when it was read, and from which day its time is sent."""
    read = Run.objects.filter(kind__in=(Run.Kind.CHECK, Run.Kind.SYNC), finished_at__isnull=False)
    read = read.filter(status__in=(Run.Status.SUCCEEDED, Run.Status.PARTIAL))
    last = dict(read.order_by().values("workspace").annotate(at=Max("finished_at")).values_list("workspace", "at"))
    sentences = []
    for workspace in access.workspaces():
        at = last.get(workspace.pk)
        seen = f"read up to {moment(at, workspace.time_zone)}" if at else "not read yet"
        start = workspace.start_date
        sentences.append(f"{workspace.name}: {seen}; time is sent from {day(start)} on, no earlier day.")
    return sentences
