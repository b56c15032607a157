"""Every page of the admin: landmark, the way past the menu, what works without scripts, and the version at its end."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from config.version import name_and_version
from tests.support.factories import UserFactory

FOOTER = '<footer class="hb-footer'
NO_SCRIPTS = "hourbridge/no-scripts.css"


@pytest.fixture
def administrator(db: None) -> User:
    return UserFactory(username="dana", is_superuser=True)


PAGES = pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/rules/",
        "/admin/auth/",
        "/admin/auth/user/",
        "/admin/auth/user/add/",
        "/admin/auth/group/add/",
        "/admin/auth/user/{pk}/change/",
        "/admin/auth/user/{pk}/delete/",
        "/admin/syncjobs/run/",
    ],
)


@PAGES
@pytest.mark.usefixtures("workspace")
def test_a_page_ends_with_the_version(client: Client, administrator: User, path: str) -> None:
    client.force_login(administrator)

    page = client.get(path.format(pk=administrator.pk), follow=True).content.decode()

    assert page.count(FOOTER) == 1
    assert name_and_version() in page.partition(FOOTER)[2].partition("</footer>")[0]


@PAGES
@pytest.mark.usefixtures("workspace")
def test_a_page_has_a_landmark_a_way_past_the_menu_and_works_without_scripts(
    client: Client, administrator: User, path: str
) -> None:
    client.force_login(administrator)

    answer = client.get(path.format(pk=administrator.pk), follow=True, headers={"Accept-Encoding": "gzip"})
    page = gzip.decompress(answer.content).decode()

    assert answer["Content-Encoding"] == "gzip"
    assert page.index("<main>") < page.index('id="content"') < page.index("</main>")
    assert page.count("<main>") == page.count("</main>") == 1
    assert '<a class="hb-skip" href="#content">' in page
    assert '<noscript><link rel="stylesheet" href="/static/hourbridge/no-scripts' in page
    assert "html[x-cloak] { display: block !important; }" in Path(str(finders.find(NO_SCRIPTS))).read_text()


def test_a_window_that_a_form_opens_has_no_footer(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    assert FOOTER not in client.get("/admin/auth/group/add/?_popup=1").content.decode()


def test_who_is_not_logged_in_does_not_read_the_version(client: Client, db: None) -> None:
    page = client.get("/admin/", follow=True).content.decode()

    assert "Log in" in page and name_and_version() not in page
