"""The daily series of an account (docs/tiktok-api.md A6, `metrics[]`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from . import noise
from .posts import DAY, PostTimeline

_ONE_DAY = timedelta(days=1)
_FINAL_AFTER = 48 * 3600
# In parts of the followers of an account: how many it gained more than lost since its first day, and how many it lost.
_GAINED, _LOST = 0.9, 0.45


def midnight(day: date) -> float:
    """Return the epoch seconds at which a UTC day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def known_fraction(day: date, now: float) -> float:
    """Return the fraction of a day's final figures that TikTok knows at `now`.

    It rises from 0.8 at the end of the day to 1 after 48 hours more (docs/tiktok-api.md D11).
    """
    return min(1.0, 0.8 + 0.2 * max(0.0, now - midnight(day + _ONE_DAY)) / _FINAL_AFTER)


@dataclass(frozen=True, slots=True)
class DayTotals:
    """The final figures of one day."""

    day: date
    views: int
    likes: int
    comments: int
    new_followers: int
    lost_followers: int

    @property
    def net_followers(self) -> int:
        """Return the change of the number of followers."""
        return self.new_followers - self.lost_followers


class DailySeries:
    """The days of an account. Its posts gain views, likes and comments, and most of its new followers."""

    def __init__(
        self,
        seed: int,
        timeline: PostTimeline,
        *,
        created: date,
        made_at: float,
        followers: int,
        follow_scale: float,
        gained_by_posts: float,
    ) -> None:
        """Take the number of followers at `made_at` (epoch seconds). Those of other days are computed from it.

        Its posts gained `gained_by_posts` of them until then. `follow_scale` is that of Account.
        """
        self._seed = seed
        self._timeline = timeline
        self._created = created
        self._follow_scale = follow_scale
        lived = max(1.0, (made_at - midnight(created)) / DAY)
        self._mean_lost = _LOST * followers / lived
        self._mean_elsewhere = ((_GAINED + _LOST) * followers - gained_by_posts) / lived
        self._days: dict[date, DayTotals] = {}
        yesterday = datetime.fromtimestamp(made_at, UTC).date() - _ONE_DAY
        self._followers = {yesterday: followers - self._net_followers_until(made_at)}
        self._first_known = self._last_known = yesterday

    def totals(self, day: date) -> DayTotals:
        """Return the final figures of a day."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._compute(day)
        return found

    def followers_at_end_of(self, day: date) -> int:
        """Return the number of followers when a day ends."""
        while self._last_known < day:
            before = self._followers[self._last_known]
            self._last_known += _ONE_DAY
            self._followers[self._last_known] = before + self.totals(self._last_known).net_followers
        while self._first_known > day:
            after = self._followers[self._first_known] - self.totals(self._first_known).net_followers
            self._first_known -= _ONE_DAY
            self._followers[self._first_known] = after
        return max(0, self._followers[day])

    def followers_at(self, instant: float) -> int:
        """Return the number of followers at an instant, in epoch seconds."""
        yesterday = datetime.fromtimestamp(instant, UTC).date() - _ONE_DAY
        return max(0, self.followers_at_end_of(yesterday) + self._net_followers_until(instant))

    def _net_followers_until(self, instant: float) -> int:
        """Return the change of the number of followers since midnight."""
        today = datetime.fromtimestamp(instant, UTC).date()
        return int(self.totals(today).net_followers * (instant - midnight(today)) / DAY)

    def _compute(self, day: date) -> DayTotals:
        if day < self._created:
            return DayTotals(day, 0, 0, 0, 0, 0)
        start, ordinal = midnight(day), day.toordinal()
        weekend = 1.12 if day.weekday() >= 5 else 0.97
        gain = self._timeline.gained_between(start, start + DAY)
        by_posts = gain.follows * self._follow_scale
        elsewhere = self._mean_elsewhere * weekend * noise.between(0.8, 1.2, self._seed, ordinal, 2)
        new = by_posts * noise.between(1.0, 1.06, self._seed, ordinal, 6) + elsewhere
        lost = self._mean_lost * noise.between(0.7, 1.3, self._seed, ordinal, 3)
        return DayTotals(
            day,
            int(gain.views * weekend * noise.between(0.97, 1.05, self._seed, ordinal, 1)),
            # More than the posts' likes grow by: those that are taken back later count (docs/tiktok-api.md D20).
            int(gain.likes * weekend * noise.between(1.05, 1.09, self._seed, ordinal, 7)),
            gain.comments,
            int(new + noise.fraction(self._seed, ordinal, 4)),
            int(lost + noise.fraction(self._seed, ordinal, 5)),
        )
