"""The control API below /_emulator/. It has no rate limits, and the log does not have its requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, ValidationError

from .accounts import Account, AccountSpec
from .calls import Call, Tally
from .emulator import Emulator, Family
from .envelope import JsonObject
from .faults import Fault
from .knobs import Knobs
from .tokens import AppCredentials
from .urls import redirect_warnings


class ClockState(BaseModel):
    """The clock. Without `frozen`, a change of the time lets it run or stand still as before."""

    now: datetime
    frozen: bool | None = None


class Advance(BaseModel):
    """A number of seconds by which the clock moves."""

    seconds: float


class Consent(BaseModel):
    """The consent of an account's owner."""

    model_config = ConfigDict(extra="forbid")

    family: Family = "business"
    open_id: str | None = None
    scopes: list[str] | None = None
    redirect_uri: str | None = None


class ConsentResult(BaseModel):
    """The redirect after a consent. The warnings are rules of TikTok's portal that the redirect URL breaks."""

    auth_code: str
    redirect_uri: str
    location: str
    warnings: list[str]


class GrantRequest(BaseModel):
    """A request for tokens without a code. With a negative number of seconds they have expired."""

    model_config = ConfigDict(extra="forbid")

    family: Family = "business"
    open_id: str | None = None
    scopes: list[str] | None = None
    access_token_expires_in: float | None = None
    refresh_token_expires_in: float | None = None


class AccountView(AccountSpec):
    """The attributes of an account, and facts computed from them."""

    open_id: str
    created: str
    posts_now: int
    followers_now: int


def control_router(emulator: Emulator) -> APIRouter:
    """Return the routes of the control API."""
    router = APIRouter(prefix="/_emulator", tags=["Control"])

    def found(open_id: str | None) -> Account:
        try:
            return emulator.account(open_id)
        except (KeyError, StopIteration):
            raise HTTPException(404, f"no account {open_id or ''}") from None

    def granted_scopes(account: Account, scopes: list[str] | None, family: Family) -> list[str]:
        try:
            return emulator.granted_scopes(account, scopes, family)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None

    def view(account: Account) -> AccountView:
        now = emulator.clock.seconds()
        return AccountView.model_validate(
            account.spec.model_dump()
            | {
                "created": account.created.isoformat(),
                "posts_now": account.timeline.count(now),
                "followers_now": account.series.followers_at(now),
            }
        )

    def clock_state() -> ClockState:
        return ClockState(now=emulator.clock.now(), frozen=emulator.clock.frozen)

    @router.get("/app")
    async def get_app() -> AppCredentials:
        return emulator.app

    @router.get("/knobs")
    async def get_knobs() -> Knobs:
        return emulator.knobs

    @router.patch("/knobs")
    async def patch_knobs(changes: dict[str, Any]) -> Knobs:
        try:
            return emulator.set_knobs(**changes)
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from None

    @router.get("/clock")
    async def get_clock() -> ClockState:
        return clock_state()

    @router.put("/clock")
    async def put_clock(new: ClockState) -> ClockState:
        emulator.clock.move_to(new.now, frozen=new.frozen)
        return clock_state()

    @router.post("/clock/advance")
    async def advance_clock(step: Advance) -> ClockState:
        emulator.clock.advance(step.seconds)
        return clock_state()

    @router.get("/accounts")
    async def get_accounts() -> list[AccountView]:
        return [view(account) for account in emulator.accounts.values()]

    @router.post("/accounts", status_code=201)
    async def post_account(spec: AccountSpec) -> AccountView:
        try:
            return view(emulator.add_account(spec))
        except ValueError as error:
            raise HTTPException(409, str(error)) from None

    @router.patch("/accounts/{open_id}")
    async def patch_account(open_id: str, changes: dict[str, Any]) -> AccountView:
        found(open_id)
        try:
            return view(emulator.change_account(open_id, **changes))
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from None

    @router.post("/authorize")
    async def authorize(consent: Consent) -> ConsentResult:
        account = found(consent.open_id)
        scopes = granted_scopes(account, consent.scopes, consent.family)
        redirect_uri = consent.redirect_uri or emulator.app.redirect_uri
        code = emulator.authorize(account.open_id, scopes, redirect_uri, family=consent.family)
        return ConsentResult(
            auth_code=code,
            redirect_uri=redirect_uri,
            location=f"{redirect_uri}?code={quote(code, safe='')}&scopes={quote(','.join(scopes), safe='')}",
            warnings=redirect_warnings(redirect_uri),
        )

    @router.post("/grant")
    async def grant(wanted: GrantRequest) -> JsonObject:
        account = found(wanted.open_id)
        return emulator.grant(
            account.open_id,
            granted_scopes(account, wanted.scopes, wanted.family),
            access_token_expires_in=wanted.access_token_expires_in,
            refresh_token_expires_in=wanted.refresh_token_expires_in,
            family=wanted.family,
        )

    @router.get("/faults")
    async def get_faults() -> list[Fault]:
        return emulator.faults.entries

    @router.post("/faults", status_code=201)
    async def post_fault(fault: Fault) -> Fault:
        emulator.faults.add(fault)
        return fault

    @router.delete("/faults", status_code=204)
    async def delete_faults() -> None:
        emulator.faults.clear()

    @router.get("/calls")
    async def get_calls() -> list[Call]:
        return emulator.calls.entries

    @router.get("/calls/summary")
    async def get_summary() -> dict[str, Tally]:
        return emulator.calls.summary()

    @router.delete("/calls", status_code=204)
    async def delete_calls() -> None:
        emulator.calls.clear()

    @router.post("/reset", status_code=204)
    async def reset() -> None:
        emulator.reset()

    return router
