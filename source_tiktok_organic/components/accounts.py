"""Accounts of the config: their access tokens, what these allow, and how they are renewed and stored."""

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airbyte_cdk.config_observation import (
    create_connector_config_control_message,
    emit_configuration_as_airbyte_control_message,
)
from airbyte_cdk.sources.streams.http.error_handlers.response_models import SUCCESS_RESOLUTION
from airbyte_cdk.sources.types import Config
from airbyte_cdk.utils.datetime_helpers import ab_datetime_now, ab_datetime_parse
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import body_of, data_of
from source_tiktok_organic.components.exceptions import config_error, retold, unexpected_response
from source_tiktok_organic.components.pacing import CallLimit, CallTurns
from source_tiktok_organic.components.settings import can_be_sent
from source_tiktok_organic.components.sync import KnownAccount, Sync

LOGGER = logging.getLogger("airbyte")


@dataclass
class TokenEndpoints:
    """Asks TikTok for a new access token, and what an access token allows.

    Both are POSTs without a token in the headers (docs/tiktok-api.md A2.3, A2.5, B1). They count for the app's limits.

    The families differ in `body` ("json" or "data", a form), in the name of the app's id, in `envelope`, the key of the
    response that holds the tokens (none where it is flat), in `end_of_permission` and in `account_id`, the setting that
    names the account (none in Login Kit). Only one has a `token_info_path`.
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
        data = self._ask(self.refresh_path, body)
        if data is None:
            raise config_error(
                "TikTok does not accept the refresh token. Authenticate the account again in the source's settings."
            )
        return data

    def token_info(self, app: Mapping[str, Any], access_token: str) -> Mapping[str, Any] | None:
        """What `access_token` allows, or None where TikTok refuses it.

        Out: `{"app_id": "7400000000000000001", "creator_id": "-000abc", "scope": "user.info.basic,video.list"}`
        """
        return self._ask(self.token_info_path, {"app_id": app[self.client_id], "access_token": access_token})

    def write_back(self, config: Config) -> None:
        """Hand `config` to the platform, which stores it for the next sync: at once, whatever happens next."""
        emit_configuration_as_airbyte_control_message(config)  # type: ignore[arg-type]  # it only reads it
        # The CDK disables retries for the Connector Builder's test reads alone; the Builder looks for the config
        # among the messages of the stream.
        if self.requester.disable_retries:
            message = create_connector_config_control_message(config)  # type: ignore[arg-type]
            self.requester.message_repository.emit_message(message)

    def _ask(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self.turns.begin(self.limits)
        try:
            response = self.requester.send_request(path=path, **{f"request_body_{self.body}": body})
        finally:
            self.turns.end()
        # The error handler recognises errors that come as HTTP 200. It lets a refused access token through.
        if self.requester.error_handler.interpret_response(response) is not SUCCESS_RESOLUTION:
            return None
        return data_of(response) if self.envelope else body_of(response) or {}


# No token lives for ten years.
_MOST_SECONDS = 10 * 365 * 86_400
# docs/tiktok-api.md A2.3: a refresh token ends a year after its first issue, whatever is done with it.
_DAYS_OF_WARNING = 30


@dataclass
class Account:
    """An account of the config with an access token that is used as it is, and what TikTok says that it allows.

    `credentials` is the account's own part of the config, which all components share; `app` is the part with the app
    that its tokens were given to.
    """

    config: Config = field(repr=False)
    app: Mapping[str, Any] = field(repr=False)
    credentials: MutableMapping[str, Any] = field(repr=False)
    sync: Sync = field(repr=False)
    known: KnownAccount
    endpoints: TokenEndpoints = field(repr=False)

    def __post_init__(self) -> None:
        for secret in (self.app.get(self.endpoints.client_id), self.app.get("client_secret")):
            self.sync.keep_secret(secret)
        for name in ("refresh_token", "access_token"):
            self.sync.keep_secret(self.credentials.get(name))
        self.known.business_id = self.known.business_id or self.credentials.get(self.endpoints.account_id) or None

    @property
    def name(self) -> str:
        """What its owner calls the account: "Harbour Coffee (-000abc)", "-000abc", or "`additional_accounts[0]`"."""
        name, known = self.credentials.get("name"), self.known.business_id or f"`{self.known.config_path}`"
        return f"{name} ({known})" if name else known

    def access_token(self) -> str:
        """A token whose time is not over, as far as that is known."""
        return str(self.credentials["access_token"])

    def replace(self, refused: str) -> None:
        """Get another token than `refused`, which TikTok did not accept, or raise a config error."""
        raise config_error(
            "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
            "authenticate with OAuth, which renews it by itself."
        )

    def learn_scopes_by_renewal(self) -> None:
        """Learn the scopes where `learn_scopes` could not, if the token can be renewed."""

    def learn_business_id(self) -> None:
        """Learn the business_id: the config's, or else what TikTok says the token belongs to (A2.2)."""
        if not self.known.business_id:
            self.learn_scopes()

    def learn_scopes(self) -> None:
        """Learn the scopes, with one request for the sync at the most.

        They stay None where TikTok cannot be asked: Login Kit has no such request, and it needs the app's id.
        """
        with self.known.lock:
            # If this renews the token, the response tells the scopes too.
            access_token = self.access_token() if self.known.scopes is None else ""
            can_ask = self.endpoints.token_info_path and self.app.get(self.endpoints.client_id)
            if self.known.scopes is None and can_ask:
                with self.asking():
                    info = self.endpoints.token_info(self.app, access_token)
                    if info is None:
                        self.replace(access_token)
                    else:
                        self.take(info.get("creator_id") or info.get("open_id"), info.get("scope"))

    def take(self, open_id: Any, scope: Any) -> None:
        """Note whose token it is and what it allows; `scope` is "user.info.basic,video.list"."""
        account_id = self.endpoints.account_id
        configured = self.credentials.get(account_id)
        if open_id and configured and configured != open_id:
            raise config_error(
                f"The setting `{self.known.config_path}.{account_id}` is '{configured}', but the account that was "
                f"authenticated is '{open_id}'. Change the setting to that, or authenticate with the account that it "
                "names."
            )
        if not _is_token(open_id) or not isinstance(scope, str):
            raise unexpected_response("TikTok did not say which account and which permissions a token is for.")
        self.sync.claim(open_id, self.known)
        self.known.scopes = frozenset(name.strip() for name in scope.split(",") if name.strip())

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask TikTok about the account. A failure is raised again without a request for the rest of the sync."""
        if self.known.failure:
            raise retold(self.known.failure)
        try:
            yield
        except AirbyteTracedException as failure:
            self.known.failure = failure
            raise


class RenewableAccount(Account):
    """An account whose access token is renewed with a refresh token.

    Each renewal is written back before the lock is given up. So nobody uses a token that the platform does not have.
    """

    def access_token(self) -> str:
        """A token whose time is not over, renewed if need be."""
        with self.known.lock:
            if self._has_ended():
                self._renew()
            return super().access_token()

    def replace(self, refused: str) -> None:
        """Renew the token `refused`, unless another thread has done so already."""
        with self.known.lock:
            if self.credentials.get("access_token") == refused:
                self._renew()
                self.known.replacement = self.credentials["access_token"]

    def learn_scopes_by_renewal(self) -> None:
        """Renew the token although its time is not over, unless the scopes are known: the response tells them."""
        with self.known.lock:
            if self.known.scopes is None:
                self._renew()

    def _has_ended(self) -> bool:
        end = self.credentials.get("token_expiry_date")
        try:
            return not self.credentials.get("access_token") or not end or ab_datetime_now() > ab_datetime_parse(end)
        except ValueError:
            return True

    def _renew(self) -> None:
        with self.asking():
            data = self.endpoints.refresh(self.app, self.credentials["refresh_token"])
            wrong = [name for name in ("access_token", "open_id") if not _is_token(data.get(name))]
            wrong += [] if isinstance(data.get("scope"), str) else ["scope"]
            seconds = str(data.get("expires_in"))
            wrong += [] if seconds.isdecimal() and int(seconds) < _MOST_SECONDS else ["expires_in"]
            renewed = {name: data[name] for name in ("refresh_token", "access_token") if _is_token(data.get(name))}
            for token in renewed.values():
                self.sync.keep_secret(token)
            if "expires_in" not in wrong:
                renewed["token_expiry_date"] = str(ab_datetime_now() + timedelta(seconds=int(seconds)))
            account_id = self.endpoints.account_id
            if account_id and not self.credentials.get(account_id) and "open_id" not in wrong:
                renewed[account_id] = data["open_id"]
            # First of all: TikTok may have ended the old refresh token, whatever is wrong with the rest.
            with self.sync.config_lock:
                self.credentials.update(renewed)
                self.endpoints.write_back(self.config)
            if wrong:
                raise unexpected_response(f"TikTok renewed the access token without a proper {', '.join(wrong)}.")
            self.take(data["open_id"], data.get("scope"))
            _warn_before_the_end(data.get(self.endpoints.end_of_permission), self.sync, data["open_id"])


def _is_token(value: Any) -> bool:
    """Whether a value of TikTok's is a token or an id."""
    return isinstance(value, str) and value != "" and can_be_sent(value)


def _warn_before_the_end(seconds: Any, sync: Sync, business_id: str) -> None:
    """Say once in a sync that the account has to be authenticated again soon."""
    seconds = int(seconds) if str(seconds).isdecimal() else 0
    is_near = 0 < seconds <= _DAYS_OF_WARNING * 86_400
    if is_near and sync.log.is_new("end", business_id):
        end = sync.started_at + timedelta(seconds=seconds)
        LOGGER.warning(
            f"The permission to read the TikTok account {business_id} ends on {end:%Y-%m-%d}, in {seconds // 86_400} "
            "days: TikTok gives it for a year and does not extend it. Authenticate the account again in the source's "
            "settings before that day, or syncs will fail from then on."
        )
