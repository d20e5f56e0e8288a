"""The log of the requests that the emulator received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from .envelope import Code

_RATE_LIMITED = (Code.REQUEST_TOO_FREQUENT, "rate_limit_exceeded")
_SECRET_WORDS = ("token", "secret", "code", "authorization")


class Call(BaseModel):
    """One request and the outcome of its response. It never holds a token or a secret."""

    at: str
    method: str
    path: str
    """Relative to /open_api/v1.3/. In Login Kit relative to the host, e.g. `v2/user/info/`."""
    business_id: str | None = None
    """The account, by its id in the TikTok API for Business. For OAuth it is the account of the token in the body, but
    OAuth of Login Kit has none."""
    params: dict[str, str] = {}
    """The query. In Login Kit also `cursor`, `max_count`, `filters` and `grant_type` of the body."""
    code: int | str | None = None
    """The code in the response's body, in Login Kit a word. None if the body was not TikTok's."""
    http_status: int | None = None
    """None if the connection was cut."""


class Tally(BaseModel):
    """How many requests an endpoint received, and how many of them a rate limit refused."""

    total: int = 0
    refused: int = 0


class CallLog:
    """All requests since the start, or since the log was cleared."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[Call] = []

    def add(
        self, at: str, method: str, path: str, params: Mapping[str, Any], *, business_id: str | None = None
    ) -> Call:
        """Log a request, without the parameters that hold secrets. The caller adds code and status later."""
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
        """Remove all entries."""
        self.entries.clear()

    def summary(self) -> dict[str, Tally]:
        """Return the number of requests for each path."""
        tallies: dict[str, Tally] = {}
        for call in self.entries:
            tally = tallies.setdefault(call.path, Tally())
            tally.total += 1
            tally.refused += call.code in _RATE_LIMITED
        return tallies
