"""The endpoints of the TikTok API for Business (docs/tiktok-api.md A)."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from .benchmark import benchmark
from .comments import CommentEndpoint
from .emulator import Emulator
from .envelope import ApiError, Code, JsonObject, enveloped
from .faults import repeated_cursor
from .fields import COMMENTS, DAILY_FIELDS, PROFILE_DEFAULT, PROFILE_FIELDS, VIDEO, VIDEO_DEFAULT, VIDEO_FIELDS
from .parameters import Query, field_names, json_body, required
from .profile import ProfileEndpoint
from .serving import Caller, CodedResponse, Endpoint, family_router, serve
from .videos import VideoListEndpoint

PREFIX = "/open_api/v1.3/"

DataHandler = Callable[[Emulator, Caller, Query], JsonObject]
OAuthHandler = Callable[[Emulator, JsonObject], JsonObject]
BusinessEndpoint = Endpoint[DataHandler, OAuthHandler]


def _check_scopes(emulator: Emulator, caller: Caller, needed: set[str], *, whole_endpoint: bool = False) -> None:
    """Raise ApiError if a scope is missing. The knob `missing_scope` can allow it, except for a whole endpoint."""
    missing = sorted(needed - caller.scopes)
    reaction = emulator.knobs.missing_scope
    if not missing or (reaction == "omit" and not whole_endpoint):
        return
    code = Code.PERMISSION_ERROR if reaction == "40001" else Code.SCOPE_NOT_AUTHORIZED
    raise ApiError(code, f"Permission error: the user did not authorize the scope {', '.join(missing)}.")


def _profile(emulator: Emulator, caller: Caller, query: Query) -> JsonObject:
    names = field_names(query, {*PROFILE_FIELDS, *DAILY_FIELDS}, PROFILE_DEFAULT)
    # followers_count names the lifetime and the daily field. The scope of the lifetime one is checked here, that of
    # the daily one in ProfileEndpoint (docs/tiktok-api.md A6).
    _check_scopes(emulator, caller, {(PROFILE_FIELDS.get(name) or DAILY_FIELDS[name]).scope for name in names})
    now, today = emulator.clock.seconds(), emulator.clock.today()
    return ProfileEndpoint(caller.account, caller.scopes, emulator.knobs, now, today).data(names, query)


def _video_list(emulator: Emulator, caller: Caller, query: Query) -> JsonObject:
    _check_scopes(emulator, caller, {VIDEO}, whole_endpoint=True)
    names = field_names(query, VIDEO_FIELDS, VIDEO_DEFAULT)
    _check_scopes(emulator, caller, {VIDEO_FIELDS[name].scope for name in names})
    now, today = emulator.clock.seconds(), emulator.clock.today()
    endpoint = VideoListEndpoint(caller.account, caller.scopes, emulator.app.client_id, emulator.knobs, now, today)
    return endpoint.data(names, query)


def _comments(emulator: Emulator, caller: Caller) -> CommentEndpoint:
    _check_scopes(emulator, caller, {COMMENTS}, whole_endpoint=True)
    return CommentEndpoint(caller.account, emulator.app.client_id, emulator.knobs, emulator.clock.seconds())


def _query(*names: str) -> JsonObject:
    """Return the OpenAPI of query parameters and the token's header. `*` marks required parameters."""
    token = {"name": "Access-Token", "in": "header", "required": True, "schema": {"type": "string"}}
    query = [
        {"name": name.rstrip("*"), "in": "query", "required": name.endswith("*"), "schema": {"type": "string"}}
        for name in names
    ]
    return {"parameters": [token, *query]}


