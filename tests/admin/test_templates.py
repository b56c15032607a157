"""What holds for every template of ours: nothing inline that the content security policy would stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted([*FOLDER.glob("hourbridge/*.html"), FOLDER / "admin" / "index.html"])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_script_stands_in_a_page(template: Path) -> None:
    text = template.read_text()

    # Files of our own may be named; anything between the tags, or from elsewhere, is stopped.
    ours = re.findall(r"""<script src="{% static 'hourbridge/[a-z]+\.js' %}" defer></script>""", text)
    assert text.count("<script") == len(ours)
    assert not re.search(r"\son[a-z]+=", text)
    assert "javascript:" not in text
    assert "|safe" not in text and "autoescape" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_carries_the_token(template: Path) -> None:
    text = template.read_text()

    assert len(re.findall(r'method="post"', text)) == text.count("{% csrf_token %}")
