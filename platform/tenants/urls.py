"""Addresses of people, tenants, tokens, plans and the audit."""

from django.urls import re_path

from tenants.views import auditing, catalogue, members, people, tokens

_SLUG = r"(?P<slug>[a-zA-Z0-9_-]+)"
# At most what a BIGINT holds, or the database would refuse the number.
_ID = r"[0-9]{1,18}"

urlpatterns = [
    re_path(r"^me/?$", people.Me.as_view(), name="me"),
    re_path(r"^tenants/?$", people.Tenants.as_view(), name="tenants"),
    re_path(rf"^tenants/{_SLUG}/?$", people.TenantDetail.as_view(), name="tenant"),
    re_path(rf"^tenants/{_SLUG}/members/?$", members.Members.as_view(), name="tenant-members"),
    re_path(
        rf"^tenants/{_SLUG}/members/(?P<membership_id>{_ID})/?$", members.MemberDetail.as_view(), name="tenant-member"
    ),
    re_path(r"^tokens/?$", tokens.Tokens.as_view(), name="tokens"),
    re_path(rf"^tokens/(?P<token_id>{_ID})/?$", tokens.TokenDetail.as_view(), name="token"),
    re_path(r"^plans/?$", catalogue.Plans.as_view(), name="plans"),
    re_path(r"^audit/?$", auditing.Audit.as_view(), name="audit"),
]
