"""Drafts of writes to QuickBooks, checked against the lists as last read. No network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from integrations.kinds import Kind
from integrations.models import Customer, Workspace
from mapping.errors import Refused
from mapping.matching.names import identity, strip_deleted
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS, company_of, links_of
from syncjobs.partner_writes import drafts, rules
from syncjobs.partner_writes.drafts import PartnerDraft, WriteRequest
from syncjobs.partner_writes.rules import Do, Namesake, Remedy, RuleCheck
from syncjobs.planning import inputs
from syncjobs.rules import reasons

# For each entity: the kinds of record that may be linked instead, where one has the name already.
LINKABLE = {"employee": ("employee", "vendor"), "vendor": ("employee", "vendor"), "customer": ("customer",)}
# For each entity: the Clockify kinds that it can be created for.
KINDS = {"employee": ("user",), "vendor": ("user",), "customer": ("client", "project")}
ENTITY_PHRASES = {"employee": "an employee", "vendor": "a vendor", "customer": "a customer"}


def create(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """Draft an employee, vendor or customer for a Clockify record. Raises Refused if the request makes no sense."""
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
    if request.entity == Kind.CUSTOMER:
        return _customer_draft(workspace, request, record, name)
    return _person_draft(workspace, request, record, name)


def _person_draft(workspace: Workspace, request: WriteRequest, record: Any, name: str) -> PartnerDraft:
    given, family = rules.split_name(name)
    given = given if request.given_name is None else identity(request.given_name)
    family = family if request.family_name is None else identity(request.family_name)
    fields = drafts.person_fields(name, given=given, family=family)
    checks = [
        *_name_checks(name),
        *(_name_part_check(label, part) for label, part in (("First name", given), ("Last name", family)) if part),
        rules.some_name_part(given, family),
        rules.free_in_quickbooks(name, _taken_names(workspace), linkable=LINKABLE[request.entity], name=name),
        *_link_and_connection_checks(workspace, request, record),
    ]
    lines = (("Name", name), ("First name", given), ("Last name", family), _other_fields_line())
    return PartnerDraft(
        request=request,
        title=f"Create {ENTITY_PHRASES[request.entity]} in QuickBooks",
        subject=f"for the Clockify user {record.name or record.email}",
        http_request=f"POST {request.entity}",
        name=name,
        full_name=name,
        changes=fields,
        body=fields,
        lines=lines,
        checks=tuple(checks),
    )


def _customer_draft(workspace: Workspace, request: WriteRequest, record: Any, name: str) -> PartnerDraft:
    parent_id, parent_check = _parent_id_for(workspace, request, record)
    parent = _customer_row(workspace, parent_id) if parent_id else None
    parent_name = _full_name(parent) if parent else ""
    full_name = f"{parent_name}:{name}" if parent_name else name
    taken_names = _taken_names(workspace)
    fields = drafts.customer_fields(name, parent_id=parent_id)
    checks = [
        *_name_checks(name),
        rules.free_in_quickbooks(full_name, taken_names, linkable=LINKABLE["customer"], name=name),
        rules.depth(_level(workspace, parent) + 1),
        *([parent_check] if parent_check else _parent_checks(parent_id, parent)),
        *_link_and_connection_checks(workspace, request, record),
    ]
    entity_phrase = "a sub-customer" if parent_id or parent_check else "a customer"
    lines = [("Name", name), ("Shown as", full_name), _other_fields_line()]
    if parent is not None:
        lines.insert(1, ("Parent customer", f"{parent_name} (customer {parent_id})"))
    of_client = f" of {record.client_name}" if getattr(record, "client_name", "") else ""
    return PartnerDraft(
        request=request,
        title=f"Create {entity_phrase} in QuickBooks",
        subject=f"for the Clockify {request.kind} {record.name}{of_client}",
        http_request="POST customer",
        name=name,
        full_name=full_name,
        changes=fields,
        body=fields,
        lines=tuple(lines),
        checks=tuple(checks),
        notes=_same_name_notes(name, full_name, taken_names),
        parent_id=parent_id,
    )


def reactivate(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """Draft the reactivation of an inactive record, for its Clockify record if one is named. Raises Refused."""
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
    taken_names = [
        taken for taken in same_name_records(workspace) if taken.value != f"{request.entity}:{row.quickbooks_id}"
    ]
    is_inactive = not row.active and row.gone_at is None
    state_text = "inactive" if is_inactive else "It was merged away." if row.gone_at else "It is active already."
    checks = [
        RuleCheck("Is inactive", is_inactive, state_text),
        rules.free_in_quickbooks(full_name, [taken for taken in taken_names if taken.active], linkable=(), name=name),
        *(_parent_checks(parent_id, _customer_row(workspace, parent_id)) if parent_id else ()),
        *_connection_checks(workspace),
    ]
    return PartnerDraft(
        request=request,
        title=f"Reactivate {ENTITY_PHRASES[request.entity]} in QuickBooks",
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


# Every taken name, while many drafts are made at once.
_names_of_many: ContextVar[list[Namesake] | None] = ContextVar("names_of_many", default=None)


@contextmanager
def names_read_once(workspace: Workspace) -> Iterator[None]:
    """Read the taken names once for all drafts of the block, which send nothing."""
    token = _names_of_many.set(same_name_records(workspace))
    try:
        yield
    finally:
        _names_of_many.reset(token)


def _taken_names(workspace: Workspace) -> list[Namesake]:
    names = _names_of_many.get()
    return same_name_records(workspace) if names is None else names


def same_name_records(workspace: Workspace) -> list[Namesake]:
    """Return every name that is taken in the company, by the lists as last read."""
    taken_names = []
    for kind, model in QUICKBOOKS_MODELS.items():
        rows = model._default_manager.filter(company=company_of(workspace), gone_at=None)
        full_name_field = "full_name" if kind == Kind.CUSTOMER else "name"
        for quickbooks_id, name, full_name, active in rows.values_list(
            "quickbooks_id", "name", full_name_field, "active"
        ):
            taken_names.append(Namesake(kind, quickbooks_id, full_name or name, active))
    return taken_names


# --- checks --------------------------------------------------------------------------------------------------
def _name_checks(name: str) -> list[RuleCheck]:
    return [rules.signs(name), rules.length(name, most=rules.MAX_DISPLAY_NAME_LENGTH)]


def _name_part_check(label: str, part: str) -> RuleCheck:
    """Check characters and length of a first or last name in one result."""
    problem = next(
        (
            check
            for check in (rules.signs(part), rules.length(part, most=rules.MAX_NAME_PART_LENGTH))
            if not check.passed
        ),
        None,
    )
    return RuleCheck(f"{label} can be taken", problem is None, problem.value if problem else part)


def _link_and_connection_checks(workspace: Workspace, request: WriteRequest, record: Any) -> list[RuleCheck]:
    """Check the Clockify record's link and the connection."""
    link = links_of(workspace).filter(kind=request.kind, clockify_id=request.clockify_id, suspended="").first()
    value = f"It is linked to {link.quickbooks_name} already; unlink it first." if link else "not linked"
    return [RuleCheck("Not linked yet", link is None, value), *_connection_checks(workspace)]


