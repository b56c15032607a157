"""Which records the desk lists, in which order: light references, so that a page reads only its own rows in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, Workspace
from mapping.models import Stance
from mapping.names import identity
from mapping.queries import links_of, mismatches_of, stances_of

TODO, LINKED, IGNORED, QUICKBOOKS = "todo", "linked", "ignored", "quickbooks"
SECTIONS = (TODO, LINKED, IGNORED, QUICKBOOKS)
PEOPLE, CUSTOMERS = "people", "customers"
KINDS = {PEOPLE: ("user",), CUSTOMERS: ("client", "project")}
ONLY_THERE = {PEOPLE: "employee", CUSTOMERS: "customer"}
SEEN_ONLY = "RENAMED"
FAR_AWAY = date.max


@dataclass(frozen=True, slots=True)
class Ref:
    """One row to be. `group` is the client it stands under: its own id for a client, "" where there is none."""

    section: str
    kind: str
    clockify_id: str = ""
    quickbooks_id: str = ""
    group: str = ""
    reason: str = ""
    minutes: int = 0
    oldest: date = FAR_AWAY
    name: str = ""
    words: str = ""  # what a search looks into, folded

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.clockify_id or self.quickbooks_id}"


class DeskIndex:
    """All references of one side of the desk: people, or customers with their clients and projects."""

    def __init__(self, workspace: Workspace, side: str) -> None:
        self._workspace, self._side = workspace, side
        self._clients_of: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        if side == PEOPLE:
            self._know_users()
        else:
            self._know_clients_and_projects()
        self._refs = self._gather()

    def client_name(self, clockify_id: str) -> str:
        return self._names.get(("client", clockify_id), "")

    def sections(self) -> dict[str, int]:
        """How many rows each section has."""
        return {section: sum(1 for ref in self._refs if ref.section == section) for section in SECTIONS}

    def minutes(self) -> int:
        return sum(ref.minutes for ref in self._refs if ref.section == TODO)

    def ordered(self, *, section: str = "", search: str = "") -> list[Ref]:
        """Rows to decide first, by what they hold; then links, suspended ones first; then the ignored ones."""
        wanted = [ref for ref in self._refs if not section or ref.section == section]
        folded = search.strip().casefold()
        if folded:
            wanted = [ref for ref in wanted if folded in ref.words]
        return [ref for name in SECTIONS for ref in _in_order(one for one in wanted if one.section == name)]

    # --- what there is ---------------------------------------------------------------------------------------
    def _know_users(self) -> None:
        users = ClockifyUser.objects.filter(workspace=self._workspace)
        for clockify_id, name, email in users.values_list("clockify_id", "name", "email"):
            self._names["user", clockify_id] = f"{name}\n{email}"

    def _know_clients_and_projects(self) -> None:
        clients = ClockifyClient.objects.filter(workspace=self._workspace)
        for clockify_id, name in clients.values_list("clockify_id", "name"):
            self._names["client", clockify_id] = name
        projects = ClockifyProject.objects.filter(workspace=self._workspace)
        for clockify_id, name, client_id, client in projects.values_list(
            "clockify_id", "name", "client_id", "client_name"
        ):
            self._names["project", clockify_id] = f"{name}\n{client}"
            self._clients_of[clockify_id] = client_id

    def _gather(self) -> list[Ref]:
        kinds, only_there = KINDS[self._side], ONLY_THERE[self._side]
        facts = ("kind", "clockify_id", "quickbooks_id", "reason", "blocked_minutes", "oldest_date")
        columns = (*facts, "clockify_name", "clockify_client", "quickbooks_name", "quickbooks_parent")
        stances = stances_of(self._workspace).filter(kind__in=kinds, choice=Stance.Choice.IGNORED)
        ignored = set(stances.values_list("kind", "clockify_id"))
        refs: list[Ref] = []
        renamed: set[tuple[str, str]] = set()
        for row in mismatches_of(self._workspace).filter(kind__in=(*kinds, only_there)).values_list(*columns):
            kind, clockify_id, quickbooks_id, reason, minutes, oldest, *names = row
            if reason == SEEN_ONLY:
                renamed.add((kind, clockify_id))
            elif (kind, clockify_id) not in ignored:
                refs.append(
                    Ref(
                        section=TODO if clockify_id else QUICKBOOKS,
                        kind=kind,
                        clockify_id=clockify_id,
                        quickbooks_id=quickbooks_id,
                        group=self._group(kind, clockify_id),
                        reason=reason,
                        minutes=minutes,
                        oldest=oldest or FAR_AWAY,
                        name=names[0] or names[2],
                        words=self._searched(kind, clockify_id, *names),
                    )
                )
        listed = {(ref.kind, ref.clockify_id) for ref in refs if ref.clockify_id}
        return refs + list(self._linked(listed | ignored, renamed)) + [self._ignored(*key) for key in ignored]

    def _linked(self, elsewhere: set[tuple[str, str]], renamed: set[tuple[str, str]]) -> Iterator[Ref]:
        columns = ("kind", "clockify_id", "suspended", "clockify_name", "quickbooks_name")
        rows = links_of(self._workspace).filter(kind__in=KINDS[self._side])
        for kind, clockify_id, suspended, name, quickbooks_name in rows.values_list(*columns):
            if (kind, clockify_id) not in elsewhere:
                group = self._group(kind, clockify_id)
                yield Ref(
                    section=LINKED,
                    kind=kind,
                    clockify_id=clockify_id,
                    group=group,
                    reason=suspended or (SEEN_ONLY if (kind, clockify_id) in renamed else ""),
                    name=name,
                    words=self._searched(kind, clockify_id, name, quickbooks_name),
                )

    def _ignored(self, kind: str, clockify_id: str) -> Ref:
        name = self._names.get((kind, clockify_id), "").partition("\n")[0]
        words = self._searched(kind, clockify_id)
        return Ref(IGNORED, kind, clockify_id, group=self._group(kind, clockify_id), name=name, words=words)

    def _searched(self, kind: str, clockify_id: str, *names: str) -> str:
        return "\n".join([self._names.get((kind, clockify_id), ""), *names]).casefold()

    def _group(self, kind: str, clockify_id: str) -> str:
        return clockify_id if kind == "client" else self._clients_of.get(clockify_id, "")


def _in_order(refs: Iterable[Ref]) -> list[Ref]:
    """Groups by the most urgent, their client first, then its projects likewise."""
    groups: dict[str, list[Ref]] = defaultdict(list)
    for ref in refs:
        groups[ref.group or _namesakes(ref) or ref.key].append(ref)
    ranked = sorted(groups.values(), key=_urgency)
    return [ref for group in ranked for ref in sorted(group, key=lambda one: (one.kind != "client", *_rank(one)))]


def _namesakes(ref: Ref) -> str:
    """Users of one name stand together, since they are told apart by each other."""
    return f"name {identity(ref.name)}" if ref.reason == "AMBIGUOUS_NAME" and ref.kind == "user" else ""


def _urgency(group: list[Ref]) -> tuple[object, ...]:
    """What waits for a client waits for its projects too, so the larger of both counts."""
    of_client = sum(ref.minutes for ref in group if ref.kind == "client")
    of_others = sum(ref.minutes for ref in group if ref.kind != "client")
    first = min(group, key=_rank)
    return (first.reason in {"", SEEN_ONLY}, -max(of_client, of_others), *_rank(first)[1:])


def _rank(ref: Ref) -> tuple[object, ...]:
    return (-ref.minutes, not ref.reason, ref.reason == SEEN_ONLY, ref.oldest, ref.name.casefold(), ref.key)
