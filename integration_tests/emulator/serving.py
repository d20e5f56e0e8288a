"""What every answer goes through, whichever family it belongs to: faults and the call log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from .calls import Call
from .faults import CutResponse, Fault, error_page, half

Answer = tuple[Response, int | str | None]
"""A response, and the code in its body."""


async def serve(call: Call, fault: Fault | None, answer: Callable[[Fault | None], Awaitable[Answer]]) -> Response:
    """Let `answer` make the response and log its outcome, unless the fault spoils it on the way."""
    kind = fault.kind if fault else None
    if fault and kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault and kind in ("http", "html_200"):
        call.http_status = fault.status if kind == "http" else 200
        return error_page(call.http_status)
    response, code = await answer(fault)
    if kind == "cut_connection":
        return CutResponse(response.body, response.status_code, headers=dict(response.headers))
    call.http_status = response.status_code
    if kind == "truncated_json":
        return Response(half(response), response.status_code, media_type="application/json")
    call.code = code
    return response
