"""Parameters, forms and JSON bodies of requests to Login Kit and the Display API (docs/tiktok-api.md B1-B5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from ..envelope import JsonObject
from ..parameters import media_type
from .envelope import OAuthError, invalid_params

Form = Mapping[str, str]
_INT64 = range(-(2**63), 2**63)


def form_body(content_type: str, body: bytes) -> Form:
    """Return the form of an OAuth request. Raises OAuthError for JSON and other types."""
    if media_type(content_type) != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "Only `application/x-www-form-urlencoded` is accepted as Content-Type.")
    return read_form(body)


def read_form(body: bytes) -> Form:
    """Return the fields of a form, none if the body is something else."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def required(form: Form, name: str) -> str:
    """Return a field of a form. Raises OAuthError if it is missing or empty."""
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", f"The request parameters are malformed: {name} is missing.")
    return value


def json_body(content_type: str, body: bytes, *, may_be_empty: bool) -> JsonObject:
    """Return the JSON object of a data request. Raises DisplayError if there is none."""
    if not body and may_be_empty:
        return {}
    if media_type(content_type) != "application/json":
        raise invalid_params("Content-Type", "must be application/json")
    value = read_json(body)
    if not isinstance(value, dict):
        raise invalid_params("body", "not a JSON object")
    return value


def read_json(body: bytes) -> Any:
    """Return the JSON value of a body, None if the body is something else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def field_names(query: Mapping[str, str], valid: Collection[str]) -> list[str]:
    """Return the comma list `fields`, without repetitions.

    Raises DisplayError if it is missing or has an unknown name.
    """
    text = query.get("fields", "")
    if not text:
        raise invalid_params("fields", "required")
    names = list(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in valid]
    if unknown:
        raise invalid_params("fields", f"{','.join(unknown)} not valid")
    return names


def integer(body: JsonObject, name: str, default: int) -> int:
    """Return an int64 of a JSON body. Raises DisplayError for a text, a fraction, a boolean or null."""
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value not in _INT64:
        raise invalid_params(name, "not an int64")
    return value
