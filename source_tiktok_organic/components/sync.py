"""What the streams of one sync share."""

import json
import logging
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, BinaryIO
from urllib.parse import quote, quote_plus
from weakref import WeakKeyDictionary

from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.components.pacing import CallTurns
from source_tiktok_organic.components.settings import same_account

LOGGER = logging.getLogger("airbyte")

# As the manifest asks for them (docs/tiktok-api.md A8).
COMMENTS_PER_PAGE = 30


@dataclass
class PageStore:
    """The response bodies of one sync, kept so that streams that need the same page share one request.

    In:  `put("…/video/list/?cursor=1", b'{"code":0,…}')`
    Out: `get("…/video/list/?cursor=1") == b'{"code":0,…}'`, `get("another key") is None`

    The bytes are in an unnamed temporary file: memory stays flat, nobody else can open it, and the operating system
    removes it with the process, also after a crash. No token gets into it.
    """

    failures: dict[str, AirbyteTracedException] = field(init=False, default_factory=dict)
    _file: BinaryIO | None = field(init=False, repr=False, default=None)
    _positions: dict[str, tuple[int, int]] = field(init=False, default_factory=dict)
    _page_locks: dict[str, threading.Lock] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def page_lock(self, key: str) -> threading.Lock:
        """The lock of one page: the first stream asks TikTok, the others wait for just this page."""
        with self._lock:
            return self._page_locks.setdefault(key, threading.Lock())

    def get(self, key: str) -> bytes | None:
        """The body kept under `key`, or None."""
        with self._lock:
            if key not in self._positions:
                return None
            offset, length = self._positions[key]
            file = self._opened()
            file.seek(offset)
            return file.read(length)

    def put(self, key: str, body: bytes) -> None:
        """Keep `body` under `key` until the sync ends."""
        with self._lock:
            file = self._opened()
            try:
                position = file.seek(0, 2)
                file.write(body)
                file.flush()
            except OSError as error:
                raise _no_room(error) from error
            self._positions[key] = (position, len(body))

    def _opened(self) -> BinaryIO:
        if self._file is None:
            try:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the sync
            except OSError as error:
                raise _no_room(error) from error
        return self._file


def _no_room(error: OSError) -> AirbyteTracedException:
    return config_error(
        f"TikTok's responses can't be kept in a temporary file ({error.strerror}). Give the connector a folder for "
        "temporary files that it may write to and that has room, and name it in the environment variable TMPDIR; in a "
        "container that is mostly /tmp."
    )


@dataclass
class KnownAccount:
    """What a sync has learnt of one account of the config; `lock` is held while TikTok is asked about it.

    - `config_path`: where the config has it, e.g. "additional_accounts[0]"
    - `profile`: columns that records of other streams carry; ProfileRequester writes them, SliceColumns reads them
    - `scopes`: what it granted; None where TikTok does not tell, as of an access token without the app's id
    - `sent_token`: the access token of its last request; `replacement`: the one that replaced a refused one
    - `failure`: why TikTok could not be asked about it; it is not asked again for each stream
    """

    config_path: str
    business_id: str | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    sent_token: str | None = field(default=None, repr=False)
    replacement: str | None = field(default=None, repr=False)
    failure: AirbyteTracedException | None = None
    lock: threading.RLock = field(init=False, repr=False, default_factory=threading.RLock)

    @property
    def key(self) -> str:
        """What slices call the account: its business_id, or its config path while that is not known."""
        return self.business_id or self.config_path

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
class CommentedPosts:
    """The posts of an account whose comments TikTok refused in this sync; `has_succeeded` is whether it allowed any."""

    refused: dict[str, AirbyteTracedException] = field(init=False, default_factory=dict)
    has_succeeded: bool = field(init=False, default=False)
    # How many posts are read, when that is known.
    count: int | None = field(init=False, default=None)

    def all_refused(self, most: int) -> bool:
        """Whether the account is refused and not its posts: `most` of them, or all, and never one that succeeded."""
        return not self.has_succeeded and len(self.refused) >= min(most, self.count or most)


@dataclass
class SyncLog:
    """What was said in a sync, so that nothing is said for each record."""

    _said: set[tuple[str, ...]] = field(init=False, default_factory=set)
    _odd: dict[str, int] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def is_new(self, *what: str) -> bool:
        """True the first time this is asked about `what`, so that something is said once in a sync."""
        with self._lock:
            known = len(self._said)
            self._said.add(what)
            return len(self._said) > known

    def odd(self, thing: str, sentence: str) -> None:
        """Warn of something odd that TikTok sent, once for a thing, and count it.

        In:  "values of `likes` in `videos`", "TikTok sent 12.5 in `likes` …"
        """
        with self._lock:
            self._odd[thing] = self._odd.get(thing, 0) + 1
            is_first = self._odd[thing] == 1
        if is_first:
            LOGGER.warning(sentence)

    def say_counts(self) -> None:
        """Say how often something odd came that was warned of, when the sync is over."""
        for thing, count in self._odd.items():
            LOGGER.warning(f"Odd in this sync: {count} {thing}.")


