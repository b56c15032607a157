"""Run by test_sentry.py in a process of its own: a request with a secret in every place, to a page that fails."""

import logging
import os
import sys

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from config import scrubber

KEY = os.environ["QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN"]


def failing(request: HttpRequest) -> HttpResponse:
    local_canary = "canary-local-variable-0123"
    logging.getLogger("hourbridge.test").warning("Before: %s", KEY)
    assert local_canary
    raise ValueError(f"Clockify said: Bearer {request.headers['X-Quoted']} is {KEY}")


urlpatterns = [path("failing/", failing)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
settings.ROOT_URLCONF = "__main__"
settings.MIDDLEWARE = []
settings.ALLOWED_HOSTS = ["testserver"]
sys.argv.append("canary-argument-0123")
scrubber.learn("canary-learned-0123")

# Through the WSGI application, as a server calls it: what it gets is what the SDK could report.
request = RequestFactory().post(
    "/failing/?code=canary-query-0123",
    {"api_key": "canary-body-0123"},
    headers={
        "Authorization": "Bearer canary-header-0123",
        "Cookie": "session=canary-cookie-0123",
        "X-Quoted": "canary-quoted-0123",
    },
)
answer = get_wsgi_application()(request.environ, lambda *_: None)
answer.close()
