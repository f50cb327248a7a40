"""Noting in the audit what an operator does to people and tenants."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tenants import audit, rights
from tenants.models import Membership, Tenant, User


class Audited:
    """Notes in the audit what an operator adds, changes and removes: names of fields, old and new values.

    Passwords and the like are named, and their values hidden.
    """

    hidden: ClassVar = ("password",)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save, and note what became different."""
        before = {name: form.initial.get(name) for name in form.changed_data} if change else None
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        after = {name: form.cleaned_data.get(name) for name in form.changed_data}
        self._note(request, obj, "change" if change else "create", before, after)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete, and note it."""
        self._note(request, obj, "delete", None, None)
        super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The same for each of several."""
        for obj in queryset:
            self.delete_model(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows of an inline, and note each."""
        formset.save()
        for membership in formset.new_objects:
            self._note_member(request, membership, "add")
        for membership, _fields in formset.changed_objects:
            self._note_member(request, membership, "change")
        for membership in formset.deleted_objects:
            self._note_member(request, membership, "remove")

    def _note(self, request: HttpRequest, obj: Model, verb: str, before: Any, after: Any) -> None:
        tenant = obj if isinstance(obj, Tenant) and verb != "delete" else None
        if isinstance(obj, User):
            rights.changed([obj.pk])
        action = f"{type(obj).__name__.lower()}.{verb}"
        audit.record(request, action, str(obj), tenant=tenant, before=self._shown(before), after=self._shown(after))

    def _note_member(self, request: HttpRequest, membership: Membership, verb: str) -> None:
        rights.changed([membership.user_id])
        role = {"role": membership.role}
        roles = {"before": role} if verb == "remove" else {"after": role}
        audit.record(request, f"member.{verb}", membership.user.username, tenant=membership.tenant, **roles)

    def _shown(self, values: dict[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {name: "(hidden)" if self._is_hidden(name) else str(value) for name, value in values.items()}

    def _is_hidden(self, name: str) -> bool:
        return any(word in name for word in self.hidden)
