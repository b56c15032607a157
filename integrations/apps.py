from django.apps import AppConfig
from django.db.models.signals import m2m_changed

from integrations import roles


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Connections and mirrors"

    def ready(self) -> None:
        m2m_changed.connect(roles.let_members_in, sender="auth.User_groups")
