"""Access tokens: whose they are, what they allow, and how they are renewed and stored."""

import logging
from abc import ABC, abstractmethod
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
from source_tiktok_organic.components.exceptions import config_error, retold, unexpected_answer
from source_tiktok_organic.components.pacing import CallLimit, CallTurns
from source_tiktok_organic.components.sync import Grant, Sync

LOGGER = logging.getLogger("airbyte")


@dataclass
class TokenEndpoints:
    """Asks TikTok for a new access token, and what an access token allows.

    Both are POSTs without a token in the headers (docs/tiktok-api.md A2.3, A2.5, B1). The error handler recognises
    errors that come as HTTP 200. A refused access token is passed through; `token_info` returns None for it.

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
class Account(ABC):
    """An account of the config: its tokens, and what TikTok says that they allow.

    `credentials` is the account's own part of the config, which all components share; `app` is the part with the app
    that its tokens were given to.
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

    @abstractmethod
    def access_token(self) -> str:
        """A token whose time is not over, as far as that is known."""

    @abstractmethod
    def replace(self, refused: str) -> None:
        """Get another token than `refused`, which TikTok did not accept, or raise a config error."""

    @abstractmethod
    def learn_scopes_by_renewal(self) -> None:
        """Fill `grant.scopes` where `learn_scopes` could not, if the token can be renewed."""

    def learn_business_id(self) -> None:
        """Fill `grant.business_id`: with the config's, or else with what TikTok says the token belongs to (A2.2)."""
        if not self.grant.business_id:
            self.learn_scopes()

    def learn_scopes(self) -> None:
        """Fill `grant.scopes`, with one call for the sync at the most.

        They stay None where TikTok cannot be asked: Login Kit has no such call, and the call needs the app's id.
        """
        with self.grant.lock:
            if self.grant.scopes is not None:
                return
            # If this renews the token, the answer tells the scopes too.
            access_token = self.access_token()
            if self.grant.scopes is None and self.endpoints.token_info_path and self.app.get(self.endpoints.client_id):
                with self._asking():
                    self._look_up(access_token)

    def _look_up(self, access_token: str) -> None:
        info = self.endpoints.token_info(self.app, access_token)
        if info is None:
            self.replace(access_token)
        else:
            self._take(info.get("creator_id") or info.get("open_id"), info.get("scope"))

    def _take(self, open_id: str | None, scope: str | None) -> None:
        """Note whose token it is and what it allows; `scope` is "user.info.basic,video.list"."""
        configured = self.credentials.get(self.endpoints.account_id)
        if open_id and configured and configured != open_id:
            raise config_error(
                f"The setting `{self.grant.place}.{self.endpoints.account_id}` is '{configured}', but the account that "
                f"was authenticated is '{open_id}'. Change the setting to that, or authenticate with the account that "
                "it names."
            )
        if not open_id or scope is None:
            raise unexpected_answer("TikTok did not say which account and which permissions a token is for.")
        self.sync.claim(open_id, self.grant)
        self.grant.scopes = frozenset(name.strip() for name in scope.split(",") if name.strip())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Ask TikTok about the account inside of this, which raises the failure again that it had in this sync."""
        if self.grant.failure:
            raise retold(self.grant.failure)
        try:
            yield
        except AirbyteTracedException as failure:
            self.grant.failure = failure
            raise


class OAuthAccount(Account):
    """An account whose access token is renewed with a refresh token.

    Each renewal is written back before the lock is given up. So nobody uses a token that the platform does not have.
    """

    def access_token(self) -> str:
        """A token whose time is not over, renewed if need be."""
        with self.grant.lock:
            if self._has_ended():
                with self._asking():
                    self._renew()
            return str(self.credentials["access_token"])

    def replace(self, refused: str) -> None:
        """Renew the token `refused`, which TikTok did not accept, unless another thread has done so already."""
        with self.grant.lock:
            if self.credentials.get("access_token") == refused:
                with self._asking():
                    self._renew()
                self.grant.replacement = self.credentials["access_token"]

    def learn_scopes_by_renewal(self) -> None:
        """Renew the token although its time is not over, unless the scopes are known: the answer tells them."""
        with self.grant.lock:
            if self.grant.scopes is None:
                with self._asking():
                    self._renew()

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
        _warn_before_the_end(data.get(self.endpoints.end_of_permission), self.sync, self.grant.business_id)


# What an answer to a renewal has to have.
_RENEWED: Mapping[str, type] = {"access_token": str, "expires_in": int, "open_id": str, "scope": str}
# docs/tiktok-api.md A2.3: a refresh token ends a year after its first issue, whatever is done with it.
_DAYS_OF_WARNING = 30


def _warn_before_the_end(refresh_token_expires_in: Any, sync: Sync, business_id: str | None) -> None:
    """Say once in a sync that the account has to be authenticated again soon; the time is in seconds."""
    if not isinstance(refresh_token_expires_in, int):
        return
    is_near = 0 < refresh_token_expires_in <= _DAYS_OF_WARNING * 86_400
    if is_near and sync.is_new("end", str(business_id)):
        end = sync.started_at + timedelta(seconds=refresh_token_expires_in)
        LOGGER.warning(
            f"The permission to read the TikTok account {business_id} ends on {end:%Y-%m-%d}, in "
            f"{refresh_token_expires_in // 86_400} days: TikTok gives it for a year and does not extend it. "
            "Authenticate the account again in the source's settings before that day, or syncs will fail from "
            "then on."
        )


class AccessTokenAccount(Account):
    """An account with an access token that is used as it is and never renewed."""

    def access_token(self) -> str:
        """The token of the config."""
        return str(self.credentials["access_token"])

    def replace(self, refused: str) -> None:
        """Nothing can renew this token, so the user has to replace a refused one."""
        raise config_error(
            "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
            "authenticate with OAuth, which renews it by itself."
        )

    def learn_scopes_by_renewal(self) -> None:
        """The scopes stay unknown."""
