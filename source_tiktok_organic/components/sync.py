"""What the streams of one sync share."""

import json
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, BinaryIO
from urllib.parse import quote, quote_plus, urlsplit
from weakref import WeakKeyDictionary

from airbyte_cdk.sources.streams.call_rate import APIBudget, Rate
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.pacing import CallLimit, CallTurns, limit_of
from source_tiktok_organic.components.settings import DATE_FORMAT, same_account


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
class Grant:
    """What one sync has learnt of what one account allows; `lock` is held while TikTok is asked about it.

    `place` is where the config has the account, e.g. "additional_accounts[0]". `profile` are the columns of its profile
    that records of other streams carry: ProfileRequester writes them, SliceColumns reads them. `scopes` is None where
    TikTok does not tell them, as of an access token without the app's id. `replacement` is the access token that
    replaced one that TikTok refused, `access_token` the one that was sent last. `failure` is why TikTok could not be
    asked about the account: it is not asked again for each stream.
    """

    place: str
    business_id: str | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
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
        """The limit of this account for the endpoint of `url`: each has its own (docs/tiktok-api.md A5)."""
        with self._limits_lock:
            return self._limits.setdefault(urlsplit(url).path, limit_of(rate))

    def allows(self, scope: str) -> bool:
        """Whether fields of `scope` may be asked for; where TikTok does not tell, they may."""
        return self.scopes is None or scope in self.scopes


class CommentCounts(dict[str, int]):
    """How many comments each post of an account had when they were read, e.g. `{"7": 12}`. It is never changed.

    The CDK copies and compares the state for every slice. It need not look at thousands of numbers for that.
    """

    def __deepcopy__(self, _memo: Any) -> "CommentCounts":
        return self


@dataclass
class Sync:
    """What the streams of one sync have in common: the moment it began (UTC), pages read, what accounts allow."""

    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pages: PageStore = field(default_factory=PageStore)
    turns: CallTurns = field(init=False, default_factory=CallTurns)
    config_lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    comment_counts: dict[str, Mapping[str, CommentCounts]] = field(init=False, default_factory=dict)
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
            self._limits = self._limits or [limit_of(rate) for rate in rates]
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
                    raise same_account(grant.place, claimant.place, business_id)
            claimant.business_id = business_id

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
