"""How TikTok is odd: the parts of the connector that the manifest cannot say in YAML.

`manifest.yaml` says what is asked of TikTok and refers to the classes below as
`source_declarative_manifest.components.<Class>`, so that this one file serves the package, the Docker image and
the Connector Builder. Nothing else in the package knows TikTok's habits.

The file reads from the outside in: one sync and its shared pages, accounts and tokens, requests, paging, rows, and
the state that the next sync starts from.
"""

import ipaddress
import math
import re
import tempfile
import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import backoff
import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.extractors.record_filter import RecordFilter
from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.migrations.state_migration import StateMigration
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import PaginationStrategy
from airbyte_cdk.sources.declarative.transformations.transformation import RecordTransformation
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.http.error_handlers import (
    BackoffStrategy,
    ErrorHandler,
    ErrorResolution,
    ResponseAction,
)
from airbyte_cdk.sources.streams.http.error_handlers.response_models import SUCCESS_RESOLUTION
from airbyte_cdk.sources.streams.http.exceptions import DefaultBackoffException
from airbyte_cdk.sources.streams.http.requests_native_auth.oauth import SingleUseRefreshTokenOauth2Authenticator
from airbyte_cdk.sources.types import Config, Record, StreamSlice, StreamState
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.datetime_helpers import AirbyteDateTime
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

TIMESTAMP_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
DATE_FORMAT = "%Y-%m-%d"


def config_error(sentence: str, detail: str | None = None) -> AirbyteTracedException:
    """An error that the user can mend: `sentence` says how, `detail` is for whoever reads the log."""
    return AirbyteTracedException(
        message=sentence, internal_message=detail or sentence, failure_type=FailureType.config_error
    )


def unexpected_answer(sentence: str, detail: str | None = None) -> AirbyteTracedException:
    """TikTok answered in a way that the connector does not know: better a failed stream than a wrong table."""
    return AirbyteTracedException(
        message=f"{sentence} The stream stops here rather than guess; please report this sentence as an issue.",
        internal_message=detail or sentence,
        failure_type=FailureType.system_error,
    )


# --- One sync -------------------------------------------------------------------------------------------------------


@dataclass
class PageStore:
    """The answers of one sync, kept so that streams that need the same page share one call.

    In:  `put("…/video/list/?cursor=1", b'{"code":0,…}')`
    Out: `get("…/video/list/?cursor=1") == b'{"code":0,…}'`, `get("another key") is None`

    The bytes are in an unnamed temporary file: memory stays flat, nobody else can open it, and the operating system
    removes it with the process, also after a crash. It holds bodies only, so no token gets into it.
    """

    _file: BinaryIO = field(init=False, repr=False)
    _places: dict[str, tuple[int, int]] = field(init=False, default_factory=dict)
    _page_locks: dict[str, threading.Lock] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the sync

    def page_lock(self, key: str) -> threading.Lock:
        """The lock of one page: whoever comes first fetches, the others wait for just this page."""
        with self._lock:
            return self._page_locks.setdefault(key, threading.Lock())

    def get(self, key: str) -> bytes | None:
        """The body kept under `key`, or None."""
        with self._lock:
            place = self._places.get(key)
            if place is None:
                return None
            offset, length = place
            self._file.seek(offset)
            return self._file.read(length)

    def put(self, key: str, body: bytes) -> None:
        """Keep `body` under `key` until the sync ends."""
        with self._lock:
            offset = self._file.seek(0, 2)
            self._file.write(body)
            self._places[key] = (offset, len(body))


@dataclass
class Sync:
    """What the streams of one sync have in common: the moment it began (UTC) and the pages read so far."""

    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pages: PageStore = field(default_factory=PageStore)

    @property
    def date(self) -> str:
        """The `metric_date` of every snapshot row of this sync, e.g. "2026-11-20", also past midnight."""
        return self.started_at.strftime(DATE_FORMAT)


# The CDK builds every component of a source on its own and hands the same `api_budget` to all that declare it, parent
# streams included: it is the one object that lives exactly as long as a sync. The dictionary is weak, so a sync's
# pages go with its budget and a long-lived process (the Connector Builder's server) never mixes two syncs.
_SYNCS: WeakKeyDictionary[APIBudget, Sync] = WeakKeyDictionary()
_SYNCS_LOCK = threading.Lock()


def sync_of(api_budget: APIBudget) -> Sync:
    """The sync that `api_budget` was built for; it begins when the first component is built that asks for it."""
    with _SYNCS_LOCK:
        sync = _SYNCS.get(api_budget)
        if sync is None:
            sync = _SYNCS[api_budget] = Sync()
        return sync


