"""Intuit's faults: codes, texts and both envelopes (Intuit: error codes page; recorded answers)."""

from __future__ import annotations

from datetime import datetime

from sandbox.shared.http import Response

MESSAGES = {
    "10": "Request Too Large",
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "900": "Parent Can Not Be Itself",
    "1040": "Batch Size Limit Exceeded",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid character(s)",
    "2050": "String length specified does not match the supported length",
    "2060": "Invalid Date",
    "2090": "Invalid Number",
    "2130": "Invalid Request ID",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address",
    "2230": "Invalid Boolean",
    "2240": "Number Out of Range",
    "2500": "Invalid Reference Id",
    "2600": "Conflicting Elements",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6080": "Name Required",
    "6150": "ParentRef Required",
    "6180": "Nesting Level Exceeded",
    "6190": "Invalid Company Status",
    "6200": "Account Period Closed",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6220": "Delete List Has Balance Error",
    "6240": "Duplicate Name Exists Error",
    "6280": "Delete List Has Unbilled Charges Error",
    "6290": "Employee or Vendor Reference Error",
    "6300": "Invalid NameOf Value",
    "6310": "Customer Required For Billable Time",
    "6320": "Invalid Billable Status",
    "6330": "Invalid Hourly Rate",
    "6340": "Time Not Specified",
    "6350": "Time Missing",
    "6360": "Invalid Start Or End Time",
    "6370": "Start Time After End Time",
    "6380": "Time Duration Out Of Range",
    "6390": "Conflicting Time Values",
    "10100": "Result Too Large",
}


class QuickBooksFault(Exception):
    """A refusal in Intuit's wording; `with_time` False omits the envelope's time, as code 2030 does."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        element: str | None = "",
        message: str = "",
        kind: str = "ValidationFault",
        status: int = 400,
        with_time: bool = True,
    ) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.error: dict[str, object] = {
            "Message": message or MESSAGES.get(code, "Error"),
            "Detail": detail,
            "code": code,
        }
        if element is not None:
            self.error["element"] = element
        self.kind = kind
        self.status = status
        self.with_time = with_time

    def to_json(self) -> dict[str, object]:
        """Return the Fault object of an envelope or a batch item."""
        return {"Error": [self.error], "type": self.kind}


def gone(detail: str = "Another user has deleted this transaction.") -> QuickBooksFault:
    """Return fault 610: there is no such record (any more)."""
    return QuickBooksFault("610", f"Object Not Found : {detail}")


def gateway(status: int, code: str, *, name: str, detail: str | None, kind: str, now: datetime) -> Response:
    """Return the lower-case envelope of Intuit's gateway: 401 AUTHENTICATION, 403 SERVICE."""
    error = {
        "message": f"message={name}; errorCode={int(code):06d}; statusCode={status}",
        "detail": detail,
        "code": code,
        "element": None,
    }
    body: dict[str, object] = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Intuit", error="invalid_token"'
    return Response(status, body, headers)


def not_authenticated(detail: str, *, now: datetime) -> Response:
    """Return 401: the access token is missing, unknown or expired."""
    return gateway(401, "3200", name="AuthenticationFailed", detail=detail, kind="AUTHENTICATION", now=now)


def not_authorized(*, now: datetime) -> Response:
    """Return 403: the token belongs to another company, or the app is not connected to this one."""
    return gateway(403, "3100", name="ApplicationAuthorizationFailed", detail=None, kind="SERVICE", now=now)
