"""TikTok's limits of calls, kept before a call is made."""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from operator import itemgetter

from airbyte_cdk.sources.streams.call_rate import Rate

LOGGER = logging.getLogger("airbyte")


@dataclass
class CallLimit:
    """A limit of TikTok's: at most `limit` calls in any `interval` of seconds. CallTurns keeps it.

    A call occupies a slot from its start until `interval` seconds after its response. TikTok counts it somewhere in
    between, so this is the only safe span: on a busy machine, calls that were sent one after the other arrive together.
    `scope` says of whose calls it is; `waited` are the seconds that threads have waited for it.

    In:  a limit of 40 in 60 seconds, 38 calls with a response in the last minute, two under way
    Out: `wait` is the time until the first of the 38 responses is a minute old
    """

    limit: int
    interval: float
    scope: str = ""
    waited: float = field(init=False, default=0)
    under_way: int = field(init=False, default=0)
    ended: deque[float] = field(init=False, repr=False, default_factory=deque)

    def wait(self, now: float) -> float | None:
        """Seconds until the next call may start; 0 or less is now, None is when a call under way has ended."""
        while self.ended and self.ended[0] <= now - self.interval:
            self.ended.popleft()
        too_many = self.under_way + len(self.ended) - self.limit
        if too_many < 0:
            return 0
        return self.ended[too_many] + self.interval - now if too_many < len(self.ended) else None


@dataclass
class CallTurns:
    """Lets calls start when their limits allow it. Each thread makes one call at a time."""

    _limits: dict[str, CallLimit] = field(init=False, repr=False, default_factory=dict)
    _calls: dict[int, list[CallLimit]] = field(init=False, repr=False, default_factory=dict)
    _changed: threading.Condition = field(init=False, repr=False, default_factory=threading.Condition)

    def limit(self, name: str, rate: Rate, scope: str = "") -> CallLimit:
        """The limit of this name, the same for all who ask."""
        with self._changed:
            return self._limits.setdefault(name, CallLimit(int(rate.limit), rate.interval.total_seconds(), scope))

    def begin(self, limits: list[CallLimit]) -> None:
        """Return when a call may start that counts for all these limits."""
        self.end()
        while True:
            with self._changed:
                now = time.monotonic()
                waits = [(limit.wait(now), limit) for limit in limits]
                occupied = next((limit for wait, limit in waits if wait is None), None)
                if occupied:
                    self._changed.wait(timeout=60)
                    occupied.waited += time.monotonic() - now
                    continue
                blocked = [(wait, limit) for wait, limit in waits if wait and wait > 0]
                if not blocked:
                    self._calls[threading.get_ident()] = limits
                    for limit in limits:
                        limit.under_way += 1
                    return
                longest, slowest = max(blocked, key=itemgetter(0))
                slowest.waited += longest
            time.sleep(longest)

    def end(self) -> None:
        """The call of this thread has its response, or will have none."""
        with self._changed:
            for limit in self._calls.pop(threading.get_ident(), []):
                limit.under_way -= 1
                limit.ended.append(time.monotonic())
            self._changed.notify_all()

    def say_what_limited(self) -> None:
        """Say what set the pace of a sync that waited for a minute or more, when it is over."""
        waited: dict[str, float] = {}
        for limit in self._limits.values():
            sentence = f"{limit.limit} calls in {limit.interval:.0f} seconds {limit.scope}"
            waited[sentence] = waited.get(sentence, 0) + limit.waited
        longest = max(waited, key=lambda sentence: waited[sentence], default="")
        if longest and waited[longest] >= 60:
            LOGGER.info(f"What set the pace of this sync is TikTok's limit of {longest} (see docs/scaling.md).")
