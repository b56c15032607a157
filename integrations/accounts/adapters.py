"""Adapters of allauth: logging in, and the second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from integrations.fields import seal, unseal

WRONG_PASSWORD = "That username and password do not match."
TOO_MANY_ATTEMPTS = "Too many wrong attempts. Wait five minutes, then try again."
TOO_MANY_REQUESTS = "Too many requests. Wait a minute, then try again."
WRONG_CODE = "That code is not valid. A new one is shown every 30 seconds, and each works once."


class AccountAdapter(DefaultAccountAdapter):
    """Accounts that only administrators create."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is inactive. An administrator can reactivate it.",
        "username_password_mismatch": WRONG_PASSWORD,
        "email_password_mismatch": WRONG_PASSWORD,
        "too_many_login_attempts": TOO_MANY_ATTEMPTS,
        "rate_limited": TOO_MANY_REQUESTS,
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "This is not your password.",
        "incorrect_code": WRONG_CODE,
        "invalid_password_reset": "This link no longer works.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return a link under PUBLIC_URL; a forged Host header must not lead the mail's reader elsewhere."""
        user_key, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_key, "key": token})
        return f"{settings.PUBLIC_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        super().send_mail(template_prefix, email, {"public_url": settings.PUBLIC_URL} | context)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors, whose seeds are stored encrypted, as tokens are."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG_CODE}

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """Return the QR code as SVG without its XML declaration, which is not allowed inside a page."""
        return super().build_totp_svg(url).partition("?>")[2].strip()
