"""The tokens of Login Kit; codes, rotation and the year that counts down are those of Business.

docs/tiktok-api.md B1.
"""

from __future__ import annotations

from collections.abc import Callable

from ..clock import Clock
from ..envelope import JsonObject
from ..knobs import Knobs
from ..tokens import AppCredentials, Grant, Issued, TokenStore, shuffled
from .envelope import DisplayError, OAuthError
from .parameters import Form, needed


class LoginKitTokens(TokenStore):
    """Answers the OAuth endpoints of Login Kit."""

    def __init__(self, app: AppCredentials, clock: Clock, knobs: Knobs, open_id_of: Callable[[str], str]) -> None:
        """Start without any token; `open_id_of` turns an account's id into the one that Login Kit uses."""
        super().__init__(app, clock, knobs)
        self._open_id_of = open_id_of

    def token(self, form: Form) -> JsonObject:
        """Answer oauth/token, which both exchanges codes and refreshes."""
        grant_type = needed(form, "grant_type")
        self._check_app(form)
        if grant_type == "authorization_code":
            return self._exchange(form)
        if grant_type == "refresh_token":
            return self._refresh_with(needed(form, "refresh_token"))
        raise OAuthError("unsupported_grant_type", "The authorization grant type is not supported.")

    def revoke(self, form: Form) -> None:
        """Answer oauth/revoke: the whole consent ends, its refresh token too."""
        self._check_app(form)
        found = self._access.get(needed(form, "token"))
        if found is not None and not self._is_over(found.expires_at):
            self._end(found.grant)
        elif self._knobs.oauth_revoke_of_unknown_token == "error":
            raise OAuthError("invalid_grant", "Access token is invalid or expired.")

    def grant_of(self, access_token: str) -> Grant:
        """Return what a data call's token allows."""
        found = self._access.get(access_token)
        if found is None or self._is_over(found.expires_at):
            raise DisplayError("access_token_invalid", "The access token is invalid or not found in the request.")
        return found.grant

    def _exchange(self, form: Form) -> JsonObject:
        code, redirect_uri = needed(form, "code"), needed(form, "redirect_uri")
        found = self._fresh_code(code)
        if found is None:
            raise OAuthError("invalid_grant", "Authorization code is expired.")
        if redirect_uri != found.redirect_uri:
            raise OAuthError("invalid_request", "Redirect_uri is not matched with the uri when requesting code.")
        return self._redeem(code)

    def _refresh_with(self, token: str) -> JsonObject:
        grant = self._refresh.get(token)
        if grant is None or self._is_over(grant.refresh_expires_at):
            raise OAuthError("invalid_grant", "Refresh token is invalid or expired.")
        return self._renew(token)

    def _check_app(self, form: Form) -> None:
        if not self._is_app(needed(form, "client_key"), needed(form, "client_secret")):
            raise OAuthError("invalid_client", "Client key or secret is incorrect.")

    def _in_words(self, issued: Issued) -> JsonObject:
        return {
            "access_token": issued.access_token,
            "expires_in": issued.expires_in,
            "open_id": self._open_id_of(issued.grant.open_id),
            "refresh_expires_in": issued.refresh_expires_in,
            "refresh_token": issued.refresh_token,
            "scope": shuffled(issued.grant.scopes),
            "token_type": "Bearer",
        }
