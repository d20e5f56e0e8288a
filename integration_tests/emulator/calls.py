"""The log of the calls that the emulator received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from .envelope import Code

_SECRET_WORDS = ("token", "secret", "code", "authorization")


class Call(BaseModel):
    """One call; it never holds a token or a secret."""

    at: str
    method: str
    path: str
    business_id: str | None = None
    params: dict[str, str] = {}
    code: int | None = None
    """The code in the body; none if the body was no envelope."""
    http_status: int | None = None
    """None if the connection was cut."""


class Tally(BaseModel):
    """How often an endpoint was called, and how often the call was refused with 40100."""

    total: int = 0
    refused: int = 0


class CallLog:
    """All calls since the start or the last clearing."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[Call] = []

    def add(self, at: str, method: str, path: str, params: Mapping[str, Any]) -> Call:
        """Log a call that has just come in; code and status are filled in later."""
        shown = {
            name: str(value)
            for name, value in params.items()
            if not any(word in name.lower() for word in _SECRET_WORDS)
        }
        call = Call(at=at, method=method, path=path, business_id=shown.get("business_id"), params=shown)
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
            tally.refused += call.code == Code.REQUEST_TOO_FREQUENT
        return tallies
