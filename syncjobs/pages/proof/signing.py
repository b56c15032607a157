"""Signed periods: signing one, its page with what changed since, countersigning and withdrawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs import sign_offs
from syncjobs.models import SignOff
from syncjobs.pages import access
from syncjobs.pages.proof import shown
from syncjobs.pages.proof.period import Period, requested
from syncjobs.support.proof import signed_changes
from syncjobs.support.proof.signed_changes import Change

CHANGES_SHOWN = 3


@dataclass(frozen=True)
class ShownSignOff:
    """A sign-off with what changed since, as far as is known here."""

    sign_off: SignOff
    period: Period
    changes: list[Change]

    @property
    def first_changes(self) -> list[Change]:
        return self.changes[:CHANGES_SHOWN]

    @property
    def changed_since(self) -> Any:
        """When the first of these changes became known."""
        return signed_changes.known_since(self.sign_off, self.changes)

    @property
    def are_more(self) -> bool:
        """Whether there may be more changes than these."""
        return len(self.changes) == signed_changes.MAX_CHANGES


def standing(workspace: Workspace, period: Period) -> list[ShownSignOff]:
    """Return what is signed of these days, the last first."""
    return [_shown(sign_off) for sign_off in _of(workspace, period).filter(withdrawn_at=None)[:5]]


def withdrawn(workspace: Workspace, period: Period) -> list[SignOff]:
    """Return what was signed of these days and withdrawn, the last first."""
    return list(_of(workspace, period).exclude(withdrawn_at=None)[:20])


def of_archived_companies(workspace: Workspace) -> list[SignOff]:
    """Return what was signed while other companies were connected, of whatever days, the last first."""
    found = _sign_offs().filter(workspace=workspace).exclude(company=workspace.company_id)
    return list(found.order_by("-at")[:20])


def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the posted days of the comparison that the page showed."""
    workspace = access.workspace_at(pk)
    period = requested(workspace, request.POST)
    shown_key, reason = request.POST.get("shown", ""), request.POST.get("reason", "")
    days, now = (period.first, period.last), timezone.now()
    try:
        if period.problem:
            raise Refused(period.problem)
        sign_offs.sign(workspace, days, shown=shown_key, reason=reason, person=request.user, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Signed: {period.text}. Another person may countersign it.")
    return redirect(period.address(workspace))


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one sign-off: its figures, whether they are intact, and everything that changed since."""
    sign_off = get_object_or_404(_sign_offs(), pk=pk)
    signed, total = _shown(sign_off), sign_offs.sums_of(sign_off)
    context = {
        "shown": signed,
        "sign_off": sign_off,
        "workspace": sign_off.workspace,
        "zone": sign_off.workspace.time_zone,
        "is_intact": sign_offs.is_intact(sign_off),
        "total": total,
        "causes": shown.total_causes(total),
        "amounts": shown.amounts(total),
        "is_own": sign_off.person_id == request.user.pk,
        "breadcrumbs": [("Proof of period", reverse("hourbridge:proof", args=[sign_off.workspace_id]))],
    }
    return access.show(
        request,
        "proof/sign_off.html",
        context,
        title=f"Sign-off of {signed.period.text}",
    )


def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Countersign or withdraw."""
    sign_off = get_object_or_404(_sign_offs(), pk=pk)
    now = timezone.now()
    try:
        if request.POST.get("verb") == "countersign":
            sign_offs.countersign(sign_off, person=request.user, now=now)
            messages.success(request, "Countersigned.")
        elif request.POST.get("verb") == "withdraw":
            reason = request.POST.get("reason", "")
            sign_offs.withdraw(sign_off, reason=reason, person=request.user, now=now)
            messages.success(request, "Withdrawn. It stays in the history.")
        else:
            messages.error(request, "Nothing was chosen.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("hourbridge:sign-off", sign_off.pk)


@require_safe
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """Return what was signed, byte by byte, so that anybody can compute its hash."""
    sign_off = get_object_or_404(_sign_offs(), pk=pk)
    answer = HttpResponse(sign_off.document.encode(), content_type="application/json")
    name = f"signed-{sign_off.from_date}-{sign_off.to_date}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _of(workspace: Workspace, period: Period) -> QuerySet[SignOff]:
    found = _sign_offs().filter(workspace=workspace, company=workspace.company)
    return found.filter(from_date__lte=period.last, to_date__gte=period.first).order_by("-at")


def _shown(sign_off: SignOff) -> ShownSignOff:
    # What became of the days after a withdrawal concerns nobody's signature.
    changes = [] if sign_off.withdrawn_at else signed_changes.changes(sign_off)
    return ShownSignOff(sign_off, Period(sign_off.from_date, sign_off.to_date), changes)


def _sign_offs() -> QuerySet[SignOff]:
    secrets = [f"{relation}__{name}" for relation, names in SECRETS.items() for name in names]
    return SignOff.objects.select_related("workspace__company", "company", "reconciliation").defer(*secrets)


# Pages have no use for secrets, so those stay sealed in the database.
SECRETS = {
    "workspace": ("api_key",),
    "workspace__company": ("access_token", "refresh_token"),
    "company": ("access_token", "refresh_token"),
}
