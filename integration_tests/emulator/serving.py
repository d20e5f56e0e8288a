"""What both API families share: endpoints, the caller of a request, faults, and the log of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from .accounts import Account
from .calls import Call
from .envelope import JsonObject
from .faults import CutResponse, Fault, error_page, half
from .oddities import Oddities

_SUCCESS = (0, "ok")
_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Data = TypeVar("Data")
OAuth = TypeVar("OAuth")
CodedResponse = tuple[Response, int | str | None]
"""A response, and the code in its body."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account of a data request, and the scopes of its access token."""

    account: Account
    scopes: frozenset[str]


@dataclass(frozen=True)
class Endpoint(Generic[Data, OAuth]):
    """An endpoint of a family. It has either `data` or `oauth`."""

    path: str
    method: str
    summary: str
    openapi: JsonObject
    """Parameters or body, for /openapi.json only. FastAPI must not check them, because TikTok has its own errors."""
    data: Data | None = None
    """Handles a request with an access token."""
    oauth: OAuth | None = None
    """Handles an OAuth request, which has no access token in its header."""


def family_router(
    tag: str,
    prefix: str,
    endpoints: Iterable[Endpoint[Data, OAuth]],
    other_paths: str,
    serve_request: Callable[[Endpoint[Data, OAuth] | None, Request], Awaitable[Response]],
) -> APIRouter:
    """Return the routes of a family. The last one serves all other paths and methods, with None as the endpoint."""
    router = APIRouter(tags=[tag])

    def handler(served: Endpoint[Data, OAuth] | None) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await serve_request(served, request)

        return endpoint

    for served in endpoints:
        router.add_api_route(
            prefix + served.path,
            handler(served),
            methods=[served.method],
            summary=served.summary,
            openapi_extra=served.openapi,
            response_class=Response,
        )
    router.add_api_route(other_paths, handler(None), methods=_ALL_METHODS, include_in_schema=False)
    return router


async def serve(
    call: Call, fault: Fault | None, oddities: Oddities, respond: Callable[[], Awaitable[CodedResponse]]
) -> Response:
    """Return the response of `respond`, changed by the fault, and log its outcome. A success may get oddities."""
    kind = fault.kind if fault else None
    if fault and kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault and kind in ("http", "html_200"):
        call.http_status = fault.status if kind == "http" else 200
        return error_page(call.http_status)
    response, code = await respond()
    if code in _SUCCESS:
        response = oddities.put_into(response, call.path, call.params)
    if kind == "cut_connection":
        return CutResponse(response.body, response.status_code, headers=dict(response.headers))
    call.http_status = response.status_code
    if kind == "truncated_json":
        return Response(half(response), response.status_code, media_type="application/json")
    call.code = code
    return response
