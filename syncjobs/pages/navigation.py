"""The admin's menu: what people do first, then logs, synced lists and administration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

from django.db.models import F
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from mapping.models import Mismatch
from syncjobs.pages import access, links, waiting

LOGS = (
    ("Sent time", "receipt_long", "syncjobs.receipt"),
    ("Changes sent to QuickBooks", "outbox", "syncjobs.action"),
    ("Created customers and employees", "person_add", "mapping.partnerwrite"),
    ("Decisions about names", "gavel", "mapping.decision"),
    ("Decisions about entries", "rule", "syncjobs.entryoverride"),
    ("Connection events", "history", "integrations.connectionevent"),
    ("Archived connections", "inventory_2", "integrations.archivedconnection"),
    ("API calls", "swap_horiz", "integrations.apicall"),
)
SYNCED_LISTS = (
    ("QuickBooks companies", "account_balance", "integrations.company"),
    ("Links", "link", "mapping.link"),
    ("Mismatches", "link_off", "mapping.mismatch"),
    ("Ignored or unlinked", "block", "mapping.mappingoverride"),
    ("Could not be read", "warning", "integrations.unreadablerecord"),
    ("Lists to confirm", "content_cut", "integrations.shrunklist"),
    ("Clockify users", "person", "integrations.clockifyuser"),
    ("Clockify clients", "business", "integrations.clockifyclient"),
    ("Clockify projects", "folder", "integrations.clockifyproject"),
    ("Clockify tasks", "task", "integrations.clockifytask"),
    ("Clockify tags", "label", "integrations.clockifytag"),
    ("Employees", "badge", "integrations.employee"),
    ("Vendors", "handshake", "integrations.vendor"),
    ("Customers", "storefront", "integrations.customer"),
    ("Service items", "sell", "integrations.item"),
    ("Classes", "category", "integrations.class"),
    ("Locations", "location_on", "integrations.department"),
)
ADMINISTRATION = (
    ("Users", "manage_accounts", "auth.user"),
    ("Groups", "group", "auth.group"),
    ("Second factors", "phonelink_lock", "mfa.authenticator"),
    ("Waiting tasks", "queue", "django_q.ormq"),
    ("Failed tasks", "report", "django_q.failure"),
    ("Worker schedules", "event_repeat", "django_q.schedule"),
)
# URL names of pages that mark a menu line of another name as active.
PAGES_OF = {
    "desk": (
        *("people", "clients", "projects", "changed"),
        *("desk-write", "desk-safe", "desk-history", "desk-upload", "desk-create", "desk-created", "desk-ignore"),
    ),
    "proof": ("proof", "sign-off"),
    "rules": ("rules", "line-rules", "line-rule-add", "line-rule", "line-rule-remove", "line-rules-upload"),
}


class MenuLine(TypedDict):
    """One line of the menu, under the keys of the theme."""

    title: str
    icon: str
    link: str
    active: bool
    permission: Callable[[HttpRequest], bool]
    badge: NotRequired[str]
    badge_variant: NotRequired[str]


class MenuGroup(TypedDict):
    """Lines of the menu that stand together, under the keys of the theme."""

    items: list[MenuLine]
    title: NotRequired[str]
    separator: NotRequired[bool]
    collapsible: NotRequired[bool]


def sidebar(request: HttpRequest) -> list[MenuGroup]:
    """Return the menu in the theme's format; lines that this person may not see carry a denied permission."""
    may_look = access.may_look(request)
    open_count = open_decisions() if may_look else 0
    daily = [
        _own_page(request, "Overview", "dashboard", "admin:index", allowed=True),
        _own_page(request, "Review desk", "compare_arrows", "hourbridge:any-desk", allowed=may_look, badge=open_count),
        _list(request, "Time entries", "schedule", "integrations.timeentry"),
        _list(request, "Syncs", "play_circle", "syncjobs.run"),
        _own_page(request, "Sync log", "list_alt", "hourbridge:any-sync-log", allowed=may_look),
        _own_page(request, "Proof", "balance", "hourbridge:any-proof", allowed=may_look),
        _list(request, "Connections", "power", "integrations.workspace", also="integrations.company"),
        _own_page(request, "Rules", "tune", "hourbridge:any-rules", allowed=may_look),
        _own_page(request, "Schedules", "event", "hourbridge:any-schedules", allowed=may_look),
    ]
    return [
        {"items": daily},
        _group(request, "Logs", LOGS),
        _group(request, "Synced lists", SYNCED_LISTS),
        _group(request, "Administration", ADMINISTRATION),
    ]


def title_of(options: Options[Any]) -> str:
    """Return the title of a model's list: that of its menu line, else the plural of its name."""
    titles = {model: title for title, _, model in (*LOGS, *SYNCED_LISTS, *ADMINISTRATION)}
    return titles.get(options.label_lower) or capfirst(str(options.verbose_name_plural))


class NamedList(ModelAdmin):
    """A list that is called as the menu calls it."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        title = title_of(self.opts)
        return super().changelist_view(request, {"title": title, "heading": title, **(extra_context or {})})


def open_decisions() -> int:
    """Return how many names, and entries that changed after sending, wait for a decision in all workspaces."""
    # A renamed record keeps its working link, so there is nothing to decide.
    names = Mismatch.objects.filter(kind__in=("user", "client", "project"), company=F("workspace__company"))
    name_ids = names.exclude(reason="RENAMED").order_by().values("pk")
    # One query for both: every page has the menu.
    return name_ids.union(waiting.changed().order_by().values("pk"), all=True).count()


def _group(request: HttpRequest, title: str, lists: tuple[tuple[str, str, str], ...]) -> MenuGroup:
    items = [_list(request, *entry) for entry in lists]
    return {"title": title, "separator": True, "collapsible": True, "items": items}


def _list(request: HttpRequest, title: str, icon: str, model: str, *, also: str = "") -> MenuLine:
    """Return the menu line of a model's list, for people who may see or change it; active in the list `also` too."""
    link, allowed = links.list_of(model), access.may_list(request, model)
    active = request.path.startswith((link, links.list_of(also)) if also else link)
    return _line(title, icon, link, allowed=allowed, active=active)


def _own_page(request: HttpRequest, title: str, icon: str, address: str, *, allowed: bool, badge: int = 0) -> MenuLine:
    match = request.resolver_match
    name = address.rpartition(":")[2].removeprefix("any-")
    active = match is not None and (match.url_name or "") in PAGES_OF.get(name, (name,))
    return _line(title, icon, reverse(address), allowed=allowed, active=active, badge=badge)


def _line(title: str, icon: str, link: str, *, allowed: bool, active: bool, badge: int = 0) -> MenuLine:
    line: MenuLine = {
        "title": title,
        "icon": icon,
        "link": link,
        "active": active,
        # The theme calls this for each request; the line was made for this one.
        "permission": lambda request: allowed,
    }
    if badge:
        line["badge"], line["badge_variant"] = str(badge), "warning"
    return line
