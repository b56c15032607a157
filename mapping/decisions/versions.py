"""The version of what a page showed of a record, and the sentence that says who changed it since.

Every decision of the desk carries the version of the row on which it was taken. It is compared inside the decision's
own transaction, while all others in the workspace wait: where anything moved, nothing is done. Moved means: somebody
decided about the record, matching linked or suspended it, its name, client or partner changed, the partner that was
chosen went to another record, or the client of a project was decided about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import ClockifyProject, Customer, Workspace
from integrations.typed_numbers import whole_number
from mapping.decisions.new_decision import NewDecision
from mapping.desk.options import Option, gone_option, option
from mapping.desk.rows import Row
from mapping.errors import Moved, Refused
from mapping.models import Decision, Link, MappingOverride
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    Key,
    all_mapping_overrides_of,
    last_ids,
    links_of,
    mirrored_names,
)
from mapping.rematch import GIVE_BACK

NOTHING_DONE = "Nothing was changed."
# Ends the content of a record whose link was suspended already.
SUSPENDED = "s"
PAST_TENSE = {
    "link": "linked",
    "unlink": "unlinked",
    "ignore": "ignored",
    "stop ignoring": "stopped ignoring",
    "undo": "undid the decision about",
    "redo": "redid the decision about",
    "give back": "ended the link of",
}


@dataclass(frozen=True, slots=True)
class Version:
    """What was shown of one record: the workspace's last decision and last link then, and the record itself."""

    decision: int
    link: int
    content: str

    def __str__(self) -> str:
        return f"{self.decision}.{self.link}.{self.content}"

    @classmethod
    def parse(cls, text: str) -> Version:
        """Raises Refused for a text that no page wrote."""
        decision, _, rest = text.partition(".")
        link, _, content = rest.partition(".")
        decision_id, link_id = whole_number(decision), whole_number(link)
        if decision_id is None or link_id is None or not content:
            raise Refused(f"The page did not say what it showed, so look at it as it is now. {NOTHING_DONE}")
        return cls(decision_id, link_id, content)


def refuse_if_moved(decision: NewDecision) -> None:
    """Raise Moved if what the decision's version stands for has moved since. Call under `lock_decisions`."""
    shown = Version.parse(decision.version)
    sentence = _own_change(decision, shown) or _partner_taken(decision, shown) or _client_changed(decision, shown)
    if sentence:
        raise Moved(f"{sentence} {NOTHING_DONE}")


# --- what may have moved -----------------------------------------------------------------------------------------
def _own_change(decision: NewDecision, shown: Version) -> str:
    about = f"this {decision.kind}"
    own = _since(decision, shown).filter(**decision.record).first()
    if own is not None:
        return decision_sentence(own, viewer=decision.person, workspace=decision.workspace, about=about)
    key = (decision.kind, decision.clockify_id)
    if _contents(decision.workspace, [key])[key] == shown.content:
        return ""
    link = decision.link().first()
    if link is not None and link.pk > shown.link:
        return _rule_sentence(decision.workspace, link, about=about)
    if link is not None and link.suspended and link.suspended_at and not shown.content.endswith(SUSPENDED):
        when = at_time(link.suspended_at, zone=decision.workspace.time_zone)
        return f"A check suspended the link of {about} {when}."
    return f"A check has since read {about} again, and its name, client or partner is different now."


def _partner_taken(decision: NewDecision, shown: Version) -> str:
    partner = decision.partner
    if decision.kind in QUICKBOOKS_MODELS:
        partner = (decision.kind, decision.clockify_id)
    if partner is None:
        return ""
    holders = links_of(decision.workspace).filter(quickbooks_kind=partner[0], quickbooks_id=partner[1])
    if decision.kind not in QUICKBOOKS_MODELS:
        holders = holders.filter(kind=decision.kind).exclude(clockify_id=decision.clockify_id)
    for holder in holders:
        about = f"the {holder.kind} {holder.clockify_name or holder.clockify_id}"
        for later in _since(decision, shown).filter(kind=holder.kind, clockify_id=holder.clockify_id):
            if _took(later, partner):
                return decision_sentence(later, viewer=decision.person, workspace=decision.workspace, about=about)
        if holder.pk > shown.link and holder.by == "rule":
            return _rule_sentence(decision.workspace, holder, about=about)
    return ""


