"""Whether every field of fields.py has a value. Without one, a call that asks for it would end with HTTP 500."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from .accounts import Account, AccountSpec
from .fields import DAILY_FIELDS, PROFILE_FIELDS, VIDEO_FIELDS, Field
from .knobs import Knobs
from .profile import DayValues, ProfileValues
from .videos import PostValues


@cache
def check_fields() -> None:
    """Make a value for each field once. Raises NotImplementedError if one has none, or one of another kind."""
    made_at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    account, knobs, now = Account(AccountSpec(posts=1), 0, 7, made_at), Knobs(), made_at.timestamp()
    post = PostValues(account.timeline.post(0), account, "7400000000000000001", knobs, now, now)
    _check(VIDEO_FIELDS, post.value, "PostValues in integration_tests/emulator/videos.py")
    _check(PROFILE_FIELDS, ProfileValues(account, now).value, "ProfileValues in integration_tests/emulator/profile.py")
    day = DayValues(account, made_at.date(), now, knobs)
    _check(DAILY_FIELDS, day.value, "DayValues in integration_tests/emulator/profile.py")


def _check(fields: Mapping[str, Field], value_of: Callable[[str], Any], where: str) -> None:
    for name, field in fields.items():
        try:
            value = value_of(name)
        except NotImplementedError:
            raise NotImplementedError(f"{where} has no value for the field `{name}`: give `value` a case.") from None
        if isinstance(value, list) is not field.is_array:
            kind = "a list" if field.is_array else "no list"
            raise NotImplementedError(
                f"{where} must have {kind} for the field `{name}`: in integration_tests/emulator/fields.py its "
                f"`is_array` is {field.is_array}."
            )
