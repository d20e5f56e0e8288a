"""Rate limits (docs/tiktok-api.md A5, D17)."""

from __future__ import annotations

from collections import deque

from .clock import Clock
from .envelope import ApiError, Code
from .knobs import Knobs

_RESTRICTED = "Due to too many requests, requests from App are temporarily restricted."
_Bucket = tuple[str, ...]
_APP: _Bucket = ("app",)


class RateLimits:
    """Counts accepted calls in rolling windows; whoever exceeds a minute's number is shut out for a while."""

    def __init__(self, clock: Clock, knobs: Knobs) -> None:
        """Start with empty windows."""
        self._clock = clock
        self._knobs = knobs
        self._calls: dict[_Bucket, deque[float]] = {}
        self._shut_until: dict[_Bucket, float] = {}

    def admit(self, path: str, open_id: str | None = None) -> None:
        """Count a call, or refuse it with 40100; calls without an account count for the app alone."""
        now, knobs = self._clock.seconds(), self._knobs
        endpoint = _APP if open_id is None else (open_id, path)
        if any(now < self._shut_until.get(bucket, 0) for bucket in (_APP, endpoint)):
            raise ApiError(Code.REQUEST_TOO_FREQUENT, _RESTRICTED)
        if knobs.app_qps and self._within(_APP, now, 1) >= knobs.app_qps:
            raise ApiError(Code.REQUEST_TOO_FREQUENT, f"App reaches the QPS limit {knobs.app_qps}")
        limits = {endpoint: knobs.account_endpoint_qpm, _APP: knobs.app_qpm}
        for bucket, limit in limits.items():
            if limit and self._within(bucket, now, 60) >= limit:
                self._shut_until[bucket] = now + knobs.penalty_seconds
                raise ApiError(Code.REQUEST_TOO_FREQUENT, "App reaches the QPS limit.")
        for bucket in limits:
            self._calls.setdefault(bucket, deque()).append(now)

    def admits_display_call(self, path: str, open_id: str) -> bool:
        """Count a call of the Display API unless the last minute was full; that has no penalty.

        docs/tiktok-api.md B2.
        """
        now, limit = self._clock.seconds(), self._knobs.display_qpm
        bucket = ("display", path, open_id if self._knobs.display_qpm_per == "user" else "")
        if limit and self._within(bucket, now, 60) >= limit:
            return False
        self._calls.setdefault(bucket, deque()).append(now)
        return True

    def _within(self, bucket: _Bucket, now: float, seconds: float) -> int:
        calls = self._calls.get(bucket, deque[float]())
        # A clock that was set back would otherwise keep calls of the future for ever.
        while calls and not now - 60 < calls[0] <= now:
            calls.popleft()
        recent = 0
        for at in reversed(calls):
            if at <= now - seconds:
                break
            recent += 1
        return recent
