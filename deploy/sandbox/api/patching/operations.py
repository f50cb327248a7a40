"""JSON patch (RFC 6902), with the errors of an API server."""

from typing import Any

import jsonpatch
import jsonpointer

from ..errors import ApiError, bad_request
from ..jsontypes import Json, clone

LIMIT = 10000


def json_patch(target: Json, patch: Any) -> Json:
    """The target after the operations; raises 400 for a malformed patch and 422 for one that does not fit."""
    if not isinstance(patch, list):
        raise bad_request("error decoding patch: a JSON patch is a list of operations")
    if len(patch) > LIMIT:
        raise ApiError(413, "RequestEntityTooLarge", f"The allowed maximum operations in a JSON patch is {LIMIT}")
    try:
        patched: Json = jsonpatch.JsonPatch(patch).apply(clone(target))
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise ApiError(422, "Invalid", message) from error
    return patched
