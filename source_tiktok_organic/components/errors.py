"""TikTok's codes, and what is done about them."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.http.error_handlers import (
    BackoffStrategy,
    ErrorHandler,
    ErrorResolution,
    ResponseAction,
)
from airbyte_cdk.sources.streams.http.error_handlers.response_models import SUCCESS_RESOLUTION
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import unexpected_response
from source_tiktok_organic.components.sync import Sync, sync_of

LOGGER = logging.getLogger("airbyte")

# Also in a body that was cut off and is no JSON any more. No component has a backslash (BEHAVIOR.md 23).
_BACKSLASH = re.escape(chr(92))
_TOKENS = re.compile(f'_token"[^!-~]*:[^!-~]*"((?:[^"{_BACKSLASH}]|{_BACKSLASH}.)+)')

# `check` waits for nothing: a rate limit is an answer.
LONGEST_WAIT: ContextVar[float] = ContextVar("LONGEST_WAIT", default=3600)

_REPAIRED = (
    "TikTok sent text in a response of {path} that is no proper text: half a character, U+0000, NaN or a raw line "
    "break. What could be read was read. Half a character is U+FFFD, NaN is null, U+0000 is left out."
)

STREAM, SCOPES = "{stream}", "{scopes}"
"""What FieldsRequester replaces in a sentence, because it knows the stream and the scopes of a request."""


@dataclass
class TikTokErrorHandler(ErrorHandler, BackoffStrategy):
    """Reads TikTok's own code in the body, whatever the HTTP status: TikTok sends errors as HTTP 200 (A3).

    In:  HTTP 200 with the body `{"code": 40001, "message": "No permission …", "request_id": "2026…", "data": {}}`
    Out: FAIL, a config error, "TikTok did not permit the stream `{stream}` (code 40001: No permission …). …"

    `errors` is the manifest's table. Its first entry that has the code applies: `{"codes": "40001, 50000-53999",
    "action": "FAIL", "failure_type": "config_error", "sentence": "… {code} …"}`. Besides TikTok's codes there are
    `unreachable` (no response), `http_429`, `not_json` (a gateway's HTML, JSON that was cut off), `http_5xx` (JSON
    without a code of the table) and `other`: a code that the table lacks is a failure and never an empty success.
    `paths` says where a body has its code, message and request_id, and `success` which code is none (A3, B2). The next
    attempt waits for the entry's `wait` in seconds, else for `first_wait`, doubled each time. At last it is raised.
    """

    api_budget: APIBudget
    errors: list[dict[str, Any]]
    paths: Mapping[str, list[str]]
    success: Any
    first_wait: float = 2
    max_retries: int = 5
    max_time: int = 3600

    @property
    def backoff_strategies(self) -> list[BackoffStrategy]:
        """Where the CDK looks for the waits."""
        return [self]

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """What to do with a response, or with the lack of one."""
        sync = sync_of(self.api_budget)
        if isinstance(response, requests.Response):
            # Before the CDK logs the response.
            for secret in _tokens_in(response):
                sync.keep_secret(secret)
        else:
            # AccountAuthenticator ends the turn of a request that has a response.
            sync.turns.end()
        found = self._code_in(response)
        if found["code"] == self.success:
            _warn_of_odd_text(response, sync)
            return SUCCESS_RESOLUTION
        error = self._error_of(found["code"])
        action = ResponseAction(error["action"])
        if action == ResponseAction.REFRESH_TOKEN_THEN_RETRY:
            account = sync.account_that_sent(_access_token_of(response))
            if account and account.failure:
                return ErrorResolution(ResponseAction.FAIL, account.failure.failure_type, account.failure.message)
            # Renewing a token that replaced a refused one would go on for ever.
            action = ResponseAction.FAIL if account and account.replacement == account.sent_token else action
        return ErrorResolution(action, FailureType(error["failure_type"]), _sentence(error, found))

    def backoff_time(
        self, response_or_exception: requests.Response | requests.RequestException | None, attempt_count: int
    ) -> float:
        """The seconds to wait after the failed attempt number `attempt_count` (from 1)."""
        found = self._code_in(response_or_exception)
        error = self._error_of(found["code"])
        sentence = _sentence(error, found)
        seconds = float(error.get("wait") or self.first_wait * 2.0 ** (attempt_count - 1))
        if attempt_count > self.max_retries or seconds > LONGEST_WAIT.get():
            raise AirbyteTracedException(
                message=sentence,
                internal_message=f"{attempt_count} attempts failed, the last with {found}",
                failure_type=FailureType(error["failure_type"]),
            )
        LOGGER.info(f"{sentence[: sentence.find('). ') + 2]} Waiting {seconds:.0f} seconds, then trying again.")
        return seconds

    def _code_in(self, response: requests.Response | Exception | None) -> Mapping[str, Any]:
        """TikTok's code, message and request_id, or ours where TikTok sent none."""
        if not isinstance(response, requests.Response):
            return {"code": "unreachable", "message": f"{type(response).__name__}{_host_asked(response)}"}
        status = f"HTTP {response.status_code}"
        if response.status_code == 429:
            return {"code": "http_429", "message": status}
        body = body_of(response)
        found = {name: _at(body, path) for name, path in self.paths.items()}
        if body is None or (found["code"] is _NOTHING and self.success is not None):
            return {"code": "not_json", "message": status}
        found = {name: None if value is _NOTHING else value for name, value in found.items()}
        if found["code"] == self.success and not response.ok:
            found["code"] = "other"
        if response.status_code >= 500 and self._error_of(found["code"]) is self._error_of("other"):
            return {"code": "http_5xx", "message": status}
        return found

    def _error_of(self, code: Any) -> Mapping[str, Any]:
        errors = [error for error in self.errors if _is_in(code, error["codes"])]
        return errors[0] if errors else self._error_of("other")


def _warn_of_odd_text(response: Any, sync: Sync) -> None:
    if response._tiktok_is_odd:
        path = urlsplit(str(response.url)).path
        sync.log.odd(f"responses of {path} with text that was repaired", _REPAIRED.format(path=path))


def _sentence(error: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    return str(error["sentence"].format(**{"request_id": None, **found, "stream": STREAM, "scopes": SCOPES}))


def _host_asked(failure: Exception | None) -> str:
    """Of whom a request was made: " at https://business-api.tiktok.com"."""
    request = getattr(failure, "request", None)
    url = urlsplit(request.url) if request is not None and request.url else None
    return f" at {url.scheme}://{url.netloc}" if url else ""


_NOTHING = object()


def _at(body: Any, path: list[str]) -> Any:
    for key in path:
        if not isinstance(body, dict) or key not in body:
            return _NOTHING
        body = body[key]
    return body


def _tokens_in(response: requests.Response) -> Iterator[str]:
    """The tokens in a response, as JSON writes them and as they are."""
    for token in _TOKENS.findall(response.content[:4096].decode(errors="replace")):
        yield token
        with suppress(ValueError):
            yield json.loads(f'"{token}"')


def _access_token_of(response: Any) -> str | None:
    headers = response.request.headers
    token: str | None = headers.get("Access-Token") or headers.get("Authorization", "").removeprefix("Bearer ")
    return token


def _is_in(code: Any, codes: str) -> bool:
    """Whether `code` is one of `codes`, such as "40001, 50000-53999". A number that is text is none of them."""
    text = str(code)
    if not isinstance(code, int) and (not isinstance(code, str) or text.isdecimal()):
        return False
    return any(
        text == first or (last and len(text) == len(first) and text.isdecimal() and first <= text <= last)
        for first, _, last in (part.partition("-") for part in codes.split(", "))
    )


def body_of(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object in the body, parsed once for all who ask, or None where there is none."""
    if not hasattr(response, "_tiktok_body"):
        try:
            sent = body = orjson.loads(response.content)
            if b"u0000" in response.content:
                # Postgres refuses U+0000, and with it the whole sync.
                body = _readable(sent)
        except ValueError:
            sent, body = None, _repaired(response.content)
        response._tiktok_body = body if isinstance(body, dict) else None  # type: ignore[attr-defined]
        response._tiktok_is_odd = body != sent  # type: ignore[attr-defined]
    parsed: dict[str, Any] | None = response._tiktok_body  # type: ignore[attr-defined]
    return parsed


def _repaired(content: bytes) -> Any:
    """JSON with text in it that JSON does not allow, or None where it is cut off or no JSON at all.

    A byte order mark and U+0000 are taken out; half a character is U+FFFD; a raw line break stays; NaN is null.
    """
    text = content.decode("utf-8-sig", errors="replace")
    with suppress(ValueError, RecursionError):
        return _readable(json.loads(text, strict=False, parse_constant=lambda _: None))
    return None


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {_readable(name): _readable(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_readable(inside) for inside in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace(chr(0), "")
    return value


def data_of(response: requests.Response) -> dict[str, Any]:
    """The `data` object of a response that the error handler let pass.

    In:  the body `{"code": 0, "message": "OK", "request_id": "2026…", "data": {"videos": []}}`
    Out: `{"videos": []}`
    """
    body = body_of(response) or {}
    data = body.get("data")
    if not isinstance(data, dict):
        raise unexpected_response(
            "TikTok answered without any data although it reported success.",
            f"No `data` object in the response to {response.url}, request_id {body.get('request_id')}",
        )
    return data
