"""Faults that a test or a user can set (docs/tiktok-api.md D, failure injection)."""

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
    """Something that goes wrong with the requests that it matches."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    path: str
    """Relative to /open_api/v1.3/, e.g. `business/video/list/`. In Login Kit relative to the host, e.g.
    `v2/video/list/`. `*` is every path."""
    kind: FaultKind
    times: int | None = Field(default=1, ge=1)
    """How many matching requests fail; null: all."""
    after: int = Field(default=0, ge=0)
    """How many matching requests succeed first."""
    business_id: str | None = None
    """Only requests for this account, by its id in the TikTok API for Business. An OAuth request is for the account of
    the token in its body, but OAuth of Login Kit is for none."""
    code: int = 50000
    """kind `code`: the code in the body."""
    error: str | None = None
    """kind `code` in Login Kit: the code in the body; unset: internal_error, in OAuth server_error."""
    message: str = "System error."
    """kind `code`: its message."""
    status: int = Field(default=502, ge=200, le=599)
    """kind `http`: the HTTP status of an HTML page. kind `code` in Login Kit: the HTTP status; unset: the documented
    status of `error`."""
    seconds: float = Field(default=1, ge=0)
    """kind `slow`: how long the response takes, in real time."""

    _succeeded: int = PrivateAttr(default=0)
    _failed: int = PrivateAttr(default=0)

    @property
    def chosen_status(self) -> int | None:
        """Return `status` if it was set."""
        return self.status if "status" in self.model_fields_set else None

    @property
    def is_used_up(self) -> bool:
        """Tell whether `times` requests have failed."""
        return self.times is not None and self._failed >= self.times

    def matches(self, path: str, params: Mapping[str, str]) -> bool:
        """Tell whether the fault is for this request. `params` has the account as business_id."""
        if self.path not in ("*", path) or self.business_id not in (None, params.get("business_id")):
            return False
        return self.kind != "repeat_cursor" or "cursor" in params

    def is_due(self) -> bool:
        """Tell whether `after` matching requests have succeeded. If not, count one more."""
        if self._succeeded < self.after:
            self._succeeded += 1
            return False
        return True

    def count_failure(self) -> None:
        """Count a request that fails."""
        self._failed += 1


class Faults:
    """The faults that are set and not used up."""

    def __init__(self) -> None:
        """Start without faults."""
        self.entries: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set a fault."""
        self.entries.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self.entries.clear()

    def take(self, path: str, params: Mapping[str, str]) -> Fault | None:
        """Count a request, and return the fault that it meets. If several match, it is the one that was set first."""
        due = [fault for fault in self.entries if fault.matches(path, params) and fault.is_due()]
        if not due:
            return None
        due[0].count_failure()
        self.entries = [fault for fault in self.entries if not fault.is_used_up]
        return due[0]


class ConnectionCutError(Exception):
    """Makes the server close the connection."""


class CutResponse(Response):
    """A response whose connection is closed in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce the whole body and send half of it. Raises ConnectionCutError."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half(self), "more_body": True})
        raise ConnectionCutError


def error_page(status: int) -> HTMLResponse:
    """Return the HTML page of a proxy in front of TikTok."""
    return HTMLResponse(_ERROR_PAGE.format(f"{status} Bad Gateway" if status == 502 else status), status)


def half(response: Response) -> bytes:
    """Return the first half of a body."""
    body = bytes(response.body)
    return body[: len(body) // 2]


def repeated_cursor(data: JsonObject, params: Mapping[str, str]) -> JsonObject:
    """Return a page with the cursor of its request, and with has_more."""
    return {**data, "cursor": orjson.loads(params["cursor"]), "has_more": True}
