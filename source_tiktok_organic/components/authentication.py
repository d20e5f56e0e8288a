"""Access tokens: whose they are, what they allow, and how they are renewed and stored."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from airbyte_cdk.config_observation import (
    create_connector_config_control_message,
    emit_configuration_as_airbyte_control_message,
)
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.streams.call_rate import APIBudget, Rate
from airbyte_cdk.sources.streams.http.error_handlers.response_models import SUCCESS_RESOLUTION
from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.datetime_helpers import ab_datetime_now, ab_datetime_parse
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import body_of, data_of
from source_tiktok_organic.components.exceptions import config_error, same_failure, unexpected_answer
from source_tiktok_organic.components.pacing import CallLimit, CallTurns
from source_tiktok_organic.components.settings import places_of, require, validate_settings
from source_tiktok_organic.components.sync import Grant, Sync, sync_of

LOGGER = logging.getLogger("airbyte")


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
        answer: Mapping[str, Any] = (body_of(response) or {}) if not self.envelope else data_of(response)
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
            raise same_failure(self.grant.failure)
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
            require(credentials, endpoints.client_id, "client_secret", "refresh_token")
        else:
            require(credentials, "access_token", "business_id")
        self.accounts = [
            OAuthAccount(self.config, credentials, entry, sync, sync.grant(place), endpoints)
            if renews and entry.get("refresh_token")
            else AccessTokenAccount(entry, sync, sync.grant(place))
            for place, entry in places_of(self.config).items()
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
            raise same_failure(failure, f"TikTok account {_name_of(account)}: ") from failure

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
