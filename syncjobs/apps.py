from django.apps import AppConfig


class SyncjobsConfig(AppConfig):
    name = "syncjobs"
    verbose_name = "Runs and receipts"

    def ready(self) -> None:
        # Models can't be imported before the app registry is ready.
        from integrations.quickbooks.connecting.signals import connected_in_browser
        from syncjobs.worker.after_connecting import look_around

        connected_in_browser.connect(look_around)
