"""Accounts, second factors and the task queue: other apps' admins, registered again to suit our theme and rights."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q import admin as queue_admin
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from integrations.admin_lists.readonly_admin import ReadOnlyAdmin
from syncjobs.pages.navigation import NamedList

# The user's own field holds the e-mail address, so that allauth's list of addresses stays away.
for model in (User, Group, EmailAddress, Authenticator, OrmQ, Schedule, Success, Failure):
    admin.site.unregister(model)


@admin.register(User)
class ThemedUserAdmin(NamedList, UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # Django's own two boxes side by side are wider than a phone and tell a screen reader nothing.
    filter_horizontal = ()


@admin.register(Group)
class ThemedGroupAdmin(NamedList, GroupAdmin, ModelAdmin):
    filter_horizontal = ()


@admin.register(Authenticator)
class SecondFactorAdmin(NamedList):
    """One row per user with an authenticator app. Deleting it is a reset: the recovery codes go as well.

    Seeds never leave the database.
    """

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


# A schedule or a resubmitted task runs any function on the worker, so that these rows are only viewed.
@admin.register(OrmQ)
class ViewedQueueAdmin(NamedList, ReadOnlyAdmin, queue_admin.QueueAdmin):
    pass


@admin.register(Schedule)
class ViewedScheduleAdmin(NamedList, ReadOnlyAdmin, queue_admin.ScheduleAdmin):
    pass


@admin.register(Success)
class ViewedSuccessAdmin(NamedList, ReadOnlyAdmin, queue_admin.TaskAdmin):
    pass


@admin.register(Failure)
class ViewedFailureAdmin(NamedList, ReadOnlyAdmin, queue_admin.FailAdmin):
    pass
