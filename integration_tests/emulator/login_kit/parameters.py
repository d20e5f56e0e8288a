"""Reading what a caller sends, as strictly as it is documented (docs/tiktok-api.md B1-B5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from ..envelope import JsonObject
from .envelope import OAuthError, invalid_params

Form = Mapping[str, str]
_INT64 = range(-(2**63), 2**63)


def form_body(content_type: str, body: bytes) -> Form:
    """Return the form of a token call; JSON is refused."""
    if _media_type(content_type) != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "Only `application/x-www-form-urlencoded` is accepted as Content-Type.")
    return read_form(body)


def read_form(body: bytes) -> Form:
    """Return the fields of a form; what is no form has none."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def needed(form: Form, name: str) -> str:
    """Return a field that must be there."""
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", f"The request parameters are malformed: {name} is missing.")
    return value


def json_body(content_type: str, body: bytes, *, may_be_empty: bool) -> JsonObject:
    """Return the JSON object of a data call."""
    if not body and may_be_empty:
        return {}
    if _media_type(content_type) != "application/json":
        raise invalid_params("Content-Type", "must be application/json")
    value = read_json(body)
    if not isinstance(value, dict):
        raise invalid_params("body", "not a JSON object")
    return value


def read_json(body: bytes) -> Any:
    """Return the JSON value of a body; what is no JSON is None."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def field_names(query: Mapping[str, str], valid: Collection[str]) -> list[str]:
    """Return the comma list `fields`, which is required; one unknown name fails the whole call."""
    text = query.get("fields", "")
    if not text:
        raise invalid_params("fields", "required")
    names = list(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in valid]
    if unknown:
        raise invalid_params("fields", f"{','.join(unknown)} not valid")
    return names


def integer(body: JsonObject, name: str, default: int) -> int:
    """Return an int64 of a JSON body; a text, a fraction or null is none."""
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value not in _INT64:
        raise invalid_params(name, "not an int64")
    return value


def _media_type(content_type: str) -> str:
    return content_type.split(";")[0].strip().lower()
