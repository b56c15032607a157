"""The number of calls to each vendor, and what Intuit would have metered."""

from __future__ import annotations

from collections import Counter

from sandbox.shared.limits import Limits


class Calls:
    """Counts of one vendor; every HTTP request counts once, retries and cut ones included."""

    def __init__(self) -> None:
        self.total = 0
        self.by_status: Counter[str] = Counter()
        self.by_route: Counter[str] = Counter()

    def add(self, *, status: str, route: str) -> None:
        self.total += 1
        self.by_status[status] += 1
        self.by_route[route] += 1

    def to_json(self) -> dict[str, object]:
        return {"total": self.total, "by_status": dict(self.by_status), "by_route": dict(self.by_route)}


class QuickBooksCalls(Calls):
    """QuickBooks calls by Intuit's classes: core (writes, free), coreplus (reads, batches; metered), oauth (free).

    Only calls answered 2xx are metered (Intuit: API classification), so refused ones count in `total` alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.limits: dict[str, Limits] = {}
        self.classes = {"core": 0, "coreplus": 0, "batch": 0, "oauth": 0}

    def add_class(self, method: str, path: str, *, succeeded: bool) -> None:
        if not path.startswith("/v3/"):
            self.classes["oauth"] += 1
            return
        is_batch = path.rstrip("/").endswith("/batch")
        if is_batch:
            self.classes["batch"] += 1
        if succeeded:
            is_read = method == "GET" or path.rstrip("/").endswith("/query")
            self.classes["coreplus" if is_read or is_batch else "core"] += 1

    def to_json(self) -> dict[str, object]:
        limits = {realm: limits.to_json() for realm, limits in self.limits.items()}
        return {**super().to_json(), **self.classes, "limits": limits}


class Counters:
    """Both vendors' counts."""

    def __init__(self) -> None:
        self.clockify = Calls()
        self.quickbooks = QuickBooksCalls()

    def add(self, vendor: str, method: str, path: str, *, status: str, route: str) -> None:
        """Count one request; `status` is the answer's, or "cut"."""
        if vendor == "clockify":
            self.clockify.add(status=status, route=route)
        elif vendor == "quickbooks":
            self.quickbooks.add(status=status, route=route)
            self.quickbooks.add_class(method, path, succeeded=status.startswith("2"))

    def to_json(self) -> dict[str, object]:
        return {"clockify": self.clockify.to_json(), "quickbooks": self.quickbooks.to_json()}
