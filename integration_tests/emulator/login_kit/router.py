"""The endpoints of Login Kit and the Display API (docs/tiktok-api.md B, D22)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from ..emulator import Emulator
from ..envelope import JsonObject
from ..faults import Fault, repeated_cursor
from ..serving import Caller, CodedResponse, Endpoint, family_router, serve
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
    async def read(cls, request: Request) -> ReceivedRequest:
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


LoginKitEndpoint = Endpoint[DataHandler, OAuthHandler]


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


def _body(media_type: str, *names: str) -> JsonObject:
    """Return the OpenAPI of a body with fields of any type."""
    schema = {"type": "object", "properties": {name: {} for name in names}}
    return {"requestBody": {"content": {media_type: {"schema": schema}}}}


_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_TEXT = {"schema": {"type": "string"}, "required": True}
_PARAMETERS = {
    "parameters": [{"name": "Authorization", "in": "header", **_TEXT}, {"name": "fields", "in": "query", **_TEXT}]
}
ENDPOINTS = (
    LoginKitEndpoint(
        "v2/oauth/token/",
        "POST",
        "Exchange an authorisation code for tokens, or renew an access token (B1)",
        _body(_FORM, "client_key", "client_secret", "grant_type", "code", "redirect_uri", "refresh_token"),
        oauth=lambda emulator, form: emulator.login_kit_tokens.token(form),
    ),
    LoginKitEndpoint(
        "v2/oauth/revoke/",
        "POST",
        "End an authorisation (B1)",
        _body(_FORM, "client_key", "client_secret", "token"),
        oauth=lambda emulator, form: emulator.login_kit_tokens.revoke(form),
    ),
    LoginKitEndpoint("v2/user/info/", "GET", "Profile and its public counters (B3)", _PARAMETERS, data=_user),
    LoginKitEndpoint(
        "v2/video/list/",
        "POST",
        "Public posts with their public counters (B4)",
        _PARAMETERS | _body(_JSON, "cursor", "max_count"),
        data=_video_list,
    ),
    LoginKitEndpoint(
        "v2/video/query/",
        "POST",
        "Some of the posts, by their ids (B5)",
        _PARAMETERS | _body(_JSON, "filters"),
        data=_video_query,
    ),
)


def login_kit_router(emulator: Emulator) -> APIRouter:
    """Return the routes below /v2/."""
    return family_router(
        "Login Kit and Display API",
        "/",
        ENDPOINTS,
        "/v2/{path:path}",
        lambda endpoint, request: _serve(emulator, endpoint, request),
    )


async def _serve(emulator: Emulator, endpoint: LoginKitEndpoint | None, request: Request) -> Response:
    """Log the request, apply faults, and return the response in the form of its endpoint."""
    received = await ReceivedRequest.read(request)
    now = emulator.clock.now()
    account = emulator.login_kit_tokens.account_of(received.token)
    params = received.params()
    call = emulator.calls.add(now.isoformat(), request.method, received.path, params, business_id=account)
    fault = emulator.faults.take(received.path, params | ({"business_id": account} if account else {}))

    async def respond() -> CodedResponse:
        kind = fault.kind if fault else None
        try:
            if kind == "revoke_token":
                emulator.login_kit_tokens.revoke_access_token(received.token)
            if fault and kind == "code":
                raise _error_of(fault, endpoint)
            if endpoint is None:
                return unsupported_path(), None
            if endpoint.oauth:
                form = form_body(received.content_type, received.body)
                return flat(now, endpoint.oauth(emulator, form)), "ok"
            data = _data(emulator, endpoint, received)
            if kind == "repeat_cursor" and "cursor" in data:
                data = repeated_cursor(data, params)
            return enveloped(now, data), "ok"
        except OAuthError as error:
            return flat_error(now, error, error.status or emulator.knobs.oauth_error_status), error.code
        except DisplayError as error:
            return enveloped(now, {}, error.code, error.message, _status(emulator, error)), error.code

    return await serve(call, fault, emulator.oddities, respond)


def _error_of(fault: Fault, endpoint: LoginKitEndpoint | None) -> LoginKitError:
    if endpoint and endpoint.oauth:
        return OAuthError(fault.error or "server_error", fault.message, fault.chosen_status)
    return DisplayError(fault.error or "internal_error", fault.message, fault.chosen_status)


def _status(emulator: Emulator, error: DisplayError) -> int:
    if error.status:
        return error.status
    return 200 if emulator.knobs.display_error_status == 200 else STATUS.get(error.code, 400)


def _data(emulator: Emulator, endpoint: LoginKitEndpoint, received: ReceivedRequest) -> JsonObject:
    """Return the `data` of the response. Raises DisplayError."""
    assert endpoint.data
    grant = emulator.login_kit_tokens.grant_of(received.token)
    if not emulator.limits.admits_display_request(endpoint.path, grant.open_id):
        raise DisplayError("rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.")
    return endpoint.data(emulator, Caller(emulator.account(grant.open_id), frozenset(grant.scopes)), received)
