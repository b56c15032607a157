"""Drafts of what would be written to Clockify, checked against the lists as last read. No network."""

from __future__ import annotations

from typing import Any

from integrations.models import ClockifyClient, ClockifyProject, Customer, Workspace
from mapping.errors import Refused
from mapping.matching.names import identity, strip_deleted
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS, company_of, links_of
from syncjobs.partner_writes import drafts, rules
from syncjobs.partner_writes.drafts import PartnerDraft, WriteRequest
from syncjobs.partner_writes.rules import Remedy, RuleCheck


def create(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """A client or project for a QuickBooks customer. Raises Refused for a wish that makes no sense."""
    company = company_of(workspace)
    customer = Customer.objects.filter(company=company, quickbooks_id=request.quickbooks_id, gone_at=None).first()
    if customer is None or request.entity not in drafts.COLLECTIONS:
        raise Refused(
            f"{company} has no customer {request.quickbooks_id} for which a {request.entity} could be created."
        )
    name = identity(strip_deleted(customer.name) if request.name is None else request.name)
    checks = [*_of_name(request.entity, name), _of_customer(customer), _not_linked(workspace, request)]
    lines = [("Name", name)]
    if request.entity == "client":
        fields: dict[str, Any] = {"name": name}
        checks += [rules.free_in_clockify(name, _clients(workspace), place="client"), _of_top(customer)]
        where = ""
    else:
        client_id, found = _client_of(workspace, request, customer)
        fields = drafts.project_fields(name, client_id=client_id, billable=request.billable, public=request.public)
        others = _projects(workspace, client_id)
        checks += [rules.free_in_clockify(name, others, place="project of this client" if client_id else "project")]
        checks += [found] if found else []
        where = _client_name(workspace, client_id)
        lines += [
            ("Client", where or "none"),
            ("Billable", _yes(request.billable)),
            ("Public", _yes(request.public)),
        ]
    return PartnerDraft(
        request=request,
        title=f"Create a {request.entity} in Clockify",
        subject=f"for the QuickBooks customer {customer.full_name or customer.name}",
        http_request=f"POST {drafts.COLLECTIONS[request.entity]}",
        name=name,
        full_name=f"{where}: {name}" if where else name,
        changes=fields,
        body=fields,
        lines=(*lines, ("Everything else", "left out; Clockify fills in its defaults")),
        checks=(*checks, _of_connection(workspace)),
        parent_id=str(fields.get("clientId", "")),
    )


def rename(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """A client or project under its partner's name, all else sent back as it was read."""
    if request.kind == "user":
        raise Refused("People's names in Clockify are their own: ask them to change it, or link them as they are.")
    model = CLOCKIFY_MODELS.get(request.kind)
    rows = model._default_manager.filter(workspace=workspace, clockify_id=request.clockify_id) if model else None
    record = rows.first() if rows is not None else None
    if record is None or record.gone_at is not None:
        raise Refused(
            f"{workspace} has no {request.kind} {request.clockify_id}. Check for new users and customers first."
        )
    name = identity(_partner_name(workspace, request) if request.name is None else request.name)
    others = _clients(workspace) if request.kind == "client" else _projects(workspace, getattr(record, "client_id", ""))
    others = [one for one in others if one[0] != record.name]
    changes = {"name": name}
    differs = identity(record.name) != name
    checks = [
        RuleCheck("Name differs", differs, f"{record.name} now" if differs else "It has this name already."),
        *_of_name(request.kind, name),
        rules.free_in_clockify(name, others, place=request.kind),
        _of_connection(workspace),
    ]
    return PartnerDraft(
        request=request,
        title=f"Rename a {request.kind} in Clockify",
        subject=f"the {request.kind} {record.name}",
        http_request=f"PUT {drafts.COLLECTIONS[request.kind]}/{record.clockify_id}",
        name=name,
        full_name=name,
        changes=changes,
        body=drafts.renaming_body(request.kind, record.raw, changes),
        lines=(("Name", name), ("Instead of", record.name), ("Everything else", "sent back as it was read")),
        checks=tuple(checks),
    )


# --- checks --------------------------------------------------------------------------------------------------
def _of_name(entity: str, name: str) -> list[RuleCheck]:
    least, most = (1, rules.MAX_CLIENT_NAME_LENGTH)
    if entity == "project":
        least, most = rules.SHORTEST_PROJECT, rules.MAX_PROJECT_NAME_LENGTH
    return [rules.no_brackets(name), rules.length(name, most=most, least=least)]


def _of_customer(customer: Customer) -> RuleCheck:
    if customer.active:
        return RuleCheck("Customer is active", True, customer.full_name or customer.name)
    remedy = Remedy("reactivate", "Reactivate it", f"customer:{customer.quickbooks_id}")
    return RuleCheck(
        "Customer is active", False, f"{strip_deleted(customer.name)} is inactive in QuickBooks.", (remedy,)
    )


def _not_linked(workspace: Workspace, request: WriteRequest) -> RuleCheck:
    rows = links_of(workspace).filter(
        kind=request.entity, quickbooks_kind="customer", quickbooks_id=request.quickbooks_id
    )
    link = rows.first()
    found = f"It is linked to the {request.entity} {link.clockify_name} already." if link else "not linked"
    return RuleCheck("Not linked yet", link is None, found)


def _of_top(customer: Customer) -> RuleCheck:
    if not customer.parent_id:
        return RuleCheck("At the top level", True, "top-level customer")
    return RuleCheck("At the top level", False, f"{customer.full_name} is a sub-customer; a project fits it.")


def _of_connection(workspace: Workspace) -> RuleCheck:
    connected = workspace.state == workspace.State.CONNECTED
    return RuleCheck("Clockify is connected", connected, workspace.state_reason or workspace.get_state_display())


# --- places --------------------------------------------------------------------------------------------------
def _client_of(workspace: Workspace, request: WriteRequest, customer: Customer) -> tuple[str, RuleCheck | None]:
    """The client whose customer is the parent; at the top level a project has none."""
    if request.client_id is not None:
        return request.client_id, None
    if not customer.parent_id:
        return "", None
    links = links_of(workspace).filter(kind="client", quickbooks_id=customer.parent_id, suspended="").order_by("pk")
    link = links.first()
    above = customer.full_name.rpartition(":")[0] or "Its parent"
    if link is not None:
        return link.clockify_id, RuleCheck("Client is known", True, link.clockify_name)
    remedy = Remedy("create", f"Create a client for {above} first", f"customer:{customer.parent_id}")
    return "", RuleCheck("Client is known", False, f"{above} has no client in Clockify yet.", (remedy,))


def _partner_name(workspace: Workspace, request: WriteRequest) -> str:
    """The QuickBooks name to match: that of the record named, else of the link there is."""
    quickbooks_id = request.quickbooks_id
    if not quickbooks_id:
        link = links_of(workspace).filter(kind=request.kind, clockify_id=request.clockify_id).first()
        quickbooks_id = link.quickbooks_id if link else ""
    company = company_of(workspace)
    row = QUICKBOOKS_MODELS["customer"]._default_manager.filter(company=company, quickbooks_id=quickbooks_id).first()
    if row is None:
        raise Refused("Say which name it should get: it has no partner in QuickBooks to match.")
    return strip_deleted(str(row.name))


def _clients(workspace: Workspace) -> list[tuple[str, bool]]:
    rows = ClockifyClient.objects.filter(workspace=workspace, gone_at=None)
    return list(rows.values_list("name", "archived"))


def _projects(workspace: Workspace, client_id: str) -> list[tuple[str, bool]]:
    rows = ClockifyProject.objects.filter(workspace=workspace, client_id=client_id, gone_at=None)
    return list(rows.values_list("name", "archived"))


def _client_name(workspace: Workspace, client_id: str) -> str:
    row = ClockifyClient.objects.filter(workspace=workspace, clockify_id=client_id).first() if client_id else None
    return row.name if row else client_id


def _yes(value: bool) -> str:
    return "yes" if value else "no"