def _json(*names: str) -> JsonObject:
    """Return the OpenAPI of a JSON body with required strings."""
    properties = {name: {"type": "string"} for name in names}
    schema = {"type": "object", "required": list(names), "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_LIST_OPTIONS = ("status", "sort_field", "sort_order", "cursor", "max_count")
ENDPOINTS = (
    BusinessEndpoint(
        "tt_user/oauth2/token/",
        "POST",
        "Exchange an authorisation code for tokens (A2.2)",
        _json("client_id", "client_secret", "grant_type", "auth_code", "redirect_uri"),
        oauth=lambda emulator, body: emulator.tokens.exchange(body),
    ),
    BusinessEndpoint(
        "tt_user/oauth2/refresh_token/",
        "POST",
        "Renew an access token (A2.3)",
        _json("client_id", "client_secret", "grant_type", "refresh_token"),
        oauth=lambda emulator, body: emulator.tokens.refresh(body),
    ),
    BusinessEndpoint(
        "tt_user/oauth2/revoke/",
        "POST",
        "End an authorisation (A2.4)",
        _json("client_id", "client_secret", "access_token"),
        oauth=lambda emulator, body: emulator.tokens.revoke(body),
    ),
    BusinessEndpoint(
        "tt_user/token_info/get/",
        "POST",
        "Show account and scopes of an access token (A2.5)",
        _json("app_id", "access_token"),
        oauth=lambda emulator, body: emulator.tokens.info(body),
    ),
    BusinessEndpoint(
        "business/get/",
        "GET",
        "Profile, follower demographics and daily series (A6)",
        _query("business_id*", "start_date", "end_date", "fields"),
        data=_profile,
    ),
    BusinessEndpoint(
        "business/video/list/",
        "GET",
        "Posts with their analytics (A7)",
        _query("business_id*", "fields", "filters", "cursor", "max_count"),
        data=_video_list,
    ),
    BusinessEndpoint(
        "business/comment/list/",
        "GET",
        "Comments of a post (A8)",
        _query("business_id*", "video_id*", "comment_ids", "include_replies", *_LIST_OPTIONS),
        data=lambda emulator, caller, query: _comments(emulator, caller).list_comments(query),
    ),
    BusinessEndpoint(
        "business/comment/reply/list/",
        "GET",
        "Replies to a comment (A8)",
        _query("business_id*", "video_id*", "comment_id*", *_LIST_OPTIONS),
        data=lambda emulator, caller, query: _comments(emulator, caller).list_replies(query),
    ),
    BusinessEndpoint(
        "business/benchmark/",
        "GET",
        "Averages of a business category (A9)",
        _query("business_id*", "business_category*"),
        data=lambda emulator, _, query: benchmark(query, emulator.benchmark_seed, emulator.clock.today()),
    ),
)


def business_router(emulator: Emulator) -> APIRouter:
    """Return the routes below /open_api/."""
    return family_router(
        "TikTok API for Business",
        PREFIX,
        ENDPOINTS,
        "/open_api/{path:path}",
        lambda endpoint, request: _serve(emulator, endpoint, request),
    )


async def _serve(emulator: Emulator, endpoint: BusinessEndpoint | None, request: Request) -> Response:
    """Log the request, apply faults, and return the response in its envelope."""
    path = request.scope["path"].removeprefix(PREFIX)
    params = dict(request.query_params)
    now = emulator.clock.now()
    account = await _account_of(emulator, endpoint, request)
    call = emulator.calls.add(now.isoformat(), request.method, path, params, business_id=account)
    fault = emulator.faults.take(path, params | ({"business_id": account} if account else {}))

    async def respond() -> CodedResponse:
        kind = fault.kind if fault else None
        unknown = emulator.knobs.unknown_path_code
        if endpoint is None and unknown == "Not Found":
            return PlainTextResponse(unknown, 404), None
        try:
            if kind == "revoke_token":
                emulator.tokens.revoke_access_token(request.headers.get("Access-Token", ""))
            if fault and kind == "code":
                raise ApiError(fault.code, fault.message)
            data = await _data(emulator, endpoint, request, path, params)
            if kind == "repeat_cursor":
                data = repeated_cursor(data, params)
            code, message = int(Code.OK), "OK"
        except ApiError as error:
            code, message, data = error.code, error.message, {}
        return enveloped(now, code, message, data), code

    return await serve(call, fault, emulator.oddities, respond)


async def _account_of(emulator: Emulator, endpoint: BusinessEndpoint | None, request: Request) -> str | None:
    """Return the open_id of the account of a request. An OAuth request names it only by a token in its body."""
    if endpoint is None or not endpoint.oauth:
        return request.query_params.get("business_id")
    try:
        body = json_body(request.headers.get("Content-Type", ""), await request.body())
    except ApiError:
        return None
    tokens = [body[name] for name in ("refresh_token", "access_token") if isinstance(body.get(name), str)]
    return emulator.tokens.account_of(tokens[0]) if tokens else None


async def _data(
    emulator: Emulator, endpoint: BusinessEndpoint | None, request: Request, path: str, params: dict[str, str]
) -> JsonObject:
    """Return the `data` of the response. Raises ApiError."""
    if endpoint is None:
        assert emulator.knobs.unknown_path_code != "Not Found"  # _serve has answered it
        raise ApiError(emulator.knobs.unknown_path_code, "no schema found")
    if endpoint.oauth:
        emulator.limits.admit(path)
        return endpoint.oauth(emulator, json_body(request.headers.get("Content-Type", ""), await request.body()))
    assert endpoint.data
    grant = emulator.tokens.grant_of(request.headers.get("Access-Token"))
    emulator.limits.admit(path, grant.open_id)
    business_id = required(params, "business_id")
    if business_id != grant.open_id:
        raise ApiError(Code.PERMISSION_ERROR, f"No permission to operate tiktok creator id: {business_id}")
    caller = Caller(emulator.account(grant.open_id), frozenset(grant.scopes))
    return endpoint.data(emulator, caller, params)
