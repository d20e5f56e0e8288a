"""Fields by scope, shared pages, and calls that depend on what came before."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.http_logger import format_http_message
from airbyte_cdk.sources.message import LogMessage
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import SCOPES, data_of
from source_tiktok_organic.components.exceptions import config_error, same_failure
from source_tiktok_organic.components.extractors import objects_at
from source_tiktok_organic.components.sync import NO_POST, CommentReading, Grant, sync_of

LOGGER = logging.getLogger("airbyte")


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


@contextmanager
def _naming_scopes(scopes: str) -> Iterator[None]:
    """Let a refusal say what its request needs, where the error handler has left the place for it."""
    try:
        yield
    except AirbyteTracedException as refusal:
        if SCOPES not in (refusal.message or ""):
            raise
        raise AirbyteTracedException(
            message=(refusal.message or "").replace(SCOPES, scopes),
            internal_message=(refusal.internal_message or "").replace(SCOPES, scopes),
            failure_type=refusal.failure_type,
        ) from refusal


@dataclass
class FieldsRequester(RequesterDecorator):
    """Asks TikTok for the fields that the account's scopes open.

    TikTok returns only the fields that are named (docs/tiktok-api.md A6, A7).

    `fields` maps a scope to the fields that it opens, e.g. `{"video.list": ["item_id", "likes"], "video.insights":
    ["new_followers", "audience_types"]}`; one field without its scope can fail the whole call (A4, E4).
    Out: the query parameter `fields=["item_id","likes"]` for `list_format` "json", `fields=item_id,likes` for "commas"
         (docs/tiktok-api.md A6, B3: each family refuses the other's)

    An endpoint that knows no fields has a scope with none, `{"comment.list": []}`, and gets no such parameter.

    Columns that stay null for want of a scope are said once in the log. Raises a config error, without a call, where
    the stream is made of what a missing scope opens: one of `needs`, or that of the parameter `breakdown`.

    Where TikTok does not tell the scopes, everything is asked for. If that is refused and the account can be renewed,
    a renewal tells them, and the call is made once more without the fields that were not granted.
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
        authenticator = self.get_authenticator()
        account = authenticator.account_of(stream_slice.partition.get("business_id"))

        def send(scopes: list[str]) -> requests.Response | None:
            names = [name for scope in scopes for name in self.fields[scope]]
            params = {**(request_params or {}), **({"fields": _LISTS[self.list_format](names)} if names else {})}
            response: requests.Response | None = self.requester.send_request(
                stream_slice=stream_slice, request_params=params, **call
            )
            return response

        with authenticator.naming(account), _naming_scopes(", ".join(self.fields)):
            account.learn_scopes()
            scopes = self._allowed(account.grant)
            try:
                return send(scopes)
            except AirbyteTracedException as refusal:
                if refusal.failure_type != FailureType.config_error:
                    raise
                account.learn_scopes_by_renewal()
                allowed = self._allowed(account.grant)
                if allowed == scopes:
                    raise
                return send(allowed)

    def _allowed(self, grant: Grant) -> list[str]:
        allowed = [scope for scope in self.fields if grant.allows(scope)]
        missing = [scope for scope in self.fields if scope not in allowed]
        needed = [scope for scope in missing if scope in self._needs] if allowed else missing
        if needed:
            raise config_error(
                f"The account {grant.business_id} did not grant `{'`, `'.join(needed)}`, which the stream "
                f"`{self._stream}` is made of. Authenticate the account again and allow everything that TikTok lists, "
                "or deselect the stream; the other streams go on."
            )
        sync = sync_of(self.api_budget)
        for scope in missing:
            names = ", ".join(self.fields[scope])
            if sync.is_new(str(grant.business_id), scope, names):
                LOGGER.warning(
                    f"The account {grant.business_id} did not grant `{scope}`, so these fields stay null, or without "
                    f"rows where they are streams: {names}. Authenticate it again and allow `{scope}` to have them."
                )
        return allowed


@dataclass
class ProfileRequester(RequesterDecorator):
    """Notes the profile that a page of an account has, for the records of other streams, and says once whose it is.

    In:  the page `{"username": "harbour_coffee", "profile_image": "https://…", "display_name": "Harbour Coffee", …}` at
         `path` of `data`; columns `{"video_creator_username": "username", "profile_image": "profile_image"}`
    Out: `{"video_creator_username": "harbour_coffee", "profile_image": "https://…"}` in the account's `profile`; and
         in the log "Reached the TikTok account Harbour Coffee (@harbour_coffee, a Business Account, business_id
         -000abc). It granted: user.info.basic, video.list."
    """

    api_budget: APIBudget
    requester: Any
    columns: Mapping[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    account_id: str = "business_id"

    def send_request(self, *, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Send the call of the wrapped requester."""
        response: requests.Response | None = self.requester.send_request(stream_slice=stream_slice, **call)
        sync = sync_of(self.api_budget)
        grant = sync.grant_of(stream_slice.partition.get("business_id"))
        if response is not None and not grant.profile:
            for profile in objects_at(data_of(response), self.path):
                grant.profile = {column: profile.get(name) for column, name in self.columns.items()}
                if sync.is_new("reached", grant.place):
                    self._say_whom(profile, grant)
        return response

    def _say_whom(self, profile: Mapping[str, Any], grant: Grant) -> None:
        kinds: Mapping[Any, str] = {True: "a Business Account, ", False: "a Personal Account, "}
        kind = kinds.get(profile.get("is_business_account"), "account type not shown, ")
        details = "".join(
            [
                f"@{profile['username']}, " if profile.get("username") else "username not shown, ",
                kind if self.account_id == "business_id" else "",
                f"{self.account_id} {profile.get(self.account_id) or grant.business_id}",
            ]
        )
        granted = "what TikTok does not tell of this token" if grant.scopes is None else ", ".join(sorted(grant.scopes))
        LOGGER.info(
            f"Reached the TikTok account {profile.get('display_name') or 'without a shown name'} ({details}). "
            f"It granted: {granted}."
        )


@dataclass
class ProfileFirstRequester(RequesterDecorator):
    """Asks for the account's profile before the first page of a stream whose own pages don't have it."""

    requester: Any
    profile_requester: Any
    api_budget: APIBudget

    def send_request(self, *, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Send the call of the wrapped requester."""
        if not sync_of(self.api_budget).grant_of(stream_slice.partition.get("business_id")).profile:
            self.profile_requester.send_request(stream_slice=stream_slice, log_formatter=_beside_the_pages)
        response: requests.Response | None = self.requester.send_request(stream_slice=stream_slice, **call)
        return response


def _beside_the_pages(response: requests.Response) -> LogMessage:
    """What the Connector Builder shows of a call whose answer is no page of the stream."""
    title, description = "Profile of the account", "Has columns that records of this stream carry."
    return format_http_message(response, title, description, None, is_auxiliary=True)


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
                    raise same_failure(pages.failures[key])
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
        if video_id == NO_POST:
            kept = reading.end(account)
            if kept:
                raise same_failure(kept)
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
