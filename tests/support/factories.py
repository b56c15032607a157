"""Rows for tests of pages: plausible by default, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from factory.django import DjangoModelFactory

from integrations import models as integrations
from mapping import models as mapping
from mapping.desk import ordering
from syncjobs import models as syncjobs
from syncjobs.planning import evaluate

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 27, 14, 40, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person{n}")
    is_staff = True

    @classmethod
    def allowed(cls, *permissions: str, **values: Any) -> User:
        """Create a member of staff with these permissions, each as `app.codename`."""
        user = cls(**values)
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return user


class CompanyFactory(DjangoModelFactory):
    class Meta:
        model = integrations.Company

    realm_id = factory.Sequence(lambda n: f"93414541827{n:05}")
    name = "Northlight Studio LLC"
    sku = "QuickBooks Online Plus"
    subscription = "SUBSCRIBED"
    payroll = False
    access_token = "top-secret-access"
    refresh_token = "top-secret-refresh"
    plan_read_at = NOW
    pulled_at = NOW


class WorkspaceFactory(DjangoModelFactory):
    class Meta:
        model = integrations.Workspace

    clockify_id = factory.Sequence(lambda n: f"64e5a0db0c10c5f1e{n:07}")
    name = "Northlight Studio"
    api_key = "top-secret-key"
    api_url = "https://api.clockify.me/api/v1"
    reports_url = "https://reports.api.clockify.me/v1"
    key_owner_name = "Dana Marsh"
    company = factory.SubFactory(CompanyFactory)
    start_date = date(2026, 3, 1)
    time_zone = "America/New_York"
    pulled_at = NOW


class MirrorFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    first_seen_at = NOW
    last_seen_at = NOW


class ClockifyUserFactory(MirrorFactory):
    class Meta:
        model = integrations.ClockifyUser

    workspace = factory.SubFactory(WorkspaceFactory)
    clockify_id = factory.Sequence(lambda n: f"user{n}")
    name = "Ada Lindqvist"
    email = factory.LazyAttribute(lambda user: f"{user.clockify_id}@example.com")


class ClientFactory(MirrorFactory):
    class Meta:
        model = integrations.ClockifyClient

    workspace = factory.SubFactory(WorkspaceFactory)
    clockify_id = factory.Sequence(lambda n: f"client{n}")
    name = "Acme"


class ProjectFactory(MirrorFactory):
    class Meta:
        model = integrations.ClockifyProject

    workspace = factory.SubFactory(WorkspaceFactory)
    clockify_id = factory.Sequence(lambda n: f"project{n}")
    name = "Website"


class EmployeeFactory(MirrorFactory):
    class Meta:
        model = integrations.Employee

    company = factory.SubFactory(CompanyFactory)
    quickbooks_id = factory.Sequence(lambda n: str(100 + n))
    name = "Ada Lindqvist"


class VendorFactory(EmployeeFactory):
    class Meta:
        model = integrations.Vendor


class ItemFactory(MirrorFactory):
    class Meta:
        model = integrations.Item

    company = factory.SubFactory(CompanyFactory)
    quickbooks_id = factory.Sequence(lambda n: str(900 + n))
    name = "Hours"
    type = "Service"


class CustomerFactory(MirrorFactory):
    class Meta:
        model = integrations.Customer

    company = factory.SubFactory(CompanyFactory)
    quickbooks_id = factory.Sequence(lambda n: str(500 + n))
    name = "Acme"
    full_name = factory.SelfAttribute("name")


class TimeEntryFactory(DjangoModelFactory):
    class Meta:
        model = integrations.TimeEntry

    workspace = factory.SubFactory(WorkspaceFactory)
    clockify_id = factory.Sequence(lambda n: f"entry{n:05}")
    user_id = "user-ada"
    user_name = "Ada Lindqvist"
    project_id = "project-site"
    project_name = "Website"
    start_at = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    end_at = factory.LazyAttribute(lambda entry: entry.start_at + timedelta(minutes=90))
    txn_date = MONDAY
    billable = True
    description = "Design review"
    content_hash = "content"
    first_seen_at = NOW
    last_seen_at = NOW


class EntryStatusFactory(DjangoModelFactory):
    class Meta:
        model = syncjobs.EntryStatus

    entry = factory.SubFactory(TimeEntryFactory)
    workspace = factory.SelfAttribute("entry.workspace")
    state = syncjobs.EntryStatus.State.READY
    minutes = 90
    content_hash = factory.SelfAttribute("entry.content_hash")
    evaluated_at = NOW

    @factory.lazy_attribute
    def cause(self) -> str:
        rows = getattr(self, "reasons", [])
        held = getattr(self, "held", False)
        return evaluate.cause_of(evaluate.Evaluation(self.state, tuple(rows), self.minutes), held=held)


class OfWorkspaceFactory(DjangoModelFactory):
    """Rows that belong to a workspace and its company."""

    class Meta:
        abstract = True

    workspace = factory.SubFactory(WorkspaceFactory)
    company = factory.SelfAttribute("workspace.company")


class LinkFactory(OfWorkspaceFactory):
    class Meta:
        model = mapping.Link

    kind = "user"
    clockify_id = factory.Sequence(lambda n: f"linked{n}")
    clockify_name = "Ada Lindqvist"
    quickbooks_kind = factory.LazyAttribute(lambda link: "employee" if link.kind == "user" else "customer")
    quickbooks_id = factory.Sequence(lambda n: str(900 + n))
    quickbooks_name = factory.SelfAttribute("clockify_name")
    by = "rule"
    why = "same name"
    made_at = NOW


class MismatchFactory(OfWorkspaceFactory):
    class Meta:
        model = mapping.Mismatch

    kind = "user"
    reason = "NO_EMPLOYEE"
    clockify_id = factory.Sequence(lambda n: f"unmatched{n}")
    clockify_name = "Ben Okafor"
    seen_at = NOW
    first_seen_at = NOW

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        mismatch = super()._create(model_class, *args, **kwargs)
        arrange(mismatch.workspace)
        mismatch.refresh_from_db()
        return mismatch

    @classmethod
    def many(cls, workspace: Any, rows: Iterable[dict[str, Any]]) -> None:
        """Create several rows of a workspace and sort them once."""
        mapping.Mismatch.objects.bulk_create(cls.build(workspace=workspace, **row) for row in rows)
        arrange(workspace)


def arrange(workspace: Any) -> None:
    """Fill the columns by which the desk sorts a workspace's rows, as matching does when it writes them."""
    rows = list(mapping.Mismatch.objects.filter(workspace=workspace))
    models = (
        (integrations.ClockifyUser, "user", "clockify_id"),
        (integrations.Employee, "employee", "quickbooks_id"),
        (integrations.Vendor, "vendor", "quickbooks_id"),
    )
    emails = {
        (kind, key): email
        for model, kind, column in models
        for key, email in model.objects.values_list(column, "email")
    }
    links = mapping.Link.objects.filter(workspace=workspace)
    ignored = mapping.MappingOverride.objects.filter(workspace=workspace, choice="ignored")
    columns = ("kind", "clockify_id")
    ordering.arrange(
        rows,
        ordering.Around(set(links.values_list(*columns)), set(ignored.values_list(*columns)), emails),
    )
    columns_written = ["has_link", "suggested", "order_key", "group_minutes", "search_left", "search_right"]
    mapping.Mismatch.objects.bulk_update(rows, columns_written, batch_size=500)


