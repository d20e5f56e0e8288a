"""OAuth of Login Kit (docs/tiktok-api.md B1). Codes and tokens behave as in the TikTok API for Business."""

from __future__ import annotations

from collections.abc import Callable

from ..clock import Clock
from ..envelope import JsonObject
from ..knobs import Knobs
from ..tokens import AppCredentials, Grant, NewTokens, TokenStore, shuffled
from .envelope import DisplayError, OAuthError
from .parameters import Form, required


class LoginKitTokens(TokenStore):
    """OAuth of Login Kit. Each endpoint takes the form, returns the body, and raises OAuthError."""

    def __init__(self, app: AppCredentials, clock: Clock, knobs: Knobs, open_id_of: Callable[[str], str]) -> None:
        """Start without any token. `open_id_of` turns an account's id in the emulator into its id in Login Kit."""
        super().__init__(app, clock, knobs)
        self._open_id_of = open_id_of

    def token(self, form: Form) -> JsonObject:
        """Exchange a code for tokens, or refresh tokens: oauth/token."""
        grant_type = required(form, "grant_type")
        self._check_app(form)
        if grant_type == "authorization_code":
            return self._exchange(form)
        if grant_type == "refresh_token":
            return self._refresh_with(required(form, "refresh_token"))
        raise OAuthError("unsupported_grant_type", "The authorization grant type is not supported.")

    def revoke(self, form: Form) -> None:
        """End all tokens of a consent: oauth/revoke."""
        self._check_app(form)
        found = self._access.get(required(form, "token"))
        if found is not None and not self._is_expired(found.expires_at):
            self._end_grant(found.grant)
        elif self._knobs.oauth_revoke_of_unknown_token == "error":
            raise OAuthError("invalid_grant", "Access token is invalid or expired.")

    def grant_of(self, access_token: str) -> Grant:
        """Return the consent of a data request's token. Raises DisplayError."""
        found = self._access.get(access_token)
        if found is None or self._is_expired(found.expires_at):
            raise DisplayError("access_token_invalid", "The access token is invalid or not found in the request.")
        return found.grant

    def _exchange(self, form: Form) -> JsonObject:
        code, redirect_uri = required(form, "code"), required(form, "redirect_uri")
        found = self._fresh_code(code)
        if found is None:
            raise OAuthError("invalid_grant", "Authorization code is expired.")
        if redirect_uri != found.redirect_uri:
            raise OAuthError("invalid_request", "Redirect_uri is not matched with the uri when requesting code.")
        return self._issue_for_code(code)

    def _refresh_with(self, token: str) -> JsonObject:
        grant = self._refresh.get(token)
        if grant is None or self._is_expired(grant.refresh_expires_at):
            raise OAuthError("invalid_grant", "Refresh token is invalid or expired.")
        return self._renew(token)

    def _check_app(self, form: Form) -> None:
        if not self._is_own_app(required(form, "client_key"), required(form, "client_secret")):
            raise OAuthError("invalid_client", "Client key or secret is incorrect.")

    def _token_response(self, issued: NewTokens) -> JsonObject:
        return {
            "access_token": issued.access_token,
            "expires_in": issued.expires_in,
            "open_id": self._open_id_of(issued.grant.open_id),
            "refresh_expires_in": issued.refresh_expires_in,
            "refresh_token": issued.refresh_token,
            "scope": shuffled(issued.grant.scopes),
            "token_type": "Bearer",
        }
