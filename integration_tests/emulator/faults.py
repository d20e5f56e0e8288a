"""Faults on demand: what may go wrong between TikTok and its caller (docs/tiktok-api.md D, failure injection)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from .envelope import JsonObject

FaultKind = Literal[
    "code",
    "http",
    "html_200",
    "truncated_json",
    "cut_connection",
    "slow",
    "repeat_cursor",
    "revoke_token",
]
_ERROR_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"


class Fault(BaseModel):
    """Something that goes wrong on the calls it matches."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to /open_api/v1.3/, e.g. `business/video/list/`; for Login Kit relative to the host, e.g.
    `v2/video/list/`; `*` for every path."""
    kind: FaultKind
    times: int | None = Field(default=1, ge=1)
    """On how many matching calls it happens; null: on all."""
    after: int = Field(default=0, ge=0)
    """How many matching calls go well before."""
    business_id: str | None = None
    """Only calls for this account, by its id in the TikTok API for Business, whose OAuth calls belong to the account of
    their token."""
    code: int = 50000
    """kind `code`: the code in the body."""
    error: str | None = None
    """kind `code` in Login Kit: the code in the body; unset: internal_error, for OAuth server_error."""
    message: str = "System error."
    """kind `code`: its message."""
    status: int = Field(default=502, ge=200, le=599)
    """kind `http`: the HTTP status; the body is an HTML page. kind `code` in Login Kit: the HTTP status, unless set the
    one that belongs to `error`."""
    seconds: float = Field(default=1, ge=0)
    """kind `slow`: how long the answer takes, in real time."""

    _passed: int = PrivateAttr(default=0)
    _struck: int = PrivateAttr(default=0)

    @property
    def wanted_status(self) -> int | None:
        """Return the HTTP status if one was asked for."""
        return self.status if "status" in self.model_fields_set else None

    @property
    def is_spent(self) -> bool:
        """Tell whether it has happened often enough."""
        return self.times is not None and self._struck >= self.times

    def matches(self, path: str, params: Mapping[str, str]) -> bool:
        """Tell whether a call is one of those this fault is about."""
        if self.path not in ("*", path) or self.business_id not in (None, params.get("business_id")):
            return False
        return self.kind != "repeat_cursor" or "cursor" in params

    def is_due(self) -> bool:
        """Count a matching call that must go well; tell whether there were enough of them."""
        if self._passed < self.after:
            self._passed += 1
            return False
        return True

    def strike(self) -> None:
        """Count a call that goes wrong."""
        self._struck += 1


class Faults:
    """The faults that are set and not yet spent."""

    def __init__(self) -> None:
        """Start without faults."""
        self.entries: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set a fault."""
        self.entries.append(fault)

    def clear(self) -> None:
        """Take all faults back."""
        self.entries.clear()

    def striking(self, path: str, params: Mapping[str, str]) -> Fault | None:
        """Return the fault that hits this call: one at most, the one set first."""
        due = [fault for fault in self.entries if fault.matches(path, params) and fault.is_due()]
        if not due:
            return None
        due[0].strike()
        self.entries = [fault for fault in self.entries if not fault.is_spent]
        return due[0]


class ConnectionCutError(Exception):
    """Makes the server close the socket; it is expected and not worth a traceback."""


class CutResponse(Response):
    """An answer that ends in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise the whole body, send half of it, and hang up."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half(self), "more_body": True})
        raise ConnectionCutError


def error_page(status: int) -> HTMLResponse:
    """Return what a proxy in front of TikTok would send."""
    return HTMLResponse(_ERROR_PAGE.format(f"{status} Bad Gateway" if status == 502 else status), status)


def half(response: Response) -> bytes:
    """Return the first half of a body."""
    body = bytes(response.body)
    return body[: len(body) // 2]


def repeated_cursor(data: JsonObject, params: Mapping[str, str]) -> JsonObject:
    """Return the page with the cursor that was asked for, as if there were more."""
    return {**data, "cursor": orjson.loads(params["cursor"]), "has_more": True}
