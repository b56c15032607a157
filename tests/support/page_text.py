"""What a person reads on a page: its text, without mark-up, script and style."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in {"script", "style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def text(response: Any) -> str:
    """The page's words, each run of blanks as one."""
    parser = _Text()
    parser.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(parser.words))


def main_text(response: Any) -> str:
    """The words of the page itself, after the menu and its header."""
    page = response.content.decode()
    parser = _Text()
    parser.feed(page[page.index('id="content"') :])
    return re.sub(r"\s+", " ", " ".join(parser.words))
