"""The task queue's own rows are viewed, never made, changed or run again, also by superusers."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from django_q.tasks import async_task

MODELS = [OrmQ, Schedule, Success, Failure]


@pytest.fixture
def rows(db: None) -> dict[Any, Any]:
    """Return one row of each kind, by model."""
    for number, success in enumerate([True, False]):
        now = timezone.now()
        Task.objects.create(
            id=f"{number:032x}",
            name="t",
            func="os.getpid",
            args=(),
            kwargs={},
            started=now,
            stopped=now,
            success=success,
        )
    Schedule.objects.create(name="s", func="os.getpid")
    async_task("syncjobs.tasks.perform", 1)
    return {model: model.objects.get() for model in MODELS}


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_a_superuser_views_rows_and_changes_nothing(admin_client: Client, rows: dict[Any, Any], model: Any) -> None:
    row = rows[model]
    assert admin_client.get(address(model, "changelist")).status_code == 200
    assert admin_client.get(address(model, "change", row.pk)).status_code == 200

    forbidden = [
        admin_client.get(address(model, "add")),
        admin_client.post(address(model, "add"), {"func": "os.getpid", "name": "x", "schedule_type": "O"}),
        admin_client.post(address(model, "change", row.pk), {"func": "os.abort", "key": "other"}),
        admin_client.post(address(model, "delete", row.pk), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in forbidden] == [403] * 4
    assert list(model.objects.values()) == list(model.objects.filter(pk=row.pk).values()) != []


@pytest.mark.parametrize("model", [Success, Failure])
def test_no_task_is_submitted_again(admin_client: Client, rows: dict[Any, Any], model: Any) -> None:
    admin_client.post(
        address(model, "changelist"), {"action": "resubmit_task", "_selected_action": [str(rows[model].pk)]}
    )

    assert OrmQ.objects.count() == 1 and model.objects.count() == 1


@pytest.mark.parametrize("model", MODELS)
def test_no_list_offers_an_action(rf: Any, admin_user: Any, model: Any) -> None:
    request = rf.get("/")
    request.user = admin_user

    assert admin.site._registry[model].get_actions(request) == {}


def test_the_workers_cluster_looks_at_no_schedules() -> None:
    assert settings.Q_CLUSTER["scheduler"] is False and Conf.SCHEDULER is False
