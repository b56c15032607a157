"""The visible text of a page, without mark-up, script and style."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden_depth = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden_depth += tag in {"script", "style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden_depth -= tag in {"script", "style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden_depth:
            self.parts.append(data)


def one_line(response: Any) -> str:
    """Return the page's HTML with each run of white space as one space, wherever its templates break lines."""
    return " ".join(response.content.decode().split())


def text(response: Any) -> str:
    """Return the page's text with each run of white space as one space."""
    parser = _Text()
    parser.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(parser.parts))


def main_text(response: Any) -> str:
    """Return the text of the page itself, without the menu and the header."""
    page = response.content.decode()
    parser = _Text()
    parser.feed(page[page.index('id="content"') :])
    return re.sub(r"\s+", " ", " ".join(parser.parts))