def _client_changed(decision: NewDecision, shown: Version) -> str:
    if decision.kind != "project":
        return ""
    workspace = decision.workspace
    project = ClockifyProject.objects.filter(workspace=workspace, clockify_id=decision.clockify_id).first()
    client_id = project.client_id if project else ""
    if project is None or not client_id:
        return ""
    about = f"the client {project.client_name or client_id}"
    client = {"kind": "client", "clockify_id": client_id}
    later = _since(decision, shown).filter(**client).exclude(verb__in=["ignore", "stop ignoring"]).first()
    if later is not None:
        return decision_sentence(later, viewer=decision.person, workspace=workspace, about=about)
    link = links_of(workspace).filter(**client, by="rule", pk__gt=shown.link).first()
    return _rule_sentence(workspace, link, about=about) if link is not None else ""


def _since(decision: NewDecision, shown: Version) -> QuerySet[Decision]:
    """Return later decisions of others than this batch, the newest first."""
    later = Decision.objects.filter(workspace=decision.workspace, pk__gt=shown.decision).select_related("person")
    return (later.exclude(batch=decision.batch) if decision.batch else later).order_by("-pk")


def _rule_sentence(workspace: Workspace, link: Link, *, about: str) -> str:
    partner = _partner_name(workspace, link.quickbooks_kind, link.quickbooks_id, link.quickbooks_name)
    return f"The rule linked {about} to {partner} {at_time(link.made_at, zone=workspace.time_zone)}."


# --- versions --------------------------------------------------------------------------------------------------
def add_versions(workspace: Workspace, rows: Iterable[Row]) -> None:
    """Set the version of each row as it is shown; call before the page is made from them."""
    decision, link = last_ids(workspace)
    for row in rows:
        kind = row.ref.kind
        content = _content(
            kind,
            link=row.link,
            override=row.override,
            name=row.name,
            client_id=row.ref.group if kind == "project" else "",
            partner=row.partner if row.link else None,
        )
        row.version = str(Version(decision, link, content))


def versions_of_unlinked(workspace: Workspace, records: Iterable[tuple[str, str, str, str]]) -> dict[Key, str]:
    """Return the versions of records without link and override, each as (kind, id, name, client id)."""
    decision, link = last_ids(workspace)
    none: dict[str, Any] = {"link": None, "override": None, "partner": None}
    return {
        (kind, record_id): str(Version(decision, link, _content(kind, name=name, client_id=client_id, **none)))
        for kind, record_id, name, client_id in records
    }


def version_of(workspace: Workspace, kind: str, record_id: str) -> str:
    """Return the version of one record as it is now."""
    return versions_of(workspace, [(kind, record_id)])[kind, record_id]


def versions_of(workspace: Workspace, keys: Collection[Key]) -> dict[Key, str]:
    """Return the versions of these records as they are now, in a fixed number of queries."""
    # The ids first: what is decided while the rest is read then counts as decided later.
    decision, link = last_ids(workspace)
    return {key: str(Version(decision, link, content)) for key, content in _contents(workspace, keys).items()}


def _contents(workspace: Workspace, keys: Collection[Key]) -> dict[Key, str]:
    ids = [record_id for _, record_id in keys]
    links = {(link.kind, link.clockify_id): link for link in links_of(workspace).filter(clockify_id__in=ids)}
    override_rows = all_mapping_overrides_of(workspace).filter(clockify_id__in=ids)
    overrides = {(override.kind, override.clockify_id): override for override in override_rows}
    records = {
        (kind, record.clockify_id): record
        for kind in {kind for kind, _ in keys} & CLOCKIFY_MODELS.keys()
        for record in CLOCKIFY_MODELS[kind]
        ._default_manager.filter(workspace=workspace, clockify_id__in=ids)
        .defer("raw")
    }
    partners = _partners(workspace, [links[key] for key in keys if key in links])
    contents = {}
    for key in keys:
        record, link = records.get(key), links.get(key)
        contents[key] = _content(
            key[0],
            link=link,
            override=overrides.get(key),
            name=record.name if record else "",
            client_id=getattr(record, "client_id", "") if key[0] == "project" else "",
            partner=partners.get((link.quickbooks_kind, link.quickbooks_id), gone_option(link)) if link else None,
        )
    return contents


