"""The OAuth server: discovery, consent, token, revoke, userinfo."""

from __future__ import annotations

import base64
import binascii
import html
import json
from urllib.parse import parse_qsl, urlencode

from sandbox.quickbooks.state import QuickBooks
from sandbox.quickbooks.tokens import ACCESS_SECONDS, IDLE_SECONDS, Grant
from sandbox.shared.http import BadJson, Request, Response, Router

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox QuickBooks</title></head>
<body><h1>Connect to QuickBooks (sandbox)</h1>
<form method="post" action="{action}"><p><label>Company <select name="realm">{companies}</select></label></p>
<p><button name="choice" value="connect">Connect</button>
<button name="choice" value="decline">Decline</button></p>
</form></body></html>"""


def add_routes(router: Router, quickbooks: QuickBooks) -> None:
    """Register the OAuth addresses."""
    server = OAuth(quickbooks)
    router.add("GET", "/.well-known/openid_configuration", server.discovery)
    router.add("GET", "/oauth2/authorize", server.consent_page)
    router.add("POST", "/oauth2/authorize", server.decide)
    router.add("POST", "/oauth2/token", server.token)
    router.add("POST", "/oauth2/revoke", server.revoke)
    router.add("GET", "/oauth2/userinfo", server.userinfo)


class OAuth:
    """Handlers of the OAuth addresses."""

    def __init__(self, quickbooks: QuickBooks) -> None:
        self.quickbooks, self.core = quickbooks, quickbooks.core

    def discovery(self, request: Request) -> Response:
        url = self.core.url
        return Response(
            body={
                "issuer": url,
                "authorization_endpoint": f"{url}/oauth2/authorize",
                "token_endpoint": f"{url}/oauth2/token",
                "userinfo_endpoint": f"{url}/oauth2/userinfo",
                "revocation_endpoint": f"{url}/oauth2/revoke",
                "jwks_uri": f"{url}/oauth2/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
            }
        )

    def consent_page(self, request: Request) -> Response:
        """Return the page that a person sees; a wrong client's error is shown here, never sent to the redirect."""
        wrong = self._wrong_request(request.query)
        if wrong:
            return Response(400, f"<h1>Sorry</h1><p>{html.escape(wrong)}</p>", {"Content-Type": "text/html"})
        options = "".join(
            f'<option value="{html.escape(realm)}">{html.escape(company.info["CompanyName"])}</option>'
            for realm, company in self.quickbooks.companies.items()
        )
        page = PAGE.format(action=html.escape(request.target), companies=options)
        return Response(200, page, {"Content-Type": "text/html;charset=utf-8"})

    def decide(self, request: Request) -> Response:
        """Redirect to the app: after Connect with code and realmId, after Decline with access_denied."""
        form = _form(request)
        wanted = {**request.query, **{name: value for name, value in form.items() if name != "choice"}}
        wrong = self._wrong_request(wanted)
        realm = form.get("realm", "")
        if wrong or realm not in self.quickbooks.companies:
            return Response(400, wrong or "no such company")
        state = {"state": wanted["state"]} if "state" in wanted else {}
        if form.get("choice") == "decline":
            answer = {"error": "access_denied", **state}
        else:
            code = self.quickbooks.tokens.new_code(realm, wanted["redirect_uri"])
            answer = {"code": code, **state, "realmId": realm}
        joint = "&" if "?" in wanted["redirect_uri"] else "?"
        return Response(302, None, {"Location": f"{wanted['redirect_uri']}{joint}{urlencode(answer)}"})

    def _wrong_request(self, query: dict[str, str]) -> str:
        if query.get("client_id") != self.quickbooks.client_id:
            return "The client_id is unknown."
        if query.get("response_type") != "code":
            return "The response_type must be code."
        if not query.get("redirect_uri", "").startswith(("http://", "https://")):
            return "The redirect_uri is missing or invalid."
        if "com.intuit.quickbooks.accounting" not in query.get("scope", "").split():
            return "The scope com.intuit.quickbooks.accounting is missing."
        return ""

    def token(self, request: Request) -> Response:
        form = _form(request)
        if not self._client_is_known(request, form):
            return self._error("invalid_client", status=self.core.switches["invalid_client_status"])
        tokens = self.quickbooks.tokens
        kind = form.get("grant_type")
        if kind == "authorization_code":
            grant = tokens.exchange(form.get("code", ""), form.get("redirect_uri", ""))
        elif kind == "refresh_token":
            grant = tokens.refresh(form.get("refresh_token", ""))
        else:
            return self._error("unsupported_grant_type")
        if grant is None:
            return self._error("invalid_grant", description="Token invalid")
        self.core.changed.set()
        return self._issued(grant, request)

    def _issued(self, grant: Grant, request: Request) -> Response:
        tokens = self.quickbooks.tokens
        body = {
            "token_type": "bearer",
            "access_token": tokens.new_access(grant),
            "expires_in": ACCESS_SECONDS,
            "refresh_token": grant.refresh,
            "x_refresh_token_expires_in": IDLE_SECONDS,
        }
        if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
            body["x_refresh_token_hard_expires_in"] = tokens.hard_seconds_left(grant)
        return Response(200, body, {"Cache-Control": "no-cache, no-store"})

    def revoke(self, request: Request) -> Response:
        """End the consent a token belongs to; 400 when the token is unknown."""
        if not self._client_is_known(request, {}):
            return self._error("invalid_client", status=401)
        try:
            token = str(request.json().get("token", ""))
        except (BadJson, AttributeError):
            token = _form(request).get("token", "")
        if not self.quickbooks.tokens.revoke(token):
            return self._error("invalid_request")
        self.core.changed.set()
        return Response(200, None)

    def userinfo(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").partition(" ")[2]
        if not self.quickbooks.tokens.realm_of(token)[1]:
            return self._error("invalid_token", status=401)
        name = {"givenName": "Sandy", "familyName": "Box"}
        return Response(body={"sub": "sandbox-user", "email": "sandy@example.com", "emailVerified": True, **name})

    def _client_is_known(self, request: Request, form: dict[str, str]) -> bool:
        client = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                text = base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return False
            name, _, secret = text.partition(":")
            client = (name, secret)
        return client == (self.quickbooks.client_id, self.quickbooks.client_secret)

    def _error(self, code: str, *, description: str = "", status: int = 400) -> Response:
        body = {"error": code, **({"error_description": description} if description else {})}
        return Response(status, body)


def _form(request: Request) -> dict[str, str]:
    text = request.body.decode("utf-8", "replace")
    if request.headers.get("Content-Type", "").startswith("application/json"):
        try:
            return {str(name): str(value) for name, value in json.loads(text).items()}
        except (ValueError, AttributeError):
            return {}
    return dict(parse_qsl(text, keep_blank_values=True))
