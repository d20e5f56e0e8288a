"""The endpoints of Login Kit and the Display API (docs/tiktok-api.md B, D22)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from ..emulator import Emulator
from ..envelope import JsonObject
from ..faults import Fault, repeated_cursor
from ..serving import ALL_METHODS, Caller, CodedResponse, serve
from .envelope import (
    STATUS,
    DisplayError,
    LoginKitError,
    OAuthError,
    enveloped,
    flat,
    flat_error,
    unsupported_path,
)
from .fields import USER_FIELDS, VIDEO, VIDEO_FIELDS
from .parameters import Form, field_names, form_body, json_body, read_form, read_json
from .user import UserValues
from .videos import VideoEndpoint

_GRANT_TYPES = ("authorization_code", "refresh_token")


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """The parts of a request."""

    path: str
    query: dict[str, str]
    content_type: str
    body: bytes
    token: str
    """Of the Authorization header, if it is a Bearer token. The header Access-Token does not count here."""

    @classmethod
    async def of(cls, request: Request) -> ReceivedRequest:
        """Read a request."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return cls(
            request.scope["path"].removeprefix("/"),
            dict(request.query_params),
            request.headers.get("Content-Type", ""),
            await request.body(),
            token if scheme.lower() == "bearer" else "",
        )

    def params(self) -> dict[str, str]:
        """Return the parameters for log and faults: the query, and parts of the body without secrets."""
        if self.path.startswith("v2/oauth/"):
            grant_type = read_form(self.body).get("grant_type")
            return self.query | ({"grant_type": grant_type} if grant_type in _GRANT_TYPES else {})
        body = read_json(self.body)
        names = ("cursor", "max_count", "filters") if isinstance(body, dict) else ()
        return self.query | {name: orjson.dumps(body[name]).decode() for name in names if name in body}


