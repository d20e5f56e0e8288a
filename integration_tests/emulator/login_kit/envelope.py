"""What the answers of Login Kit and the Display API look like (docs/tiktok-api.md B1, B2)."""

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
"""The HTTP status of each code of the Display API by the documentation; of any other code: 400."""


class LoginKitError(Exception):
    """A failure that is reported in the body, with a status of its own if one was asked for."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        """Keep the code and the message for the answer."""
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status


class DisplayError(LoginKitError):
    """A failure of a data call."""


class OAuthError(LoginKitError):
    """A failure of a token call."""


def invalid_params(name: str, reason: str) -> DisplayError:
    """Return the error for a parameter that the Display API does not accept."""
    return DisplayError("invalid_params", f"{name}: {reason}")


def enveloped(now: datetime, data: JsonObject, code: str = "ok", message: str = "", status: int = 200) -> Response:
    """Return the answer to a data call."""
    log_id = new_log_id(now)
    error = {"code": code, "message": message, "log_id": log_id}
    return json_response(now, log_id, {"data": data, "error": error}, status)


def flat(now: datetime, body: JsonObject | None) -> Response:
    """Return the answer to a token call, which has no envelope; None is an empty body."""
    return json_response(now, new_log_id(now), body)


def flat_error(now: datetime, error: OAuthError, status: int) -> Response:
    """Return the answer to a token call that failed."""
    log_id = new_log_id(now)
    body = {"error": error.code, "error_description": error.message, "log_id": log_id}
    return json_response(now, log_id, body, status)


def unsupported_path() -> Response:
    """Return what TikTok's gateway, which several observers saw, says to an unknown path or method."""
    return PlainTextResponse("Unsupported path(Janus)", 404)
