"""Django's admin, with an overview on its first page and our stylesheet."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.template.response import TemplateResponse


class OperatorsAdminConfig(AdminConfig):
    """Stands in INSTALLED_APPS in the place of Django's own."""

    default = False
    default_site = "config.admin_site.OperatorsSite"


class OperatorsSite(AdminSite):
    """The site that all tables are registered with."""

    site_header = "Storeplane"
    site_title = "Storeplane"
    index_title = "Operations"
    index_template = "config/admin/index.html"
    # Lists need the room; the few ways that an operator goes stand in the header (`admin/base_site.html`).
    enable_nav_sidebar = False

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The overview, and the tables below it."""
        from config.overview import overview  # the models aren't there yet when Django loads this module

        return super().index(request, {**(extra_context or {}), **overview(request.user)})
