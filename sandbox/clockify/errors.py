"""Clockify's refusals, `{"message", "code"}`; only status and code are stable."""

from __future__ import annotations

from sandbox.shared.http import Response


class ClockifyError(Exception):
    """A refusal with its HTTP status and Clockify's code."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = headers or {}

    def response(self) -> Response:
        return Response(self.status, {"message": self.message, "code": self.code}, dict(self.headers))


class NoSuchWorkspace(ClockifyError):
    """A workspace this user cannot see: 404 with an empty body."""

    def __init__(self) -> None:
        super().__init__(404, 0, "")

    def response(self) -> Response:
        return Response(404)


def refused(message: str) -> ClockifyError:
    """Return 400 with code 501, Clockify's answer to nearly everything about one record."""
    return ClockifyError(400, 501, message)


def not_in_workspace(kind: str) -> ClockifyError:
    """Return the refusal of a record that is unknown or was deleted; Clockify does not tell which."""
    return refused(f"{kind} doesn't belong to Workspace")


def access_denied() -> ClockifyError:
    return ClockifyError(403, 501, "Access Denied")


def bad_parameter(name: str, value: object) -> ClockifyError:
    return ClockifyError(
        400,
        3000,
        f"Method parameter '{name}': Failed to convert value of type 'java.lang.String'; \"{value}\"",
    )


def missing_parameter(name: str) -> ClockifyError:
    return ClockifyError(400, 3001, f"Required request parameter '{name}' is not present")


def bad_body(text: str) -> ClockifyError:
    """Return the refusal of bad JSON or an unknown enum value."""
    return ClockifyError(400, 3002, f"JSON parse error: {text}")


def plan_limit(feature: str) -> ClockifyError:
    return ClockifyError(400, 4033, f"{feature} is not available on your plan")


def wrong_method(method: str, allowed: list[str]) -> Response:
    """Answer a known address called with the wrong method."""
    body = {"message": f"Request method '{method}' is not supported", "code": 3000}
    return Response(405, body, {"Allow": ", ".join(allowed)})
