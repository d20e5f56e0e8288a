"""Which accounts lack a field, and how a withheld value looks (docs/tiktok-api.md D14, G2)."""

from __future__ import annotations

from .accounts import Account
from .envelope import JsonObject
from .fields import Field, Gate
from .knobs import ArrayGap, Gap, Knobs


def is_available(field: Field, account: Account, knobs: Knobs) -> bool:
    """Tell whether an account of this kind has the field."""
    gate = field.gate
    if field.name == "profile_views" and knobs.profile_views_needs_registration:
        gate = Gate.REGISTERED
    if field.name == "audience_activity" and knobs.audience_activity_needs_business:
        gate = Gate.BUSINESS
    if gate is Gate.REGISTERED:
        return account.spec.kind == "business_registered"
    return gate is Gate.ANY or account.is_business


def withhold(record: JsonObject, field: Field, number: Gap, array: ArrayGap) -> None:
    """Leave the field out of the record, or write a placeholder: `number`, or `array` for a field with an array."""
    gap = array if field.is_array else number
    if gap != "omit":
        record[field.name] = {"null": None, "zero": 0, "empty": []}[gap]