# --- Config ---------------------------------------------------------------------------------------------------------


def _parse_date(config: Config, name: str) -> date | None:
    value = config.get(name)
    if value in (None, ""):
        return None
    try:
        return datetime.strptime(str(value), DATE_FORMAT).date()
    except ValueError:
        raise config_error(
            f"The setting `{name}` is '{value}', but it must be a calendar date such as 2026-01-31 (year-month-day)."
        ) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def validate_settings(config: Config) -> None:
    """Refuse what a JSON schema cannot see, before any call is made.

    In:  `{"start_date": "2027-01-01"}` read on 2026-11-20
    Out: a config error: "The setting `start_date` is 2027-01-01, which is in the future. …"
    """
    start, end = _parse_date(config, "start_date"), _parse_date(config, "end_date")
    today = datetime.now(timezone.utc).date()
    if start and start > today:
        raise config_error(
            f"The setting `start_date` is {start}, which is in the future. "
            f"Choose {today} (today, UTC) or an earlier day."
        )
    if start and end and end < start:
        raise config_error(
            f"The setting `end_date` is {end}, which is before `start_date` {start}. Choose a later `end_date`."
        )
    url = config.get("api_url")
    if url:
        # Libraries disagree on where the host ends in an address with a user, a backslash or an odd bracket.
        parts = re.fullmatch(
            r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?(?:/[a-z0-9._~/-]*)?", str(url).lower()
        )
        if parts is None or (parts[1] == "http" and not _is_loopback(parts[2].strip("[]"))):
            raise config_error(
                "The setting `api_url` must begin with https://, or with http:// for a server on this machine "
                "(localhost or 127.0.0.1), because access tokens are sent to it. Remove it to call TikTok itself."
            )


