"""TikTok's codes, and what is done about them."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import InitVar, dataclass
from typing import Any

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
from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import unexpected_answer
from source_tiktok_organic.components.sync import sync_of

# Also in an answer that was cut off and is no JSON any more.
_BACKSLASH = re.escape(chr(92))
_TOKENS = re.compile(f'_token"[^!-~]*:[^!-~]*"((?:[^"{_BACKSLASH}]|{_BACKSLASH}.)+)')

STREAM, SCOPES = "{stream}", "{scopes}"
"""What FieldsRequester replaces in a sentence, because it knows the stream and the scopes of a request."""


@dataclass
class TikTokErrorHandler(ErrorHandler, BackoffStrategy):
    """Reads TikTok's own code in the body, whatever the HTTP status.

    TikTok sends errors as HTTP 200 (docs/tiktok-api.md A3).

    `errors` is the manifest's table, of which the first row that has the code applies: `{"codes": [40001,
    "50000-53999"], "action": "FAIL", "failure_type": "config_error", "sentence": "… {stream} … {scopes} … {code} …
    {message} … {request_id} …", "wait": 300}`. Besides TikTok's codes there are `unreachable` (no answer at all),
    `http_429`, `not_json` (a gateway's HTML, JSON that was cut off), `http_5xx` (JSON without a code that the table
    has) and `other`: any other code that the table lacks, which is a failure and never an empty success.

    In:  HTTP 200 with the body `{"code": 40001, "message": "No permission …", "request_id": "2026…", "data": {}}`
    Out: FAIL, a config error, "TikTok did not permit the stream `videos` (code 40001: No permission …). …"

    `answer` says where an answer has its code, message and request_id, and `success` which code is none: `{"code":
    ["error", "code"], "message": ["error", "message"], "request_id": ["error", "log_id"]}` and "ok" for a body such as
    `{"data": {}, "error": {"code": "invalid_params", "message": "…", "log_id": "2026…"}}` (docs/tiktok-api.md A3, B2).

    It also says how long to wait before a call is made again: the row's `wait` in seconds, else `first_wait` and
    twice as long each time. When the last try has failed, it raises the row's sentence.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    errors: list[dict[str, Any]]
    answer: Mapping[str, list[str]]
    success: Any
    first_wait: float = 2
    max_retries: int = 5
    # Time for several of TikTok's penalties of five minutes.
    max_time: int = 3600

    @property
    def backoff_strategies(self) -> list[BackoffStrategy]:
        """Where the CDK looks for the waits."""
        return [self]

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """What to do with an answer, or with the lack of one."""
        sync = sync_of(self.api_budget)
        sync.turns.end()
        if isinstance(response, requests.Response):
            # Before the CDK logs the answer.
            for secret in _tokens_in(response):
                sync.keep_secret(secret)
        body = self._answer_in(response)
        if body["code"] == self.success:
            return SUCCESS_RESOLUTION
        error = self._row_of(body["code"])
        action = ResponseAction(error["action"])
        if action == ResponseAction.REFRESH_TOKEN_THEN_RETRY:
            token = _access_token_of(response)
            failure = sync.failure_to_replace(token)
            if failure:
                return ErrorResolution(ResponseAction.FAIL, failure.failure_type, failure.message)
            # Renewing a token that replaced a refused one would go on for ever.
            action = ResponseAction.FAIL if sync.is_replacement(token) else action
        return ErrorResolution(action, FailureType(error["failure_type"]), self._sentence(error, body))

    def backoff_time(
        self, response_or_exception: requests.Response | requests.RequestException | None, attempt_count: int
    ) -> float:
        """The seconds to wait after the failed attempt number `attempt_count` (from 1)."""
        body = self._answer_in(response_or_exception)
        error = self._row_of(body["code"])
        if attempt_count > self.max_retries:
            raise AirbyteTracedException(
                message=self._sentence(error, body),
                internal_message=f"{attempt_count} attempts failed, the last with {body}",
                failure_type=FailureType(error["failure_type"]),
            )
        return float(error.get("wait") or self.first_wait * 2.0 ** (attempt_count - 1))

    def _answer_in(self, response: requests.Response | Exception | None) -> Mapping[str, Any]:
        """TikTok's code, message and request_id, or ours where TikTok sent none."""
        if not isinstance(response, requests.Response):
            return {"code": "unreachable", "message": type(response).__name__}
        if response.status_code == 429:
            return {"code": "http_429", "message": "HTTP 429"}
        body = body_of(response)
        answer = {name: _at(body, path) for name, path in self.answer.items()}
        if body is None or (answer["code"] is _NOTHING and self.success is not None):
            return {"code": "not_json", "message": f"HTTP {response.status_code}"}
        answer = {name: None if value is _NOTHING else value for name, value in answer.items()}
        if answer["code"] == self.success and not response.ok:
            answer["code"] = "other"
        if response.status_code >= 500 and self._row_of(answer["code"]) is self._row_of("other"):
            return {"code": "http_5xx", "message": f"HTTP {response.status_code}"}
        return answer

    def _row_of(self, code: Any) -> Mapping[str, Any]:
        rows = [row for row in self.errors if any(_is_in(code, codes) for codes in row["codes"])]
        return rows[0] if rows else self._row_of("other")

    def _sentence(self, error: Mapping[str, Any], body: Mapping[str, Any]) -> str:
        details = {"request_id": None, **body, "stream": STREAM, "scopes": SCOPES}
        return str(error["sentence"].format(**details))


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


def _is_in(code: Any, codes: int | str) -> bool:
    """Whether `code` is `codes`, or lies in a range such as "50000-53999"."""
    if isinstance(codes, str) and "-" in codes:
        first, last = codes.split("-")
        return isinstance(code, int) and int(first) <= code <= int(last)
    return bool(code == codes)


def body_of(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object in the body, parsed once for all who ask, or None where there is none."""
    if not hasattr(response, "_tiktok_body"):
        try:
            body = orjson.loads(response.content)
        except ValueError:
            body = None
        response._tiktok_body = body if isinstance(body, dict) else None  # type: ignore[attr-defined]
    parsed: dict[str, Any] | None = response._tiktok_body  # type: ignore[attr-defined]
    return parsed


def data_of(response: requests.Response) -> dict[str, Any]:
    """The `data` object of an answer that the error handler let pass.

    In:  the body `{"code": 0, "message": "OK", "request_id": "2026…", "data": {"videos": []}}`
    Out: `{"videos": []}`
    """
    body = body_of(response) or {}
    data = body.get("data")
    if not isinstance(data, dict):
        raise unexpected_answer(
            "TikTok answered without any data although it reported success.",
            f"No `data` object in the answer to {response.url}, request_id {body.get('request_id')}",
        )
    return data
