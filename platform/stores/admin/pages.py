"""The operator's own pages for a store, besides Django's list and detail: add, change, act, remove."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from stores import actions
from stores.admin import acting
from stores.admin.forms import AddStoreForm, ChangeStoreForm, RemovalForm
from stores.errors import QuotaExceeded, Refused
from stores.models import Store
from tenants.models import Tenant

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Store]
else:  # Django's own classes take no parameters when they run
    _Admin = admin.ModelAdmin

_SUGGESTED_TENANTS = 200


class StorePages(_Admin):
    """Views that end in a service; who may is asked first in each."""

    def get_urls(self) -> list[URLPattern]:
        """Ours come first: Django's own end in a pattern that takes everything."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/act/<str:deed>/", wrap(self.act_view), name="stores_store_act"),
            path("<int:pk>/edit/", wrap(self.edit_view), name="stores_store_edit"),
            path("<int:pk>/remove/", wrap(self.remove_view), name="stores_store_remove"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may ask for a store in any tenant's name."""
        return request.user.has_perm("stores.add_store")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form, or the new store's page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AddStoreForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                created = acting.add(request, form.cleaned_data)
            except Refused as refusal:
                _tell(form, refusal)
            else:
                said = "was asked for" if created.new else "was there already, as you want it"
                self.message_user(request, f"The store '{created.store.name}' {said}.", messages.SUCCESS)
                return _to_page(created.store)
        tenants = Tenant.objects.values_list("slug", "name")[:_SUGGESTED_TENANTS]
        context = {"title": "Add store", "tenants": tenants, "submit": "Add store"}
        return self._form(request, form, None, context)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change what may be changed."""
        store = self._store_to_change(request, pk)
        obstacle = acting.obstacle(request, store, actions.CHANGE)
        if obstacle is not None:
            return self._refused(request, store, obstacle)
        form = ChangeStoreForm(request.POST if request.method == "POST" else None, instance=store)
        if form.is_valid():
            before, after = form.changes()
            try:
                if after:
                    acting.change(request, store, before, after)
            except Refused as refusal:
                _tell(form, refusal)
            else:
                said = (
                    f"Changed: {', '.join(name.replace('_', ' ') for name in after)}." if after else "Nothing changed."
                )
                self.message_user(request, said, messages.SUCCESS if after else messages.INFO)
                return _to_page(store)
        return self._form(request, form, store, {"title": f"Change {store.name}", "submit": "Save"})

    def act_view(self, request: HttpRequest, pk: int, deed: str) -> HttpResponse:
        """Do what the button says; a removal asks once more, on a page of its own."""
        if deed not in acting.DEEDS:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        store = self._store_to_change(request, pk)
        if deed == actions.DELETE.name:
            return HttpResponseRedirect(reverse("admin:stores_store_remove", args=[pk]))
        return self._perform(request, store, acting.DEEDS[deed])

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remove the store once its name was typed."""
        store = self._store_to_change(request, pk)
        obstacle = acting.obstacle(request, store, actions.DELETE)
        if obstacle is not None:
            return self._refused(request, store, obstacle)
        form = RemovalForm(store, request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._perform(request, store, acting.DEEDS[actions.DELETE.name])
        context = {"title": f"Delete {store.name}?", "submit": "Delete it for good", "removal": True}
        return self._form(request, form, store, context)

    def _store_to_change(self, request: HttpRequest, pk: int) -> Store:
        if not request.user.has_perm(acting.PERMISSION):
            raise PermissionDenied
        store = Store.objects.select_related("tenant").filter(pk=pk).first()
        if store is None:
            raise Http404
        return store

    def _perform(self, request: HttpRequest, store: Store, deed: acting.Deed) -> HttpResponse:
        try:
            acting.perform(request, store, deed)
        except Refused as refusal:
            return self._refused(request, store, refusal.message)
        self.message_user(request, f"{deed.label.rstrip('…')}: asked for.", messages.SUCCESS)
        return _to_page(store)

    def _refused(self, request: HttpRequest, store: Store, reason: str) -> HttpResponse:
        self.message_user(request, reason, messages.WARNING)
        return _to_page(store)

    def _form(
        self, request: HttpRequest, form: forms.BaseForm, store: Store | None, context: dict[str, Any]
    ) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": store,
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}),  # type: ignore[arg-type]
            "form": form,
            **context,
        }
        return TemplateResponse(request, "admin/stores/store/form.html", page)


def _tell(form: forms.BaseForm, refusal: Refused) -> None:
    """Put the refusal at the field that it is about."""
    field = "tenant" if isinstance(refusal, QuotaExceeded) else refusal.field
    form.add_error(field if field in form.fields else None, refusal.message)


def _to_page(store: Store) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:stores_store_change", args=[store.pk]))
