"""The demo's summary of its check and its time sync, in plain English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
KINDS = {"users": "people", "clients": "clients", "projects": "projects"}
COUNTED = ("sent", "updated", "unchanged", "blocked", "failed", "unknown")


def lines(check: Json, mismatches: list[Json], sync: Json) -> list[str]:
    """Return the summary, line by line."""
    return [*check_lines(check, mismatches), "", *sync_lines(sync)]


def check_lines(check: Json, mismatches: list[Json]) -> list[str]:
    seen = {side: {kind: count["seen"] for kind, count in check[side].items()} for side in SIDES}
    plan = check["plan"]
    supported = "supported" if plan["supported"] else f"not supported ({readable(plan['reason'])})"
    payroll = {True: "Payroll on", False: "Payroll off"}.get(plan["payroll"], "Payroll not stated")
    return [
        "Check for new users and customers",
        *(f"  {SIDES[side]:<12}{listed(counts)}" for side, counts in seen.items()),
        f"  {'Plan':<12}{plan['sku']}, {payroll}: {supported}",
        f"  {'Matched':<12}{matched(check['mapping'])}",
        f"  {'Mismatches':<12}{len(mismatches)}{':' if mismatches else ''}",
        *by_reason(Counter(row["reason"] for row in mismatches)),
    ]


SIDES = {"clockify": "Clockify", "quickbooks": "QuickBooks"}


def sync_lines(sync: Json) -> list[str]:
    several = ", by reason (one entry may have several):" if sync["blocked"] else ""
    changes = [f"{sync[name]:,} {name}" for name in ("updated", "deleted", "failed", "unknown") if sync[name]]
    return [
        f"Time sync, {sync['from']} to {sync['to']}: {sync['status']}",
        f"  {'Seen':<12}{sync['seen']:,} time entries in Clockify",
        f"  {'Sent':<12}{sync['sent']:,} entries, {hours(sync['minutes_sent'])}",
        f"  {'Unchanged':<12}{sync['unchanged']:,} sent before",
        *([f"  {'Also':<12}{', '.join(changes)}"] if changes else []),
        f"  {'Blocked':<12}{sync['blocked']:,} entries{several}",
        *by_reason(sync["blocked_reasons"]),
        *(f"  {'Warning':<12}{readable(code)}: {count:,}" for code, count in sync["warnings"].items()),
    ]


def did_its_work(check: Json, sync: Json) -> bool:
    """Return whether both runs ended well, every entry seen is accounted for, and time arrived in QuickBooks."""
    missing = sync["seen"] - sum(sync[name] for name in COUNTED)
    return (
        check["status"] == "succeeded"
        and sync["status"] == "succeeded"
        and 0 <= missing <= sync["deleted"]
        and sync["sent"] + sync["unchanged"] + sync["updated"] > 0
    )


def by_reason(counts: Mapping[str, int]) -> list[str]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [f"    {count:>6,}  {readable(code)}" for code, count in ordered]


def matched(mapping: Json) -> str:
    parts = []
    for kind, name in KINDS.items():
        count = mapping[kind]
        parts.append(f"{count['mapped']} of {count['mapped'] + count['unmapped']} {name}")
    return ", ".join(parts)


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())


def hours(minutes: int) -> str:
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def readable(code: str) -> str:
    """Return NO_EMPLOYEE as `no employee`, but keep the names of the two products."""
    text = code.replace("_", " ").lower()
    return text.replace("quickbooks", "QuickBooks").replace("clockify", "Clockify")
