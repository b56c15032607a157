"""Manual changes in the local QuickBooks, by a person or by Intuit."""

from __future__ import annotations

from sandbox.quickbooks.companies import sales_forms
from sandbox.quickbooks.companies.company import ENTITIES, FORMS, Company
from sandbox.quickbooks.companies.company_file import configure
from sandbox.quickbooks.state import QuickBooks
from sandbox.shared.http import Request, Response, Router

BASE = "/control/quickbooks/{realm}"


def add_routes(router: Router, quickbooks: QuickBooks) -> None:
    """Register the controls of the local QuickBooks."""
    controls = QuickBooksControls(quickbooks)
    router.add("POST", "/control/quickbooks", controls.add_company)
    router.add("POST", f"{BASE}/bill", controls.bill)
    router.add("POST", f"{BASE}/unbill", controls.unbill)
    router.add("POST", f"{BASE}/catch_up", controls.catch_up)
    router.add("POST", f"{BASE}/void", controls.void)
    router.add("POST", f"{BASE}/annotate", controls.annotate)
    router.add("POST", f"{BASE}/company", controls.company)
    router.add("POST", f"{BASE}/tokens", controls.tokens)
    router.add("POST", BASE + "/{entity}", controls.put)
    router.add("DELETE", BASE + "/{entity}/{key}", controls.remove)


class QuickBooksControls:
    """Handlers of /control/quickbooks."""

    def __init__(self, quickbooks: QuickBooks) -> None:
        self.quickbooks = quickbooks

    def add_company(self, request: Request) -> Response:
        """Add a company {"realm", "name"} with tokens of its own, and more as `QuickBooks.add_company` takes it.

        Realm ids are numbers of up to 19 digits, and each is one company for good.
        """
        options = request.json()
        realm, name = str(options.pop("realm", "")), str(options.pop("name", ""))
        if not (realm.isascii() and realm.isdigit() and len(realm) <= 19 and name):
            return Response(400, {"error": "a company needs a realm of digits and a name"})
        if realm in self.quickbooks.companies:
            return Response(400, {"error": f"there is a company {realm} already"})
        self.quickbooks.add_company(realm=realm, name=name, **options)
        self.quickbooks.core.changed.set()
        return Response(body={"realm": realm, "refresh_token": self.quickbooks.issue_refresh_token(realm)})

    def put(self, request: Request, realm: str, entity: str) -> Response:
        """Create or change a record; {"keep_token": true} leaves SyncToken and stamps as they are."""
        company, fields = self._company(realm), request.json()
        if company is None or entity not in ENTITIES:
            return _not_found(f"{realm}/{entity}")
        keep = bool(fields.pop("keep_token", False))
        return Response(body=company.put(entity, fields, keep_token=keep))

    def remove(self, request: Request, realm: str, entity: str, key: str) -> Response:
        company = self._company(realm)
        if company is None or entity not in ENTITIES:
            return _not_found(f"{realm}/{entity}/{key}")
        removed = sales_forms.delete(company, entity, key) if entity in FORMS else company.remove(entity, key)
        if removed is None:
            return _not_found(f"{realm}/{entity}/{key}")
        return Response(body={"deleted": key})

    def bill(self, request: Request, realm: str) -> Response:
        """Put TimeActivities {"ids"} on an invoice and return them as they are now.

        Also {"entity": "SalesReceipt", "customer": id, "named_on": ["header", "line"]}, and the form's own fields.
        """
        company, options = self._company(realm), request.json()
        ids = [str(key) for key in options.pop("ids")]
        if company is None or any(key not in company.records["TimeActivity"] for key in ids):
            return _not_found(f"{realm} or one of {ids}")
        if options.get("entity", "Invoice") not in FORMS:
            return _not_found(f"{realm}/{options['entity']}")
        sales_forms.bill(company, ids, **options)
        return Response(body=[company.records["TimeActivity"][key] for key in ids])

    def unbill(self, request: Request, realm: str) -> Response:
        """Take TimeActivities {"ids"} off their invoices, and return them as they are now."""
        company, ids = self._company(realm), [str(key) for key in request.json()["ids"]]
        if company is None or any(key not in company.records["TimeActivity"] for key in ids):
            return _not_found(f"{realm} or one of {ids}")
        sales_forms.take_off(company, ids)
        return Response(body=[company.records["TimeActivity"][key] for key in ids])

    def catch_up(self, request: Request, realm: str) -> Response:
        """Let every BillableStatus that lags behind its invoice follow it."""
        company = self._company(realm)
        return _not_found(realm) if company is None else Response(body={"billed": sales_forms.catch_up(company)})

    def void(self, request: Request, realm: str) -> Response:
        """Void the invoice or sales receipt {"entity", "id"}."""
        company, body = self._company(realm), request.json()
        form = sales_forms.void(company, str(body["entity"]), str(body["id"])) if company is not None else None
        return _not_found(f"{realm}/{body['entity']}/{body['id']}") if form is None else Response(body=form)

    def annotate(self, request: Request, realm: str) -> Response:
        """Add {"class", "cost_rate", "project"} to TimeActivities {"ids"}, as another person in the product.

        A class is named, and created and tracked where there is none; `project` is a customer's id. As with any edit in
        the product, each SyncToken moves, though nothing that a time tracker sends has changed.
        """
        company, body = self._company(realm), request.json()
        ids = [str(key) for key in body["ids"]]
        if company is None or any(key not in company.records["TimeActivity"] for key in ids):
            return _not_found(f"{realm} or one of {ids}")
        fields: dict[str, object] = {}
        if "class" in body:
            fields["ClassRef"] = {"value": _class_id(company, str(body["class"]))}
        if "cost_rate" in body:
            fields["CostRate"] = body["cost_rate"]
        if "project" in body:
            fields["ProjectRef"] = {"value": str(body["project"])}
        return Response(body=[company.put("TimeActivity", {"Id": key, **fields}) for key in ids])

    def company(self, request: Request, realm: str) -> Response:
        """Change plan, Payroll, subscription, time tracking, closed books and more; null removes a value."""
        company = self._company(realm)
        if company is None:
            return _not_found(realm)
        configure(company, request.json())
        return Response(body={"CompanyInfo": company.info, "Preferences": company.preferences})

    def tokens(self, request: Request, realm: str) -> Response:
        """Expire access tokens, refuse refresh tokens, or end the connection."""
        body, tokens = request.json(), self.quickbooks.tokens
        if body.get("expire_access"):
            tokens.expire_access(realm)
        if body.get("refuse_refresh"):
            tokens.refuse_refresh(realm)
        if body.get("revoke"):
            tokens.end_company(realm)
        self.quickbooks.core.changed.set()
        return Response(body={"done": sorted(name for name, value in body.items() if value)})

    def _company(self, realm: str) -> Company | None:
        return self.quickbooks.companies.get(realm)


def _class_id(company: Company, name: str) -> str:
    known = next((row for row in company.records["Class"].values() if row["Name"] == name), None)
    configure(company, {"ClassTrackingPerTxn": True})
    return str((known or company.put("Class", {"Name": name}))["Id"])


def _not_found(what: str) -> Response:
    return Response(404, {"error": f"no such record: {what}"})
