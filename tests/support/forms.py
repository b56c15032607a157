"""A page's forms as a browser without scripts has them: fields, boxes to tick, and buttons, wherever they stand."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

FIELDS = {"input", "select", "textarea", "button"}


class Forms(HTMLParser):
    """Collects each form's attributes and controls by its `id`, `form` attributes obeyed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.controls: list[tuple[str, dict[str, str]]] = []  # the form's id, and attributes with `tag` and `text`
        self._form, self._button = "", False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        values = {name: value or "" for name, value in attrs} | {"tag": tag, "text": ""}
        if tag == "form":
            self._form = values.get("id") or f"form-{len(self.forms)}"
            self.forms[self._form] = values
        elif tag in FIELDS:
            self.controls.append((values.get("form", self._form), values))
            self._button = tag == "button"
        elif tag == "option" and self.controls and self.controls[-1][1]["tag"] == "select":
            select = self.controls[-1][1]
            # Without a choice a browser takes the first.
            if "selected" in values or "value" not in select:
                select["value"] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        elif tag == "button":
            self._button = False

    def handle_data(self, data: str) -> None:
        if self._button:
            self.controls[-1][1]["text"] += data

    def of_button(self, words: str) -> tuple[str, dict[str, str]]:
        """Return form id and attributes of the button that says so."""
        found = [(form, one) for form, one in self.controls if words in " ".join(one["text"].split())]
        assert len(found) == 1, (words, [one["text"] for _, one in self.controls if one["tag"] == "button"])
        return found[0]

    def sent(self, form: str, *, ticks: set[str] | None = None) -> dict[str, list[str]]:
        """Return what a form sends without a button; `ticks`: values of the boxes that are ticked, None: as shown."""
        values: dict[str, list[str]] = {}
        for owner, control in self.controls:
            name, value = control.get("name", ""), control.get("value", "")
            if owner != form or not name or "disabled" in control or control["tag"] == "button":
                continue
            is_ticked = "checked" in control if ticks is None else value in ticks
            if control.get("type") not in {"checkbox", "radio"} or is_ticked:
                values.setdefault(name, []).append(value)
        return values


def press(client: Client, page: Any, words: str, *, ticks: set[str] | None = None, **typed: str) -> Any:
    """Press a button of the page; return the page that follows.

    `ticks`: values of the boxes that are ticked; None: those that the page ticked.
    """
    forms = Forms(page.content.decode())
    form, button = forms.of_button(words)
    assert "disabled" not in button
    sent = {
        name: [typed.get(name, value) for value in values] for name, values in forms.sent(form, ticks=ticks).items()
    }
    if button.get("name"):
        sent[button["name"]] = [button.get("value", "")]
    attributes = forms.forms[form]
    address = button.get("formaction") or attributes.get("action") or page.request["PATH_INFO"]
    send = client.post if attributes.get("method") == "post" else client.get
    return send(address, sent, follow=True)
