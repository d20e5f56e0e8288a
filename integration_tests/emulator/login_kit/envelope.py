"""Responses and errors of Login Kit and the Display API (docs/tiktok-api.md B1, B2)."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import PlainTextResponse, Response

from ..envelope import JsonObject, json_response, new_log_id

STATUS = {
    "access_token_invalid": 401,
    "scope_not_authorized": 401,
    "scope_permission_missed": 400,
    "invalid_params": 400,
    "rate_limit_exceeded": 429,
    "internal_error": 500,
}
"""The documented HTTP status of each code of the Display API. The emulator uses 400 for all others."""


class LoginKitError(Exception):
    """A failure of Login Kit or the Display API."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        """Take the code of the body, its message, and the HTTP status if a fault chose one."""
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status


class DisplayError(LoginKitError):
    """A failure of a data request."""


class OAuthError(LoginKitError):
    """A failure of an OAuth request."""


def invalid_params(name: str, reason: str) -> DisplayError:
    """Return the error for a wrong parameter."""
    return DisplayError("invalid_params", f"{name}: {reason}")


def enveloped(now: datetime, data: JsonObject, code: str = "ok", message: str = "", status: int = 200) -> Response:
    """Return the response to a data request, for a result or a failure."""
    log_id = new_log_id(now)
    error = {"code": code, "message": message, "log_id": log_id}
    return json_response(now, log_id, {"data": data, "error": error}, status)


def flat(now: datetime, body: JsonObject | None) -> Response:
    """Return the response to an OAuth request. It has no envelope and may be empty (None)."""
    return json_response(now, new_log_id(now), body)


def flat_error(now: datetime, error: OAuthError, status: int) -> Response:
    """Return the response to an OAuth request that failed."""
    log_id = new_log_id(now)
    body = {"error": error.code, "error_description": error.message, "log_id": log_id}
    return json_response(now, log_id, body, status)


def unsupported_path() -> Response:
    """Return the response of TikTok's gateway to an unknown path or method. Several observers saw it."""
    return PlainTextResponse("Unsupported path(Janus)", 404)
