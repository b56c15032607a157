"""Accounts and the task queue: other apps' admins, registered again with the theme, so that their forms look right."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django_q import admin as queue_admin
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from integrations.readonly_admin import ReadOnlyAdmin

for model in (User, Group, OrmQ, Schedule, Success, Failure):
    admin.site.unregister(model)


@admin.register(User)
class ThemedUserAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # Django's own two boxes side by side are wider than a phone and tell a screen reader nothing.
    filter_horizontal = ()


@admin.register(Group)
class ThemedGroupAdmin(GroupAdmin, ModelAdmin):
    filter_horizontal = ()


# A schedule or a resubmitted task runs any function on the worker, so that these rows are only viewed.
@admin.register(OrmQ)
class ViewedQueueAdmin(ReadOnlyAdmin, queue_admin.QueueAdmin):
    pass


@admin.register(Schedule)
class ViewedScheduleAdmin(ReadOnlyAdmin, queue_admin.ScheduleAdmin):
    pass


@admin.register(Success)
class ViewedSuccessAdmin(ReadOnlyAdmin, queue_admin.TaskAdmin):
    pass


@admin.register(Failure)
class ViewedFailureAdmin(ReadOnlyAdmin, queue_admin.FailAdmin):
    pass
