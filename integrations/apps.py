from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created
from django.db.models.signals import m2m_changed, post_migrate

from integrations import roles
from integrations.database import end_idle_transactions


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Connections and mirrors"

    def ready(self) -> None:
        m2m_changed.connect(roles.grant_staff_status, sender="auth.User_groups")
        connection_created.connect(end_idle_transactions)
        for label in roles.OUR_APPS:
            post_migrate.connect(roles.name_permissions, sender=apps.get_app_config(label))
