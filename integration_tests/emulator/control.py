"""The control API under /_emulator/, which is neither limited nor logged."""

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
from .urls import redirect_warnings


class ClockState(BaseModel):
    """The emulator's time; `frozen` unset keeps the clock ticking or standing as it was."""

    now: datetime
    frozen: bool | None = None


class Advance(BaseModel):
    """How far to move the clock."""

    seconds: float


class Consent(BaseModel):
    """What the owner of an account does on the consent page of a family."""

    model_config = ConfigDict(extra="forbid")

    family: Family = "business"

    open_id: str | None = None
    scopes: list[str] | None = None
    redirect_uri: str | None = None


class ConsentResult(BaseModel):
    """Where the browser is sent, and what the real portal would have refused in that address."""

    auth_code: str
    redirect_uri: str
    location: str
    warnings: list[str]


class GrantRequest(BaseModel):
    """Ready-made tokens of a family; a negative life makes expired ones."""

    model_config = ConfigDict(extra="forbid")

    family: Family = "business"

    open_id: str | None = None
    scopes: list[str] | None = None
    access_token_expires_in: float | None = None
    refresh_token_expires_in: float | None = None


class AccountView(AccountSpec):
    """An account with the facts that follow from its attributes."""

    open_id: str
    created: str
    posts_now: int
    followers_now: int


class AppView(BaseModel):
    """The developer app, invented like everything here."""

    client_id: str
    client_secret: str
    redirect_uri: str


def control_router(emulator: Emulator) -> APIRouter:
    """Return the routes that steer `emulator`."""
    router = APIRouter(prefix="/_emulator", tags=["Control"])

    def found(open_id: str | None) -> Account:
        try:
            return emulator.account(open_id)
        except (KeyError, StopIteration):
            raise HTTPException(404, f"no account {open_id or ''}") from None

    def ticked(account: Account, scopes: list[str] | None, family: Family) -> list[str]:
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
                "followers_now": account.followers_at(now),
            }
        )

    def reading() -> ClockState:
        return ClockState(now=emulator.clock.now(), frozen=emulator.clock.frozen)

    @router.get("/app")
    async def get_app() -> AppView:
        return AppView(
            client_id=emulator.app.client_id,
            client_secret=emulator.app.client_secret,
            redirect_uri=emulator.app.redirect_uri,
        )

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
        return reading()

    @router.put("/clock")
    async def put_clock(new: ClockState) -> ClockState:
        emulator.clock.move_to(new.now, frozen=new.frozen)
        return reading()

    @router.post("/clock/advance")
    async def advance_clock(step: Advance) -> ClockState:
        emulator.clock.advance(step.seconds)
        return reading()

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
        scopes = ticked(account, consent.scopes, consent.family)
        redirect_uri = consent.redirect_uri or emulator.app.redirect_uri
        code = emulator.authorize(account.open_id, scopes, redirect_uri, family=consent.family)
        return ConsentResult(
            auth_code=code,
            redirect_uri=redirect_uri,
            location=f"{redirect_uri}?code={quote(code, safe='')}&scopes={quote(','.join(scopes), safe='')}",
            warnings=redirect_warnings(redirect_uri),
        )

    @router.post("/grant")
    async def grant(wish: GrantRequest) -> JsonObject:
        account = found(wish.open_id)
        return emulator.grant(
            account.open_id,
            ticked(account, wish.scopes, wish.family),
            access_token_expires_in=wish.access_token_expires_in,
            refresh_token_expires_in=wish.refresh_token_expires_in,
            family=wish.family,
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
