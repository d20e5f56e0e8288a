"""What both API families share: the caller of a request, faults, and the log of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from .accounts import Account
from .calls import Call
from .faults import CutResponse, Fault, error_page, half

ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CodedResponse = tuple[Response, int | str | None]
"""A response, and the code in its body."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account of a data request, and the scopes of its access token."""

    account: Account
    scopes: frozenset[str]


async def serve(
    call: Call, fault: Fault | None, respond: Callable[[Fault | None], Awaitable[CodedResponse]]
) -> Response:
    """Return the response of `respond`, changed by the fault, and log its outcome."""
    kind = fault.kind if fault else None
    if fault and kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault and kind in ("http", "html_200"):
        call.http_status = fault.status if kind == "http" else 200
        return error_page(call.http_status)
    response, code = await respond(fault)
    if kind == "cut_connection":
        return CutResponse(response.body, response.status_code, headers=dict(response.headers))
    call.http_status = response.status_code
    if kind == "truncated_json":
        return Response(half(response), response.status_code, media_type="application/json")
    call.code = code
    return response
