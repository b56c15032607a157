"""A plain caller of the local QuickBooks, for tests."""

from __future__ import annotations

from typing import Any

import requests

REALM = "9341454182739650"


class QuickBooksCaller:
    """A caller of one company over real HTTP, with a token of its own."""

    def __init__(self, url: str, realm: str = REALM) -> None:
        self.url, self.realm = url, realm
        self.session = requests.Session()
        self.info = self.session.get(f"{url}/control/info").json()["quickbooks"]
        refresh_token = next(c["refresh_token"] for c in self.info["companies"] if c["realm"] == realm)
        self.token = self.refresh(refresh_token).json()["access_token"]

    def refresh(self, value: str, **headers: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": value}
        return self.oauth(form, **headers)

    def oauth(self, form: dict[str, str], **headers: str) -> requests.Response:
        client = (self.info["client_id"], self.info["client_secret"])
        return self.session.post(self.info["token_url"], data=form, auth=client, headers=headers)

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """Make one call; `headers` given as None leave that header out."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        headers |= more.pop("headers", {})
        return self.session.request(
            method, f"{self.url}/v3/company/{self.realm}/{path}", headers=headers, timeout=10, **more
        )

    def write(self, entity: str, body: Any, **query: str) -> requests.Response:
        """POST one entity: create, update, or delete with operation="delete"."""
        return self.send("POST", entity.lower(), json=body, params=query)

    def create(self, entity: str, body: Any, **query: str) -> dict[str, Any]:
        """POST one entity and expect success."""
        answer = self.write(entity, body, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()[entity]

    def fault(self, entity: str, body: Any, **query: str) -> str:
        """POST one entity, expect a refusal, and return its code."""
        return code(self.write(entity, body, **query))

    def query(self, statement: str) -> requests.Response:
        return self.send("GET", "query", params={"query": statement})

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Return the records that a query finds."""
        answer = self.query(statement)
        assert answer.status_code == 200, answer.text
        response = answer.json()["QueryResponse"]
        return next((rows for rows in response.values() if isinstance(rows, list)), [])

    def batch(self, *items: dict[str, Any], **query: str) -> dict[str, dict[str, Any]]:
        """POST a batch and return the answers by bId."""
        answer = self.send("POST", "batch", json={"BatchItemRequest": list(items)}, params=query)
        assert answer.status_code == 200, answer.text
        return {item["bId"]: item for item in answer.json()["BatchItemResponse"]}

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """Call one of the sandbox's own addresses."""
        answer = self.session.request(method, f"{self.url}/control/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def in_product(self, path: str, body: Any) -> Any:
        """Change this company as a person in the product."""
        return self.control(f"quickbooks/{self.realm}/{path}", body)

    def switch(self, **switches: object) -> None:
        self.control("switches", switches)

    def move_clock(self, *, hours: float) -> None:
        self.control("clock", {"offset_seconds": hours * 3600})


def code(answer: requests.Response) -> str:
    """Return the code of a validation fault."""
    assert answer.status_code == 400, answer.text
    return answer.json()["Fault"]["Error"][0]["code"]


def item_code(item: dict[str, Any]) -> str:
    """Return the code of a batch item's fault."""
    return item["Fault"]["Error"][0]["code"]
