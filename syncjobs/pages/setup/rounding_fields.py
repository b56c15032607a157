"""The rule of rounding as fields; the setting stays one text, as the command writes it: `up:6,minimum:15`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import get_default_renderer
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from syncjobs.rules.rounding import AS_IN_CLOCKIFY, DIRECTIONS, STEPS

HELP = (
    "How each entry's time becomes minutes; half a step goes up. An entry under the minimum counts as the minimum, "
    "one of no time stays out."
)
CHOICES = [
    ("minute", "None: to the nearest minute"),
    (AS_IN_CLOCKIFY, "As Clockify's reports round"),
    ("nearest", "To the nearest"),
    ("up", "Up to the next"),
    ("down", "Down to the last"),
]
USUAL_STEP = 15


class RoundingFields(forms.MultiWidget):
    """Direction, minutes to round to, and the shortest time."""

    widgets_names: list[str]

    use_fieldset = False

    def __init__(self) -> None:
        steps = [(str(step), "1 minute" if step == 1 else f"{step} minutes") for step in STEPS]
        super().__init__(
            {
                "": forms.Select(choices=CHOICES),
                "minutes": forms.Select(choices=steps),
                "minimum": forms.TextInput({"inputmode": "numeric", "placeholder": "None"}),
            }
        )

    def decompress(self, value: Any) -> list[str]:
        rule, _, minimum = str(value or "").partition(",")
        direction, _, minutes = rule.partition(":")
        return [direction, minutes or str(USUAL_STEP), minimum.removeprefix("minimum:")]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the setting's text. One that is written out already stays as it is."""
        rule, minutes, minimum = (str(value or "").strip() for value in super().value_from_datadict(data, files, name))
        if rule in DIRECTIONS and minutes:
            rule = f"{rule}:{minutes}"
        return f"{rule},minimum:{minimum}" if minimum else rule

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        shown = []
        for suffix, field in zip(
            self.widgets_names, self.get_context(name, value, attrs)["widget"]["subwidgets"], strict=True
        ):
            # The rule's own label is for the first of them.
            field["attrs"]["id"] = f"{attrs['id']}{suffix}"
            html = (renderer or get_default_renderer()).render(field["template_name"], {"widget": field})
            shown.append((field["attrs"]["id"], mark_safe(html)))  # made by Django's own template
        direction, step, minimum = shown
        return format_html(
            '<div class="hb-rounding">{}<div class="hb-multiple"><label for="{}">Multiple of</label>{}</div>'
            '<div><label for="{}">Minimum minutes</label>{}</div></div>',
            direction[1],
            *step,
            *minimum,
        )
