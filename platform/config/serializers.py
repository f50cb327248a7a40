"""What the forms of all requests have in common."""

from typing import Any

from rest_framework import serializers

# What a browser's form sends along besides the fields.
_FORM_FIELDS = {"csrfmiddlewaretoken"}


class KnownFieldsOnly(serializers.Serializer[Any]):
    """Refuses fields that nobody would read: a misspelt one must not pass for an accepted wish."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated values. Raises ValidationError that names the unknown fields and the known ones."""
        known = [name for name, field in self.fields.items() if not field.read_only]
        if hasattr(data, "keys"):
            unknown = [key for key in data if key not in known and key not in _FORM_FIELDS]
            if unknown:
                raise serializers.ValidationError({str(key): [self.unknown(key, known)] for key in unknown})
        return super().to_internal_value(data)

    def unknown(self, key: object, known: list[str]) -> str:
        """The sentence for a field that isn't known."""
        return f"There is no such field; use {', '.join(known)}."
