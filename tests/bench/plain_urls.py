"""The addresses of ours, and below /plain/ a list of time entries as Django's admin makes it by itself."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from unfold.admin import ModelAdmin

from config.urls import urlpatterns as ours
from integrations.models import TimeEntry


class PlainList(ModelAdmin):
    """Stored columns, as many as ours, and Django's own action; no filters, sums or badges.

    Faster than Django's by itself, which would sort the raw records along.
    """

    list_display = (
        *("txn_date", "user_name", "client_name", "project_name", "description"),
        *("rate", "billable", "start_at"),
    )
    list_per_page = 50
    ordering = ("-txn_date", "-start_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TimeEntry]:
        return super().get_queryset(request).defer("raw")


plain = type(admin.site)(name="plain")
plain.register(TimeEntry, PlainList)
urlpatterns = [*ours, path("plain/", plain.urls)]
