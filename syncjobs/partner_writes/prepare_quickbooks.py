"""Drafts of what would be written to QuickBooks, checked against the lists as last read. No network."""

from __future__ import annotations

from typing import Any

from integrations.models import Customer, Workspace
from mapping.errors import Refused
from mapping.matching.names import identity, strip_deleted
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS, company_of, links_of
from syncjobs.partner_writes import drafts, rules
from syncjobs.partner_writes.drafts import PartnerDraft, WriteRequest
from syncjobs.partner_writes.rules import Namesake, Remedy, RuleCheck
from syncjobs.planning import inputs
from syncjobs.rules import reasons

LINKABLE = {"employee": ("employee", "vendor"), "vendor": ("employee", "vendor"), "customer": ("customer",)}
KINDS = {"employee": ("user",), "vendor": ("user",), "customer": ("client", "project")}
CALLED = {"employee": "an employee", "vendor": "a vendor", "customer": "a customer"}


def create(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """An employee, vendor or customer for a Clockify record. Raises Refused for a wish that makes no sense."""
    if request.kind not in KINDS.get(request.entity, ()):
        raise Refused(f"For a {request.kind or 'record'} no {request.entity} can be created in QuickBooks.")
    record = (
        CLOCKIFY_MODELS[request.kind]
        ._default_manager.filter(workspace=workspace, clockify_id=request.clockify_id)
        .first()
    )
    if record is None:
        raise Refused(
            f"{workspace} has no {request.kind} {request.clockify_id}. Check for new users and customers first."
        )
    name = identity(record.name if request.name is None else request.name)
    if request.entity == "customer":
        return _customer(workspace, request, record, name)
    return _person(workspace, request, record, name)


def _person(workspace: Workspace, request: WriteRequest, record: Any, name: str) -> PartnerDraft:
    given, family = rules.split_name(name)
    given = given if request.given_name is None else identity(request.given_name)
    family = family if request.family_name is None else identity(request.family_name)
    fields = drafts.person_fields(name, given=given, family=family)
    checks = [
        *_of_name(name),
        *(_of_name_part(what, part) for what, part in (("First name", given), ("Last name", family)) if part),
        rules.some_name_part(given, family),
        rules.free_in_quickbooks(name, same_name_records(workspace), linkable=LINKABLE[request.entity], name=name),
        *_of_place(workspace, request, record),
    ]
    lines = (("Name", name), ("First name", given), ("Last name", family), _everything_else())
    return PartnerDraft(
        request=request,
        title=f"Create {CALLED[request.entity]} in QuickBooks",
        subject=f"for the Clockify user {record.name or record.email}",
        http_request=f"POST {request.entity}",
        name=name,
        full_name=name,
        changes=fields,
        body=fields,
        lines=lines,
        checks=tuple(checks),
    )


def _customer(workspace: Workspace, request: WriteRequest, record: Any, name: str) -> PartnerDraft:
    parent_id, missing = _parent_of(workspace, request, record)
    parent = _customer_row(workspace, parent_id) if parent_id else None
    above = _full_name(parent) if parent else ""
    full_name = f"{above}:{name}" if above else name
    others = same_name_records(workspace)
    fields = drafts.customer_fields(name, parent_id=parent_id)
    checks = [
        *_of_name(name),
        rules.free_in_quickbooks(full_name, others, linkable=LINKABLE["customer"], name=name),
        rules.depth(_level(workspace, parent) + 1),
        *([missing] if missing else _of_parent(parent_id, parent)),
        *_of_place(workspace, request, record),
    ]
    below = "a sub-customer" if parent_id or missing else "a customer"
    lines = [("Name", name), ("Shown as", full_name), _everything_else()]
    if parent is not None:
        lines.insert(1, ("Parent customer", f"{above} (customer {parent_id})"))
    of_client = f" of {record.client_name}" if getattr(record, "client_name", "") else ""
    return PartnerDraft(
        request=request,
        title=f"Create {below} in QuickBooks",
        subject=f"for the Clockify {request.kind} {record.name}{of_client}",
        http_request="POST customer",
        name=name,
        full_name=full_name,
        changes=fields,
        body=fields,
        lines=tuple(lines),
        checks=tuple(checks),
        notes=_elsewhere(name, full_name, others),
        parent_id=parent_id,
    )


def reactivate(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """An inactive record active again, and linked to the Clockify record it is asked for."""
    model = QUICKBOOKS_MODELS.get(request.entity)
    company = company_of(workspace)
    row = model._default_manager.filter(company=company, quickbooks_id=request.quickbooks_id).first() if model else None
    if row is None:
        raise Refused(
            f"{company} has no {request.entity} {request.quickbooks_id}. Check for new users and customers first."
        )
    changes = drafts.reactivation_fields(row.raw)
    name = str(changes["DisplayName"]) or strip_deleted(row.name)
    parent_id = getattr(row, "parent_id", "")
    full_name = rules.strip_full_name(_full_name(row))
    others = [one for one in same_name_records(workspace) if one.value != f"{request.entity}:{row.quickbooks_id}"]
    is_inactive = not row.active and row.gone_at is None
    found = "inactive" if is_inactive else "It was merged away." if row.gone_at else "It is active already."
    checks = [
        RuleCheck("Is inactive", is_inactive, found),
        rules.free_in_quickbooks(full_name, [one for one in others if one.active], linkable=(), name=name),
        *(_of_parent(parent_id, _customer_row(workspace, parent_id)) if parent_id else ()),
        *_of_connection(workspace),
    ]
    return PartnerDraft(
        request=request,
        title=f"Reactivate {CALLED[request.entity]} in QuickBooks",
        subject=f"{request.entity} {row.quickbooks_id}, {full_name}",
        http_request=f"POST {request.entity}",
        name=name,
        full_name=full_name,
        changes={"Id": row.quickbooks_id, **changes},
        body=drafts.reactivation_body(row.raw, changes),
        lines=(("Name", name), ("Active", "yes"), ("Everything else", "stays as it is")),
        checks=tuple(checks),
        parent_id=parent_id,
    )


def same_name_records(workspace: Workspace) -> list[Namesake]:
    """Every name that is taken in the company, by the lists as last read."""
    found = []
    for kind, model in QUICKBOOKS_MODELS.items():
        rows = model._default_manager.filter(company=company_of(workspace), gone_at=None)
        whole = "full_name" if kind == "customer" else "name"
        for key, name, full_name, active in rows.values_list("quickbooks_id", "name", whole, "active"):
            found.append(Namesake(kind, key, full_name or name, active))
    return found


# --- checks --------------------------------------------------------------------------------------------------
def _of_name(name: str) -> list[RuleCheck]:
    return [rules.signs(name), rules.length(name, most=rules.MAX_DISPLAY_NAME_LENGTH)]


def _of_name_part(what: str, part: str) -> RuleCheck:
    """Sign and length of a first or last name in one line."""
    problem = next(
        (one for one in (rules.signs(part), rules.length(part, most=rules.MAX_NAME_PART_LENGTH)) if not one.passed),
        None,
    )
    return RuleCheck(f"{what} can be taken", problem is None, problem.value if problem else part)


def _of_place(workspace: Workspace, request: WriteRequest, record: Any) -> list[RuleCheck]:
    """What speaks about the Clockify record and the connection, not about the name."""
    link = links_of(workspace).filter(kind=request.kind, clockify_id=request.clockify_id, suspended="").first()
    found = f"It is linked to {link.quickbooks_name} already; unlink it first." if link else "not linked"
    return [RuleCheck("Not linked yet", link is None, found), *_of_connection(workspace)]


def _of_connection(workspace: Workspace) -> list[RuleCheck]:
    rows = [one.as_row() for one in inputs.connection_reasons(workspace)]
    rows = [row for row in rows if row.get("side") != "Clockify"]
    company = company_of(workspace)
    payroll = {True: "on", False: "off", None: "not stated"}[company.payroll]
    value = reasons.sentence(rows[0]) if rows else f"{company.sku or 'plan not read yet'}, Payroll {payroll}"
    return [RuleCheck("Plan may be written to", not rows, value)]


def _of_parent(parent_id: str, parent: Customer | None) -> list[RuleCheck]:
    what = "Parent is active"
    if not parent_id:
        return []
    if parent is None or parent.gone_at is not None:
        return [RuleCheck(what, False, f"QuickBooks has no customer {parent_id} any more.")]
    name = rules.strip_full_name(_full_name(parent))
    if parent.active:
        return [RuleCheck(what, True, name)]
    remedy = Remedy("reactivate", f"Reactivate {name}", f"customer:{parent.quickbooks_id}")
    return [RuleCheck(what, False, f"{name} is inactive.", (remedy,))]


# --- places --------------------------------------------------------------------------------------------------
def _parent_of(workspace: Workspace, request: WriteRequest, record: Any) -> tuple[str, RuleCheck | None]:
    """The parent's id ("" at the top), or the check that says why there is none."""
    if request.parent_id is not None:
        return request.parent_id, None
    client_id = getattr(record, "client_id", "")
    if not client_id:
        return "", None
    link = links_of(workspace).filter(kind="client", clockify_id=client_id, suspended="").first()
    if link is not None:
        return link.quickbooks_id, None
    remedy = Remedy("create", f"Create a customer for {record.client_name} first", f"client:{client_id}")
    return "", RuleCheck(
        "Parent is known", False, f"{record.client_name} has no customer in QuickBooks yet.", (remedy,)
    )


def _customer_row(workspace: Workspace, quickbooks_id: str) -> Customer | None:
    return Customer.objects.filter(company=company_of(workspace), quickbooks_id=quickbooks_id).first()


def _full_name(row: Any) -> str:
    return getattr(row, "full_name", "") or str(row.name)


def _level(workspace: Workspace, row: Customer | None) -> int:
    """Levels down to this customer, itself included; 0 above the top."""
    level = 0
    while row is not None and level <= rules.LEVELS:
        level += 1
        row = _customer_row(workspace, row.parent_id) if row.parent_id else None
    return level


def _elsewhere(name: str, full_name: str, others: list[Namesake]) -> tuple[str, ...]:
    """The same own name at another place: seen to be allowed, though Intuit's page says names are unique."""
    wanted = rules.fold(name)
    found = [one for one in others if rules.fold(one.full_name).rpartition(":")[2] == wanted]
    found = [one for one in found if rules.fold(one.full_name) != rules.fold(full_name)]
    if not found:
        return ()
    return (f"{found[0].full_name} has this name as well, at another place; QuickBooks may refuse a second one.",)


def _everything_else() -> tuple[str, str]:
    return "Everything else", "left out; QuickBooks fills in its defaults"
