"""Rules for every template of ours: nothing inline that the content security policy would stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from mapping.desk.index import Ref
from mapping.desk.rows import Row
from syncjobs.pages.desk.tags import decision

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted([*FOLDER.glob("hourbridge/**/*.html"), FOLDER / "admin" / "index.html"])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_script_stands_in_a_page(template: Path) -> None:
    text = template.read_text()

    # Files of our own may be named; anything between the tags, or from elsewhere, is stopped.
    scripts = re.findall(r"""<script src="{% static 'hourbridge/[a-z]+\.js' %}" defer></script>""", text)
    assert text.count("<script") == len(scripts)
    assert not re.search(r"\son[a-z]+=", text)
    assert "javascript:" not in text
    assert "|safe" not in text and "autoescape" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_carries_the_token(template: Path) -> None:
    text = template.read_text()
    forms = [form for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL) if 'method="post"' in form]

    # The desk's own tag writes the token along with what the decision is about.
    assert len(forms) == text.count('method="post"')
    assert all(form.count("{% csrf_token %}") + form.count("{% decision ") == 1 for form in forms)


@pytest.mark.parametrize("template", sorted(FOLDER.rglob("*.html")), ids=lambda path: path.name)
def test_no_line_is_longer_than_an_editor_shows(template: Path) -> None:
    long = [f"{number}: {line}" for number, line in enumerate(template.read_text().splitlines(), 1) if len(line) > 160]

    assert not long


def test_the_desks_own_tag_writes_the_token() -> None:
    row = Row(Ref("todo", "user", "ada"), name="Ada")

    written = decision({"csrf_token": "a-token"}, row, "link")

    assert '<input type="hidden" name="csrfmiddlewaretoken" value="a-token">' in written
    assert 'name="kind" value="user"' in written and 'name="id" value="ada"' in written