class MappingOverrideFactory(OfWorkspaceFactory):
    class Meta:
        model = mapping.MappingOverride

    kind = "user"
    clockify_id = factory.Sequence(lambda n: f"ignored{n}")
    choice = "ignored"
    at = NOW


class RunFactory(OfWorkspaceFactory):
    class Meta:
        model = syncjobs.Run

    kind = syncjobs.Run.Kind.SYNC
    status = syncjobs.Run.Status.SUCCEEDED
    trigger = "button"
    from_date = MONDAY
    to_date = date(2026, 3, 27)
    created_at = NOW
    started_at = NOW
    finished_at = factory.LazyAttribute(lambda run: run.created_at + timedelta(seconds=54))


class RunItemFactory(DjangoModelFactory):
    class Meta:
        model = syncjobs.RunItem

    run = factory.SubFactory(RunFactory)
    entry_id = factory.Sequence(lambda n: f"entry{n:05}")
    verb = "create"
    outcome = "sent"
    user_name = "Ada Lindqvist"
    project_name = "Website"
    minutes = 90
    txn_date = MONDAY


class ReceiptFactory(OfWorkspaceFactory):
    class Meta:
        model = syncjobs.Receipt

    entry_id = factory.Sequence(lambda n: f"entry{n:05}")
    quickbooks_id = factory.Sequence(lambda n: str(1600 + n))
    sync_token = "0"
    content_hash = "content"
    start_at = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    txn_date = MONDAY
    minutes = 90
    draft = factory.LazyFunction(
        lambda: {
            "person_kind": "employee",
            "person_id": "59",
            "customer_id": "84",
            "txn_date": "2026-03-02",
            "minutes": 90,
            "description": "Design review",
            "rate": "120",
            "item_id": "",
        }
    )
    sent_at = NOW
    changed_at = NOW


class ActionFactory(OfWorkspaceFactory):
    class Meta:
        model = syncjobs.Action

    entry_id = factory.Sequence(lambda n: f"entry{n:05}")
    verb = "create"
    body = "{}"
    txn_date = MONDAY
    state = syncjobs.Action.State.DONE
    created_at = factory.LazyFunction(timezone.now)
