"""How TikTok is odd: the parts of the connector that the manifest cannot say in YAML.

`manifest.yaml` says what is asked of TikTok and refers to the classes below as
`source_declarative_manifest.components.<Class>`, so that this one file serves the package, the Docker image and
the Connector Builder. Nothing else in the package knows TikTok's habits.

The file reads from the outside in: one sync and its shared pages, accounts and tokens, requests, paging, rows, and
the state that the next sync starts from.
"""

import ipaddress
import json
import logging
import math
import re
import tempfile
import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, quote, quote_plus, urlencode, urlsplit
from weakref import WeakKeyDictionary
from zlib import crc32

import orjson
import requests
from airbyte_cdk.config_observation import (
    create_connector_config_control_message,
    emit_configuration_as_airbyte_control_message,
)
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.extractors.record_filter import RecordFilter
from airbyte_cdk.sources.declarative.extractors.type_transformer import TypeTransformer
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.declarative.migrations.state_migration import StateMigration
from airbyte_cdk.sources.declarative.partition_routers.partition_router import PartitionRouter
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import (
    ParentStreamConfig,
    SubstreamPartitionRouter,
)
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import PaginationStrategy
from airbyte_cdk.sources.declarative.transformations.transformation import RecordTransformation
from airbyte_cdk.sources.streams.call_rate import APIBudget, Rate
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.http.error_handlers import (
    BackoffStrategy,
    ErrorHandler,
    ErrorResolution,
    ResponseAction,
)
from airbyte_cdk.sources.streams.http.error_handlers.response_models import SUCCESS_RESOLUTION
from airbyte_cdk.sources.types import Config, Record, StreamSlice, StreamState
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.datetime_helpers import ab_datetime_now, ab_datetime_parse
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

LOGGER = logging.getLogger("airbyte")

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


