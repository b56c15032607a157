"""Accounts and the task queue: other apps' admins, registered again with the theme, so that their forms look right."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django_q import admin as queue_admin
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

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


@admin.register(OrmQ)
class ThemedQueueAdmin(queue_admin.QueueAdmin, ModelAdmin):
    pass


@admin.register(Schedule)
class ThemedScheduleAdmin(queue_admin.ScheduleAdmin, ModelAdmin):
    pass


@admin.register(Success)
class ThemedSuccessAdmin(queue_admin.TaskAdmin, ModelAdmin):
    pass


@admin.register(Failure)
class ThemedFailureAdmin(queue_admin.FailAdmin, ModelAdmin):
    pass