DataHandler = Callable[[Emulator, Caller, ReceivedRequest], JsonObject]
OAuthHandler = Callable[[Emulator, Form], JsonObject | None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. It has either `data` or `oauth`."""

    path: str
    method: str
    summary: str
    body: tuple[str, ...] = ()
    """Names of the fields in the body, for /docs."""
    data: DataHandler | None = None
    """Handles a request with an access token."""
    oauth: OAuthHandler | None = None
    """Handles a request without one."""

    def documentation(self) -> dict[str, Any]:
        """Return the endpoint's part of OpenAPI. FastAPI must not check parameters: TikTok has its own errors."""
        schema = {"type": "object", "properties": {name: {} for name in self.body}}
        media_type = "application/json" if self.data else "application/x-www-form-urlencoded"
        body = {"requestBody": {"content": {media_type: {"schema": schema}}}} if self.body else {}
        if not self.data:
            return body
        text = {"schema": {"type": "string"}, "required": True}
        parameters = [{"name": "Authorization", "in": "header", **text}, {"name": "fields", "in": "query", **text}]
        return {"parameters": parameters, **body}


def _check_scopes(caller: Caller, needed: set[str]) -> None:
    if needed - caller.scopes:
        raise DisplayError(
            "scope_not_authorized", "The user did not authorize the scope required for completing this request."
        )


def _user(emulator: Emulator, caller: Caller, received: ReceivedRequest) -> JsonObject:
    names = field_names(received.query, USER_FIELDS)
    if emulator.knobs.display_missing_scope == "error":
        _check_scopes(caller, {USER_FIELDS[name] for name in names})
    open_id = emulator.login_kit_open_id(caller.account.open_id)
    values = UserValues(caller.account, open_id, emulator.clock.seconds())
    return {"user": {name: values.value(name) for name in names if USER_FIELDS[name] in caller.scopes}}


def _videos(emulator: Emulator, caller: Caller, received: ReceivedRequest) -> tuple[VideoEndpoint, list[str]]:
    _check_scopes(caller, {VIDEO})
    valid = [name for name in VIDEO_FIELDS if name != "is_aigc" or emulator.knobs.display_is_aigc != "unknown"]
    names = field_names(received.query, valid)
    now, today = emulator.clock.seconds(), emulator.clock.today()
    return VideoEndpoint(caller.account, emulator.app.client_id, emulator.knobs, now, today), names


def _video_list(emulator: Emulator, caller: Caller, received: ReceivedRequest) -> JsonObject:
    endpoint, names = _videos(emulator, caller, received)
    may_be_empty = emulator.knobs.display_empty_body == "defaults"
    return endpoint.page(names, json_body(received.content_type, received.body, may_be_empty=may_be_empty))


def _video_query(emulator: Emulator, caller: Caller, received: ReceivedRequest) -> JsonObject:
    endpoint, names = _videos(emulator, caller, received)
    return endpoint.query(names, json_body(received.content_type, received.body, may_be_empty=False))


OPERATIONS = (
    Operation(
        "v2/oauth/token/",
        "POST",
        "Exchange an authorisation code for tokens, or renew an access token",
        ("client_key", "client_secret", "grant_type", "code", "redirect_uri", "refresh_token"),
        oauth=lambda emulator, form: emulator.login_kit_tokens.token(form),
    ),
    Operation(
        "v2/oauth/revoke/",
        "POST",
        "End an authorisation",
        ("client_key", "client_secret", "token"),
        oauth=lambda emulator, form: emulator.login_kit_tokens.revoke(form),
    ),
    Operation("v2/user/info/", "GET", "Profile and its public counters", data=_user),
    Operation(
        "v2/video/list/", "POST", "Public posts with their public counters", ("cursor", "max_count"), data=_video_list
    ),
    Operation("v2/video/query/", "POST", "Some of the posts, by their ids", ("filters",), data=_video_query),
)


def login_kit_router(emulator: Emulator) -> APIRouter:
    """Return the routes. The last one is for all other paths below /v2/."""
    router = APIRouter(tags=["Login Kit and Display API"])
    for operation in OPERATIONS:
        router.add_api_route(
            "/" + operation.path,
            _endpoint(emulator, operation),
            methods=[operation.method],
            summary=operation.summary,
            openapi_extra=operation.documentation(),
            response_class=Response,
        )
    router.add_api_route("/v2/{path:path}", _endpoint(emulator, None), methods=ALL_METHODS, include_in_schema=False)
    return router


def _endpoint(emulator: Emulator, operation: Operation | None) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await _serve(emulator, operation, request)

    return endpoint


async def _serve(emulator: Emulator, operation: Operation | None, request: Request) -> Response:
    """Log the request, apply faults, and return the response in the form of its endpoint."""
    received = await ReceivedRequest.of(request)
    now = emulator.clock.now()
    account = emulator.login_kit_tokens.account_of(received.token)
    params = received.params()
    call = emulator.calls.add(now.isoformat(), request.method, received.path, params, business_id=account)
    fault = emulator.faults.take(received.path, params | ({"business_id": account} if account else {}))

    async def respond(fault: Fault | None) -> CodedResponse:
        kind = fault.kind if fault else None
        try:
            if kind == "revoke_token":
                emulator.login_kit_tokens.revoke_access_token(received.token)
            if fault and kind == "code":
                raise _error_of(fault, operation)
            if operation is None:
                return unsupported_path(), None
            if operation.oauth:
                form = form_body(received.content_type, received.body)
                return flat(now, operation.oauth(emulator, form)), "ok"
            data = _data(emulator, operation, received)
            if kind == "repeat_cursor" and "cursor" in data:
                data = repeated_cursor(data, params)
            return enveloped(now, data), "ok"
        except OAuthError as error:
            return flat_error(now, error, error.status or emulator.knobs.oauth_error_status), error.code
        except DisplayError as error:
            return enveloped(now, {}, error.code, error.message, _status(emulator, error)), error.code

    return await serve(call, fault, respond)


def _error_of(fault: Fault, operation: Operation | None) -> LoginKitError:
    if operation and operation.oauth:
        return OAuthError(fault.error or "server_error", fault.message, fault.chosen_status)
    return DisplayError(fault.error or "internal_error", fault.message, fault.chosen_status)


def _status(emulator: Emulator, error: DisplayError) -> int:
    if error.status:
        return error.status
    return 200 if emulator.knobs.display_error_status == 200 else STATUS.get(error.code, 400)


def _data(emulator: Emulator, operation: Operation, received: ReceivedRequest) -> JsonObject:
    """Return the `data` of the response. Raises DisplayError."""
    assert operation.data
    grant = emulator.login_kit_tokens.grant_of(received.token)
    if not emulator.limits.admits_display_request(operation.path, grant.open_id):
        raise DisplayError("rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.")
    return operation.data(emulator, Caller(emulator.account(grant.open_id), frozenset(grant.scopes)), received)
