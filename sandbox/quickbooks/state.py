"""The local QuickBooks: its companies and the OAuth server in front of them."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.companies.company import Company
from sandbox.quickbooks.companies.company_file import set_up
from sandbox.quickbooks.switches import SWITCHES
from sandbox.quickbooks.tokens import Tokens
from sandbox.shared.core import Core

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"


class QuickBooks:
    """All companies, and the OAuth server in front of them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        core.switches.declare(SWITCHES)
        self.empty()

    def empty(self) -> None:
        """Delete every company and token."""
        self.companies: dict[str, Company] = {}
        self.tokens = Tokens(self.core)
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET

    def add_company(
        self,
        *,
        realm: str,
        name: str,
        sku: str = "QuickBooks Online Plus",
        payroll: str | None = "false",
        subscription: str = "SUBSCRIBED",
        **settings: Any,
    ) -> Company:
        """Add a company with its plan, preferences, the items Services and Hours, and one refresh token.

        `settings` as in POST /control/quickbooks/{realm}/company (BookCloseDate and so on).
        """
        company = Company(self.core, realm)
        self.companies[realm] = company
        stated = {"OfferingSku": sku, "PayrollFeature": payroll, "SubscriptionStatus": subscription}
        set_up(company, {"CompanyName": name, "LegalName": name, **stated, **settings})
        company.put("Account", {"Name": "Services", "AccountType": "Income", "Classification": "Revenue"})
        for item in ("Services", "Hours"):
            account = {"value": "1", "name": "Services"}
            company.put("Item", {"Name": item, "Type": "Service", "IncomeAccountRef": account})
        self.tokens.grant(realm)
        return company

    def issue_refresh_token(self, realm: str) -> str:
        """Return a refresh token of that company that works now."""
        return self.tokens.working_refresh(realm)

    def info(self, url: str) -> dict[str, Any]:
        """Return QuickBooks' part of GET /control/info; the first company is the main one."""
        companies = [
            {
                "realm": realm,
                "name": company.info["CompanyName"],
                "refresh_token": self.issue_refresh_token(realm),
            }
            for realm, company in self.companies.items()
        ]
        main = companies[0] if companies else {"realm": "", "refresh_token": ""}
        return {
            "api_url": url,
            "authorize_url": f"{url}/oauth2/authorize",
            "token_url": f"{url}/oauth2/token",
            "revoke_url": f"{url}/oauth2/revoke",
            "realm": main["realm"],
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": main["refresh_token"],
            "companies": companies,
        }

    def dump(self) -> dict[str, Any]:
        """Return QuickBooks' part of GET /control/state: each company's records as lists."""
        return {
            realm: {
                **{entity: list(records.values()) for entity, records in company.records.items()},
                "CompanyInfo": [company.info],
                "Preferences": [company.preferences],
            }
            for realm, company in self.companies.items()
        }

    def to_json(self) -> dict[str, Any]:
        companies = {realm: company.to_json() for realm, company in self.companies.items()}
        return {"tokens": self.tokens.to_json(), "companies": companies}

    def from_json(self, data: dict[str, Any]) -> None:
        self.tokens.from_json(data["tokens"])
        self.companies = {}
        for realm, saved in data["companies"].items():
            self.companies[realm] = company = Company(self.core, realm)
            company.from_json(saved)
