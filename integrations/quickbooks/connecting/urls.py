"""URLs of the QuickBooks connection. The callback is registered at Intuit and must not change."""

from django.urls import path

from integrations.quickbooks.connecting import views

app_name = "quickbooks"
urlpatterns = [
    path("callback/", views.callback, name="callback"),
    path("<int:workspace_id>/connect/", views.connect, name="connect"),
    path("<int:workspace_id>/disconnect/", views.disconnect, name="disconnect"),
    path("<int:workspace_id>/plan/", views.read_subscription, name="read-plan"),
]
