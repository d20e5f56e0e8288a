"""How a withheld value looks in a row (docs/tiktok-api.md G2)."""

from __future__ import annotations

from .envelope import JsonObject
from .fields import Field
from .knobs import ArrayGap, Gap


def withhold(row: JsonObject, field: Field, number: Gap, array: ArrayGap) -> None:
    """Leave a field out of the row, or put the placeholder there that the knobs ask for."""
    look = array if field.is_array else number
    if look == "null":
        row[field.name] = None
    elif look == "zero":
        row[field.name] = 0
    elif look == "empty":
        row[field.name] = []