def _require(credentials: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not credentials.get(name):
            raise config_error(f"The setting `credentials.{name}` is missing. Fill it in or authenticate again.")


# --- Accounts and tokens --------------------------------------------------------------------------------------------

# Fact sheet A4: the codes with which the token endpoint says that asking again with the same values is useless.
_REFUSED_REFRESH_CODES = frozenset({40000, 40001, 40002, 40101, 40103, 40107, 40108, 40110, 40113})


class OAuthAccount(SingleUseRefreshTokenOauth2Authenticator):
    """An account whose access token is renewed with a refresh token (fact sheet A2.3).

    The tokens live in the config that all components share, under the CDK's one lock, so one refresh serves all
    streams and workers; the CDK prints the new config as a CONNECTOR_CONFIG message before the refreshed token is
    returned to the first caller.

    Request: POST tt_user/oauth2/refresh_token/, a JSON body `{"client_id", "client_secret", "grant_type",
    "refresh_token"}`. Answer: `{"code": 0, "data": {"access_token", "expires_in": 86400, "refresh_token", "open_id"}}`.
    Raises a config error where TikTok refuses the refresh (HTTP 200 with a code other than 0).
    """

    def __init__(self, config: Config, token_refresh_endpoint: str) -> None:
        self._config: MutableMapping[str, Any] = config["credentials"]
        super().__init__(
            connector_config=config,
            token_refresh_endpoint=token_refresh_endpoint,
            refresh_request_headers={"Content-Type": "application/json"},
        )

    @property
    def business_id(self) -> str:
        """The account's open_id: the config's, or else the one that comes with a refreshed token (fact sheet A2.2)."""
        if not self._config.get("business_id"):
            self.refresh_and_set_access_token()
        return str(self._config["business_id"])

    def get_token_expiry_date(self) -> AirbyteDateTime:
        """The end of the access token; a config without an access token has one that ended long ago."""
        if not self._config.get("access_token") or not self._config.get("token_expiry_date"):
            return AirbyteDateTime(1970, 1, 1, tzinfo=timezone.utc)
        return super().get_token_expiry_date()

    def build_refresh_request_body(self) -> str:  # type: ignore[override]  # requests sends a string as it is
        """The form fields of OAuth as the JSON text that TikTok wants."""
        return orjson.dumps(super().build_refresh_request_body()).decode()

    @backoff.on_exception(backoff.expo, DefaultBackoffException, max_time=300)
    def _make_handled_request(self) -> Any:
        """Send the request; the CDK tries again after network trouble, and here after an answer that is not JSON."""
        try:
            return super()._make_handled_request()
        except requests.JSONDecodeError as error:
            raise DefaultBackoffException(requests.PreparedRequest(), None, "TikTok's answer is not JSON.") from error

    def refresh_access_token(self) -> tuple[str, AirbyteDateTime, str | None]:  # type: ignore[override]
        """Refresh once; takes over the open_id that TikTok sends along."""
        answer = self._make_handled_request()
        code = answer.get("code")
        if code != 0:
            detail = f"Token refresh: code {code}, {answer.get('message')}, request_id {answer.get('request_id')}"
            if code in _REFUSED_REFRESH_CODES:
                raise config_error(
                    "TikTok refused to renew the access token. Authenticate the account again in the source's "
                    "settings; if you typed the values in, check client_id, client_secret and refresh_token.",
                    detail,
                )
            raise AirbyteTracedException(
                message="TikTok could not renew the access token just now. The next sync will try again.",
                internal_message=detail,
                failure_type=FailureType.transient_error,
            )
        data: Mapping[str, Any] = answer.get("data") or {}
        missing = [name for name in ("access_token", "expires_in", "open_id") if not data.get(name)]
        if missing:
            raise unexpected_answer(f"TikTok renewed the access token without {', '.join(missing)}.")
        if not self._config.get("business_id"):
            self._config["business_id"] = data["open_id"]
        if data.get("refresh_token"):
            add_to_secrets(data["refresh_token"])
        return data["access_token"], self._parse_token_expiration_date(data["expires_in"]), data.get("refresh_token")


@dataclass
class AccessTokenAccount:
    """An account with an access token that is used as it is and never renewed."""

    business_id: str
    _access_token: str = field(repr=False)

    def get_access_token(self) -> str:
        """The token of the config."""
        return self._access_token

    def refresh_and_set_access_token(self) -> None:
        """Nothing can renew this token, so a refused one is the user's to replace."""
        raise config_error(
            "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
            "authenticate with OAuth, which renews it by itself."
        )


Account = OAuthAccount | AccessTokenAccount


@dataclass
class BusinessAuthenticator(DeclarativeAuthenticator):
    """Sends each request with the access token of the account that it asks about.

    In:  GET …/business/get/?business_id=-000abc
    Out: the same with the header `Access-Token: act.…` (fact sheet A3: TikTok ignores `Authorization`)

    Raises a config error where the config's credentials are incomplete, as soon as it is built.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    token_refresh_endpoint: str
    accounts: list[Account] = field(init=False)
    _sent: threading.local = field(init=False, repr=False, default_factory=threading.local)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        validate_settings(self.config)
        credentials = self.config.get("credentials") or {}
        if credentials.get("auth_type") == "business_access_token":
            _require(credentials, "access_token", "business_id")
            self.accounts = [AccessTokenAccount(credentials["business_id"], credentials["access_token"])]
        else:
            _require(credentials, "client_id", "client_secret", "refresh_token")
            endpoint = InterpolatedString.create(self.token_refresh_endpoint, parameters=parameters).eval(self.config)
            self.accounts = [OAuthAccount(self.config, endpoint)]

    @property
    def auth_header(self) -> str:
        """The header's name."""
        return "Access-Token"

    @property
    def token(self) -> str:
        """The access token of the account, renewed if it has ended."""
        token = self.accounts[0].get_access_token()
        self._sent.token = token
        return token

    def refresh_and_set_access_token(self) -> None:
        """Renew the token although its time is not over: TikTok has refused it.

        The CDK calls this in the thread that sent the refused request. If another thread has renewed the token since,
        the request only has to be sent again.
        """
        account = self.accounts[0]
        sent = getattr(self._sent, "token", None)
        if sent is not None and isinstance(account, OAuthAccount) and account.access_token != sent:
            return
        account.refresh_and_set_access_token()


class _NoRequestOptions(PartitionRouter):
    """A partition router whose slices add nothing to requests: the manifest's request parameters do."""

    def get_request_params(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def get_request_headers(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def get_request_body_data(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def get_request_body_json(self, **_: Any) -> Mapping[str, Any]:
        return {}


@dataclass
class AccountPartitionRouter(_NoRequestOptions):
    """One slice for each account of the config.

    Out: `StreamSlice(partition={"business_id": "-000abc"})`
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    authenticator: BusinessAuthenticator

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The accounts in the order of the config."""
        for account in self.authenticator.accounts:
            yield StreamSlice(partition={"business_id": account.business_id}, cursor_slice={})

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """Accounts come from the config, so there is nothing to remember."""
        return {}


@dataclass
class PerAccountPartitionRouter(SubstreamPartitionRouter):
    """One slice for each row of the parent `account`, remembering in the state which accounts were read to their end.

    The CDK's state of a partition is the newest row it emitted, and it looks the same for an account that was never
    finished and for one that was but gave no rows (idle posts have no impression sources). So the router reports the
    accounts it has handed out as its "parent state", which the CDK writes only when all their slices are closed.

    Out, in the state: `"parent_state": {"account": {"read": ["-000abc"]}}`
    """

    _handed_out: list[str] = field(init=False, default_factory=list)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The CDK's slices: `{"business_id": …, "parent_slice": {…}}` with columns of the parent as extra fields."""
        for stream_slice in super().stream_slices():
            self._handed_out.append(stream_slice.partition["business_id"])
            yield stream_slice

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The accounts handed out so far."""
        return {"account": {"read": list(self._handed_out)}}


# --- Requests -------------------------------------------------------------------------------------------------------


class RequesterDecorator:
    """A requester that does one thing more than the one it wraps and leaves everything else to it."""

    requester: Any

    def __getattr__(self, name: str) -> Any:
        if name == "requester":
            raise AttributeError(name)
        return getattr(self.requester, name)


@dataclass
class FieldsRequester(RequesterDecorator):
    """Asks TikTok for a list of fields: it returns only what is named (fact sheet A6, A7).

    `fields` maps a scope to the fields that it opens, e.g. `{"video.list": ["item_id", "likes"]}`.
    Out: the query parameter `fields=["item_id","likes"]`, a JSON array; TikTok refuses a comma list.
    """

    requester: Any
    fields: Mapping[str, list[str]]

    def send_request(self, *, request_params: Mapping[str, Any] | None = None, **call: Any) -> requests.Response | None:
        """Send the call of the wrapped requester with the parameter `fields`."""
        names = [name for scope_fields in self.fields.values() for name in scope_fields]
        params = {**(request_params or {}), "fields": orjson.dumps(names).decode()}
        response: requests.Response | None = self.requester.send_request(request_params=params, **call)
        return response


@dataclass
class SharedPagesRequester(RequesterDecorator):
    """Makes each call once in a sync, whichever and however many streams need its answer.

    The eight post streams walk the same pages: the first that needs a page calls TikTok, the others wait for that
    page and read the kept answer (50 calls for 1,000 posts instead of 400). Only answers that the error handler let
    pass are kept, so a refusal is never replayed. A page is recognised by its URL and all its parameters, the
    account's `business_id` among them.
    """

    requester: Any
    api_budget: APIBudget

    def send_request(self, *, request_params: Mapping[str, Any] | None = None, **call: Any) -> requests.Response | None:
        """Send the call of the wrapped requester, unless its answer is there."""
        # The CDK disables retries for the Connector Builder's test reads alone. There each stream has to make its own
        # calls, because the Builder shows the calls it sees as the pages of the stream.
        if self.disable_retries:
            response: requests.Response | None = self.requester.send_request(request_params=request_params, **call)
            return response

        key = self._key(request_params or {}, call)
        pages = sync_of(self.api_budget).pages
        with pages.page_lock(key):
            body = pages.get(key)
            if body is None:
                response = self.requester.send_request(request_params=request_params, **call)
                if response is not None:
                    pages.put(key, response.content)
                return response
        return _kept_response(key, body)

    def _key(self, request_params: Mapping[str, Any], call: Mapping[str, Any]) -> str:
        context = {name: call.get(name) for name in ("stream_state", "stream_slice", "next_page_token")}
        params = {**self.get_request_params(**context), **request_params}
        return f"{self.get_url(**context)}?{urlencode(sorted(params.items()))}"


def _kept_response(url: str, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.url = url
    response.encoding = "utf-8"
    response._content = body  # the way requests itself fills a response
    return response


@dataclass
class TikTokErrorHandler(ErrorHandler):
    """Reads TikTok's own code in the body, whatever the HTTP status: an error comes as HTTP 200 (fact sheet A3).

    `errors` is the manifest's table: `{"codes": [40001, "50000-53999"], "action": "FAIL", "failure_type":
    "config_error", "sentence": "… {stream} … {code} … {message} … {request_id} …"}`.

    In:  HTTP 200 with the body `{"code": 40001, "message": "No permission …", "request_id": "2026…", "data": {}}`
    Out: FAIL, a config error, "TikTok did not permit the stream `videos` (code 40001: No permission …). …"

    A code that the table lacks is a failure, never an empty success. A body that is not TikTok's JSON (a gateway's
    HTML, JSON that was cut off) and a connection that failed are tried again.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    errors: list[dict[str, Any]]
    backoff_strategies: list[BackoffStrategy]
    stream: str = field(init=False, default="")
    max_retries: int = field(init=False, default=5)
    # Time for several of TikTok's penalties of five minutes.
    max_time: int = field(init=False, default=3600)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.stream = parameters.get("name", "")

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """What to do with an answer, or with the lack of one."""
        if not isinstance(response, requests.Response):
            return ErrorResolution(
                ResponseAction.RETRY,
                FailureType.transient_error,
                f"TikTok could not be reached ({type(response).__name__}). The next sync will try again.",
            )
        if response.status_code == 429:
            return self._resolution({"code": 40100, "message": "HTTP 429"})
        body = _body_of(response)
        if body is None or "code" not in body:
            return ErrorResolution(
                ResponseAction.RETRY,
                FailureType.transient_error,
                f"TikTok's servers answered something other than JSON (HTTP {response.status_code}). "
                "This passes by itself; if it lasts for hours, look at TikTok's status page.",
            )
        return SUCCESS_RESOLUTION if body["code"] == 0 and response.ok else self._resolution(body)

    def _resolution(self, body: Mapping[str, Any]) -> ErrorResolution:
        details = {name: body.get(name) for name in ("code", "message", "request_id")} | {"stream": self.stream}
        for error in self.errors:
            if any(_is_in(details["code"], codes) for codes in error["codes"]):
                return ErrorResolution(
                    ResponseAction(error["action"]),
                    FailureType(error["failure_type"]),
                    error["sentence"].format(**details),
                )
        return ErrorResolution(
            ResponseAction.FAIL,
            FailureType.system_error,
            "TikTok refused a request of the stream `{stream}` (code {code}: {message}, request_id {request_id}). "
            "Please report this sentence as an issue of the connector.".format(**details),
        )


def _is_in(code: Any, codes: int | str) -> bool:
    """Whether `code` is `codes`, or lies in a range such as "50000-53999"."""
    if isinstance(codes, int):
        return bool(code == codes)
    first, last = codes.split("-")
    return isinstance(code, int) and int(first) <= code <= int(last)


@dataclass
class TikTokBackoff(BackoffStrategy):
    """How long to wait before a call is made again, in seconds.

    After a rate limit TikTok refuses everything for five minutes (fact sheet A5), so asking earlier only prolongs it;
    after any other passing trouble 2, 4, 8, … seconds.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    rate_limit_codes: list[int] = field(default_factory=list)
    rate_limit_wait: float = 300
    first_wait: float = 2

    def backoff_time(
        self, response_or_exception: requests.Response | requests.RequestException | None, attempt_count: int
    ) -> float:
        """The seconds to wait after the failed attempt number `attempt_count` (from 1)."""
        if isinstance(response_or_exception, requests.Response):
            code = (_body_of(response_or_exception) or {}).get("code")
            if response_or_exception.status_code == 429 or code in self.rate_limit_codes:
                return self.rate_limit_wait
        return self.first_wait * 2.0 ** (attempt_count - 1)


def _body_of(response: requests.Response) -> dict[str, Any] | None:
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
    body = _body_of(response) or {}
    data = body.get("data")
    if not isinstance(data, dict):
        raise unexpected_answer(
            "TikTok answered without any data although it reported success.",
            f"No `data` object in the answer to {response.url}, request_id {body.get('request_id')}",
        )
    return data


# --- Paging ---------------------------------------------------------------------------------------------------------


@dataclass
class PostPagination(PaginationStrategy):
    """Walks posts from the newest to the oldest and stops where the slice begins (fact sheet A7).

    `cursor` is a time in epoch milliseconds; TikTok returns the posts created before it, `max_count` at a time.

    In:  `{"videos": [… 20 posts, the last created 1788861607 …], "cursor": 1788861607000, "has_more": true}`
    Out: 1788861607000, or None when `has_more` is false or the last post is older than the slice's `start_time`

    Short and empty pages are normal (TikTok takes out posts that break its rules), so they never end the walk.
    Raises a system error where the cursor does not move back in time: the walk would never end.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    page_size: int = 20

    @property
    def initial_token(self) -> int | None:
        """None to begin now, or the end of the config's `end_date` in epoch milliseconds."""
        end = _parse_date(self.config, "end_date")
        if end is None:
            return None
        midnight = datetime(end.year, end.month, end.day, tzinfo=timezone.utc) + timedelta(days=1)
        return int(midnight.timestamp() * 1000)

    def get_page_size(self) -> int:
        """Posts per call; TikTok's maximum is 20."""
        return self.page_size

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> int | None:
        """The cursor of the next page, or None at the end."""
        data = data_of(response)
        posts = data.get("videos") or []
        if "has_more" not in data and posts:
            raise unexpected_answer("TikTok sent a page of posts without saying whether there are more.")
        if not data.get("has_more"):
            return None
        if posts and stream_slice and timestamp(posts[-1].get("create_time")) < stream_slice["start_time"]:
            return None
        cursor = int(data["cursor"]) if str(data.get("cursor")).isdecimal() else None
        if cursor is None or (last_page_token_value and cursor >= int(last_page_token_value)):
            raise unexpected_answer(
                f"TikTok's list of posts does not advance: cursor {data.get('cursor')} follows {last_page_token_value}."
            )
        return cursor


# --- Rows -----------------------------------------------------------------------------------------------------------


def _objects_at(data: Any, path: list[str]) -> Iterator[dict[str, Any]]:
    """The objects at `path`: one for an object, each for an array, none where TikTok withheld it."""
    for depth, key in enumerate(path):
        if isinstance(data, list):
            for item in data:
                yield from _objects_at(item, path[depth:])
            return
        if data is None:
            return
        if not isinstance(data, dict):
            raise unexpected_answer(f"TikTok sent {type(data).__name__} where an object with `{key}` belongs.")
        data = data.get(key)
    if data is None:
        return
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
        elif item is not None:
            raise unexpected_answer(f"TikTok sent {type(item).__name__} in `{'.'.join(path)}` where an object belongs.")


@dataclass
class ObjectExtractor(RecordExtractor):
    """One row for each object at `path` of the answer's `data`; an empty path means `data` itself.

    In:  path `["metrics"]`, rename `{"date": "metric_date"}`, data `{"metrics": [{"date": "2026-09-10", "likes": 3}]}`
    Out: `{"metric_date": "2026-09-10", "likes": 3}`
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    path: list[str] = field(default_factory=list)
    rename: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of one page, values as TikTok sent them."""
        for item in _objects_at(data_of(response), self.path):
            row = item.copy()
            for name, column in self.rename.items():
                row[column] = row.pop(name, None)
            yield row


@dataclass
class BreakdownExtractor(RecordExtractor):
    """One row for each element of the array `breakdown` in each object at `path`.

    Each column is prefixed with the array's name; the object's columns in `keep` (new name: TikTok's name) come along.

    In:  path `["videos"]`, breakdown `audience_countries`, keep `{"item_id": "item_id"}`, data
         `{"videos": [{"item_id": "7", "audience_countries": [{"country": "GB", "percentage": 0.71}]}]}`
    Out: `{"item_id": "7", "audience_countries_country": "GB", "audience_countries_percentage": 0.71}`

    An array that is missing, null or empty gives no rows: TikTok withheld it.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    breakdown: str
    path: list[str] = field(default_factory=list)
    keep: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of one page, values as TikTok sent them."""
        prefix = f"{self.breakdown}_"
        for item in _objects_at(data_of(response), self.path):
            kept = {column: item.get(name) for column, name in self.keep.items()}
            for element in _objects_at(item, [self.breakdown]):
                row = kept.copy()
                for name, value in element.items():
                    row[prefix + name] = value
                yield row


class Timestamp(str):
    """A time as RFC 3339 text in UTC that still knows its seconds since 1970.

    Out: `Timestamp(1788861607) == "2026-09-08T10:00:07Z"`, `int(Timestamp(1788861607)) == 1788861607`

    The CDK's cursor parses the cursor field of every row, twice. Told that the field may be epoch seconds (`%s` in
    `cursor_datetime_formats`), it calls `int()` on it, which spares a text parser under a lock that all workers share:
    a quarter of a sync's CPU time.
    """

    epoch: int

    def __new__(cls, epoch: int) -> "Timestamp":
        text = super().__new__(cls, datetime.fromtimestamp(epoch, tz=timezone.utc).strftime(TIMESTAMP_FORMAT))
        text.epoch = epoch
        return text

    def __int__(self) -> int:
        return self.epoch

    def __getnewargs__(self) -> tuple[int]:  # type: ignore[override]  # made of its epoch, not of its text
        """What a copy is made of; the Connector Builder copies the rows that it shows."""
        return (self.epoch,)


def timestamp(epoch: Any) -> Timestamp:
    """TikTok's seconds since 1970, a string or a number.

    In:  "1788861607" or 1788861607
    Out: `Timestamp(1788861607)`
    """
    try:
        return _timestamp(epoch)
    except (TypeError, ValueError, OverflowError):
        raise unexpected_answer(f"TikTok sent '{epoch}' as a time, which is not a number of seconds.") from None


@lru_cache(maxsize=4096)
def _timestamp(epoch: Any) -> Timestamp:
    return Timestamp(int(epoch))


@dataclass
class RowTransformation(RecordTransformation):
    """What the transformations below have in common: they change a row, some with a look at its slice."""

    config: Config
    parameters: InitVar[Mapping[str, Any]]

    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        """The CDK's call for each row."""
        self.change(record, StreamSlice(partition={}, cursor_slice={}) if stream_slice is None else stream_slice)

    @abstractmethod
    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""


@dataclass
class EpochToTimestamp(RowTransformation):
    """Writes the columns in `columns` as RFC 3339 instead of epoch seconds.

    In:  `{"create_time": "1788861607"}`
    Out: `{"create_time": "2026-09-08T10:00:07Z"}`
    """

    columns: list[str] = field(default_factory=list)

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        for column in self.columns:
            row[column] = timestamp(row.get(column))


@dataclass
class SliceColumns(RowTransformation):
    """Adds columns that are the same for all rows of a slice, from the slice itself.

    In:  columns `["business_id", "metric_date"]`, a slice of partition `{"business_id": "-000abc"}` with the parent's
         extra field `metric_date` "2026-11-20"
    Out: `{…, "business_id": "-000abc", "metric_date": "2026-11-20"}`
    """

    columns: list[str] = field(default_factory=list)
    _of_slice: tuple[StreamSlice | None, dict[str, Any]] = field(init=False, repr=False, default=(None, {}))

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        # Read and replaced as one object, because the slices of several accounts are read at the same time.
        known, values = self._of_slice
        if known is not stream_slice:
            partition, extra = stream_slice.partition, stream_slice.extra_fields
            values = {name: partition[name] if name in partition else extra.get(name) for name in self.columns}
            self._of_slice = (stream_slice, values)
        row.update(values)


@dataclass
class SyncDate(RowTransformation):
    """Adds `metric_date`: the UTC date on which this sync began, also on rows that are read after midnight.

    Out: `{…, "metric_date": "2026-11-20"}`
    """

    api_budget: APIBudget
    _sync: Sync = field(init=False, repr=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._sync = sync_of(self.api_budget)

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        row["metric_date"] = self._sync.date


@dataclass
class ProvisionalDays(RowTransformation):
    """Adds `is_provisional`: true while less than 48 hours have passed since the end of the row's day (UTC).

    TikTok completes a day 24 to 48 hours after it (fact sheet A6), so until then its numbers may still change.

    In:  `{"metric_date": "2026-11-18"}` in a sync begun 2026-11-20 12:00 UTC, 36 hours after that day's end
    Out: `{"metric_date": "2026-11-18", "is_provisional": true}`
    """

    api_budget: APIBudget

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        newest_final_day = sync_of(self.api_budget).started_at - timedelta(hours=48 + 24)
        row["is_provisional"] = row["metric_date"] > newest_final_day.strftime(DATE_FORMAT)


@dataclass
class WindowFilter(RecordFilter):
    """Lets the rows through whose `column` lies in the slice, both ends included.

    Calls are what a sync costs, so the connector asks for whole pages and the widest window of days and drops here
    what the slice does not cover.

    In:  column `metric_date`, a slice of start_time "2026-11-13" and end_time "2026-11-19", rows of 58 days
    Out: the rows of those seven days
    """

    column: str = ""
    condition: str = ""

    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The rows inside the slice; both sides are text of one format, so they compare as text."""
        if stream_slice is None:
            yield from records
            return
        column, first, last = self.column, stream_slice["start_time"], stream_slice["end_time"]
        for record in records:
            if first <= record[column] <= last:
                yield record


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    number = value if isinstance(value, int) and not isinstance(value, bool) else float(str(value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    if isinstance(value, bool):
        return value
    raise ValueError


def _string(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError
    return value if isinstance(value, str) else str(value)


# For a JSON schema type: the Python types that need no work, what makes one of any other, and its name in sentences.
_TYPES: Mapping[str, tuple[frozenset[type], Any, str]] = {
    "integer": (frozenset({int, type(None)}), _integer, "a whole number"),
    "number": (frozenset({float, int, type(None)}), _number, "a number"),
    "boolean": (frozenset({bool, type(None)}), _boolean, "true or false"),
    "string": (frozenset({str, Timestamp, type(None)}), _string, "text"),
}


def _value_type(definition: Mapping[str, Any]) -> str:
    types = definition["type"]
    return str(next(name for name in ([types] if isinstance(types, str) else types) if name != "null"))


@dataclass
class TypedColumns(TypeTransformer):
    """Gives a row exactly the columns of its schema, in their types.

    In:  the schema's columns `likes` (integer) and `reach` (integer), the row `{"likes": "12", "nested": []}`
    Out: `{"likes": 12, "reach": null}`

    What TikTok withheld is null; null never becomes 0 and 0 never null. An empty text in a column of numbers is
    TikTok's way of having nothing to say, so it is null too. Raises a system error for a value that is not of the
    column's type.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    _schema: Mapping[str, Any] | None = field(init=False, default=None, repr=False)
    _plan: list[tuple[str, frozenset[type], Any, str]] = field(init=False, default_factory=list, repr=False)

    def transform(self, record: dict[str, Any], schema: Mapping[str, Any]) -> None:
        """Change `record` in place."""
        if schema is not self._schema:
            self._plan = [
                (column, *_TYPES[_value_type(definition)]) for column, definition in schema["properties"].items()
            ]
            self._schema = schema
        typed: dict[str, Any] = {}
        for column, ready, convert, kind in self._plan:
            value = record.get(column)
            if type(value) not in ready:
                value = None if value == "" else self._converted(column, value, convert, kind)
            typed[column] = value
        record.clear()
        record.update(typed)

    @staticmethod
    def _converted(column: str, value: Any, convert: Any, kind: str) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, KeyError):
            raise unexpected_answer(f"TikTok sent '{value}' in `{column}`, where {kind} belongs.") from None


# --- State ----------------------------------------------------------------------------------------------------------


@dataclass
class StartNewAccountsFresh(StateMigration):
    """Takes the CDK's common cursor out of a state, so that an account without its own starts from the beginning.

    In:  `{"states": […], "state": {"create_time": "2026-11-20T10:00:00Z"}, …}`
    Out: the same without `state`, from which the CDK would start an account that was added later
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Whether the state has a common cursor beside those of the accounts."""
        return "states" in stream_state and "state" in stream_state

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state without the common cursor."""
        return {key: value for key, value in stream_state.items() if key != "state"}


@dataclass
class ReopenRecentPosts(StateMigration):
    """Sets each account's cursor back to the oldest post that is still to be read again.

    TikTok keeps changing a post's numbers for 365 days (fact sheet A7), so a sync reads the posts of the last
    `video_lookback_days` again and freezes older rows. Posts that no sync has seen are read whatever their age.

    In, on 2026-11-20 with 365 days:
        `{"states": [{"partition": {"business_id": "-000abc", …}, "cursor": {"create_time": "2026-11-19T08:00:00Z"}}]}`
    Out: the cursor `{"create_time": "2025-11-20T12:00:00Z"}`

    An account whose newest post is older than that continues right after it, and one that was never read to its end
    (see PerAccountPartitionRouter) starts from the beginning.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    start_datetime: str
    video_lookback_days: str
    _start: str = field(init=False)
    _days: int = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._start = str(InterpolatedString.create(self.start_datetime, parameters=parameters).eval(self.config))
        self._days = int(InterpolatedString.create(self.video_lookback_days, parameters=parameters).eval(self.config))

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Whether any account has a cursor."""
        return bool(stream_state.get("states"))

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state with the cursors set back."""
        read_to_the_end = ((stream_state.get("parent_state") or {}).get("account") or {}).get("read") or []
        states = []
        for entry in stream_state["states"]:
            newest = entry["cursor"].get("create_time", "")
            if newest > self._start or entry["partition"]["business_id"] in read_to_the_end:
                states.append({**entry, "cursor": {**entry["cursor"], "create_time": self._first_to_read(newest)}})
        return {**stream_state, "states": states}

    def _first_to_read(self, newest: str) -> str:
        if self._days == 0:
            return self._start
        oldest_open = (sync_of(self.api_budget).started_at - timedelta(days=self._days)).strftime(TIMESTAMP_FORMAT)
        if self._start < newest < oldest_open:
            just_after = datetime.strptime(newest, TIMESTAMP_FORMAT) + timedelta(seconds=1)
            return just_after.strftime(TIMESTAMP_FORMAT)
        return oldest_open