def _connection_checks(workspace: Workspace) -> list[RuleCheck]:
    rows = [reason.as_row() for reason in inputs.connection_reasons(workspace)]
    # A write to QuickBooks does not need Clockify.
    rows = [row for row in rows if row.get("side") != "Clockify"]
    company = company_of(workspace)
    payroll = {True: "on", False: "off", None: "not stated"}[company.payroll]
    value = reasons.sentence(rows[0]) if rows else f"{company.sku or 'plan not read yet'}, Payroll {payroll}"
    return [RuleCheck("Plan allows changes", not rows, value)]


def _parent_checks(parent_id: str, parent: Customer | None) -> list[RuleCheck]:
    title = "Parent is active"
    if not parent_id:
        return []
    if parent is None or parent.gone_at is not None:
        return [RuleCheck(title, False, f"QuickBooks has no customer {parent_id} any more.")]
    name = rules.strip_full_name(_full_name(parent))
    if parent.active:
        return [RuleCheck(title, True, name)]
    remedy = Remedy(Do.REACTIVATE, f"Reactivate {name}", f"customer:{parent.quickbooks_id}", of_parent=True)
    return [RuleCheck(title, False, f"{name} is inactive.", (remedy,))]


# --- related records -----------------------------------------------------------------------------------------
def _parent_id_for(workspace: Workspace, request: WriteRequest, record: Any) -> tuple[str, RuleCheck | None]:
    """Return the parent's id ("" at the top level), and a failed check if the client has no customer yet."""
    if request.parent_id is not None:
        return request.parent_id, None
    client_id = getattr(record, "client_id", "")
    if not client_id:
        return "", None
    link = links_of(workspace).filter(kind="client", clockify_id=client_id, suspended="").first()
    if link is not None:
        return link.quickbooks_id, None
    remedy = Remedy(
        Do.CREATE, f"Create a customer for {record.client_name} first", f"client:{client_id}", of_parent=True
    )
    return "", RuleCheck(
        "Parent is known", False, f"{record.client_name} has no customer in QuickBooks yet.", (remedy,)
    )


def _customer_row(workspace: Workspace, quickbooks_id: str) -> Customer | None:
    return Customer.objects.filter(company=company_of(workspace), quickbooks_id=quickbooks_id).first()


def _full_name(row: Any) -> str:
    return getattr(row, "full_name", "") or str(row.name)


def _level(workspace: Workspace, row: Customer | None) -> int:
    """Return the level of this customer, 1 at the top level, 0 for none."""
    level = 0
    # The limit also ends a circle of parents, should the mirror ever hold one.
    while row is not None and level <= rules.MAX_LEVELS:
        level += 1
        row = _customer_row(workspace, row.parent_id) if row.parent_id else None
    return level


def _same_name_notes(name: str, full_name: str, taken_names: list[Namesake]) -> tuple[str, ...]:
    """Return a note if the name exists below another parent: seen to be allowed, though Intuit calls names unique."""
    folded_name = rules.fold(name)
    same_name = [taken for taken in taken_names if rules.fold(taken.full_name).rpartition(":")[2] == folded_name]
    same_name = [taken for taken in same_name if rules.fold(taken.full_name) != rules.fold(full_name)]
    if not same_name:
        return ()
    return (f"{same_name[0].full_name} also has this name, under another parent; QuickBooks may refuse a second one.",)


def _other_fields_line() -> tuple[str, str]:
    return "Everything else", "left out; QuickBooks fills in its defaults"
