"""Addresses of stores, operations and engines."""

from django.urls import re_path

from stores import views
from stores.drift import views as drift

_NAME = r"(?P<name>[a-z0-9-]+)"
# At most what a BIGINT holds, or the database would refuse the number.
_RULE = r"(?P<rule_id>[0-9]{1,18})"

urlpatterns = [
    re_path(r"^stores/?$", views.StoreList.as_view(), name="stores"),
    re_path(rf"^stores/{_NAME}/?$", views.StoreDetail.as_view(), name="store"),
    re_path(rf"^stores/{_NAME}/logs/?$", views.StoreLogs.as_view(), name="store-logs"),
    re_path(rf"^stores/{_NAME}/retry/?$", views.StoreRetry.as_view(), name="store-retry"),
    re_path(rf"^stores/{_NAME}/reconcile/?$", views.StoreReconcile.as_view(), name="store-reconcile"),
    re_path(rf"^stores/{_NAME}/credentials/?$", views.StoreCredentials.as_view(), name="store-credentials"),
    re_path(rf"^stores/{_NAME}/drift/?$", drift.StoreDrift.as_view(), name="store-drift"),
    re_path(rf"^stores/{_NAME}/drift/rules/?$", drift.DriftRules.as_view(), name="store-drift-rules"),
    re_path(rf"^stores/{_NAME}/drift/rules/{_RULE}/?$", drift.DriftRuleDetail.as_view(), name="store-drift-rule"),
    re_path(r"^operations/(?P<operation_id>[0-9a-f-]{36})/?$", views.OperationDetail.as_view(), name="operation"),
    # Whatever was typed: what no store may be called is told so.
    re_path(r"^names/(?P<name>[^/]+)/?$", views.NameDetail.as_view(), name="name"),
    re_path(r"^engines/?$", views.EngineList.as_view(), name="engines"),
]
