"""DRF's pages for a browser, with what a person needs to act: forms that know the present values, and buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request, override_method
from rest_framework.serializers import BaseSerializer, ListSerializer

BUTTONS = {"retry": "Retry", "reconcile": "Reconcile now"}
"""Links of a store that are asked for by POST, without a body."""

_FIRST_ERROR = 400


@dataclass(frozen=True)
class Button:
    """Posts to `url`; with a `reason` it can't be pressed."""

    label: str
    url: str
    reason: str | None


class BrowsableAPI(BrowsableAPIRenderer):
    """Adds a form for PATCH, keeps what was typed after a refusal, and shows a store's actions as buttons."""

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """With `patch_form` and `buttons`."""
        context = super().get_context(data, accepted_media_type, renderer_context)
        view, request = renderer_context["view"], renderer_context["request"]
        context["patch_form"] = self.get_rendered_html_form(data, view, "PATCH", request)
        context["buttons"] = buttons(data)
        context["bodyless"] = _asks_without_body(view)
        return context

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        """DRF's form, but with the values that a refused request had, or for PATCH those that the resource has."""
        if method not in ("POST", "PATCH") or method not in view.allowed_methods or _asks_without_body(view):
            return super().get_rendered_html_form(data, view, method, request)
        if request.method == method and _is_refusal(data):
            return self._form(view, method, request, data=_typed(request))
        if method == "PATCH":
            return self._form(view, method, request, instance=data if _is_resource(data) else None)
        return super().get_rendered_html_form(data, view, method, request)

    def _form(self, view: Any, method: str, request: Request, **kwargs: Any) -> Any:
        with override_method(view, request, method) as asked:
            if not hasattr(view, "get_serializer") or not self.show_form_for_method(view, method, asked, None):
                return None
            serializer: BaseSerializer[Any] = view.get_serializer(partial=method == "PATCH", **kwargs)
            return None if isinstance(serializer, ListSerializer) else self.render_form_for_serializer(serializer)


def buttons(data: Any) -> list[Button]:
    """The actions on a store that its shape tells of."""
    if not _is_resource(data):
        return []
    links, verdicts = data.get("links") or {}, data.get("allowed_actions") or {}
    return [
        Button(label, links[name], verdicts[name]["reason"])
        for name, label in BUTTONS.items()
        if name in links and name in verdicts
    ]


def _is_refusal(data: Any) -> bool:
    """Whether the answer is a problem document (`config.problems`)."""
    return isinstance(data, dict) and str(data.get("type", "")).startswith("urn:storeplane:problem:")


def _is_resource(data: Any) -> bool:
    return isinstance(data, dict) and not _is_refusal(data)


def _typed(request: Request) -> Any:
    try:
        return request.data
    except APIException:
        return {}


def _asks_without_body(view: Any) -> bool:
    """Whether POST takes nothing: such a view says so by `bodyless`."""
    return bool(getattr(view, "bodyless", False))
