"""What an operator may type in; the services judge it."""

from typing import TYPE_CHECKING, Any

from django import forms

from stores import names
from stores.engines import ENGINE_CHOICES
from stores.models import Store
from tenants.models import Tenant
from tenants.plans import PLAN_CHOICES

if TYPE_CHECKING:
    _StoreForm = forms.ModelForm[Store]
else:  # Django's own class takes no parameters when it runs
    _StoreForm = forms.ModelForm


class AddStoreForm(forms.Form):
    """A store for a tenant."""

    tenant = forms.ModelChoiceField(
        Tenant.objects.all(),
        to_field_name="slug",
        widget=forms.TextInput(attrs={"list": "tenants", "class": "vTextField", "autocomplete": "off"}),
        error_messages={"invalid_choice": "There is no tenant '%(value)s'."},
        help_text="The tenant's slug; its plan says how many stores it may have.",
    )
    name = forms.CharField(
        strip=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
        help_text="A DNS label of 3 to 40 characters; it becomes the shop's host name.",
    )
    engine = forms.ChoiceField(choices=ENGINE_CHOICES)
    plan = forms.ChoiceField(choices=[("", "The tenant's own"), *PLAN_CHOICES], required=False)
    display_name = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="What people call the shop; free text.",
    )

    def clean_name(self) -> str:
        """The rules of `stores.names`."""
        name: str = self.cleaned_data["name"]
        problem = names.problem_with(name)
        if problem:
            raise forms.ValidationError(problem)
        return name


class ChangeStoreForm(_StoreForm):
    """What can be changed while a store lives; suspending is an action of its own."""

    class Meta:
        model = Store
        fields = ("display_name", "plan", "drift_policy", "deletion_protection")
        widgets = {"display_name": forms.TextInput(attrs={"class": "vTextField"})}
        help_texts = {
            "plan": "What the store may use from now on; the database's volume keeps its size.",
            "drift_policy": "What is done about a change that nobody asked for.",
            "deletion_protection": "Refuses every removal until it is switched off.",
        }

    def changes(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The changed fields as they were and as they shall be."""
        after = {name: self.cleaned_data[name] for name in self.changed_data}
        return {name: self.initial[name] for name in after}, after


class RemovalForm(forms.Form):
    """The name of the store that shall go, typed by whoever wants it gone."""

    name = forms.CharField(
        strip=False,
        label="The store's name",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, store: Store, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.store = store

    def clean_name(self) -> str:
        """Exactly that name."""
        name: str = self.cleaned_data["name"]
        if name != self.store.name:
            raise forms.ValidationError(f"That isn't its name; type {self.store.name}.")
        return name