def _same(failure: AirbyteTracedException, of_whom: str = "") -> AirbyteTracedException:
    """The same failure for another stream, which adds its own traceback to it; `of_whom` goes before its sentence."""
    return AirbyteTracedException(
        message=f"{of_whom}{failure.message}",
        internal_message=failure.internal_message,
        failure_type=failure.failure_type,
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
    failures: dict[str, AirbyteTracedException] = field(init=False, default_factory=dict)
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
class CallLimit:
    """A limit of TikTok's: at most `limit` calls in any `interval` of seconds. CallTurns keeps it.

    A call counts from its beginning until `interval` after its answer, because nobody knows when in between it reaches
    TikTok: on a busy machine, calls that were sent one after the other arrive together.

    In:  a limit of 40 in 60 seconds, 38 calls that were answered within the last minute, two under way
    Out: `wait` is the time until the first of the 38 answers is a minute old
    """

    limit: int
    interval: float
    under_way: int = field(init=False, default=0)
    answered: deque[float] = field(init=False, repr=False, default_factory=deque)

    def wait(self, now: float) -> float | None:
        """For how long no further call may begin: seconds, 0 or less for none, None until one under way is answered."""
        while self.answered and self.answered[0] <= now - self.interval:
            self.answered.popleft()
        too_many = self.under_way + len(self.answered) - self.limit
        if too_many < 0:
            return 0
        return self.answered[too_many] + self.interval - now if too_many < len(self.answered) else None


@dataclass
class CallTurns:
    """Lets calls begin when their limits allow it; each thread makes one call at a time."""

    _calls: dict[int, list[CallLimit]] = field(init=False, repr=False, default_factory=dict)
    _changed: threading.Condition = field(init=False, repr=False, default_factory=threading.Condition)

    def begin(self, limits: list[CallLimit]) -> None:
        """Return when a call that all these limits are for may begin."""
        self.end()
        while True:
            with self._changed:
                waits = [limit.wait(time.monotonic()) for limit in limits]
                if None in waits:
                    self._changed.wait(timeout=60)
                    continue
                longest = max((wait for wait in waits if wait is not None), default=0)
                if longest <= 0:
                    self._calls[threading.get_ident()] = limits
                    for limit in limits:
                        limit.under_way += 1
                    return
            time.sleep(longest)

    def end(self) -> None:
        """The call of this thread has its answer, or will have none."""
        with self._changed:
            for limit in self._calls.pop(threading.get_ident(), []):
                limit.under_way -= 1
                limit.answered.append(time.monotonic())
            self._changed.notify_all()


def _limit(rate: Rate) -> CallLimit:
    return CallLimit(int(rate.limit), rate.interval.total_seconds())


@dataclass
class Grant:
    """What one sync has learnt of what one account allows; `lock` is held while TikTok is asked about it.

    `place` is where the config has the account, e.g. "additional_accounts[0]". `scopes` is None where nobody told: a
    bare access token comes without them. Then `accepted` and `refused` are the scopes of which TikTok has given and
    refused the fields since. `replacement` is the access token that replaced one that TikTok refused, `access_token`
    the one that was sent last. `failure` is why TikTok could not be asked about the account: it is not asked again for
    each stream.
    """

    place: str
    business_id: str | None = None
    scopes: frozenset[str] | None = None
    accepted: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    access_token: str | None = field(default=None, repr=False)
    replacement: str | None = field(default=None, repr=False)
    failure: AirbyteTracedException | None = None
    lock: threading.RLock = field(init=False, repr=False, default_factory=threading.RLock)
    _limits: dict[str, CallLimit] = field(init=False, repr=False, default_factory=dict)
    _limits_lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    @property
    def key(self) -> str:
        """What slices call the account: its business_id, or its place in the config while that is not known."""
        return self.business_id or self.place

    def limit_of(self, url: str, rate: Rate) -> CallLimit:
        """The limit of this account for the endpoint of `url`: each has its own (fact sheet A5)."""
        with self._limits_lock:
            return self._limits.setdefault(urlsplit(url).path, _limit(rate))

    def allows(self, scope: str) -> bool:
        """Whether fields of `scope` may be asked for; where nobody told, they may until TikTok refuses them."""
        return scope not in self.refused if self.scopes is None else scope in self.scopes

    def is_sure_of(self, scopes: Iterable[str]) -> bool:
        """Whether TikTok is known to give the fields of these allowed scopes."""
        return self.scopes is not None or self.accepted.issuperset(scopes)


class _Counts(dict[str, int]):
    """Numbers of comments of which the CDK keeps many states; it need not copy thousands of them per post."""

    def __deepcopy__(self, _memo: Any) -> "_Counts":
        return self


@dataclass
class CommentReading:
    """What a stream of comments has read in a sync: by account, how many comments each post had when it was read.

    `known` is what the last sync left, `{"-000abc": {"7": 12}}`. What is noted is handed to the CDK as states to write
    when everything up to some slice is closed. A post that turns out not to be readable is taken out of all of them:
    `leave`. The first failure of an account is kept for its last slice to raise, which waits for the posts that are
    still being asked about.
    """

    longest_wait: float = 3600
    known: dict[str, _Counts] = field(init=False, default_factory=dict)
    failures: dict[str, AirbyteTracedException] = field(init=False, default_factory=dict)
    _noted: dict[str, list[_Counts]] = field(init=False, default_factory=dict)
    _left: dict[str, set[str]] = field(init=False, default_factory=dict)
    # By account: posts that were handed out and not asked about yet, and those of which TikTok has not answered a call.
    _open: dict[str, set[str]] = field(init=False, default_factory=dict)
    _ended: set[str] = field(init=False, default_factory=set)
    _lock: threading.Condition = field(init=False, repr=False, default_factory=threading.Condition)

    def know(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Begin with what the last sync left."""
        self.known = {account: _Counts(of_account) for account, of_account in counts.items()}

    def note(self, account: str, counts: Mapping[str, int]) -> None:
        """Note the numbers of an account's posts, as they will be when all posts handed out so far are read."""
        with self._lock:
            noted = _Counts(counts)
            for video_id in self._left.get(account, ()):
                self._restore(account, video_id, noted)
            self._noted.setdefault(account, []).append(noted)

    @property
    def counts(self) -> dict[str, _Counts]:
        """What was noted last of each account, or else what the last sync left."""
        with self._lock:
            return self.known | {account: noted[-1] for account, noted in self._noted.items()}

    def leave(self, account: str, video_id: str) -> None:
        """Take a post for one that was not read."""
        with self._lock:
            self._left.setdefault(account, set()).add(video_id)
            for noted in self._noted.get(account, []):
                self._restore(account, video_id, noted)

    def open(self, account: str, video_id: str) -> None:
        """A post is handed out, or asked about."""
        with self._lock:
            self._open.setdefault(account, set()).add(video_id)

    def close(self, account: str, video_id: str) -> None:
        """A call about a post has ended, or there is none."""
        with self._lock:
            self._open.get(account, set()).discard(video_id)
            self._lock.notify_all()

    def keep_for_the_end(self, account: str, failure: AirbyteTracedException) -> bool:
        """Keep a failure for the account's last slice; False where that was read already."""
        with self._lock:
            self.failures.setdefault(account, failure)
            return account not in self._ended

    def end(self, account: str) -> AirbyteTracedException | None:
        """The account's last slice is read: the failure to raise, if there was one.

        Workers take slices in their order, so those that this one waits for are with other workers already. None of
        them takes longer than the error handler tries.
        """
        with self._lock:
            self._lock.wait_for(lambda: not self._open.get(account), timeout=self.longest_wait)
            self._ended.add(account)
            return self.failures.get(account)

    def is_given_up(self, account: str) -> bool:
        """Whether nothing more of this account is worth asking about: what failed was not one post alone."""
        failure = self.failures.get(account)
        return failure is not None and failure.failure_type != FailureType.system_error

    def _restore(self, account: str, video_id: str, noted: _Counts) -> None:
        before = self.known.get(account, _Counts()).get(video_id)
        if before is None:
            noted.pop(video_id, None)
        elif video_id in noted:
            noted[video_id] = before


@dataclass
class Sync:
    """What the streams of one sync have in common: the moment it began (UTC), pages read, what accounts allow."""

    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pages: PageStore = field(default_factory=PageStore)
    turns: CallTurns = field(init=False, default_factory=CallTurns)
    config_lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    _comments: dict[str, CommentReading] = field(init=False, default_factory=dict)
    _grants: dict[str, Grant] = field(init=False, default_factory=dict)
    _limits: list[CallLimit] = field(init=False, default_factory=list)
    _said: set[tuple[str, ...]] = field(init=False, default_factory=set)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    @property
    def date(self) -> str:
        """The `metric_date` of every snapshot row of this sync, e.g. "2026-11-20", also past midnight."""
        return self.started_at.strftime(DATE_FORMAT)

    def limits(self, rates: list[Rate]) -> list[CallLimit]:
        """The limits that all accounts of the app share, the same for all who ask."""
        with self._lock:
            self._limits = self._limits or [_limit(rate) for rate in rates]
            return self._limits

    def grant(self, place: str) -> Grant:
        """The grant of the account at this place in the config, the same for all who ask."""
        with self._lock:
            return self._grants.setdefault(place, Grant(place))

    def grant_of(self, business_id: str | None) -> Grant:
        """The grant of the account with this business_id, the first where it is not known yet."""
        with self._lock:
            grants = list(self._grants.values())
            return next((grant for grant in grants if grant.business_id == business_id), grants[0])

    def claim(self, business_id: str, claimant: Grant) -> None:
        """Note that an account turned out to be this one; raises a config error where another is it already."""
        with self._lock:
            for grant in self._grants.values():
                if grant is not claimant and grant.business_id == business_id:
                    raise _same_account(grant.place, claimant.place, business_id)
            claimant.business_id = business_id

    def comments(self, stream: str) -> CommentReading:
        """What a stream of comments has read so far, the same for all who ask."""
        with self._lock:
            return self._comments.setdefault(stream, CommentReading())

    def is_replacement(self, access_token: str | None) -> bool:
        """Whether this token replaced one that TikTok refused; None is no token."""
        with self._lock:
            return access_token is not None and any(
                grant.replacement == access_token for grant in self._grants.values()
            )

    def failure_to_replace(self, access_token: str | None) -> AirbyteTracedException | None:
        """Why this token, which TikTok refused, could not be replaced; None where nobody has tried."""
        with self._lock:
            failures = (grant.failure for grant in self._grants.values() if grant.access_token == access_token)
            return next(failures, None)

    def is_new(self, *what: str) -> bool:
        """True the first time this is asked about `what`, so that something is said once in a sync."""
        with self._lock:
            known = len(self._said)
            self._said.add(what)
            return len(self._said) > known

    def keep_secret(self, secret: str | None) -> None:
        """Strike `secret` out of logs and errors from now on, as it is and as URLs, forms and JSON write it.

        In:  "act.abc!5001.em"
        Out: neither `act.abc!5001.em` nor `act.abc%215001.em` is printed outside of a CONNECTOR_CONFIG message
        """
        if secret and self.is_new("secret", secret):
            forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
            # A log line is JSON that quotes an answer, which is JSON that may quote something in turn.
            for _ in range(4):
                forms |= {repr(form)[1:-1] for form in forms} | {json.dumps(form)[1:-1] for form in forms}
            for form in forms:
                add_to_secrets(form)


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


# This file has no backslash: Airbyte takes them out before it computes the checksum of components that were published
# from the Builder, but leaves them in the components.
_IPV6 = f"{re.escape('[')}[0-9a-f:.]+{re.escape(']')}"


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
    _validate_accounts(config)
    url = config.get("api_url")
    if url:
        # Libraries disagree on where the host ends in an address with a user, a backslash or an odd bracket.
        parts = re.fullmatch(
            f"(https?)://({_IPV6}|[a-z0-9.-]+)(?::[0-9]{{1,5}})?(?:/[a-z0-9._~/-]*)?", str(url).lower()
        )
        if parts is None or (parts[1] == "http" and not _is_loopback(parts[2].strip("[]"))):
            raise config_error(
                "The setting `api_url` must begin with https://, or with http:// for a server on this machine "
                "(localhost or 127.0.0.1), because access tokens are sent to it. Remove it to call TikTok itself."
            )


def _places(config: Config) -> dict[str, MutableMapping[str, Any]]:
    """The settings of each account, by their place in the config; the first is that of `credentials`."""
    more = config.get("additional_accounts") or []
    if not isinstance(more, list) or not all(isinstance(entry, dict) for entry in more):
        raise config_error(
            "The setting `additional_accounts` must be a list of accounts, each with a `refresh_token`, or with an "
            "`access_token` and its `business_id`."
        )
    return {
        "credentials": config.get("credentials") or {},
        **{f"additional_accounts[{position}]": entry for position, entry in enumerate(more)},
    }


def _is_place(name: str) -> bool:
    return name == "credentials" or name.startswith("additional_accounts[")


def _same_account(first: str, second: str, business_id: str) -> AirbyteTracedException:
    return config_error(
        f"`{first}` and `{second}` are the same TikTok account, {business_id}. Remove one of them, or authenticate "
        "it with the account that you meant."
    )


def _validate_accounts(config: Config) -> None:
    """Refuse additional accounts that could not be read, or would be read twice."""
    (_, first), *more = _places(config).items()
    if more and first.get("auth_type") == "login_kit":
        raise config_error(
            "The setting `additional_accounts` is for the TikTok API for Business. With Login Kit, make a connection "
            "for each account."
        )
    for place, entry in more:
        if entry.get("refresh_token") and first.get("auth_type") == "business_access_token":
            raise config_error(
                f"`{place}` has a refresh token, which only the app can renew that it was given to. Authenticate the "
                "first account with OAuth, so that its `credentials` have the app, or give this one an `access_token`."
            )
        if not entry.get("refresh_token") and not (entry.get("access_token") and entry.get("business_id")):
            raise config_error(
                f"`{place}` cannot be read: it needs a `refresh_token`, or an `access_token` with the `business_id` "
                "that came with it."
            )
    for name in ("business_id", "refresh_token", "access_token"):
        seen: dict[str, str] = {}
        for place, entry in _places(config).items():
            value = entry.get(name)
            if value and value in seen:
                raise _same_account(seen[value], place, f"by their `{name}`" if name.endswith("token") else value)
            if value:
                seen[value] = place


def _require(credentials: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not credentials.get(name):
            raise config_error(f"The setting `credentials.{name}` is missing. Fill it in or authenticate again.")


# --- Accounts and tokens --------------------------------------------------------------------------------------------


@dataclass
class TokenEndpoints:
    """Asks TikTok for a new access token, and what an access token allows.

    Both are POSTs without a token in the headers (fact sheet A2.3, A2.5, B1). Errors may come as HTTP 200 and are the
    requester's error handler's to recognise; it lets an answer pass that refuses the access token.

    The families differ in `body` ("json" or "data", which is a form), in the name of the app's id, in `envelope`, the
    key of the answer that holds the tokens (none where it is flat), in `end_of_permission` and in `account_id`, the
    setting that names the account (none where there is no such setting). Only one has a `token_info_path`. Their calls
    count for the `limits` of the app.
    """

    requester: Any
    turns: CallTurns
    limits: list[CallLimit]
    refresh_path: str
    body: str
    client_id: str
    end_of_permission: str
    token_info_path: str = ""
    envelope: str = ""
    account_id: str = ""

    def refresh(self, app: Mapping[str, Any], refresh_token: str) -> Mapping[str, Any]:
        """New tokens for a refresh token that was given to `app`.

        Out: `{"access_token": "act.…", "expires_in": 86400, "refresh_token": "rft.…", "refresh_token_expires_in":
        31528800, "open_id": "-000abc", "scope": "user.info.basic,video.list", …}`; times in seconds
        """
        body = {
            self.client_id: app[self.client_id],
            "client_secret": app["client_secret"],
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        data = self._data_of(self.refresh_path, body)
        if data is None:
            raise config_error(
                "TikTok does not accept the refresh token. Authenticate the account again in the source's settings."
            )
        return data

    def token_info(self, app: Mapping[str, Any], access_token: str) -> Mapping[str, Any] | None:
        """What `access_token` allows, or None where TikTok refuses it.

        Out: `{"app_id": "7400000000000000001", "creator_id": "-000abc", "scope": "user.info.basic,video.list"}`
        """
        body = {"app_id": app[self.client_id], "access_token": access_token}
        return self._data_of(self.token_info_path, body)

    def write_back(self, config: Config) -> None:
        """Hand `config` to the platform, which stores it for the next sync: at once, whatever happens next."""
        emit_configuration_as_airbyte_control_message(config)  # type: ignore[arg-type]  # it only reads it
        # The CDK disables retries for the Connector Builder's test reads alone; the Builder looks for the config
        # among the messages of the stream.
        if self.requester.disable_retries:
            message = create_connector_config_control_message(config)  # type: ignore[arg-type]
            self.requester.message_repository.emit_message(message)

    def _data_of(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self.turns.begin(self.limits)
        response = self.requester.send_request(path=path, **{f"request_body_{self.body}": body})
        if self.requester.error_handler.interpret_response(response) is not SUCCESS_RESOLUTION:
            return None
        answer: Mapping[str, Any] = (_body_of(response) or {}) if not self.envelope else data_of(response)
        return answer


@dataclass
class OAuthAccount:
    """An account whose access token is renewed with a refresh token.

    The tokens live in `credentials`, the account's own part of the config, which all components share; `app` is the
    part with the app that the tokens were given to. Each renewal is written back before the lock is given up, so nobody
    uses a token that the platform does not have yet.
    """

    config: Config = field(repr=False)
    app: Mapping[str, Any] = field(repr=False)
    credentials: MutableMapping[str, Any] = field(repr=False)
    sync: Sync = field(repr=False)
    grant: Grant
    endpoints: TokenEndpoints = field(repr=False)

    def __post_init__(self) -> None:
        for name in (self.endpoints.client_id, "client_secret"):
            self.sync.keep_secret(self.app.get(name))
        for name in ("refresh_token", "access_token"):
            self.sync.keep_secret(self.credentials.get(name))
        self.grant.business_id = self.grant.business_id or self.credentials.get(self.endpoints.account_id) or None

    def learn_business_id(self) -> None:
        """Have `grant.business_id` filled: the config's, or else what TikTok says the token belongs to (A2.2)."""
        if not self.grant.business_id:
            self.learn_scopes()

    def access_token(self) -> str:
        """A token whose time is not over, renewed if need be."""
        with self.grant.lock:
            if self._has_ended():
                self._ask_once(self._renew)
            return str(self.credentials["access_token"])

    def replace(self, refused: str) -> None:
        """Renew the token `refused`, which TikTok did not accept, unless another thread has done so already."""
        with self.grant.lock:
            if self.credentials.get("access_token") == refused:
                self._ask_once(self._renew)
                self.grant.replacement = self.credentials["access_token"]

    def learn_scopes(self) -> None:
        """Have `grant.scopes` filled: they come with a renewal, or else from one call for the sync, if there is one."""
        with self.grant.lock:
            if self.grant.scopes is not None:
                return
            if not self.endpoints.token_info_path and not self._has_ended():
                return
            access_token = self.access_token()
            if self.grant.scopes is None:
                self._ask_once(lambda: self._look_up(access_token))

    def _look_up(self, access_token: str) -> None:
        info = self.endpoints.token_info(self.app, access_token)
        if info is None:
            self.replace(access_token)
        else:
            self._take(info.get("creator_id") or info.get("open_id"), info.get("scope"))

    def _ask_once(self, ask: Callable[[], None]) -> None:
        """Ask TikTok about the account, unless that has failed in this sync."""
        if self.grant.failure:
            raise _same(self.grant.failure)
        try:
            ask()
        except AirbyteTracedException as failure:
            self.grant.failure = failure
            raise

    def _has_ended(self) -> bool:
        end = self.credentials.get("token_expiry_date")
        if not self.credentials.get("access_token") or not end:
            return True
        try:
            return bool(ab_datetime_now() > ab_datetime_parse(end))
        except ValueError:
            return True

    def _renew(self) -> None:
        credentials = self.credentials
        data = self.endpoints.refresh(self.app, credentials["refresh_token"])
        wrong = [name for name, kind in _RENEWED.items() if not isinstance(data.get(name), kind)]
        renewed = {name: data[name] for name in ("refresh_token", "access_token") if data.get(name)}
        for token in renewed.values():
            self.sync.keep_secret(token)
        if "expires_in" not in wrong:
            renewed["token_expiry_date"] = str(ab_datetime_now() + timedelta(seconds=data["expires_in"]))
        account_id = self.endpoints.account_id
        if account_id and not credentials.get(account_id) and "open_id" not in wrong:
            renewed[account_id] = data["open_id"]
        # First of all: TikTok may have ended the old refresh token, whatever is wrong with the rest of its answer.
        with self.sync.config_lock:
            credentials.update(renewed)
            self.endpoints.write_back(self.config)
        if wrong:
            raise unexpected_answer(f"TikTok renewed the access token without a proper {', '.join(wrong)}.")
        self._take(data["open_id"], data.get("scope"))
        self._warn_before_the_end(data.get(self.endpoints.end_of_permission))

    def _take(self, open_id: str | None, scope: str | None) -> None:
        configured = self.credentials.get(self.endpoints.account_id)
        if open_id and configured and configured != open_id:
            raise config_error(
                f"The setting `{self.grant.place}.{self.endpoints.account_id}` is '{configured}', but the account that "
                f"was authenticated is '{open_id}'. Empty the setting, or authenticate with the account that it names."
            )
        if not open_id or scope is None:
            raise unexpected_answer("TikTok did not say which account and which permissions a token is for.")
        self.sync.claim(open_id, self.grant)
        self.grant.scopes = frozenset(name.strip() for name in scope.split(",") if name.strip())

    def _warn_before_the_end(self, refresh_token_expires_in: Any) -> None:
        if not isinstance(refresh_token_expires_in, int):
            return
        is_near = 0 < refresh_token_expires_in <= _DAYS_OF_WARNING * 86_400
        if is_near and self.sync.is_new("end", str(self.grant.business_id)):
            end = self.sync.started_at + timedelta(seconds=refresh_token_expires_in)
            LOGGER.warning(
                f"The permission to read the TikTok account {self.grant.business_id} ends on {end:%Y-%m-%d}, in "
                f"{refresh_token_expires_in // 86_400} days: TikTok gives it for a year and does not extend it. "
                "Authenticate the account again in the source's settings before that day, or syncs will fail from "
                "then on."
            )


# What an answer to a renewal has to have.
_RENEWED: Mapping[str, type] = {"access_token": str, "expires_in": int, "open_id": str, "scope": str}

# Fact sheet A2.3: a refresh token ends a year after its first issue, whatever is done with it.
_DAYS_OF_WARNING = 30


@dataclass
class AccessTokenAccount:
    """An account with an access token that is used as it is and never renewed."""

    credentials: Mapping[str, Any] = field(repr=False)
    sync: Sync = field(repr=False)
    grant: Grant

    def __post_init__(self) -> None:
        self.sync.keep_secret(self.access_token())
        self.grant.business_id = str(self.credentials["business_id"])

    def access_token(self) -> str:
        """The token of the config."""
        return str(self.credentials["access_token"])

    def replace(self, refused: str) -> None:
        """Nothing can renew this token, so a refused one is the user's to replace."""
        raise config_error(
            "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
            "authenticate with OAuth, which renews it by itself."
        )

    def learn_business_id(self) -> None:
        """It is in the config."""

    def learn_scopes(self) -> None:
        """TikTok tells a token's scopes only to who also has the app's id, which does not come with a bare token."""


Account = OAuthAccount | AccessTokenAccount


def _name_of(account: Account) -> str:
    """What its owner calls an account: "Harbour Coffee (-000abc)", "-000abc", or "`additional_accounts[0]`"."""
    name, business_id = account.credentials.get("name"), account.grant.business_id
    known = business_id or f"`{account.grant.place}`"
    return f"{name} ({known})" if name else known


@dataclass
class AccountAuthenticator(DeclarativeAuthenticator):
    """Sends each request with the access token of the account that it asks about.

    In:  GET …/business/get/?business_id=-000abc
    Out: the same with the header `Access-Token: act.…`, or with `header` "Authorization" and `scheme` "Bearer " in the
         other family (fact sheet A3, B3: each ignores the other's)

    A request that comes too early waits here for its turn, because the CDK's `api_budget` can't tell accounts apart:
    `account_rate` is the limit of an account for an endpoint, `app_rates` are those of all accounts and endpoints
    together. `accounts` are in the order of the config, the one of `credentials` first.

    Raises a config error where the config's credentials are incomplete, as soon as it is built.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    token_requester: Any
    tokens: Mapping[str, str]
    header: str
    scheme: str = ""
    account_rate: Rate | None = None
    app_rates: list[Rate] = field(default_factory=list)
    accounts: list[Account] = field(init=False)
    _sent: threading.local = field(init=False, repr=False, default_factory=threading.local)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        validate_settings(self.config)
        sync = sync_of(self.api_budget)
        endpoints = TokenEndpoints(self.token_requester, sync.turns, sync.limits(self.app_rates), **self.tokens)
        credentials = self.config.get("credentials") or {}
        renews = credentials.get("auth_type") != "business_access_token"
        if renews:
            _require(credentials, endpoints.client_id, "client_secret", "refresh_token")
        else:
            _require(credentials, "access_token", "business_id")
        self.accounts = [
            OAuthAccount(self.config, credentials, entry, sync, sync.grant(place), endpoints)
            if renews and entry.get("refresh_token")
            else AccessTokenAccount(entry, sync, sync.grant(place))
            for place, entry in _places(self.config).items()
        ]

    @property
    def auth_header(self) -> str:
        """No header but that of `__call__`: only a whole request says which account it is about."""
        return ""

    @property
    def token(self) -> str:
        """See `auth_header`."""
        return ""

    def account_of(self, key: str | None) -> Account:
        """The account that slices call so; the first where a request is about none, and where there is no other."""
        if key is None or len(self.accounts) == 1:
            return self.accounts[0]
        return next(account for account in self.accounts if key in (account.grant.key, account.grant.place))

    @contextmanager
    def naming(self, account: Account) -> Iterator[None]:
        """Let failures say which account they are about, where there are several.

        In:  "TikTok does not accept the access token (code 40105: …). …"
        Out: "TikTok account Harbour Coffee (-000abc): TikTok does not accept the access token (code 40105: …). …"
        """
        try:
            yield
        except AirbyteTracedException as failure:
            if len(self.accounts) == 1:
                raise
            raise _same(failure, f"TikTok account {_name_of(account)}: ") from failure

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header; the CDK calls this before each attempt, so a token that ended meanwhile is renewed."""
        business_ids = parse_qs(urlsplit(request.url or "").query).get("business_id", [None])
        account = self.account_of(business_ids[0])
        token = account.grant.access_token = account.access_token()
        request.headers[self.header] = f"{self.scheme}{token}"
        self._sent.account, self._sent.token = account, token
        sync = sync_of(self.api_budget)
        own = [account.grant.limit_of(request.url or "", self.account_rate)] if self.account_rate else []
        sync.turns.begin([*own, *sync.limits(self.app_rates)])
        return request

    def refresh_and_set_access_token(self) -> None:
        """Renew the token of the last request although its time is not over: TikTok has refused it.

        The CDK calls this in the thread that sent the request.
        """
        self._sent.account.replace(self._sent.token)


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

    An account of which TikTok does not even tell the business_id is a slice by its place in the config: it fails when
    it is read, and not here, where it would take the other accounts along.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    authenticator: AccountAuthenticator

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The accounts in the order of the config."""
        for account in self.authenticator.accounts:
            with suppress(AirbyteTracedException):
                account.learn_business_id()
            yield StreamSlice(partition={"business_id": account.grant.key}, cursor_slice={})

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """Accounts come from the config, so there is nothing to remember."""
        return {}


@dataclass
class ParentRow:
    """The row of a slice's parent, of which the slice has some columns; it is read with the slice and not before."""

    partition: Partition
    columns: list[str]

    def read(self) -> dict[str, Any]:
        """The columns, e.g. `{"metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"}`."""
        (row,) = self.partition.read()
        return {column: row.data.get(column) for column in self.columns}


@dataclass
class PerAccountPartitionRouter(SubstreamPartitionRouter):
    """One slice for each account of the parent, remembering in the state which accounts were read to their end.

    The CDK's own router reads the parent's rows to make slices, one account after the other, and ends where one fails.
    This one leaves the row to the slice (see FieldsRequester), so that one account's trouble or wait is its own. Each
    stream begins with another account, so that workers wait for different ones.

    The CDK's state of a partition is the newest row it emitted, and it looks the same for an account that was never
    finished and for one that was but gave no rows (idle posts have no impression sources). So the router reports the
    accounts it has handed out as its "parent state", which the CDK writes only when all their slices are closed.

    Out, in the state: `"parent_state": {"account": {"read": ["-000abc"]}}`
    """

    _handed_out: list[str] = field(init=False, default_factory=list)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Slices of partition `{"business_id": …, "parent_slice": {…}}`, whose extra field is the parent's row."""
        (parent,) = self.parent_stream_configs
        partitions = list(parent.stream.generate_partitions())
        first = crc32(self._parameters["name"].encode()) % len(partitions) if partitions else 0
        yield from map(self._slice_of, partitions[first:] + partitions[:first])

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The accounts handed out so far."""
        return {"account": {"read": list(self._handed_out)}}

    def _slice_of(self, partition: Partition) -> StreamSlice:
        account = _partition_of(partition)
        return self._handing_out(
            StreamSlice(
                partition={"business_id": account["business_id"], "parent_slice": account},
                cursor_slice={},
                extra_fields={"parent_row": ParentRow(partition, _extra_fields_of(self.parent_stream_configs[0]))},
            )
        )

    def _handing_out(self, stream_slice: StreamSlice) -> StreamSlice:
        self._handed_out.append(stream_slice.partition["business_id"])
        return stream_slice


@dataclass
class FirstAccountPartitionRouter(PerAccountPartitionRouter):
    """The same for the first account of the config alone, where it does not matter who asks."""

    def stream_slices(self) -> Iterable[StreamSlice]:
        """One slice, as of PerAccountPartitionRouter."""
        (parent,) = self.parent_stream_configs
        yield from map(self._slice_of, islice(parent.stream.generate_partitions(), 1))


@dataclass
class PerOwnerPartitionRouter(PerAccountPartitionRouter):
    """The same where only the parent's row tells whose account it is: Login Kit has one account, and no call names it.

    Out: a slice of partition `{"business_id": "723f24d7-…", "parent_slice": {}}` with columns of the row
    """

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The CDK's slices."""
        return map(self._handing_out, SubstreamPartitionRouter.stream_slices(self))


def _partition_of(partition: Partition) -> Mapping[str, Any]:
    """What names a partition of a declarative stream, e.g. `{"business_id": "-000abc"}`."""
    return cast(StreamSlice, partition.to_slice()).partition


def _extra_fields_of(parent: ParentStreamConfig) -> list[str]:
    """The columns of the parent that its manifest's `extra_fields` name, e.g. `[[metric_date], [profile_image]]`."""
    return [str(cast(InterpolatedString, path[0]).eval(parent.config)) for path in parent.extra_fields or []]


# What the last slices have for a video_id.
_NO_POST = ""


@dataclass
class PostsWithNewComments(SubstreamPartitionRouter):
    """One slice for each post of the parent whose comments have to be read.

    Those are the posts of which the counter `comments` is another than when they were last read, and those younger
    than 48 hours, because the counter lags by 24 to 48 hours (fact sheet A7). An older post without comments is not
    asked about.

    In:  a row of the parent, `{"item_id": "7", "business_id": "-000abc", "create_time": "2026-09-08T10:00:07Z",
         "comments": 12, …}`, where the state says 11
    Out: a slice of partition `{"business_id": "-000abc", "video_id": "7"}` with the other extra fields and an empty
         set `seen`, in which the comments of this post are noted as they come

    Accounts take turns, because each is paced by itself. The last slices have no post. The first of them is there to
    be closed, and with it all numbers written; after it, each account has one, where its failures are raised (see
    PostByPost).

    The numbers are the "parent state" of the stream, `{"comments": {"-000abc": {"7": 12}}}`, which the CDK writes when
    all slices up to that point are closed: a post counts as read when all its pages were. Posts that the parent does
    not list any more are forgotten.
    """

    api_budget: APIBudget
    _reading: CommentReading = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._reading = sync_of(self.api_budget).comments(parameters["name"])

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The posts to ask about, one of each account in turn and from the newest to the oldest of each."""
        (parent,) = self.parent_stream_configs
        accounts = {
            _partition_of(partition)["business_id"]: partition for partition in parent.stream.generate_partitions()
        }
        walks = [self._slices_of(business_id, partition, parent) for business_id, partition in accounts.items()]
        handed_out: StreamSlice | None = None
        try:
            while walks:
                for walk in walks.copy():
                    stream_slice = next(walk, None)
                    if stream_slice is None:
                        walks.remove(walk)
                    else:
                        handed_out = stream_slice
                        yield stream_slice
        except Exception:
            # The CDK fetches a slice before it hands on the one before, which it now loses.
            if handed_out is not None:
                self._reading.leave(handed_out.partition["business_id"], handed_out.partition["video_id"])
            raise
        for business_id in ["", *accounts] if accounts else []:
            yield StreamSlice(partition={"business_id": business_id, "video_id": _NO_POST}, cursor_slice={})

    def get_stream_state(self) -> Mapping[str, StreamState]:
        """The numbers of the posts handed out so far, and for the others those of the last sync."""
        return {"comments": self._reading.counts}

    def _slices_of(self, business_id: str, account: Partition, parent: ParentStreamConfig) -> Iterator[StreamSlice]:
        try:
            yield from self._posts_of(business_id, account, _extra_fields_of(parent))
        except AirbyteTracedException as failure:
            self._reading.keep_for_the_end(business_id, failure)

    def _posts_of(self, business_id: str, account: Partition, columns: list[str]) -> Iterator[StreamSlice]:
        known = self._reading.known.get(business_id, _Counts())
        counts, listed = dict(known), set()
        fresh_since = (sync_of(self.api_budget).started_at - timedelta(hours=48)).strftime(TIMESTAMP_FORMAT)
        handed_out = noted = 0
        for post in account.read():
            video_id, comments = post.data["item_id"], post.data["comments"]
            if video_id in listed:
                continue
            listed.add(video_id)
            is_fresh = post.data["create_time"] > fresh_since
            if not is_fresh and comments is not None and known.get(video_id, 0) == comments:
                continue
            counts[video_id] = comments or 0
            if not is_fresh and comments == 0:
                continue
            handed_out += 1
            # After fewer and fewer posts, because the CDK keeps what is noted until all posts before it are read.
            if handed_out - noted > noted // 20:
                noted = handed_out
                self._reading.note(business_id, counts)
            self._reading.open(business_id, video_id)
            yield StreamSlice(
                partition={"business_id": business_id, "video_id": video_id},
                cursor_slice={},
                # Thousands of slices wait to be read, so each holds what its rows need and no more.
                extra_fields={**{column: post.data.get(column) for column in columns}, "seen": set()},
            )
        still_there = {video_id: count for video_id, count in counts.items() if video_id in listed and count}
        self._reading.note(business_id, still_there)


# --- Requests -------------------------------------------------------------------------------------------------------


class RequesterDecorator:
    """A requester that does one thing more than the one it wraps and leaves everything else to it."""

    requester: Any

    def __getattr__(self, name: str) -> Any:
        if name == "requester":
            raise AttributeError(name)
        return getattr(self.requester, name)


_LISTS: Mapping[str, Callable[[list[str]], str]] = {
    "json": lambda names: orjson.dumps(names).decode(),
    "commas": ",".join,
}


@dataclass
class FieldsRequester(RequesterDecorator):
    """Asks TikTok for the fields that the account's scopes open: it returns only what is named (fact sheet A6, A7).

    `fields` maps a scope to the fields that it opens, e.g. `{"video.list": ["item_id", "likes"], "video.insights":
    ["new_followers", "audience_types"]}`; one field without its scope can fail the whole call (A4, E4).
    Out: the query parameter `fields=["item_id","likes"]` for `list_format` "json", `fields=item_id,likes` for "commas"
         (fact sheet A6, B3: each family refuses the other's)

    An endpoint that knows no fields has a scope with none, `{"comment.list": []}`, and gets no such parameter.

    A slice that has its parent's row still to read reads it first, because all its rows have columns of it.

    Columns that stay null for want of a scope are said once in the log. Raises a config error, without a call, where
    the stream is made of what a missing scope opens: one of `needs`, or that of the parameter `breakdown`.

    A bare access token comes without its scopes. Then everything is asked for, and if TikTok refuses that, scope by
    scope to find out which it was.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    requester: Any
    fields: Mapping[str, list[str]]
    needs: list[str] = field(default_factory=list)
    list_format: str = "json"
    _stream: str = field(init=False)
    _needs: set[str] = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters["name"]
        breakdown = parameters.get("breakdown")
        self._needs = {*self.needs, *(scope for scope, names in self.fields.items() if breakdown in names)}

    def send_request(
        self,
        *,
        stream_slice: StreamSlice,
        request_params: Mapping[str, Any] | None = None,
        **call: Any,
    ) -> requests.Response | None:
        """Send the call of the wrapped requester with the parameter `fields`."""
        extra_fields = cast(dict[str, Any], stream_slice.extra_fields)
        if "parent_row" in extra_fields:
            extra_fields.update(extra_fields.pop("parent_row").read())
        authenticator = self.get_authenticator()
        account = authenticator.account_of(stream_slice.partition.get("business_id"))

        def send(scopes: list[str]) -> requests.Response | None:
            names = [name for scope in scopes for name in self.fields[scope]]
            params = {**(request_params or {}), **({"fields": _LISTS[self.list_format](names)} if names else {})}
            response: requests.Response | None = self.requester.send_request(
                stream_slice=stream_slice, request_params=params, **call
            )
            return response

        with authenticator.naming(account):
            account.learn_scopes()
            return self._with_what_is_granted(account.grant, send)

    def _with_what_is_granted(
        self, grant: Grant, send: Callable[[list[str]], requests.Response | None]
    ) -> requests.Response | None:
        if grant.is_sure_of(self._allowed(grant)):
            return send(self._allowed(grant))
        with grant.lock:
            scopes = self._allowed(grant)
            try:
                response = send(scopes)
            except AirbyteTracedException as refusal:
                if grant.is_sure_of(scopes) or refusal.failure_type != FailureType.config_error:
                    raise
                grant.refused |= self._refused(scopes, send, refusal)
                response = send(self._allowed(grant))
            grant.accepted |= frozenset(scopes) - grant.refused
            return response

    def _allowed(self, grant: Grant) -> list[str]:
        allowed = [scope for scope in self.fields if grant.allows(scope)]
        missing = [scope for scope in self.fields if scope not in allowed]
        needed = [scope for scope in missing if scope in self._needs] if allowed else missing
        account = f"The account {grant.business_id}" if grant.business_id else "The account"
        if needed:
            raise config_error(
                f"{account} did not grant `{'`, `'.join(needed)}`, which the stream "
                f"`{self._stream}` is made of. Authenticate the account again and allow everything that TikTok lists, "
                "or deselect the stream; the other streams go on."
            )
        sync = sync_of(self.api_budget)
        for scope in missing:
            names = ", ".join(self.fields[scope])
            if sync.is_new(str(grant.business_id), scope, names):
                LOGGER.warning(
                    f"{account} did not grant `{scope}`, so these fields stay null, or without "
                    f"rows where they are streams: {names}. Authenticate it again and allow `{scope}` to have them."
                )
        return allowed

    @staticmethod
    def _refused(
        scopes: list[str], send: Callable[[list[str]], requests.Response | None], refusal: AirbyteTracedException
    ) -> set[str]:
        """Which of `scopes` TikTok refuses, or `refusal` again where it refuses even the first.

        The last scope opens the analytics and is the one that is most often declined; so, after the first alone,
        all but the last are tried, and only then one scope after the other.
        """

        known: dict[tuple[str, ...], bool] = {}

        def is_accepted(tried: list[str]) -> bool:
            if tuple(tried) not in known:
                try:
                    send(tried)
                except AirbyteTracedException as error:
                    if error.failure_type != FailureType.config_error:
                        raise
                    known[tuple(tried)] = False
                else:
                    known[tuple(tried)] = True
            return known[tuple(tried)]

        accepted = scopes[:1]
        if len(scopes) == 1 or not is_accepted(accepted):
            raise refusal
        if len(scopes) == 2 or is_accepted(scopes[:-1]):
            return set(scopes[-1:])
        for scope in scopes[1:]:
            if is_accepted([*accepted, scope]):
                accepted.append(scope)
        return set(scopes) - set(accepted)


@dataclass
class SharedPagesRequester(RequesterDecorator):
    """Makes each call once in a sync, whichever and however many streams need its answer.

    The eight post streams walk the same pages: the first that needs a page calls TikTok, the others wait for that
    page and read the kept answer (50 calls for 1,000 posts instead of 400). Only answers that the error handler let
    pass are kept, so a refusal is never replayed; but where trouble at TikTok outlasted all tries of one stream, the
    others do not try for as long again. A page is recognised by its URL and all its parameters, the account's
    `business_id` among them.
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
                if key in pages.failures:
                    raise _same(pages.failures[key])
                try:
                    response = self.requester.send_request(request_params=request_params, **call)
                except AirbyteTracedException as failure:
                    if failure.failure_type == FailureType.transient_error:
                        pages.failures[key] = failure
                    raise
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
class ThreadRequester(RequesterDecorator):
    """Asks for a page of a post's comments, or for a page of one comment's replies if the page token names one.

    In:  the page token `{"thread": "7683445795471428621", "cursor": 30, …}`
    Out: a call of `replies`; with `{"cursor": 30}` or without a token, one of `requester`
    """

    requester: Any
    replies: Any

    def send_request(
        self, *, next_page_token: Mapping[str, Any] | None = None, **call: Any
    ) -> requests.Response | None:
        """Send the call of the requester that the token is for."""
        is_thread = next_page_token and "thread" in next_page_token["next_page_token"]
        requester = self.replies if is_thread else self.requester
        response: requests.Response | None = requester.send_request(next_page_token=next_page_token, **call)
        return response


@dataclass
class PostByPost(RequesterDecorator):
    """Lets a stream of comments go on where a post or an account fails, and fails when the rest is read.

    The CDK writes a stream's "parent state" only up to the first slice that failed. That is where the numbers of
    comments are, of all accounts; so without this, one account's trouble would make every sync read the comments of all
    the others again. So a failed slice gives no rows, its post counts as unread, and the failure is raised by the
    account's last slice, which has no post. After anything but the failure of a single post, the account's other slices
    are not tried any more.

    In the Connector Builder's test reads, which may not come to the last slice, failures are raised at once.
    """

    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    requester: Any
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters["name"]

    def send_request(self, *, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Send the call of the wrapped requester, if there is something to ask; None is an end without rows."""
        reading = sync_of(self.api_budget).comments(self._stream)
        account, video_id = stream_slice.partition["business_id"], stream_slice.partition["video_id"]
        if video_id == _NO_POST:
            kept = reading.end(account)
            if kept:
                raise _same(kept)
            return None
        reading.open(account, video_id)
        try:
            return self._send(reading, account, video_id, stream_slice=stream_slice, **call)
        finally:
            reading.close(account, video_id)

    def _send(self, reading: CommentReading, account: str, video_id: str, **call: Any) -> requests.Response | None:
        if reading.is_given_up(account):
            reading.leave(account, video_id)
            return None
        try:
            response: requests.Response | None = self.requester.send_request(**call)
        except AirbyteTracedException as failure:
            reading.leave(account, video_id)
            if self.disable_retries or not reading.keep_for_the_end(account, failure):
                raise
            if not reading.is_given_up(account):
                LOGGER.warning(f"The comments of the post {video_id} were not read: {failure.message}")
            return None
        return response


# Also in an answer that was cut off and is no JSON any more.
_BACKSLASH = re.escape(chr(92))
_TOKENS = re.compile(f'_token"[^!-~]*:[^!-~]*"((?:[^"{_BACKSLASH}]|{_BACKSLASH}.)+)')


@dataclass
class TikTokErrorHandler(ErrorHandler, BackoffStrategy):
    """Reads TikTok's own code in the body, whatever the HTTP status: an error comes as HTTP 200 (fact sheet A3).

    `errors` is the manifest's table, of which the first row that has the code applies: `{"codes": [40001,
    "50000-53999"], "action": "FAIL", "failure_type": "config_error", "sentence": "… {stream} … {scopes} … {code} …
    {message} … {request_id} …", "wait": 300}`. Besides TikTok's codes there are `unreachable` (no answer at all),
    `http_429`, `not_json` (a gateway's HTML, JSON that was cut off), `http_5xx` (JSON without a code that the table
    has) and `other`: any other code that the table lacks, which is a failure and never an empty success.

    In:  HTTP 200 with the body `{"code": 40001, "message": "No permission …", "request_id": "2026…", "data": {}}`
    Out: FAIL, a config error, "TikTok did not permit the stream `videos` (code 40001: No permission …). …"

    `answer` says where an answer has its code, message and request_id, and `success` which code is none: `{"code":
    ["error", "code"], "message": ["error", "message"], "request_id": ["error", "log_id"]}` and "ok" for a body such as
    `{"data": {}, "error": {"code": "invalid_params", "message": "…", "log_id": "2026…"}}` (fact sheet A3, B2).

    It also says how long to wait before a call is made again: the row's `wait` in seconds, else `first_wait` and
    twice as long each time. When the last try has failed, it raises the row's sentence.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    errors: list[dict[str, Any]]
    answer: Mapping[str, list[str]]
    success: Any
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    first_wait: float = 2
    max_retries: int = 5
    # Time for several of TikTok's penalties of five minutes.
    max_time: int = 3600
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters.get("name", "")

    @property
    def backoff_strategies(self) -> list[BackoffStrategy]:
        """Where the CDK looks for the waits."""
        return [self]

    def interpret_response(self, response: requests.Response | Exception | None) -> ErrorResolution:
        """What to do with an answer, or with the lack of one."""
        sync_of(self.api_budget).turns.end()
        if isinstance(response, requests.Response):
            # Before the CDK logs the answer.
            for token in _TOKENS.findall(response.content[:4096].decode(errors="replace")):
                sync_of(self.api_budget).keep_secret(token)
                with suppress(ValueError):
                    sync_of(self.api_budget).keep_secret(json.loads(f'"{token}"'))
        body = self._answer_in(response)
        if body["code"] == self.success:
            return SUCCESS_RESOLUTION
        error = self._row_of(body["code"])
        action = ResponseAction(error["action"])
        if action == ResponseAction.REFRESH_TOKEN_THEN_RETRY:
            sync, token = sync_of(self.api_budget), _access_token_of(response)
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
                internal_message=f"{self._stream}: {attempt_count} attempts failed, the last with {body}",
                failure_type=FailureType(error["failure_type"]),
            )
        return float(error.get("wait") or self.first_wait * 2.0 ** (attempt_count - 1))

    def _answer_in(self, response: requests.Response | Exception | None) -> Mapping[str, Any]:
        """TikTok's code, message and request_id, or ours where TikTok sent none."""
        if not isinstance(response, requests.Response):
            return {"code": "unreachable", "message": type(response).__name__}
        if response.status_code == 429:
            return {"code": "http_429", "message": "HTTP 429"}
        body = _body_of(response)
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
        details = {"request_id": None, **body, "stream": self._stream, "scopes": ", ".join(self.fields)}
        return str(error["sentence"].format(**details))


_NOTHING = object()


def _at(body: Any, path: list[str]) -> Any:
    for key in path:
        if not isinstance(body, dict) or key not in body:
            return _NOTHING
        body = body[key]
    return body


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
        if not _has_more(data, posts):
            return None
        if posts and stream_slice and timestamp(posts[-1].get("create_time")) < stream_slice["start_time"]:
            return None
        cursor = _cursor_of(data)
        if cursor is None or (last_page_token_value and cursor >= int(last_page_token_value)):
            raise unexpected_answer(
                f"TikTok's list of posts does not advance: cursor {data.get('cursor')} follows {last_page_token_value}."
            )
        return cursor


def _has_more(data: Mapping[str, Any], items: list[Any]) -> bool:
    """Whether there is another page; short and empty pages say nothing about it."""
    if "has_more" not in data and items:
        raise unexpected_answer("TikTok sent a page of a list without saying whether there are more.")
    return bool(data.get("has_more"))


def _cursor_of(data: Mapping[str, Any]) -> int | None:
    return int(data["cursor"]) if str(data.get("cursor")).isdecimal() else None


def _next_offset(data: Mapping[str, Any], offset: int) -> int | None:
    """The offset of the next page of comments or replies after the page at `offset`, None at the end."""
    if not _has_more(data, data.get("comments") or []):
        return None
    cursor = _cursor_of(data)
    if cursor is None or cursor <= offset:
        raise unexpected_answer(
            f"TikTok's list of comments does not advance: cursor {data.get('cursor')} follows {offset}."
        )
    return cursor


@dataclass
class CommentPagination(PaginationStrategy):
    """Walks the comments of a post: `cursor` is the number of comments to skip (fact sheet A8).

    In:  `{"comments": [… 30 comments …], "cursor": 30, "has_more": true}`
    Out: `{"cursor": 30}`, or None when `has_more` is false

    Raises a system error where the cursor does not advance: the walk would never end.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]

    @property
    def initial_token(self) -> None:
        """None: the first page."""

    def get_page_size(self) -> None:
        """None: the requester's `max_count` says it."""

    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None = None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> Mapping[str, Any] | None:
        """The token of the next page, or None at the end."""
        token = self.token_after(data_of(response), last_page_token_value or {"cursor": 0}, stream_slice)
        if token is None and stream_slice:
            # The CDK keeps slices for longer than it needs them.
            stream_slice.extra_fields["seen"].clear()
        return token

    def token_after(
        self, data: Mapping[str, Any], token: Mapping[str, Any], stream_slice: StreamSlice | None
    ) -> Mapping[str, Any] | None:
        """The token of the page after that of `token`."""
        offset = _next_offset(data, token["cursor"])
        return None if offset is None else {"cursor": offset}


@dataclass
class ThreadPagination(CommentPagination):
    """Walks the comments of a post, and after each page the replies of those comments that did not bring all along.

    Out: `{"thread": "7683445795471428621", "cursor": 0, "threads": […], "comments": 30}` for the first page of a
         comment's replies: then those of `threads`, then the page of comments at 30, or the end where that is None
    """

    def token_after(
        self, data: Mapping[str, Any], token: Mapping[str, Any], stream_slice: StreamSlice | None
    ) -> Mapping[str, Any] | None:
        """The token of the page after that of `token`."""
        offset = _next_offset(data, token["cursor"])
        if "thread" in token:
            if offset is not None:
                return {**token, "cursor": offset}
            threads, comments = token["threads"], token["comments"]
        else:
            threads, comments = self._threads(data, stream_slice), offset
        if threads:
            return {"thread": threads[0], "cursor": 0, "threads": threads[1:], "comments": comments}
        return None if comments is None else {"cursor": comments}

    @staticmethod
    def _threads(data: Mapping[str, Any], stream_slice: StreamSlice | None) -> list[str]:
        """The comments whose replies have to be listed, each once: TikTok may send a comment twice."""
        seen: set[str] = stream_slice.extra_fields["seen"] if stream_slice else set()
        threads, hidden = [], 0
        for comment in _objects_at(data, ["comments"]):
            name = f"thread {comment['comment_id']}"
            if name not in seen and _replies_left_out(comment):
                seen.add(name)
                if comment.get("status") == "HIDDEN":
                    hidden += _replies_left_out(comment)
                else:
                    threads.append(str(comment["comment_id"]))
        if hidden and stream_slice:
            LOGGER.info(
                f"{hidden} replies of hidden comments of the post {stream_slice.partition['video_id']} are left out: "
                "TikTok does not list them."
            )
        return threads


def _replies_left_out(comment: Mapping[str, Any]) -> int:
    """How many replies a comment has that did not come with it; TikTok sends up to three along (fact sheet A8)."""
    return max(0, int(comment.get("replies") or 0) - len(comment.get("reply_list") or []))


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
            yield _renamed(item, self.rename)


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


@dataclass
class ReplyExtractor(RecordExtractor):
    """The replies of a page: those that came with their comments, or a page of one comment's replies.

    In:  `{"comments": [{"comment_id": "1", "replies": 1, "reply_list": [{"comment_id": 2, …}]}]}`, or a page
         of replies, `{"comments": [{"comment_id": 2, "parent_comment_id": "1"}]}`
    Out: `{"comment_id": 2, "parent_comment_id": "1"}`

    A comment that has more replies than came with it gives none here: they are listed by ThreadPagination. Of hidden
    comments, which can't be listed, at least those are taken that came along.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    rename: Mapping[str, str] = field(default_factory=dict)

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of one page, values as TikTok sent them."""
        for comment in _objects_at(data_of(response), ["comments"]):
            if comment.get("parent_comment_id"):
                yield _renamed(comment, self.rename)
            elif comment.get("status") == "HIDDEN" or not _replies_left_out(comment):
                for reply in _objects_at(comment, ["reply_list"]):
                    yield _renamed(reply, self.rename)


def _renamed(item: Mapping[str, Any], rename: Mapping[str, str]) -> dict[str, Any]:
    row = dict(item)
    for name, column in rename.items():
        row[column] = row.pop(name, None)
    return row


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
    """Writes columns as RFC 3339 instead of epoch seconds; `columns` maps them to the columns that they are made of.

    In:  columns `{"created_at": "create_time"}`, the row `{"create_time": 1788861607}`
    Out: `{"create_time": 1788861607, "created_at": "2026-09-08T10:00:07Z"}`
    """

    columns: Mapping[str, str] = field(default_factory=dict)

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Change `row` in place."""
        for column, source in self.columns.items():
            row[column] = timestamp(row.get(source))


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
class AccountReached(RowTransformation):
    """Says once in a sync whom it reached; changes nothing.

    In:  the row of `account`, `{"business_id": "-000abc", "display_name": "Harbour Coffee", …}`
    Out, in the log: "Reached the TikTok account Harbour Coffee (@harbour_coffee, a Business Account, business_id
         -000abc). It granted: user.info.basic, video.list."
    """

    api_budget: APIBudget
    account_id: str = "business_id"
    username: str = "video_creator_username"
    is_business: str = ""

    def change(self, row: dict[str, Any], stream_slice: StreamSlice) -> None:
        """Say it, the first time."""
        sync = sync_of(self.api_budget)
        if not sync.is_new("reached", str(row.get(self.account_id))):
            return
        details = [f"@{row[self.username]}" if row.get(self.username) else "username not shown"]
        if self.is_business:
            kinds: Mapping[Any, str] = {True: "a Business Account", False: "a Personal Account"}
            details.append(kinds.get(row.get(self.is_business), "account type not shown"))
        details.append(f"{self.account_id} {row.get(self.account_id)}")
        scopes = sync.grant_of(row.get(self.account_id)).scopes
        granted = "what TikTok does not tell of this token" if scopes is None else ", ".join(sorted(scopes))
        LOGGER.info(
            f"Reached the TikTok account {row.get('display_name') or 'without a shown name'} ({', '.join(details)}). "
            f"It granted: {granted}."
        )


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


@dataclass
class OncePerPost(RecordFilter):
    """Lets each comment of a post through once: beyond 500 comments TikTok repeats itself (fact sheet A8).

    In:  rows of the comment_ids "1", "2", 1 on the pages of one slice, of which the extra field `seen` is an empty set
    Out: the first two
    """

    condition: str = ""

    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The rows that have not been there yet."""
        seen: set[str] = stream_slice.extra_fields["seen"] if stream_slice else set()
        for record in records:
            comment_id = str(record.get("comment_id"))
            if comment_id not in seen:
                seen.add(comment_id)
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
    """Takes out of a state what would give an account that has none of its own a wrong start.

    In:  `{"states": […], "state": {"create_time": "2026-11-20T10:00:00Z"}, …}`
    Out: the same without `state`, from which the CDK would start an account that was added later, and without those of
         `states` that name an account by its place in the config, because it was not reached
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Whether the state is one of accounts."""
        return "states" in stream_state

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """The state of the accounts that were reached, each with its own cursor."""
        states = [entry for entry in stream_state["states"] if not _is_place(entry["partition"].get("business_id", ""))]
        return {key: value for key, value in stream_state.items() if key != "state"} | {"states": states}


@dataclass
class KeepOnlyCommentCounts(StateMigration):
    """Hands the numbers of comments in a state to PostsWithNewComments and drops the CDK's cursors.

    In:  `{"use_global_cursor": true, "state": {…}, "parent_state": {"comments": {"-000abc": {"7": 12}}}}`
    Out: the same without `state`

    With a cursor for each post, a state would grow with the account, and the CDK changes to one for all at 10,000 of
    them anyway. So it uses one for all from the beginning, and starts without any: what to read is decided by post.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._stream = parameters["name"]

    def should_migrate(self, stream_state: Mapping[str, Any]) -> bool:
        """Always: also a first sync starts with one cursor for all."""
        return True

    def migrate(self, stream_state: Mapping[str, Any]) -> Mapping[str, Any]:
        """A state of numbers alone."""
        comments = (stream_state.get("parent_state") or {}).get("comments") or {}
        sync_of(self.api_budget).comments(self._stream).know(comments)
        return {"use_global_cursor": True, "states": [], "parent_state": {"comments": comments}}


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