@dataclass
class Progress:
    """Says once a minute how far a long sync has come.

    Out: "Read so far: 1,000 posts, 8,310 comments and replies. At least 640 calls for comments are left, about 16 min
         at this pace."
    """

    _read: dict[str, int] = field(init=False, default_factory=lambda: {"videos": 0, "comments": 0})
    # The calls for comments that each post still takes, without those for long threads: nobody knows these before.
    _left: dict[str, int] = field(init=False, default_factory=dict)
    _done: int = field(init=False, default=0)
    _first_comments: float = field(init=False, default=0)
    _said_at: float = field(init=False, default_factory=lambda: time.monotonic())
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def expect(self, video_id: str, comments: int) -> None:
        """Note that a post's comments will be read, however many streams do so."""
        with self._lock:
            self._left.setdefault(video_id, max(1, -(-comments // COMMENTS_PER_PAGE)))

    def page(self, params: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Note the body of a response, and the parameters of its request."""
        now = time.monotonic()
        data = body["data"] if isinstance(body.get("data"), Mapping) else {}
        with self._lock:
            for name in self._read:
                self._read[name] += len(data[name]) if isinstance(data.get(name), list) else 0
            before = self._left.get(str(params.get("video_id")), 0)
            if before and "comment_id" not in params:
                after = max(1, before - 1) if data.get("has_more") in (True, "true") else 0
                self._left[str(params["video_id"])] = after
                self._done += before - after
                self._first_comments = self._first_comments or now
            if now < self._said_at + 60:
                return
            self._said_at = now
            sentence = f"Read so far: {self._read['videos']:,} posts, {self._read['comments']:,} comments and replies."
            left = sum(self._left.values())
            minutes = left * (now - self._first_comments) / self._done / 60 if self._done else 0
        if left and minutes:
            sentence += (
                f" At least {left:,} calls for comments are left, about {max(1, round(minutes))} min at this pace."
            )
        LOGGER.info(sentence)


@dataclass
class Sync:
    """What the streams of one sync have in common.

    - `started_at`: when it began (UTC)
    - `pages`: SharedPagesRequester writes and reads them
    - `authenticator`: AccountAuthenticator writes it, SharedAuthenticator reads it
    - `turns`: AccountAuthenticator begins and ends them
    - `progress`: PostsWithNewComments and SharedPagesRequester write it
    - `thread`: the `config_path` of the account that a thread asks about, and the `sent_token`; AccountAuthenticator
      writes and reads them. The `cover` that it has loaded; PostsWithCover writes and LoadedCover reads it
    - `config_lock`: is held while new tokens are written into the config
    - `left_out`: fields that TikTok refused, with the scopes of their endpoint; FieldsRequester writes and reads them
    - `posts_before`: how many newer posts an account has than those of a page, by business_id and cursor;
      NewestPostsRequester writes and reads it
    - `comment_counts`: what the last sync left, by stream and account; KeepOnlyCommentCounts writes it,
      PostsWithNewComments reads it
    """

    started_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pages: PageStore = field(init=False, default_factory=PageStore)
    authenticator: Any = field(init=False, repr=False, default=None)
    turns: CallTurns = field(init=False, default_factory=CallTurns)
    log: SyncLog = field(init=False, default_factory=SyncLog)
    progress: Progress = field(init=False, default_factory=Progress)
    thread: threading.local = field(init=False, repr=False, default_factory=threading.local)
    config_lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)
    comment_counts: dict[str, Mapping[str, CommentCounts]] = field(init=False, default_factory=dict)
    left_out: set[tuple[str, str]] = field(init=False, default_factory=set)
    posts_before: dict[tuple[str | None, str], int] = field(init=False, default_factory=dict)
    _commented_posts: dict[str, CommentedPosts] = field(init=False, default_factory=dict)
    _accounts: dict[str, KnownAccount] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def account(self, config_path: str) -> KnownAccount:
        """The account at this path of the config, the same for all who ask."""
        with self._lock:
            return self._accounts.setdefault(config_path, KnownAccount(config_path))

    def commented_posts(self, business_id: str) -> CommentedPosts:
        """What OptionalPostRequester notes of an account's posts; PostsWithNewComments reads it."""
        with self._lock:
            return self._commented_posts.setdefault(business_id, CommentedPosts())

    def account_of(self, business_id: str | None) -> KnownAccount:
        """The account with this business_id, the first where it is not known yet."""
        with self._lock:
            accounts = list(self._accounts.values())
            return next((account for account in accounts if account.business_id == business_id), accounts[0])

    def account_that_sent(self, access_token: str | None) -> KnownAccount | None:
        """The account whose last request had this token."""
        with self._lock:
            accounts = (account for account in self._accounts.values() if access_token)
            return next((account for account in accounts if account.sent_token == access_token), None)

    def claim(self, business_id: str, claimant: KnownAccount) -> None:
        """Note that an account turned out to be this one; a config error where another is it already."""
        with self._lock:
            for account in self._accounts.values():
                if account is not claimant and account.business_id == business_id:
                    raise same_account(account.config_path, claimant.config_path, business_id)
            claimant.business_id = business_id

    def keep_secret(self, secret: str | None) -> None:
        """Strike `secret` out of logs and errors from now on, as it is and as URLs, forms and JSON write it.

        In:  "act.abc!5001.em"
        Out: neither `act.abc!5001.em` nor `act.abc%215001.em` is printed outside of a CONNECTOR_CONFIG message
        """
        if secret and self.log.is_new("secret", secret):
            quoted = {quote(secret, errors="replace"), quote(secret, safe="", errors="replace")}
            forms = {secret, *quoted, quote_plus(secret, errors="replace")}
            # A log line is JSON that quotes a response: JSON that may quote something in turn.
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
