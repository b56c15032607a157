"""The rules for QuickBooks subscriptions that may receive time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

# Any other SKU, such as Advanced, needs an administrator's permission for the company.
SUPPORTED_SKUS = ("QuickBooks Online Essentials", "QuickBooks Online Plus")
REFUSED_SKUS = ("QuickBooks Online Simple Start",)
# PAID comes from old minor versions.
WORKING_SUBSCRIPTIONS = ("TRIAL", "TRIALOPTIN", "SUBSCRIBED", "PAID")
# A payment failed: QuickBooks still accepts changes for about a week.
RESTRICTED = "RESTRICTED"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The subscription as QuickBooks reports it (None or "": not reported), and what an administrator allowed.

    `problem`: what of it can't be read.
    """

    sku: str
    subscription: str
    payroll: bool | None
    time_tracking: bool | None
    allow_sku: str = ""
    allow_unstated_payroll: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """`reason` is "", PAYROLL_ENABLED or PLAN_NOT_SUPPORTED; `sentence` explains the rule that applied."""

    supported: bool
    reason: str
    sentence: str
    warning: str = ""


def same_sku(sku: str, other_sku: str) -> bool:
    """Return whether two SKUs are equal, ignoring case and outer spaces."""
    return sku.strip().casefold() == other_sku.strip().casefold()


def status_of(evidence: Evidence) -> SubscriptionStatus:
    """Return the status by the first rule that refuses; Payroll comes first, since it overrides everything."""
    if evidence.problem:
        sentence = f"What QuickBooks says of the company's plan can't be read: {evidence.problem}."
        return SubscriptionStatus(False, "PLAN_NOT_SUPPORTED", sentence)
    if evidence.payroll is True:
        return SubscriptionStatus(False, "PAYROLL_ENABLED", "Payroll is on in this company, and that is not supported.")
    refusal = _sku_refusal(evidence)
    if refusal:
        return SubscriptionStatus(False, "PLAN_NOT_SUPPORTED", refusal)
    if evidence.subscription == RESTRICTED:
        warning = "QuickBooks restricts the subscription (a payment failed); it may stop soon."
        return SubscriptionStatus(True, "", f"{evidence.sku} without Payroll is supported.", warning)
    return SubscriptionStatus(True, "", f"{evidence.sku} without Payroll is supported.")


def _sku_refusal(evidence: Evidence) -> str:
    """Return the reason why the subscription may not receive time, or ""."""
    if evidence.time_tracking is False:
        return "QuickBooks says that time tracking is off in this company."
    if evidence.subscription not in (*WORKING_SUBSCRIPTIONS, RESTRICTED):
        reported = evidence.subscription or "nothing"
        return f"The subscription has to be active; QuickBooks says {reported}."
    if any(same_sku(evidence.sku, sku) for sku in REFUSED_SKUS):
        return f"{evidence.sku} has no time tracking."
    known = any(same_sku(evidence.sku, sku) for sku in SUPPORTED_SKUS)
    allowed = bool(evidence.sku and evidence.allow_sku) and same_sku(evidence.sku, evidence.allow_sku)
    if not known and not allowed:
        sku = f"The plan {evidence.sku}" if evidence.sku else "A plan that QuickBooks does not name"
        return f"{sku} is not supported until an administrator allows it for this company."
    if evidence.payroll is None and not evidence.allow_unstated_payroll:
        return "QuickBooks does not say whether Payroll is on; an administrator may allow that for this company."
    return ""
