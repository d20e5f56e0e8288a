"""Envelope and return codes of the TikTok API for Business (docs/tiktok-api.md A3, A4)."""

from __future__ import annotations

import secrets
from datetime import datetime
from email.utils import format_datetime
from enum import IntEnum
from typing import Any

import orjson
from starlette.responses import Response

JsonObject = dict[str, Any]


class Code(IntEnum):
    """The return codes that the emulator gives without a fault. The names are TikTok's (docs/tiktok-api.md A4)."""

    OK = 0
    PERMISSION_ERROR = 40001
    PARAM_ERROR = 40002
    REQUEST_TOO_FREQUENT = 40100
    INVALID_PARTNER = 40101
    REFRESH_TOKEN_EXPIRE = 40103
    EMPTY_ACCESS_TOKEN = 40104
    INVALID_ACCESS_TOKEN = 40105
    INVALID_REFRESH_TOKEN = 40107
    INVALID_GRANT_TYPE = 40108
    AUTH_CODE_ERROR = 40110
    SCOPE_NOT_AUTHORIZED = 40130


class ApiError(Exception):
    """A failure of the TikTok API for Business. Its response has HTTP 200, and the code in the body."""

    def __init__(self, code: int, message: str) -> None:
        """Take a return code and its message."""
        super().__init__(f"{code} {message}")
        self.code = int(code)
        self.message = message


def bad_parameter(name: str, reason: str) -> ApiError:
    """Return the error for a wrong parameter."""
    return ApiError(Code.PARAM_ERROR, f"{name}: {reason}")


def enveloped(now: datetime, code: int, message: str, data: JsonObject) -> Response:
    """Return the response for a result or a failure, with HTTP 200."""
    request_id = new_log_id(now)
    body = {"code": code, "message": message, "request_id": request_id, "data": data}
    return json_response(now, request_id, body)


def new_log_id(now: datetime) -> str:
    """Return the id of a response: the time in 14 digits, then 20 random characters (docs/tiktok-api.md A3)."""
    return now.strftime("%Y%m%d%H%M%S") + secrets.token_hex(10).upper()


def json_response(now: datetime, log_id: str, body: JsonObject | None, status: int = 200) -> Response:
    """Return a response with the headers that TikTok always sends. The body may be empty (None)."""
    response = Response(b"" if body is None else orjson.dumps(body), status, media_type="application/json")
    response.headers["X-Tt-Logid"] = log_id
    response.headers["Date"] = format_datetime(now, usegmt=True)
    return response
