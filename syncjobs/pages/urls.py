"""Addresses of the admin's own pages, below /admin/."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

app_name = "hourbridge"


def coming(request: HttpRequest, pk: int = 0) -> HttpResponse:
    return redirect("admin:index")


urlpatterns = [
    path("people/", coming, name="any-people"),
    path("customers/", coming, name="any-customers"),
    path("rules/", coming, name="any-rules"),
    path("workspaces/<int:pk>/people/", coming, name="people"),
    path("workspaces/<int:pk>/customers/", coming, name="customers"),
    path("workspaces/<int:pk>/rules/", coming, name="rules"),
    path("connect/clockify/", coming, name="connect-clockify"),
]
