"""Authorisation codes, access tokens and refresh tokens of both families, and OAuth of the TikTok API for Business.

docs/tiktok-api.md A2.
"""

from __future__ import annotations

import secrets
import string
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom

from .clock import Clock
from .envelope import ApiError, Code, JsonObject, bad_parameter
from .knobs import Knobs
from .parameters import required

_BASE62 = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The developer app. Both families use the same one."""

    client_id: str = "7400000000000000001"
    client_secret: str = field(default="emulator-client-secret", repr=False)
    redirect_uri: str = "https://example.com/callback/"


@dataclass(slots=True)
class Grant:
    """One consent of an account's owner. It may have several tokens."""

    open_id: str
    """The account's id in the TikTok API for Business, also for a consent in Login Kit."""
    scopes: tuple[str, ...]
    refresh_expires_at: float


@dataclass(slots=True)
class AccessToken:
    """An issued access token."""

    grant: Grant
    expires_at: float


@dataclass(slots=True)
class AuthCode:
    """An authorisation code."""

    grant: Grant
    expires_at: float
    redirect_uri: str
    is_used: bool = False


@dataclass(frozen=True, slots=True)
class NewTokens:
    """New tokens, from which a family makes its response. Times are in seconds."""

    grant: Grant
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


class TokenStore(ABC):
    """The codes and tokens of one family. Those of the other family are not valid here (docs/tiktok-api.md E19)."""

    def __init__(self, app: AppCredentials, clock: Clock, knobs: Knobs) -> None:
        """Start without any token."""
        self._app = app
        self._clock = clock
        self._knobs = knobs
        self._codes: dict[str, AuthCode] = {}
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, Grant] = {}
        # Ended tokens stay here, so that the log can name their account.
        self._open_ids: dict[str, str] = {}

    @abstractmethod
    def _token_response(self, issued: NewTokens) -> JsonObject:
        """Return the family's response with new tokens."""

    def consent(self, open_id: str, scopes: list[str], redirect_uri: str | None) -> str:
        """Consent as the account's owner, and return the authorisation code."""
        code = _random(48) + "*" + _random(3) + "!5001.em"
        redirect_uri = redirect_uri or self._app.redirect_uri
        expires_at = self._clock.seconds() + self._knobs.auth_code_seconds
        self._codes[code] = AuthCode(self._new_grant(open_id, scopes), expires_at, redirect_uri)
        return code

    def take_code(self, code: str, other: TokenStore) -> None:
        """Accept a code of the other family too. It works once, whichever family it is used in."""
        self._codes[code] = other._codes[code]

    def grant(
        self, open_id: str, scopes: list[str], access_seconds: float | None = None, refresh_seconds: float | None = None
    ) -> JsonObject:
        """Return tokens without a code. With a negative number of seconds they have expired."""
        grant = self._new_grant(open_id, scopes)
        if refresh_seconds is not None:
            grant.refresh_expires_at = self._clock.seconds() + refresh_seconds
        return self._issue(grant, self._new_refresh_token(grant), access_seconds)

    def account_of(self, token: str) -> str | None:
        """Return the open_id of an access or refresh token, valid or not. None if it was never issued."""
        return self._open_ids.get(token)

    def revoke_access_token(self, access_token: str) -> None:
        """End one access token, but not its refresh token. This is for a fault."""
        self._access.pop(access_token, None)

    def _fresh_code(self, code: str) -> AuthCode | None:
        found = self._codes.get(code)
        return None if found is None or found.is_used or self._is_expired(found.expires_at) else found

    def _issue_for_code(self, code: str) -> JsonObject:
        """Exchange a code for tokens. The life of the refresh token begins here (docs/tiktok-api.md A2.3)."""
        found = self._codes[code]
        found.is_used = True
        grant = found.grant
        if self._knobs.reauthorisation_kills_old_tokens:
            self._delete_tokens(lambda other: other.open_id == grant.open_id)
        grant.refresh_expires_at = self._clock.seconds() + self._knobs.refresh_token_seconds
        return self._issue(grant, self._new_refresh_token(grant))

    def _renew(self, token: str) -> JsonObject:
        """Issue a new access token. The life of the refresh token does not begin again (docs/tiktok-api.md A2.3)."""
        grant = self._refresh[token]
        if self._knobs.refresh_kills_old_access_token:
            self._access = {value: access for value, access in self._access.items() if access.grant is not grant}
        if self._knobs.rotate_refresh_token:
            if self._knobs.old_refresh_token_dies:
                del self._refresh[token]
            token = self._new_refresh_token(grant)
        return self._issue(grant, token)

    def _end_grant(self, grant: Grant) -> None:
        """End all tokens of a consent."""
        self._delete_tokens(lambda other: other is grant)

    def _is_expired(self, expires_at: float) -> bool:
        return expires_at <= self._clock.seconds()

    def _is_own_app(self, app_id: str, secret: str) -> bool:
        return (app_id, secret) == (self._app.client_id, self._app.client_secret)

    def _new_grant(self, open_id: str, scopes: list[str]) -> Grant:
        return Grant(open_id, tuple(scopes), self._clock.seconds() + self._knobs.refresh_token_seconds)

    def _new_refresh_token(self, grant: Grant) -> str:
        token = f"rft.{_random(48)}!5001.em"
        self._refresh[token] = grant
        self._open_ids[token] = grant.open_id
        return token

    def _issue(self, grant: Grant, refresh_token: str, life: float | None = None) -> JsonObject:
        life = self._knobs.access_token_seconds if life is None else life
        access_token = f"act.{_random(48)}!5001.em"
        now = self._clock.seconds()
        self._access[access_token] = AccessToken(grant, now + life)
        self._open_ids[access_token] = grant.open_id
        refresh_life = int(grant.refresh_expires_at - now)
        return self._token_response(NewTokens(grant, access_token, int(life), refresh_token, refresh_life))

    def _delete_tokens(self, matches: Callable[[Grant], bool]) -> None:
        self._access = {value: access for value, access in self._access.items() if not matches(access.grant)}
        self._refresh = {value: grant for value, grant in self._refresh.items() if not matches(grant)}


