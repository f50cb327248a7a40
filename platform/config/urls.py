"""Every address of the platform. A trailing slash is never needed and never wrong."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.dashboard import dashboard
from config.health import HealthView, LiveView, ReadyView, ServingView
from config.metrics.page import metrics

urlpatterns = [
    path("", dashboard, name="dashboard"),
    re_path(r"^ui(?:/(?P<path>.*))?$", dashboard),
    path("", include("stores.urls")),
    path("", include("tenants.urls")),
    re_path(r"^health/?$", HealthView.as_view(), name="health"),
    re_path(r"^health/ready/?$", ReadyView.as_view(), name="health-ready"),
    re_path(r"^health/serving/?$", ServingView.as_view(), name="health-serving"),
    re_path(r"^health/live/?$", LiveView.as_view(), name="health-live"),
    re_path(r"^metrics/?$", metrics, name="metrics"),
    re_path(r"^schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(
        r"^docs/?$",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="config/docs.html"),
        name="docs",
    ),
    path("api-auth/", include("rest_framework.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.permission_denied"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
