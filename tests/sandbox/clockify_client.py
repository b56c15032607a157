"""A plain caller of the local Clockify, for tests."""

from __future__ import annotations

from typing import Any

import requests

OWNER_KEY, MEMBER_KEY = "sandbox-clockify-key", "sandbox-member-key"


class ClockifyCaller:
    """A caller of the main workspace over real HTTP, and of the sandbox's controls."""

    def __init__(self, url: str, key: str | None = OWNER_KEY) -> None:
        self.url, self.key = url, key
        info = requests.get(f"{url}/control/info", timeout=10).json()["clockify"]
        self.api, self.reports, self.workspace_id = info["api_url"], info["reports_url"], info["workspace_id"]

    def send(self, method: str, address: str, **more: Any) -> requests.Response:
        """Make one call; `headers` replace the key."""
        headers = more.pop("headers", {"X-Api-Key": self.key} if self.key else {})
        return requests.request(method, address, headers=headers, timeout=10, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        """GET an address below the workspace; `_` in a parameter's name stands for `-`."""
        params = {name.replace("_", "-"): value for name, value in query.items()}
        return self.send("GET", self.address(path), params=params)

    def write(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        params = {name.replace("_", "-"): value for name, value in query.items()}
        return self.send(method, self.address(path), json=body, params=params)

    def address(self, path: str) -> str:
        return f"{self.api}/workspaces/{self.workspace_id}{path}"

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return the rows of a list, which must answer 200."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self, *, workspace_id: str = "", **changes: Any) -> requests.Response:
        """Request the detailed report of March 2026 in UTC, oldest first; `changes` replace parts of the body."""
        body = {
            "dateRangeStart": "2026-03-01T00:00:00.000",
            "dateRangeEnd": "2026-03-31T23:59:59.999",
            "timeZone": "UTC",
            "detailedFilter": {"page": 1, "pageSize": 200, "options": {"totals": "EXCLUDE"}},
            "sortOrder": "ASCENDING",
            "exportType": "JSON",
            "amountShown": "EARNED",
            "users": {"status": "ALL"},
        }
        body = {name: value for name, value in {**body, **changes}.items() if value is not None}
        path = f"/workspaces/{workspace_id or self.workspace_id}/reports/detailed"
        return self.send("POST", self.reports + path, json=body)

    def reported(self, **changes: Any) -> list[dict[str, Any]]:
        """Return the report's rows."""
        answer = self.report(**changes)
        assert answer.status_code == 200, answer.text
        return answer.json()["timeentries"]

    def put(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Create or change a record as a person in the product."""
        answer = requests.post(f"{self.url}/control/clockify/{self.workspace_id}/{kind}", json=fields, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def entry(self, start: str = "2026-03-02T09:00:00Z", end: str | None = "2026-03-02T10:30:00Z", **more: Any) -> str:
        """Add a time entry of the owner as in the product, and return its id."""
        return self.put("entries", **{"userId": self.owner_id(), "start": start, "end": end, **more})["id"]

    def owner_id(self) -> str:
        return self.send("GET", f"{self.api}/user").json()["id"]

    def settings(self, **fields: Any) -> None:
        """Change the workspace as in the product."""
        answer = requests.post(f"{self.url}/control/clockify/{self.workspace_id}", json=fields, timeout=10)
        assert answer.status_code == 200, answer.text

    def switch(self, **values: Any) -> None:
        """Set switches, named without their `clockify_`."""
        body = {f"clockify_{name}": value for name, value in values.items()}
        answer = requests.post(f"{self.url}/control/switches", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def member(self, name: str = "Ben Berg", **more: Any) -> tuple[str, ClockifyCaller]:
        """Add a regular member with a key; return the id and a caller with that key."""
        user = self.put("users", **{"name": name, "email": "ben@example.test", "apiKey": MEMBER_KEY, **more})
        return user["id"], ClockifyCaller(self.url, MEMBER_KEY)


def refusal(answer: requests.Response) -> tuple[int, int]:
    """Return HTTP status and Clockify's code, which must come with a message."""
    body = answer.json()
    assert set(body) == {"message", "code"} and body["message"]
    return answer.status_code, body["code"]
