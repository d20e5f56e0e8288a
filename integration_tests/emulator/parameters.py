"""Parameters and JSON bodies of requests to the TikTok API for Business (docs/tiktok-api.md D3-D5).

Each function raises ApiError 40002 for a wrong value. Where an optional parameter is missing, it returns the default.
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
    """Return a text that must not be missing or empty."""
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


def max_count(query: Query, default: int, low: int, high: int) -> int:
    """Return the page size, which must be between `low` and `high`."""
    value = integer(query, "max_count", default)
    if value > high:
        raise bad_parameter("max_count", f"must be less than or equal to {high}")
    if value < low:
        raise bad_parameter("max_count", f"must be greater than or equal to {low}")
    return value


def choice(query: Query, name: str, choices: Iterable[str], default: str | None) -> str | None:
    """Return a parameter that must be one of the choices."""
    text = query.get(name)
    if text is not None and text not in set(choices):
        raise bad_parameter(name, f"must be one of: {', '.join(choices)}")
    return default if text is None else text


def boolean(query: Query, name: str) -> bool:
    """Return a boolean parameter, false by default."""
    return choice(query, name, ("true", "false"), "false") == "true"


def iso_date(query: Query, name: str, default: date) -> date:
    """Return a date, written YYYY-MM-DD."""
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
    """Return the value of a parameter with JSON, by default None."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise bad_parameter(name, "Not a valid JSON value.") from None


def strings(value: Any, name: str) -> list[str]:
    """Return a JSON value that must be an array of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_parameter(name, "Not a valid list of strings.")
    return value


def field_names(query: Query, valid: Iterable[str], default: list[str]) -> list[str]:
    """Return the JSON array `fields`, without repetitions. One unknown name is an error (docs/tiktok-api.md D5)."""
    value = json_literal(query, "fields")
    if value is None:
        return default
    names = list(dict.fromkeys(strings(value, "fields")))
    valid = sorted(valid)
    unknown = [name for name in names if name not in valid]
    if unknown or not names:
        raise bad_parameter("fields", f"{unknown} not valid, must be among: {', '.join(valid)}")
    return names


def media_type(content_type: str) -> str:
    """Return the type in a Content-Type header, without its parameters, in lower case."""
    return content_type.split(";")[0].strip().lower()


def json_body(content_type: str, body: bytes) -> JsonObject:
    """Return the JSON object of an OAuth request. A form is an error (docs/tiktok-api.md A2.2)."""
    if media_type(content_type) != "application/json":
        raise bad_parameter("Content-Type", "must be application/json")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_parameter("body", "Not a valid JSON value.") from None
    if not isinstance(value, dict):
        raise bad_parameter("body", "Not a JSON object.")
    return value
