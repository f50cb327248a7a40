from django.apps import AppConfig


class ProvisionerConfig(AppConfig):
    name = "provisioner"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from provisioner import presence

        presence.connect()
