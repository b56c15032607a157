"""Logging in, out, and finding a way back: by the pages alone, as a person would."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import Client

from integrations.accounts import adapters
from tests.support.people import ADMINISTRATOR, OUTSIDER, PASSWORD, person

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def log_in(client: Client, login: str = "dana", password: str = PASSWORD, *, after: str = "") -> Any:
    address = f"{LOGIN}?next={after}" if after else LOGIN
    return client.post(address, {"login": login, "password": password, "next": after})


def logged_in_user(client: Client) -> str:
    return str(client.session.get("_auth_user_id", ""))


def test_the_login_page_asks_for_name_and_password_and_offers_no_sign_up(client: Client) -> None:
    page = client.get(LOGIN).content.decode()

    assert "Username or e-mail" in page and "Forgot your password?" in page
    assert "sign up" not in page.lower() and "signup" not in page


@pytest.mark.parametrize("login", ["dana", "dana@example.com", "Dana@Example.com"])
def test_people_log_in_by_name_or_by_e_mail(client: Client, login: str) -> None:
    user = person()

    response = log_in(client, login)

    assert response["Location"] == "/admin/"
    assert logged_in_user(client) == str(user.pk)


def test_the_demo_s_simple_password_opens_the_demo(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "demo")
    call_command("createsuperuser", "--noinput", "--username", "demo", "--email", "demo@example.test", verbosity=0)

    assert log_in(client, "demo", "demo")["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("login", ["dana", "nobody", "dana@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(client: Client, login: str) -> None:
    person()

    response = log_in(client, login, "wrong")

    assert adapters.WRONG_PASSWORD in response.content.decode()
    assert not logged_in_user(client)


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(client: Client) -> None:
    person()
    for _ in range(5):
        log_in(client, password="wrong")

    response = log_in(client)

    assert adapters.TOO_MANY_ATTEMPTS in response.content.decode()
    assert not logged_in_user(client)


def test_an_account_that_is_switched_off_stays_out(client: Client) -> None:
    person()
    User.objects.update(is_active=False)

    log_in(client)

    assert not logged_in_user(client)


def test_nobody_signs_up(client: Client) -> None:
    page = client.get("/accounts/signup/")
    client.post("/accounts/signup/", {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})

    assert "Nobody signs up here" in page.content.decode()
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.parametrize("address", ["/admin/", "/admin/integrations/workspace/", "/admin/login/?next=/admin/"])
def test_the_admin_sends_to_the_one_login_page_and_back(client: Client, address: str) -> None:
    person(role=ADMINISTRATOR)

    login_page = client.get(address, follow=True)
    page, _ = login_page.redirect_chain[-1]
    response = client.post(
        page, {"login": "dana", "password": PASSWORD, "next": login_page.context["redirect_field_value"]}
    )

    assert page.startswith(f"{LOGIN}?next=")
    assert response["Location"] == address.partition("next=")[2] or address


def test_the_admin_s_own_login_form_is_shut(client: Client) -> None:
    person(role=ADMINISTRATOR)

    response = client.post("/admin/login/", {"username": "dana", "password": PASSWORD})

    assert response["Location"].startswith(LOGIN)
    assert not logged_in_user(client)


def test_logging_in_never_leads_to_another_site(client: Client) -> None:
    person()

    assert log_in(client, after="https://elsewhere.example.com/")["Location"] == "/admin/"


def test_who_is_no_staff_is_told_so_and_can_log_out(client: Client) -> None:
    person(role=OUTSIDER)
    log_in(client)

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403
    page = response.content.decode()
    assert "logged in as dana" in page and "/accounts/logout/" in page


@pytest.mark.parametrize("address", ["/accounts/logout/", "/admin/logout/"])
def test_logging_out_takes_a_click_and_leads_to_the_login_page(client: Client, address: str) -> None:
    person()
    log_in(client)

    client.get(address)
    assert logged_in_user(client)
    response = client.post(address, follow=True)

    assert not logged_in_user(client)
    assert "You are logged out." in response.content.decode()


def test_the_admin_s_link_leads_to_changing_the_password(client: Client) -> None:
    user = person()
    log_in(client)

    page = client.get("/admin/password_change/", follow=True)
    fields = {"oldpassword": PASSWORD, "password1": "another long word", "password2": "another long word"}
    response = client.post(page.request["PATH_INFO"], fields, follow=True)

    user.refresh_from_db()
    assert user.check_password("another long word")
    assert "Your password is changed." in response.content.decode()


def test_a_weak_new_password_is_refused(client: Client) -> None:
    user = person()
    log_in(client)

    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "dana", "password2": "dana"})

    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_forgotten_password_is_replaced_by_a_mail_that_leads_to_the_public_address(
    client: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://hours.example.com"
    settings.ALLOWED_HOSTS = ["*"]
    user = person()

    client.post("/accounts/password/reset/", {"email": "dana@example.com"}, HTTP_HOST="evil.example.com")
    [message] = mail.outbox
    [link] = re.findall(r"https?://\S+key\S+", message.body)
    page = client.get(link.removeprefix("https://hours.example.com"), follow=True)
    fields = {"password1": "another long word", "password2": "another long word"}
    client.post(page.request["PATH_INFO"], fields)

    user.refresh_from_db()
    assert link.startswith("https://hours.example.com/accounts/")
    assert "evil" not in message.body and message.to == ["dana@example.com"]
    assert user.check_password("another long word")
    assert "no longer works" in client.get(link.removeprefix("https://hours.example.com"), follow=True).content.decode()


def test_a_person_without_a_password_chooses_one_by_mail(client: Client) -> None:
    User.objects.create_user("erin", "erin@example.com")

    client.post("/accounts/password/reset/", {"email": "erin@example.com"})

    assert [message.to for message in mail.outbox] == [["erin@example.com"]]


def test_an_address_nobody_has_gets_no_mail_and_the_same_page(client: Client) -> None:
    person()

    known = client.post("/accounts/password/reset/", {"email": "dana@example.com"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"}, follow=True)

    assert len(mail.outbox) == 1
    assert known.content == unknown.content


BEFORE_LOGGING_IN = [
    LOGIN,
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-used-up/",
    "/accounts/password/reset/key/done/",
]
AFTERWARDS = [
    "/accounts/",
    "/accounts/email/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/totp/activate/",
]


@pytest.mark.parametrize("address", BEFORE_LOGGING_IN + AFTERWARDS)
def test_the_pages_hold_no_inline_scripts_or_styles(client: Client, address: str) -> None:
    if address in AFTERWARDS:
        person()
        log_in(client)

    page = client.get(address, follow=True)

    assert page.status_code == 200
    assert "hourbridge/accounts" in page.content.decode()
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page.content.decode())
