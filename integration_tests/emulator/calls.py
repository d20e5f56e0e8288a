"""The log of the calls that the emulator received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from .envelope import Code

_REFUSALS = (Code.REQUEST_TOO_FREQUENT, "rate_limit_exceeded")
_SECRET_WORDS = ("token", "secret", "code", "authorization")


class Call(BaseModel):
    """One call; it never holds a token or a secret."""

    at: str
    method: str
    path: str
    """Relative to /open_api/v1.3/; for Login Kit relative to the host, e.g. `v2/user/info/`."""
    business_id: str | None = None
    """The account, of an OAuth call that of its token; for Login Kit too by its id in the TikTok API for Business."""
    params: dict[str, str] = {}
    """The query; for Login Kit also `cursor`, `max_count`, `filters` and `grant_type` of the body."""
    code: int | str | None = None
    """The code in the body, a word in Login Kit; none if the body was no envelope."""
    http_status: int | None = None
    """None if the connection was cut."""


class Tally(BaseModel):
    """How often an endpoint was called, and how often the call was refused by a rate limit."""

    total: int = 0
    refused: int = 0


class CallLog:
    """All calls since the start or the last clearing."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[Call] = []

    def add(
        self, at: str, method: str, path: str, params: Mapping[str, Any], *, business_id: str | None = None
    ) -> Call:
        """Log a call that has just come in; code and status are filled in later."""
        shown = {
            name: str(value)
            for name, value in params.items()
            if not any(word in name.lower() for word in _SECRET_WORDS)
        }
        business_id = business_id or shown.get("business_id")
        call = Call(at=at, method=method, path=path, business_id=business_id, params=shown)
        self.entries.append(call)
        return call

    def clear(self) -> None:
        """Forget all calls."""
        self.entries.clear()

    def summary(self) -> dict[str, Tally]:
        """Return the number of calls per path."""
        tallies: dict[str, Tally] = {}
        for call in self.entries:
            tally = tallies.setdefault(call.path, Tally())
            tally.total += 1
            tally.refused += call.code in _REFUSALS
        return tallies
