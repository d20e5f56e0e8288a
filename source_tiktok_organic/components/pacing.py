"""TikTok's limits of calls, kept before a call is made."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from airbyte_cdk.sources.streams.call_rate import Rate


@dataclass
class CallLimit:
    """A limit of TikTok's: at most `limit` calls in any `interval` of seconds. CallTurns keeps it.

    A call counts from its beginning until `interval` after its answer, because nobody knows when in between it reaches
    TikTok: on a busy machine, calls that were sent one after the other arrive together.

    In:  a limit of 40 in 60 seconds, 38 calls that were answered within the last minute, two under way
    Out: `wait` is the time until the first of the 38 answers is a minute old
    """

    limit: int
    interval: float
    under_way: int = field(init=False, default=0)
    answered: deque[float] = field(init=False, repr=False, default_factory=deque)

    def wait(self, now: float) -> float | None:
        """For how long no further call may begin: seconds, 0 or less for none, None until one under way is answered."""
        while self.answered and self.answered[0] <= now - self.interval:
            self.answered.popleft()
        too_many = self.under_way + len(self.answered) - self.limit
        if too_many < 0:
            return 0
        return self.answered[too_many] + self.interval - now if too_many < len(self.answered) else None


@dataclass
class CallTurns:
    """Lets calls begin when their limits allow it; each thread makes one call at a time."""

    _calls: dict[int, list[CallLimit]] = field(init=False, repr=False, default_factory=dict)
    _changed: threading.Condition = field(init=False, repr=False, default_factory=threading.Condition)

    def begin(self, limits: list[CallLimit]) -> None:
        """Return when a call that all these limits are for may begin."""
        self.end()
        while True:
            with self._changed:
                waits = [limit.wait(time.monotonic()) for limit in limits]
                if None in waits:
                    self._changed.wait(timeout=60)
                    continue
                longest = max((wait for wait in waits if wait is not None), default=0)
                if longest <= 0:
                    self._calls[threading.get_ident()] = limits
                    for limit in limits:
                        limit.under_way += 1
                    return
            time.sleep(longest)

    def end(self) -> None:
        """The call of this thread has its answer, or will have none."""
        with self._changed:
            for limit in self._calls.pop(threading.get_ident(), []):
                limit.under_way -= 1
                limit.answered.append(time.monotonic())
            self._changed.notify_all()


def limit_of(rate: Rate) -> CallLimit:
    return CallLimit(int(rate.limit), rate.interval.total_seconds())
