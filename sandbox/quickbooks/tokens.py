"""OAuth grants: access tokens of an hour, refresh tokens that rotate about daily (Intuit: auth FAQ)."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.shared.core import Core

ACCESS_SECONDS = 3600
ROTATION_SECONDS = 86_400
IDLE_SECONDS = 8_726_400
HARD_SECONDS = 157_680_000
CODE_SECONDS = 600


@dataclass
class Grant:
    """One consent: the current refresh token and the ones before it (value: when retired)."""

    realm: str
    refresh: str
    issued_at: float
    rotated_at: float
    used_at: float
    retired: dict[str, float] = field(default_factory=dict)
    alive: bool = True


class Tokens:
    """Every grant, access token and authorization code of the sandbox."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._issued = 0
        self._grants: list[Grant] = []
        self._access: dict[str, tuple[Grant, float]] = {}
        self._codes: dict[str, tuple[str, str, float]] = {}

    def _now(self) -> float:
        return self._core.now().timestamp()

    def _new_refresh(self) -> str:
        self._issued += 1
        return f"sandbox-refresh-{self._issued}"

    def grant(self, realm: str) -> Grant:
        """Add a consent for a company."""
        now = self._now()
        grant = Grant(realm, self._new_refresh(), now, now, now)
        self._grants.append(grant)
        return grant

    def working_refresh(self, realm: str) -> str:
        """Return a refresh token of that company that works now, issued if there is none."""
        now = self._now()
        for grant in reversed(self._grants):
            if grant.realm == realm and grant.alive and grant.refresh and not self._died(grant, now):
                return grant.refresh
        return self.grant(realm).refresh

    def new_code(self, realm: str, redirect_uri: str) -> str:
        """Return an authorization code, good once and for ten minutes (assumption: minutes)."""
        code = "sandbox-code-" + secrets.token_urlsafe(16)
        self._codes[code] = (realm, redirect_uri, self._now() + CODE_SECONDS)
        return code

    def exchange(self, code: str, redirect_uri: str) -> Grant | None:
        """Return the grant for a code; None when the code is used, unknown, too old or for another address."""
        realm, address, expires = self._codes.pop(code, ("", "", 0.0))
        if not realm or address != redirect_uri or expires < self._now():
            return None
        if self._core.switches["connect_displaces"]:
            for grant in self._grants:
                if grant.realm == realm:
                    self._end(grant)
        return self.grant(realm)

    def refresh(self, value: str) -> Grant | None:
        """Use a refresh token and return the grant, rotated when it is due; None means invalid_grant."""
        now = self._now()
        for grant in self._grants:
            if grant.alive and value == grant.refresh and not self._died(grant, now):
                return self._use(grant, now)
            if grant.alive and value in grant.retired:
                return self._use_retired(grant, value, now)
        return None

    def _died(self, grant: Grant, now: float) -> bool:
        return now - grant.used_at > IDLE_SECONDS or now - grant.issued_at > HARD_SECONDS

    def _use(self, grant: Grant, now: float) -> Grant:
        grant.used_at = now
        due = now - grant.rotated_at >= ROTATION_SECONDS
        if due or self._core.switches["rotate_every_refresh"]:
            grant.retired[grant.refresh] = now
            grant.refresh, grant.rotated_at = self._new_refresh(), now
        return grant

    def _use_retired(self, grant: Grant, value: str, now: float) -> Grant | None:
        if now - grant.retired[value] < float(self._core.switches["token_grace"]):
            return grant
        if self._core.switches["family_revoked_on_reuse"]:
            self._end(grant)
        return None

    def new_access(self, grant: Grant) -> str:
        """Return an access token of one hour."""
        now = self._now()
        self._access = {token: kept for token, kept in self._access.items() if kept[1] > now - ACCESS_SECONDS}
        token = "sandbox-access-" + secrets.token_urlsafe(24)
        self._access[token] = (grant, now + ACCESS_SECONDS)
        return token

    def realm_of(self, access: str) -> tuple[str, bool]:
        """Return the company of an access token and whether it works now; ("", False) when unknown."""
        grant, expires = self._access.get(access, (None, 0.0))
        if grant is None or not grant.alive:
            return "", False
        return grant.realm, expires > self._now()

    def revoke(self, value: str) -> bool:
        """End the grant an access or refresh token belongs to."""
        access = self._access.get(value)
        grants = [grant for grant in self._grants if value == grant.refresh or (access and access[0] is grant)]
        for grant in grants:
            self._end(grant)
        return bool(grants)

    def end_company(self, realm: str) -> None:
        """End every grant of a company, as if the company disconnected the app."""
        for grant in self._grants:
            if grant.realm == realm:
                self._end(grant)

    def expire_access(self, realm: str) -> None:
        """Expire every access token of the company; refresh tokens stay."""
        self._access = {
            token: (grant, 0.0 if grant.realm == realm else expires) for token, (grant, expires) in self._access.items()
        }

    def refuse_refresh(self, realm: str) -> None:
        """Refuse the company's refresh tokens with invalid_grant; access tokens live out their hour."""
        for grant in self._grants:
            if grant.realm == realm:
                grant.retired.clear()
                grant.refresh = ""

    def _end(self, grant: Grant) -> None:
        grant.alive = False
        self._access = {token: kept for token, kept in self._access.items() if kept[0] is not grant}

    def hard_seconds_left(self, grant: Grant) -> int:
        """Return what is left of the five years, in seconds."""
        return int(HARD_SECONDS - (self._now() - grant.issued_at))

    def to_json(self) -> dict[str, Any]:
        places = {id(grant): place for place, grant in enumerate(self._grants)}
        access = {token: [places[id(grant)], at] for token, (grant, at) in self._access.items()}
        return {"issued": self._issued, "grants": [asdict(grant) for grant in self._grants], "access": access}

    def from_json(self, data: dict[str, Any]) -> None:
        self._issued = data["issued"]
        self._grants = [Grant(**grant) for grant in data["grants"]]
        self._access = {token: (self._grants[place], at) for token, (place, at) in data["access"].items()}
