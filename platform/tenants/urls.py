"""Addresses of people, tenants, plans and the audit."""

from django.urls import re_path

from tenants import views

urlpatterns = [
    re_path(r"^me/?$", views.Me.as_view(), name="me"),
    re_path(r"^tenants/?$", views.Tenants.as_view(), name="tenants"),
    re_path(r"^plans/?$", views.Plans.as_view(), name="plans"),
    re_path(r"^audit/?$", views.Audit.as_view(), name="audit"),
]
