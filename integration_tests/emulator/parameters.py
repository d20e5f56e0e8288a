"""Reading query parameters and JSON bodies as strictly as TikTok does; anything wrong is 40002.

docs/tiktok-api.md D3-D5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import orjson

from .envelope import JsonObject, bad_parameter

Query = Mapping[str, str]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INTEGER = re.compile(r"-?\d{1,18}")


def required(values: Mapping[str, Any], name: str) -> str:
    """Return a text that must be there."""
    value = values.get(name)
    if value is None or value == "":
        raise bad_parameter(name, "Missing data for required field.")
    if not isinstance(value, str):
        raise bad_parameter(name, "Not a valid string.")
    return value


def integer(query: Query, name: str, default: int) -> int:
    """Return an integer parameter."""
    text = query.get(name)
    if text is None:
        return default
    if not _INTEGER.fullmatch(text):
        raise bad_parameter(name, "Not a valid integer.")
    return int(text)


def count(query: Query, default: int, low: int, high: int) -> int:
    """Return max_count, which has limits on every list."""
    value = integer(query, "max_count", default)
    if value > high:
        raise bad_parameter("max_count", f"must be less than or equal to {high}")
    if value < low:
        raise bad_parameter("max_count", f"must be greater than or equal to {low}")
    return value


def choice(query: Query, name: str, choices: Iterable[str], default: str | None) -> str | None:
    """Return one of the listed words."""
    text = query.get(name)
    if text is not None and text not in set(choices):
        raise bad_parameter(name, f"must be one of: {', '.join(choices)}")
    return default if text is None else text


def boolean(query: Query, name: str) -> bool:
    """Return a boolean parameter, false by default."""
    return choice(query, name, ("true", "false"), "false") == "true"


def day(query: Query, name: str, default: date) -> date:
    """Return a date written YYYY-MM-DD."""
    text = query.get(name)
    if text is None:
        return default
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise bad_parameter(name, "Not a valid date, expected format YYYY-MM-DD.") from None


def json_literal(query: Query, name: str) -> Any:
    """Return the value of a parameter that holds JSON, None if it is not there."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise bad_parameter(name, "Not a valid JSON value.") from None


def strings(value: Any, name: str) -> list[str]:
    """Check that a JSON value is an array of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_parameter(name, "Not a valid list of strings.")
    return value


def field_names(query: Query, valid: Iterable[str], default: list[str]) -> list[str]:
    """Return the `fields` parameter; one unknown name fails the whole call (docs/tiktok-api.md D5)."""
    value = json_literal(query, "fields")
    if value is None:
        return default
    names = list(dict.fromkeys(strings(value, "fields")))
    valid = sorted(valid)
    unknown = [name for name in names if name not in valid]
    if unknown or not names:
        raise bad_parameter("fields", f"{unknown} not valid, must be among: {', '.join(valid)}")
    return names


def json_body(content_type: str, body: bytes) -> JsonObject:
    """Return the JSON object of an OAuth request; a form is refused (docs/tiktok-api.md A2.2)."""
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise bad_parameter("Content-Type", "must be application/json")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_parameter("body", "Not a valid JSON value.") from None
    if not isinstance(value, dict):
        raise bad_parameter("body", "Not a JSON object.")
    return value
