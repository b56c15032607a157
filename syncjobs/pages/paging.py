"""The page of a long list that was asked for, shorter on phones, where each row is a card."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from integrations.admin_lists.readonly_admin import rows_a_page

ROWS_A_PAGE = 50


def page_of(request: HttpRequest, rows: Any, *, at_most: int = ROWS_A_PAGE) -> Page[Any]:
    """Return the rows of the page that `page` in the address names."""
    return Paginator(rows, rows_a_page(request, at_most)).get_page(request.GET.get("page", 1))
