"""Each request with the access token of its account, not before its turn, and not for longer than two minutes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.streams.call_rate import APIBudget, Rate
from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from urllib3.exceptions import HTTPError

from source_tiktok_organic.components.accounts import Account, RenewableAccount, TokenEndpoints
from source_tiktok_organic.components.exceptions import retold
from source_tiktok_organic.components.pacing import CallLimit
from source_tiktok_organic.components.settings import accounts_in, require
from source_tiktok_organic.components.sync import Sync, sync_of

# Seconds for a whole response. Without a limit, a byte every few seconds would keep a request going for ever.
LONGEST_RESPONSE = 120


def read_in_time(response: requests.Response, **_: Any) -> None:
    """Read the body. A hook for requests, which has a time limit for each piece of a body and none for the whole.

    Raises a ReadTimeout after two minutes, and a ConnectionError where the connection is cut.
    """
    end = time.monotonic() + LONGEST_RESPONSE
    pieces = []
    try:
        while piece := response.raw.read1(65_536, decode_content=True):
            pieces.append(piece)
            if time.monotonic() > end:
                sentence = f"The response was not complete after {LONGEST_RESPONSE} seconds."
                raise requests.ReadTimeout(sentence, request=response.request)
    except HTTPError as error:
        raise requests.ConnectionError(error, request=response.request) from error
    response._content = b"".join(pieces)


class TimeLimit(DeclarativeAuthenticator):
    """No token, but a time limit for the whole response: for requests about tokens."""

    @property
    def auth_header(self) -> str:
        """No header: only a whole request says which account it is about."""
        return ""

    @property
    def token(self) -> str:
        """See `auth_header`."""
        return ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the limit; the CDK calls this before each attempt."""
        request.hooks = {"response": [read_in_time]}
        return request


@dataclass
class AccountAuthenticator(TimeLimit):
    """Sends each request with the access token of the account that it asks about, and not before its turn.

    Out: the header `Access-Token: act.…`, or with `header` "Authorization" and `scheme` "Bearer " in the other family
         (docs/tiktok-api.md A3, B3: each ignores the other's)

    The CDK's `api_budget` can't tell accounts apart, so a request waits here for its turn. `account_rate` is the limit
    of an account for an endpoint, `app_rates` are those of all accounts and endpoints together. `accounts` are in the
    order of the config. A config error where credentials are incomplete, as soon as it is built.
    """

    config: Config
    api_budget: APIBudget
    token_requester: Any
    tokens: Mapping[str, str]
    header: str
    scheme: str = ""
    account_rate: Rate | None = None
    app_rates: list[Rate] = field(default_factory=list)
    accounts: list[Account] = field(init=False)
    _sync: Sync = field(init=False, repr=False)
    _app_limits: list[CallLimit] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sync = sync_of(self.api_budget)
        self._sync.authenticator = self
        self._app_limits = [
            self._sync.turns.limit(f"app {index}", rate, "for the app") for index, rate in enumerate(self.app_rates)
        ]
        endpoints = TokenEndpoints(self.token_requester, self._sync.turns, self._app_limits, **self.tokens)
        app = self.config.get("credentials") or {}
        renews = app.get("auth_type") != "business_access_token"
        if renews:
            require(app, endpoints.client_id, "client_secret", "refresh_token")
        else:
            require(app, "access_token", "business_id")
        self.accounts = [
            (RenewableAccount if renews and credentials.get("refresh_token") else Account)(
                self.config, app, credentials, self._sync, self._sync.account(config_path), endpoints
            )
            for config_path, credentials in accounts_in(self.config).items()
        ]

    def account_of(self, key: str | None) -> Account:
        """The account that slices call so; the first where a request is about none, and where there is no other."""
        if key is None or len(self.accounts) == 1:
            return self.accounts[0]
        return next(account for account in self.accounts if key in (account.known.key, account.known.config_path))

    @contextmanager
    def acting_for(self, account: Account) -> Iterator[None]:
        """The requests of this thread are about `account`. Failures say so where there are several accounts.

        In:  "TikTok does not accept the access token (code 40105: …). …"
        Out: "TikTok account Harbour Coffee (-000abc): TikTok does not accept the access token (code 40105: …). …"
        """
        self._sync.thread.config_path = account.known.config_path
        try:
            yield
        except AirbyteTracedException as failure:
            if len(self.accounts) == 1:
                raise
            raise retold(failure, lambda text: f"TikTok account {account.name}: {text}") from failure
        finally:
            self._sync.turns.end()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header; the CDK calls this before each attempt, so a token that ended meanwhile is renewed."""
        account = self.account_of(getattr(self._sync.thread, "config_path", None))
        account.known.sent_token = self._sync.thread.sent_token = account.access_token()
        request.headers[self.header] = f"{self.scheme}{account.known.sent_token}"
        name = f"{account.known.config_path} {urlsplit(request.url or '').path}"
        scope = "for an account and endpoint"
        own = [self._sync.turns.limit(name, self.account_rate, scope)] if self.account_rate else []
        self._sync.turns.begin([*own, *self._app_limits])
        request.hooks = {"response": [self._end_turn]}
        return request

    def _end_turn(self, response: requests.Response, **_: Any) -> None:
        self._sync.turns.end()
        read_in_time(response)

    def refresh_and_set_access_token(self) -> None:
        """Renew the refused token; the CDK calls this in the thread that sent the request."""
        self.account_of(self._sync.thread.config_path).replace(self._sync.thread.sent_token)


@dataclass
class SharedAuthenticator(TimeLimit):
    """The AccountAuthenticator of the stream's partition router, or of the parent in it, for the stream's requesters.

    Each copy of a definition in the manifest takes time at every start. So a stream has the limits and token requests
    once.
    """

    api_budget: APIBudget

    @property
    def _shared(self) -> AccountAuthenticator:
        authenticator: AccountAuthenticator = sync_of(self.api_budget).authenticator
        return authenticator

    def account_of(self, key: str | None) -> Account:
        """See AccountAuthenticator."""
        return self._shared.account_of(key)

    def acting_for(self, account: Account) -> AbstractContextManager[None]:
        """See AccountAuthenticator."""
        return self._shared.acting_for(account)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """See AccountAuthenticator."""
        return self._shared(request)

    def refresh_and_set_access_token(self) -> None:
        """See AccountAuthenticator."""
        self._shared.refresh_and_set_access_token()
