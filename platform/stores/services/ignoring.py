"""Rules that keep a store's differences from being drift. Each change is a wish like any other: logged and mirrored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from stores import actions, ignoring
from stores.changes import note_change
from stores.choices import Origin
from stores.errors import Conflict, InvalidStore
from stores.models import DriftRule, Store
from stores.provisioning import provisioner
from tenants.models import User

Values = Mapping[str, str]


@dataclass(frozen=True)
class Added:
    """The rule, and whether this call made it."""

    rule: DriftRule
    new: bool


def add_rule(store: Store, values: Values, *, by: User | None, request_id: str = "", origin: str = Origin.API) -> Added:
    """Ignore what the rule matches from now on; an equal rule that is there is the answer, its reason as it was.

    Raises InvalidStore for values that can't be used, Conflict when the store can't be changed or has enough rules.
    """
    _check(values)
    with transaction.atomic():
        store = _locked(store)
        key = _key(values)
        present = store.drift_rules.filter(**key).first()
        if present is not None:
            return Added(present, new=False)
        _check_count(store.drift_rules.count() + 1)
        rule = store.drift_rules.create(**key, reason=values.get("reason", ""), created_by=by)
        _note(store, f"Differences are ignored from now on: {rule}.", request_id, origin)
    return Added(rule, new=True)


def remove_rule(store: Store, rule: DriftRule, *, request_id: str = "", origin: str = Origin.API) -> bool:
    """Judge again what the rule ignored; False when it was gone already. Raises Conflict as `add_rule` does."""
    with transaction.atomic():
        store = _locked(store)
        removed, _ = store.drift_rules.filter(pk=rule.pk).delete()
        if removed:
            _note(store, f"Differences are no longer ignored: {rule}.", request_id, origin)
    return bool(removed)


def replace_rules(store: Store, wanted: Sequence[Values], *, request_id: str = "", origin: str = Origin.API) -> bool:
    """Have exactly these rules in this order; whether that changed anything. Raises as `add_rule` does."""
    for values in wanted:
        _check(values)
    keys = _distinct([_key(values) for values in wanted])
    _check_count(len(keys))
    with transaction.atomic():
        store = _locked(store)
        present = list(store.drift_rules.all())
        if [_key_of(rule) for rule in present] == keys:
            return False
        _write(store, present, keys)
        told = "; ".join(ignoring.as_text(key) for key in keys) or "nothing"
        _note(store, f"Differences are ignored from now on: {told}.", request_id, origin)
    return True


def _write(store: Store, present: Sequence[DriftRule], keys: Sequence[dict[str, str]]) -> None:
    """The order is that of the rows, so all are written anew; what stays keeps its reason and its maker."""
    known = {tuple(_key_of(rule).values()): rule for rule in present}
    store.drift_rules.all().delete()
    for key in keys:
        rule = known.get(tuple(key.values())) or DriftRule(store=store, **key)
        rule.pk = None
        rule._state.adding = True
        rule.save()


def _locked(store: Store) -> Store:
    locked = Store.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=store.pk)
    obstacle = actions.CHANGE.obstacle(locked)
    if obstacle is not None:
        raise Conflict(obstacle)
    return locked


def _check(values: Values) -> None:
    for field, problem in ignoring.problems_with(values).items():
        raise InvalidStore(problem, field=field)


def _check_count(count: int) -> None:
    if count > ignoring.MAX_RULES:
        raise Conflict(f"A store may have {ignoring.MAX_RULES} rules of its own; remove one, or use a wider pattern.")


def _note(store: Store, message: str, request_id: str, origin: str) -> None:
    store.spec_changed_at = timezone.now()
    store.save(update_fields=["spec_changed_at", "updated_at"])
    note_change(store, message, request_id, origin)
    provisioner().judge_drift(store)


def _key(values: Values) -> dict[str, str]:
    return {field: values.get(field, "") for field in ignoring.FIELDS}


def _key_of(rule: DriftRule) -> dict[str, str]:
    return {field: getattr(rule, field) for field in ignoring.FIELDS}


def _distinct(keys: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return list({tuple(key.values()): key for key in keys}.values())
