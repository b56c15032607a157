"""The content security policy: strict everywhere, with the two exceptions that the admin's theme needs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def policy(response: Any) -> dict[str, set[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/accounts/signup/", "/connections/quickbooks/callback/"])
def test_outside_the_admin_only_our_own_files_are_loaded(client: Client, address: str) -> None:
    directives = policy(client.get(address))

    assert directives["default-src"] == {"'self'"}
    assert not {"script-src", "style-src", "img-src", "connect-src"} & set(directives)


@pytest.mark.parametrize("address", ["/admin/", "/admin/integrations/workspace/", "/admin/people/"])
def test_the_admin_may_evaluate_and_style_but_runs_no_inline_script(admin_client: Client, address: str) -> None:
    directives = policy(admin_client.get(address))

    assert directives["script-src"] == {"'self'", "'unsafe-eval'"}
    assert directives["style-src"] == {"'self'", "'unsafe-inline'"}
    assert directives["default-src"] == {"'self'"}


@pytest.mark.parametrize("address", ["/admin/", "/accounts/2fa/"])
def test_nobody_frames_a_page_or_moves_its_base(admin_client: Client, address: str) -> None:
    directives = policy(admin_client.get(address))

    assert directives["frame-ancestors"] == directives["base-uri"] == directives["object-src"] == {"'none'"}


def test_a_refusal_is_as_strict(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("dana"))

    refused = client.get("/admin/", follow=True)

    assert refused.status_code == 403
    assert policy(refused)["default-src"] == {"'self'"}


@pytest.mark.parametrize(
    ("authorize", "host"),
    [
        ("https://appcenter.intuit.com/connect/oauth2", "https://*.intuit.com"),
        ("http://127.0.0.1:8931/oauth2/authorize", "http://127.0.0.1:8931"),
        ("https://intuit.com.example.org/connect", "https://intuit.com.example.org"),
    ],
)
@pytest.mark.parametrize("address", ["/admin/", "/accounts/2fa/"])
def test_forms_lead_to_us_and_to_the_consent_page_alone(
    admin_client: Client, settings: Any, address: str, authorize: str, host: str
) -> None:
    settings.QUICKBOOKS_AUTHORIZE_URL = authorize

    assert policy(admin_client.get(address))["form-action"] == {"'self'", host}
