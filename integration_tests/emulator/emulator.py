"""The state of the emulator."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from . import noise
from .accounts import Account, AccountSpec
from .calls import CallLog
from .clock import Clock
from .complete import check_fields
from .envelope import JsonObject
from .faults import Fault, Faults
from .knobs import Knobs
from .limits import RateLimits
from .login_kit.fields import SCOPES as LOGIN_KIT_SCOPES
from .login_kit.identity import open_id_in
from .login_kit.tokens import LoginKitTokens
from .oddities import Oddities
from .tokens import AppCredentials, BusinessTokens, TokenStore

Family = Literal["business", "login_kit"]


class Emulator:
    """The state of an emulated TikTok: accounts, tokens, limits, faults, knobs and clock."""

    def __init__(
        self,
        *,
        seed: int = 7,
        now: datetime | None = None,
        frozen: bool = False,
        accounts: Iterable[AccountSpec] | None = None,
        knobs: Knobs | None = None,
        app: AppCredentials | None = None,
    ) -> None:
        """Make the accounts, by default one. The same seed at the same time gives the same data.

        Raises NotImplementedError if a field of fields.py has no value.
        """
        check_fields()
        self.seed = seed
        self.app = app or AppCredentials()
        self.clock = Clock(now, frozen=frozen)
        self.knobs = (knobs or Knobs()).model_copy()
        self._initial_knobs = self.knobs.model_copy()
        self._initial_accounts = [AccountSpec()] if accounts is None else list(accounts)
        self._initial_clock = (now, frozen)
        self._start()

    def _start(self) -> None:
        self.tokens = BusinessTokens(self.app, self.clock, self.knobs)
        self.login_kit_tokens = LoginKitTokens(self.app, self.clock, self.knobs, self.login_kit_open_id)
        self.limits = RateLimits(self.clock, self.knobs)
        self.faults = Faults()
        self.oddities = Oddities(self.knobs)
        self.calls = CallLog()
        self.accounts: dict[str, Account] = {}
        for spec in self._initial_accounts:
            self.add_account(spec)

    def reset(self) -> None:
        """Go back to the state after construction: there are no tokens, faults and logged requests."""
        start, frozen = self._initial_clock
        self.clock.restart(start, frozen=frozen)
        self.set_knobs(**self._initial_knobs.model_dump())
        self._start()

    def set_knobs(self, **changes: Any) -> Knobs:
        """Change knobs. Raises ValidationError for an unknown knob or a wrong value; then no knob changes."""
        checked = Knobs.model_validate(self.knobs.model_dump() | changes)
        for name in changes:
            setattr(self.knobs, name, getattr(checked, name))
        return self.knobs

    def add_account(self, spec: AccountSpec | None = None) -> Account:
        """Make an account as of now. Raises ValueError if its open_id exists."""
        account = Account(spec or AccountSpec(), len(self.accounts), self.seed, self.clock.now())
        if account.open_id in self.accounts:
            raise ValueError(f"there is an account {account.open_id} already")
        self.accounts[account.open_id] = account
        return account

    def change_account(self, open_id: str, **changes: Any) -> Account:
        """Change attributes of an account. Its open_id stays, and so does the time at which it was made."""
        old = self.account(open_id)
        spec = AccountSpec.model_validate(old.spec.model_dump() | changes | {"open_id": open_id})
        account = Account(spec, old.number, self.seed, old.made_at)
        self.accounts[open_id] = account
        return account

    def account(self, open_id: str | None = None) -> Account:
        """Return an account, by default the first one. Raises KeyError if it does not exist."""
        if open_id is None:
            return next(iter(self.accounts.values()))
        return self.accounts[open_id]

    def login_kit_open_id(self, open_id: str) -> str:
        """Return the open_id of an account in Login Kit."""
        return open_id if self.knobs.login_kit_open_id == "same" else open_id_in(self.app.client_id, open_id)

    def granted_scopes(self, account: Account, scopes: list[str] | None, family: Family) -> list[str]:
        """Return the scopes that a consent grants, by default all. Raises ValueError for a scope that Login Kit lacks.

        docs/tiktok-api.md B7.
        """
        if family == "business":
            return account.spec.scopes if scopes is None else scopes
        if scopes is None:
            return [scope for scope in account.spec.scopes if scope in LOGIN_KIT_SCOPES]
        if unknown := set(scopes).difference(LOGIN_KIT_SCOPES):
            raise ValueError(f"invalid_scope: Login Kit has no scope {', '.join(sorted(unknown))}")
        return scopes

    def authorize(
        self,
        open_id: str | None = None,
        scopes: list[str] | None = None,
        redirect_uri: str | None = None,
        *,
        family: Family = "business",
    ) -> str:
        """Consent as the account's owner, and return the authorisation code."""
        account = self.account(open_id)
        granted = self.granted_scopes(account, scopes, family)
        return self._tokens_of(family).consent(account.open_id, granted, redirect_uri)

    def grant(
        self,
        open_id: str | None = None,
        scopes: list[str] | None = None,
        *,
        access_token_expires_in: float | None = None,
        refresh_token_expires_in: float | None = None,
        family: Family = "business",
    ) -> JsonObject:
        """Return tokens without a code. With a negative number of seconds they have expired.

        The response is that of the family's OAuth endpoint.
        """
        account = self.account(open_id)
        granted = self.granted_scopes(account, scopes, family)
        tokens = self._tokens_of(family)
        return tokens.grant(account.open_id, granted, access_token_expires_in, refresh_token_expires_in)

    def _tokens_of(self, family: Family) -> TokenStore:
        return self.login_kit_tokens if family == "login_kit" else self.tokens

    def add_fault(self, path: str, kind: str, **options: Any) -> Fault:
        """Set a fault. The options are the other attributes of `Fault`."""
        fault = Fault.model_validate({"path": path, "kind": kind, **options})
        self.faults.add(fault)
        return fault

    @property
    def benchmark_seed(self) -> int:
        """Return the seed of business/benchmark/, which is the same for all accounts."""
        return noise.mix(self.seed, 99)
