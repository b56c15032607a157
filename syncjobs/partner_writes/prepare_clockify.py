"""Drafts of writes to Clockify, checked against the lists as last read. No network."""

from __future__ import annotations

from typing import Any

from integrations.kinds import Kind
from integrations.models import ClockifyClient, ClockifyProject, Customer, Workspace
from mapping.errors import Refused
from mapping.matching.names import identity, strip_deleted
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS, company_of, links_of
from syncjobs.partner_writes import drafts, rules
from syncjobs.partner_writes.drafts import PartnerDraft, WriteRequest
from syncjobs.partner_writes.rules import Do, Remedy, RuleCheck


def create(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """Draft a client or project for a QuickBooks customer. Raises Refused if the request makes no sense."""
    company = company_of(workspace)
    customer = Customer.objects.filter(company=company, quickbooks_id=request.quickbooks_id, gone_at=None).first()
    if customer is None or request.entity not in drafts.COLLECTIONS:
        raise Refused(
            f"{company} has no customer {request.quickbooks_id} for which a {request.entity} could be created."
        )
    name = identity(strip_deleted(customer.name) if request.name is None else request.name)
    checks = [*_name_checks(request.entity, name), _customer_check(customer), _link_check(workspace, request)]
    lines = [("Name", name)]
    if request.entity == Kind.CLIENT:
        fields: dict[str, Any] = {"name": name}
        checks += [rules.free_in_clockify(name, _client_names(workspace), place="client"), _top_level_check(customer)]
        client_name = ""
    else:
        client_id, client_check = _client_id_for(workspace, request, customer)
        fields = drafts.project_fields(name, client_id=client_id, billable=request.billable, public=request.public)
        taken_names = _project_names(workspace, client_id)
        checks += [
            rules.free_in_clockify(name, taken_names, place="project of this client" if client_id else "project")
        ]
        checks += [client_check] if client_check else []
        client_name = _client_name(workspace, client_id)
        lines += [
            ("Client", client_name or "none"),
            ("Billable", _yes_no(request.billable)),
            ("Public", _yes_no(request.public)),
        ]
    return PartnerDraft(
        request=request,
        title=f"Create a {request.entity} in Clockify",
        subject=f"for the QuickBooks customer {customer.full_name or customer.name}",
        http_request=f"POST {drafts.COLLECTIONS[request.entity]}",
        name=name,
        full_name=f"{client_name}: {name}" if client_name else name,
        changes=fields,
        body=fields,
        lines=(*lines, ("Everything else", "left out; Clockify fills in its defaults")),
        checks=(*checks, _connection_check(workspace)),
        parent_id=str(fields.get("clientId", "")),
    )


def rename(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """Draft the rename of a client or project to its partner's name; raises Refused. Other fields stay as read."""
    if request.kind == Kind.USER:
        raise Refused("People's names in Clockify are their own: ask them to change it, or link them as they are.")
    model = CLOCKIFY_MODELS.get(request.kind)
    rows = model._default_manager.filter(workspace=workspace, clockify_id=request.clockify_id) if model else None
    record = rows.first() if rows is not None else None
    if record is None or record.gone_at is not None:
        raise Refused(
            f"{workspace} has no {request.kind} {request.clockify_id}. Check for new users and customers first."
        )
    name = identity(_quickbooks_name(workspace, request) if request.name is None else request.name)
    taken_names = (
        _client_names(workspace)
        if request.kind == Kind.CLIENT
        else _project_names(workspace, getattr(record, "client_id", ""))
    )
    taken_names = [taken for taken in taken_names if taken[0] != record.name]
    changes = {"name": name}
    differs = identity(record.name) != name
    checks = [
        RuleCheck("Name differs", differs, f"{record.name} now" if differs else "It has this name already."),
        *_name_checks(request.kind, name),
        rules.free_in_clockify(name, taken_names, place=request.kind),
        _connection_check(workspace),
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
def _name_checks(entity: str, name: str) -> list[RuleCheck]:
    min_length, max_length = (1, rules.MAX_CLIENT_NAME_LENGTH)
    if entity == Kind.PROJECT:
        min_length, max_length = rules.MIN_PROJECT_NAME_LENGTH, rules.MAX_PROJECT_NAME_LENGTH
    return [rules.no_brackets(name), rules.length(name, most=max_length, least=min_length)]


def _customer_check(customer: Customer) -> RuleCheck:
    if customer.active:
        return RuleCheck("Customer is active", True, customer.full_name or customer.name)
    remedy = Remedy(Do.REACTIVATE, "Reactivate it", f"customer:{customer.quickbooks_id}")
    return RuleCheck(
        "Customer is active", False, f"{strip_deleted(customer.name)} is inactive in QuickBooks.", (remedy,)
    )


def _link_check(workspace: Workspace, request: WriteRequest) -> RuleCheck:
    rows = links_of(workspace).filter(
        kind=request.entity, quickbooks_kind="customer", quickbooks_id=request.quickbooks_id
    )
    link = rows.first()
    value = f"It is linked to the {request.entity} {link.clockify_name} already." if link else "not linked"
    return RuleCheck("Not linked yet", link is None, value)


def _top_level_check(customer: Customer) -> RuleCheck:
    if not customer.parent_id:
        return RuleCheck("At the top level", True, "top-level customer")
    return RuleCheck("At the top level", False, f"{customer.full_name} is a sub-customer; a project fits it.")


def _connection_check(workspace: Workspace) -> RuleCheck:
    connected = workspace.state == workspace.State.CONNECTED
    return RuleCheck("Clockify is connected", connected, workspace.state_reason or workspace.get_state_display())


# --- related records -----------------------------------------------------------------------------------------
def _client_id_for(workspace: Workspace, request: WriteRequest, customer: Customer) -> tuple[str, RuleCheck | None]:
    """Return the id of the client linked to the customer's parent ("" at the top level), and its check if any."""
    if request.client_id is not None:
        return request.client_id, None
    if not customer.parent_id:
        return "", None
    links = links_of(workspace).filter(kind="client", quickbooks_id=customer.parent_id, suspended="").order_by("pk")
    link = links.first()
    parent_name = customer.full_name.rpartition(":")[0] or "Its parent"
    if link is not None:
        return link.clockify_id, RuleCheck("Client is known", True, link.clockify_name)
    remedy = Remedy(
        Do.CREATE, f"Create a client for {parent_name} first", f"customer:{customer.parent_id}", of_parent=True
    )
    return "", RuleCheck("Client is known", False, f"{parent_name} has no client in Clockify yet.", (remedy,))


def _quickbooks_name(workspace: Workspace, request: WriteRequest) -> str:
    """Return the name of the given customer, else of the linked one. Raises Refused if there is none."""
    quickbooks_id = request.quickbooks_id
    if not quickbooks_id:
        link = links_of(workspace).filter(kind=request.kind, clockify_id=request.clockify_id).first()
        quickbooks_id = link.quickbooks_id if link else ""
    company = company_of(workspace)
    customer = (
        QUICKBOOKS_MODELS["customer"]._default_manager.filter(company=company, quickbooks_id=quickbooks_id).first()
    )
    if customer is None:
        raise Refused("Say which name it should get: nothing in QuickBooks is linked to it.")
    return strip_deleted(str(customer.name))


def _client_names(workspace: Workspace) -> list[tuple[str, bool]]:
    """Return (name, archived) of all clients; archived ones keep their name taken."""
    rows = ClockifyClient.objects.filter(workspace=workspace, gone_at=None)
    return list(rows.values_list("name", "archived"))


def _project_names(workspace: Workspace, client_id: str) -> list[tuple[str, bool]]:
    """Return (name, archived) of the client's projects: their names are unique per client only."""
    rows = ClockifyProject.objects.filter(workspace=workspace, client_id=client_id, gone_at=None)
    return list(rows.values_list("name", "archived"))


def _client_name(workspace: Workspace, client_id: str) -> str:
    client = ClockifyClient.objects.filter(workspace=workspace, clockify_id=client_id).first() if client_id else None
    return client.name if client else client_id


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
