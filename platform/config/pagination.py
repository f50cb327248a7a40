"""Cursor pages: steady while rows come and go, and as cheap on the last page as on the first."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class CursorPages(CursorPagination):
    """`?cursor=` and `?page_size=` (1 to 200); values that can't be used are an error, not ignored."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-id"

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """The page that the cursor names. Raises ValidationError for a cursor that isn't one of ours."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, DjangoValidationError, DataError, ValueError, OverflowError) as error:
            raise ValidationError({"cursor": "This cursor isn't one that the API gave; start without it."}) from error

    def get_page_size(self, request: Request) -> int | None:
        """The asked size. Raises ValidationError outside 1 to 200."""
        text = request.query_params.get(self.page_size_query_param, "")
        if not text:
            return self.page_size
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= self.max_page_size:
            raise ValidationError({self.page_size_query_param: f"Use a whole number from 1 to {self.max_page_size}."})
        return int(text)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """For the OpenAPI document."""
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            _parameter(self.cursor_query_param, "Where to go on, from `next` or `previous`.", {"type": "string"}),
            _parameter("page_size", "How many to show.", size),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For the OpenAPI document (3.1, where null is a type)."""
        page = {"type": ["string", "null"], "format": "uri", "description": "Follow it as it is; null at the end."}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": page, "previous": page, "results": schema},
        }


class Ordering(OrderingFilter):
    """`?ordering=` by one of the view's `ordering_fields` (a name to a sort expression), `-` for descending."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Sequence[str]:
        """The sort fields of the queryset. Raises ValidationError for an unknown one."""
        fields: dict[str, str] = view.ordering_fields  # type: ignore[attr-defined]
        text = request.query_params.get(self.ordering_param, "").strip()
        if not text:
            return (view.ordering,)  # type: ignore[attr-defined]
        minus, name = ("-", text[1:]) if text.startswith("-") else ("", text)
        if name not in fields:
            raise ValidationError({self.ordering_param: f"Use one of {', '.join(fields)}, with '-' for descending."})
        return (minus + fields[name],)

    def get_valid_fields(self, queryset: Any, view: Any, context: Any = None) -> list[tuple[str, str]]:
        """For the browsable API's menu."""
        return [(name, name.replace("_", " ")) for name in view.ordering_fields]

    def get_default_valid_fields(self, queryset: Any, view: Any, context: Any = None) -> list[tuple[str, str]]:
        """The same."""
        return self.get_valid_fields(queryset, view, context)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """For the OpenAPI document."""
        names = [minus + name for name in view.ordering_fields for minus in ("", "-")]
        schema = {"type": "string", "enum": names, "default": view.ordering}
        return [_parameter(self.ordering_param, "What to sort by; `-` for descending.", schema)]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
