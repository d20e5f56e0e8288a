"""Fields by scope, and the profile of an account."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from typing import Any

import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.http_logger import format_http_message
from airbyte_cdk.sources.message import LogMessage
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import SCOPES, STREAM, data_of
from source_tiktok_organic.components.exceptions import config_error, retold
from source_tiktok_organic.components.pages import RequesterDecorator
from source_tiktok_organic.components.sync import KnownAccount, Sync, sync_of

LOGGER = logging.getLogger("airbyte")


_LISTS: Mapping[str, Callable[[list[str]], str]] = {
    "json": lambda names: orjson.dumps(names).decode(),
    "commas": ",".join,
}


# Of refusals that may name a field: a wrong parameter, and something that TikTok has withdrawn (docs/tiktok-api.md A4).
_FIELD_CODES = ("(code 40002:", "(code 41000:", "(code 41001:", "(code 41002:", "(code invalid_params:")


def _refused_fields(refusal: AirbyteTracedException, names: list[str]) -> list[str]:
    """The fields that TikTok refuses by name; none if it names more than half of them, because these are allowed.

    In:  "… (code 40002: Invalid field: reach, …)", the fields "likes", "reach", "shares"
    Out: `["reach"]`
    """
    sentence = refusal.message or ""
    words = set(re.findall("[a-z_]+", sentence)) if any(code in sentence for code in _FIELD_CODES) else set()
    refused = [name for name in names if name in words]
    return refused if len(refused) <= len(names) / 2 else []


def _leave_out(sync: Sync, endpoint: str, refused: list[str], refusal: AirbyteTracedException) -> None:
    """Leave these fields out for the rest of the sync, with a warning."""
    for name in refused:
        sync.left_out.add((endpoint, name))
        sync.log.odd(
            f"refusals of the field `{name}`",
            f"TikTok refused the field `{name}` ({refusal.message}) It is left out in this sync: its column is null, "
            "or the stream that is made of it has no records.",
        )


@contextmanager
def _filling_in(stream: str, scopes: str) -> Iterator[None]:
    """Put the stream and the scopes of a request into the sentence of a failure (see TikTokErrorHandler)."""
    try:
        yield
    except AirbyteTracedException as failure:
        raise retold(failure, lambda text: text.replace(STREAM, stream).replace(SCOPES, scopes)) from failure


@dataclass
class FieldsRequester(RequesterDecorator):
    """Asks TikTok for the fields that the account's scopes open: TikTok returns only those that are named (A6, A7).

    `fields` maps a scope to its fields, e.g. `{"video.list": ["item_id", "likes"], "comment.list": []}`. One field
    without its scope can fail the whole request (docs/tiktok-api.md A4, E4).
    Out: the query parameter `fields=["item_id","likes"]` for `list_format` "json", `fields=item_id,likes` for "commas"
         (docs/tiktok-api.md A6, B3: each family refuses the other's); none for a scope without fields

    Columns without their scope are said once. A config error, without a request, where the stream is made of what a
    missing scope opens: one of `needs`, or that of the parameter `breakdown`.
    Where TikTok does not tell the scopes, everything is asked for; after a refusal a renewal tells them. A field that
    is refused by name is left out, unless it is one of `keys`.
    """

    parameters: InitVar[Mapping[str, Any]]
    api_budget: APIBudget
    requester: Any
    fields: Mapping[str, list[str]]
    needs: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
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
            left_out, endpoint = sync_of(self.api_budget).left_out, ",".join(self.fields)
            names = [name for scope in scopes for name in self.fields[scope] if (endpoint, name) not in left_out]
            params = {**(request_params or {}), **({"fields": _LISTS[self.list_format](names)} if names else {})}
            try:
                response: requests.Response | None = self.requester.send_request(
                    stream_slice=stream_slice, request_params=params, **call
                )
                return response
            except AirbyteTracedException as refusal:
                refused = [name for name in _refused_fields(refusal, names) if name not in self.keys]
                if not refused:
                    raise
                _leave_out(sync_of(self.api_budget), endpoint, refused, refusal)
                return send(scopes)

        with authenticator.acting_for(account), _filling_in(self._stream, ", ".join(self.fields)):
            account.learn_scopes()
            scopes = self._allowed(account.known)
            try:
                return send(scopes)
            except AirbyteTracedException as refusal:
                if refusal.failure_type != FailureType.config_error:
                    raise
                account.learn_scopes_by_renewal()
                allowed = self._allowed(account.known)
                if allowed == scopes:
                    raise
                return send(allowed)

    def _allowed(self, account: KnownAccount) -> list[str]:
        """The scopes whose fields are asked for."""
        allowed = [scope for scope in self.fields if account.allows(scope)]
        missing = [scope for scope in self.fields if scope not in allowed]
        needed = [scope for scope in missing if scope in self._needs] if allowed else missing
        if needed:
            raise config_error(
                f"The account {account.business_id} did not grant `{'`, `'.join(needed)}`, which the stream "
                f"`{self._stream}` is made of. Authenticate the account again and allow everything that TikTok lists, "
                "or deselect the stream; the other streams go on."
            )
        for scope in missing:
            names = ", ".join(self.fields[scope])
            if sync_of(self.api_budget).log.is_new(str(account.business_id), scope, names):
                LOGGER.warning(
                    f"The account {account.business_id} did not grant `{scope}`, so these fields stay null, or without "
                    f"rows where they are streams: {names}. Authenticate it again and allow `{scope}` to have them."
                )
        return allowed


@dataclass
class ProfileRequester(RequesterDecorator):
    """Notes the profile that a page of an account has, for the records of other streams, and says once whose it is.

    In:  the page `{"username": "harbour_coffee", "profile_image": "https://…", "display_name": "Harbour Coffee", …}`,
         which is `data` or its `object`; columns `{"video_creator_username": "username"}`
    Out: `{"video_creator_username": "harbour_coffee"}` in the account's `profile`; and in the log "Reached the TikTok
         account Harbour Coffee (@harbour_coffee, a Business Account, business_id -000abc). It granted: …"
    """

    api_budget: APIBudget
    requester: Any
    columns: Mapping[str, str] = field(default_factory=dict)
    object: str = ""
    account_id: str = "business_id"

    def send_request(self, *, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Send the request of the wrapped requester."""
        response: requests.Response | None = self.requester.send_request(stream_slice=stream_slice, **call)
        sync = sync_of(self.api_budget)
        account = sync.account_of(stream_slice.partition.get("business_id"))
        if response is not None and not account.profile:
            data = data_of(response)
            profile = data.get(self.object) if self.object else data
            if isinstance(profile, dict):
                account.profile = {column: profile.get(name) for column, name in self.columns.items()}
                if sync.log.is_new("reached", account.config_path):
                    LOGGER.info(self._whom(profile, account))
        return response

    def _whom(self, profile: Mapping[str, Any], account: KnownAccount) -> str:
        kinds = {"True": "a Business Account, ", "False": "a Personal Account, "}
        kind = kinds.get(str(profile.get("is_business_account")), "account type not shown, ")
        username = f"@{profile['username']}" if profile.get("username") else "username not shown"
        granted = (
            "what TikTok does not tell of this token" if account.scopes is None else ", ".join(sorted(account.scopes))
        )
        return (
            f"Reached the TikTok account {profile.get('display_name') or 'without a shown name'} ({username}, "
            f"{kind if self.account_id == 'business_id' else ''}{self.account_id} "
            f"{profile.get(self.account_id) or account.business_id}). It granted: {granted}."
        )


@dataclass
class ProfileFirstRequester(RequesterDecorator):
    """Asks for the account's profile before the first page of a stream whose own pages don't have it."""

    requester: Any
    profile_requester: Any
    api_budget: APIBudget

    def send_request(self, *, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Send the call of the wrapped requester."""
        if not sync_of(self.api_budget).account_of(stream_slice.partition.get("business_id")).profile:
            self.profile_requester.send_request(stream_slice=stream_slice, log_formatter=_beside_the_pages)
        response: requests.Response | None = self.requester.send_request(stream_slice=stream_slice, **call)
        return response


def _beside_the_pages(response: requests.Response) -> LogMessage:
    """What the Connector Builder shows of a request whose response is no page of the stream."""
    title, description = "Profile of the account", "Has columns that records of this stream carry."
    return format_http_message(response, title, description, None, is_auxiliary=True)
