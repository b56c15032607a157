"""Admin of second factors, to view and to reset them. Their seeds never leave the database."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

# The user's own field holds the e-mail address; allauth's list of addresses is not used.
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class SecondFactorAdmin(ModelAdmin):
    """One row per user with an authenticator app. Deleting it is a reset: the recovery codes go as well."""

    list_display = ("user", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    ordering = ("user__username",)
    fields = readonly_fields = ("user", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        return super().get_queryset(request).filter(type=Authenticator.Type.TOTP).defer("data")

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        # Recovery codes are a row of their own, and would still let the user in.
        Authenticator.objects.filter(user=obj.user_id).delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        Authenticator.objects.filter(user__in=list(queryset.values_list("user", flat=True))).delete()
