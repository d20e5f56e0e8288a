"""Each request with the access token of its account, and not before its turn."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from airbyte_cdk.sources.declarative.auth.declarative_authenticator import DeclarativeAuthenticator
from airbyte_cdk.sources.streams.call_rate import APIBudget, Rate
from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import retold
from source_tiktok_organic.components.settings import places_of, require, validate_settings
from source_tiktok_organic.components.sync import sync_of
from source_tiktok_organic.components.tokens import AccessTokenAccount, Account, OAuthAccount, TokenEndpoints

LOGGER = logging.getLogger("airbyte")


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
         other family (docs/tiktok-api.md A3, B3: each ignores the other's)

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
            (OAuthAccount if renews and entry.get("refresh_token") else AccessTokenAccount)(
                self.config, credentials, entry, sync, sync.grant(place), endpoints
            )
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
            raise retold(failure, lambda text: f"TikTok account {_name_of(account)}: {text}") from failure

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
        """Renew the refused token; the CDK calls this in the thread that sent the request."""
        self._sent.account.replace(self._sent.token)
