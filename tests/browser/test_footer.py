"""The footer is visible at the end of a page on wide and narrow screens, whatever bars the theme adds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.version import name_and_version
from tests.browser import axe
from tests.browser.person import Person
from tests.support import people

PATHS = ("/admin/", "/admin/auth/user/", "/admin/auth/user/add/")
# At its end the page must show the footer, and nothing may lie over it.
ON_TOP = """footer => {
  scrollTo(0, document.documentElement.scrollHeight);
  const words = footer.querySelector('p').getBoundingClientRect();
  const shown = document.elementFromPoint(words.left + 20, words.top + words.height / 2);
  return words.height > 0 && footer.contains(shown);
}"""


@pytest.mark.parametrize("width", [axe.WIDE, axe.NARROW])
def test_the_footer_is_in_sight(person: Person, log_in: Callable[[str], None], width: int) -> None:
    log_in(people.ADMINISTRATOR)
    for path in PATHS:
        person.opens(path)
        axe.look_at(person.page, width=width, scheme="light")
        footer = person.page.locator("footer.hb-footer")
        assert footer.inner_text().strip() == name_and_version(), path
        assert footer.evaluate(ON_TOP), path
        assert not person.page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