def _partners(workspace: Workspace, links: Collection[Link]) -> dict[Key, Option]:
    return {
        (kind, row.quickbooks_id): option(kind, row)
        for kind in {link.quickbooks_kind for link in links}
        for row in QUICKBOOKS_MODELS[kind]
        ._default_manager.filter(company=workspace.company, quickbooks_id__in=[link.quickbooks_id for link in links])
        .defer("raw")
    }


def _content(
    kind: str,
    *,
    link: Link | None,
    override: MappingOverride | None,
    name: str,
    client_id: str,
    partner: Option | None,
) -> str:
    """Return a fingerprint of everything about a record that a person looks at before deciding."""
    facts: list[Any] = [kind, name, client_id]
    if link is not None:
        facts += [link.quickbooks_kind, link.quickbooks_id, link.by, link.suspended, link.made_at.isoformat()]
    if partner is not None:
        facts += [partner.full_name, partner.active]
    if override is not None:
        facts += [override.choice, override.at.isoformat(), override.note]
    suspended = SUSPENDED if link is not None and link.suspended else ""
    return sha256(repr(facts).encode()).hexdigest()[:16] + suspended


# --- sentences -------------------------------------------------------------------------------------------------
def decision_sentence(decision: Decision, *, viewer: Any, workspace: Workspace, about: str) -> str:
    """Return who did what and when: `Maria linked this project to Acme:Website at 10:42.`"""
    before, after = decision.before.get("link") or {}, decision.after.get("link") or {}
    if decision.verb == GIVE_BACK:
        when = at_time(decision.at, zone=workspace.time_zone)
        return f"A check ended the link of {about} {when}, as Clockify lists it no more."
    what = f"{PAST_TENSE.get(decision.verb, decision.verb)} {about}"
    if decision.verb == "link" and after:
        partner = _partner_name(workspace, after["kind"], after["id"], after.get("name", ""))
        same_partner = (before.get("kind"), before.get("id")) == (after["kind"], after["id"])
        what = f"confirmed the link of {about} to {partner}" if same_partner else f"{what} to {partner}"
    return event_sentence(decision.person, what, decision.at, viewer=viewer, zone=workspace.time_zone)


def _took(decision: Decision, partner: Key) -> bool:
    """Return whether the record had another partner, or none, before that decision, and this one after it."""
    before, after = decision.before.get("link") or {}, decision.after.get("link") or {}
    return (after.get("kind"), after.get("id")) == partner != (before.get("kind"), before.get("id"))


def event_sentence(person: Any, what: str, at: datetime, *, viewer: Any, zone: str) -> str:
    """Return a sentence about what a person, or a command, did at that moment."""
    who = "A command" if person is None else person.get_username()
    if person is not None and viewer is not None and person.pk == viewer.pk:
        who = "You"
    return f"{who} {what} {at_time(at, zone=zone)}."


def at_time(moment: datetime, *, zone: str) -> str:
    """Return `at 10:42` for today in that zone, else `on Tue Mar 3 at 10:42`."""
    local, today = moment.astimezone(ZoneInfo(zone)), timezone.now().astimezone(ZoneInfo(zone)).date()
    if local.date() == today:
        return f"at {local:%H:%M}"
    year = "" if local.year == today.year else f", {local.year}"
    return f"on {local:%a %b} {local.day}{year} at {local:%H:%M}"


def _partner_name(workspace: Workspace, kind: str, quickbooks_id: str, stored_name: str) -> str:
    """Return the partner's full name as read last, or as it was when it was linked."""
    if kind != "customer":
        return mirrored_names(workspace, kind, [quickbooks_id]).get(quickbooks_id) or stored_name or quickbooks_id
    rows = Customer.objects.filter(company=workspace.company, quickbooks_id=quickbooks_id)
    return rows.values_list("full_name", flat=True).first() or stored_name or quickbooks_id