class BusinessTokens(TokenStore):
    """OAuth of the TikTok API for Business.

    Each endpoint takes the JSON body and returns `data`. It raises ApiError with the codes of docs/tiktok-api.md A4.
    """

    def exchange(self, body: JsonObject) -> JsonObject:
        """Exchange a code for tokens: oauth2/token (docs/tiktok-api.md A2.2)."""
        self._check_app(body, "authorization_code")
        code = required(body, "auth_code")
        redirect_uri = required(body, "redirect_uri")
        found = self._fresh_code(code)
        if found is None:
            raise ApiError(Code.AUTH_CODE_ERROR, "Auth code is invalid, expired or has been used.")
        if redirect_uri != found.redirect_uri:
            raise bad_parameter("redirect_uri", "does not match the redirect URL of the authorization")
        return self._issue_for_code(code)

    def refresh(self, body: JsonObject) -> JsonObject:
        """Refresh tokens: oauth2/refresh_token (docs/tiktok-api.md A2.3)."""
        self._check_app(body, "refresh_token")
        token = required(body, "refresh_token")
        grant = self._refresh.get(token)
        if grant is None:
            raise ApiError(Code.INVALID_REFRESH_TOKEN, "Refresh token is invalid.")
        if self._is_expired(grant.refresh_expires_at):
            raise ApiError(Code.REFRESH_TOKEN_EXPIRE, "Refresh token has expired.")
        return self._renew(token)

    def revoke(self, body: JsonObject) -> JsonObject:
        """End all tokens of a consent: oauth2/revoke (docs/tiktok-api.md A2.4)."""
        self._check_app(body, None)
        self._end_grant(self._valid(required(body, "access_token")).grant)
        return {}

    def info(self, body: JsonObject) -> JsonObject:
        """Tell account and scopes of an access token: token_info/get (docs/tiktok-api.md A2.5)."""
        app_id, token = required(body, "app_id"), required(body, "access_token")
        if app_id != self._app.client_id:
            raise ApiError(Code.INVALID_PARTNER, "App id is incorrect.")
        grant = self._valid(token).grant
        return {"app_id": app_id, "creator_id": grant.open_id, "scope": shuffled(grant.scopes)}

    def grant_of(self, access_token: str | None) -> Grant:
        """Return the consent of a data request's Access-Token."""
        if not access_token:
            raise ApiError(Code.EMPTY_ACCESS_TOKEN, "Access token is empty.")
        return self._valid(access_token).grant

    def _valid(self, access_token: str) -> AccessToken:
        found = self._access.get(access_token)
        if found is None:
            raise ApiError(Code.INVALID_ACCESS_TOKEN, "Access token is incorrect or has been revoked.")
        if self._is_expired(found.expires_at):
            raise ApiError(self._knobs.expired_token_code, "Access token has expired.")
        return found

    def _check_app(self, body: JsonObject, grant_type: str | None) -> None:
        client_id, client_secret = required(body, "client_id"), required(body, "client_secret")
        sent_type = required(body, "grant_type") if grant_type else None
        if not self._is_own_app(client_id, client_secret):
            raise ApiError(Code.INVALID_PARTNER, "Client id or client secret is incorrect.")
        if sent_type != grant_type:
            raise ApiError(Code.INVALID_GRANT_TYPE, f"Grant type must be {grant_type}.")

    def _token_response(self, issued: NewTokens) -> JsonObject:
        return {
            "access_token": issued.access_token,
            "expires_in": issued.expires_in,
            "refresh_token": issued.refresh_token,
            "refresh_token_expires_in": issued.refresh_expires_in,
            "open_id": issued.grant.open_id,
            "scope": shuffled(issued.grant.scopes),
            "token_type": "Bearer",
        }


def _random(length: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def shuffled(scopes: tuple[str, ...]) -> str:
    """Return the scopes as a comma list, in an order that changes with each response (docs/tiktok-api.md A2.2)."""
    return ",".join(SystemRandom().sample(scopes, len(scopes)))
