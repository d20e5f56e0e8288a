"""The consent page, on which an account's owner allows an app to read the account (docs/tiktok-api.md A2.1, B1)."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .emulator import Emulator
from .fields import ANALYTICS_SCOPES
from .login_kit.fields import SCOPES as LOGIN_KIT_SCOPES
from .page import page

PATHS = ("/v2/auth/authorize", "/v2/auth/authorize/")
# Nobody can withhold it.
ALWAYS = "user.info.basic"


def consent_router(emulator: Emulator) -> APIRouter:
    """Return the page, and what its buttons do."""
    router = APIRouter(include_in_schema=False)
    allowed_before: dict[str, str] = {}

    def refusal(query: dict[str, str]) -> Response | None:
        if query.get("client_key") != emulator.app.client_id:
            return _error_page("client_key", "There is no app with this client_key.")
        if query.get("redirect_uri") != emulator.app.redirect_uri:
            return _error_page(
                "redirect_uri", f"The app's redirect URL is {emulator.app.redirect_uri}, letter by letter."
            )
        if query.get("response_type") != "code":
            return _sent_back(query, error="unsupported_response_type", error_type="response_type")
        if not emulator.knobs.app_is_approved:
            return _sent_back(query, error="unauthorized_client", error_type="client_key")
        scopes = query.get("scope", "").split(",")
        lacking = emulator.knobs.app_lacks_scopes.split(",")
        if [scope for scope in scopes if scope not in ANALYTICS_SCOPES or scope in lacking]:
            return _sent_back(query, error="invalid_scope", error_type="scope")
        return None

    def allowed(query: dict[str, str], open_id: str, scopes: list[str]) -> Response:
        code = emulator.tokens.consent(open_id, scopes, query["redirect_uri"])
        if not set(scopes) - set(LOGIN_KIT_SCOPES):
            # The app of both families is one here, so the token call tells which it is.
            emulator.login_kit_tokens.take_code(code, emulator.tokens)
        allowed_before[query["scope"]] = open_id
        return _sent_back(query, code=code, scopes=",".join(scopes))

    async def show(request: Request) -> Response:
        query = dict(request.query_params)
        refused = refusal(query)
        if refused:
            return refused
        scopes = query["scope"].split(",")
        if query["scope"] in allowed_before and query.get("disable_auto_auth") != "1":
            return allowed(query, allowed_before[query["scope"]], scopes)
        return HTMLResponse(_form(emulator, scopes))

    async def decide(request: Request) -> Response:
        query = dict(request.query_params)
        refused = refusal(query)
        if refused:
            return refused
        form = parse_qs((await request.body()).decode())
        open_id = form.get("account", [""])[0]
        if form.get("decision") != ["allow"] or open_id not in emulator.accounts:
            return _sent_back(query, error="access_denied", error_description="User denied the request.")
        ticked = [ALWAYS, *form.get("scope", [])]
        return allowed(query, open_id, [scope for scope in query["scope"].split(",") if scope in ticked])

    for path in PATHS:
        router.add_api_route(path, show, methods=["GET"])
        router.add_api_route(path, decide, methods=["POST"])
    return router


def _sent_back(query: dict[str, str], **found: str) -> Response:
    """Send the browser back to the app, with the app's `state`."""
    state = {"state": query["state"]} if "state" in query else {}
    return RedirectResponse(f"{query['redirect_uri']}?{urlencode({**found, **state})}", status_code=302)


def _error_page(what: str, sentence: str) -> Response:
    """Return what TikTok shows where it can't send the browser back: it does not trust the address."""
    return HTMLResponse(
        page("Something went wrong", f"<p><code>{what}</code>: {escape(sentence)}</p>"), status_code=400
    )


def _form(emulator: Emulator, scopes: list[str]) -> str:
    accounts = "".join(
        f'<label><input type="radio" name="account" value="{escape(open_id)}"{" checked" if not number else ""}> '
        f"{escape(account.spec.display_name or '')} <small>@{escape(account.username)}</small></label>"
        for number, (open_id, account) in enumerate(emulator.accounts.items())
    )
    ticks = "".join(
        f'<label><input type="checkbox" name="scope" value="{scope}" checked{" disabled" if scope == ALWAYS else ""}> '
        f"<code>{scope}</code></label>"
        for scope in scopes
    )
    return page(
        "Allow the app to read your account?",
        f'<form method="post"><fieldset><legend>Account</legend>{accounts}</fieldset>'
        f"<fieldset><legend>The app may read</legend>{ticks}</fieldset>"
        '<p><button name="decision" value="allow">Allow</button> <button name="decision" value="cancel">Cancel</button>'
        "</p></form>",
    )
