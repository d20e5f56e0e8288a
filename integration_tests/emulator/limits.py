"""The rate limits of both families (docs/tiktok-api.md A5, B2, D17)."""

from __future__ import annotations

from collections import deque

from .clock import Clock
from .envelope import ApiError, Code
from .knobs import Knobs

_Bucket = tuple[str, ...]
_APP: _Bucket = ("app",)


class RateLimits:
    """Counts the admitted requests in sliding windows."""

    def __init__(self, clock: Clock, knobs: Knobs) -> None:
        """Start without requests."""
        self._clock = clock
        self._knobs = knobs
        self._admitted: dict[_Bucket, deque[float]] = {}
        self._refused_until = 0.0

    def admit(self, path: str, open_id: str | None = None) -> None:
        """Count a request of the API for Business. A request without an account counts for the app only.

        After a limit of a minute was exceeded, everything is refused for `penalty_seconds` (docs/tiktok-api.md D17).
        Raises ApiError 40100 if a limit is exceeded (docs/tiktok-api.md A5).
        """
        now, knobs = self._clock.seconds(), self._knobs
        endpoint = _APP if open_id is None else (open_id, path)
        if now < self._refused_until:
            message = "Due to too many requests, requests from App are temporarily restricted."
            raise ApiError(Code.REQUEST_TOO_FREQUENT, message)
        if knobs.app_qps and self._count(_APP, now, 1) >= knobs.app_qps:
            raise ApiError(Code.REQUEST_TOO_FREQUENT, f"App reaches the QPS limit {knobs.app_qps}")
        limits = {endpoint: knobs.account_endpoint_qpm, _APP: knobs.app_qpm}
        for bucket, limit in limits.items():
            if limit and self._count(bucket, now, 60) >= limit:
                self._refused_until = now + knobs.penalty_seconds
                raise ApiError(Code.REQUEST_TOO_FREQUENT, "App reaches the QPS limit.")
        for bucket in limits:
            self._admitted.setdefault(bucket, deque()).append(now)

    def admits_display_request(self, path: str, open_id: str) -> bool:
        """Count a request of the Display API. Return False if the limit is exceeded. There is no penalty.

        docs/tiktok-api.md B2.
        """
        now, limit = self._clock.seconds(), self._knobs.display_qpm
        bucket = ("display", path, open_id if self._knobs.display_qpm_per == "user" else "")
        if limit and self._count(bucket, now, 60) >= limit:
            return False
        self._admitted.setdefault(bucket, deque()).append(now)
        return True

    def _count(self, bucket: _Bucket, now: float, seconds: float) -> int:
        """Return how many requests were admitted in the last `seconds`, 60 at most."""
        times = self._admitted.get(bucket, deque[float]())
        # After the clock was set back, times of the future would stay for ever.
        while times and not now - 60 < times[0] <= now:
            times.popleft()
        recent = 0
        for time in reversed(times):
            if time <= now - seconds:
                break
            recent += 1
        return recent
