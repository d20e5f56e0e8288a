"""The daily series of an account (docs/tiktok-api.md A6, `metrics[]`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from . import noise
from .posts import DAY, PostTimeline

_ONE_DAY = timedelta(days=1)
_POST_ADDS_VIEWS_FOR = 30 * DAY
_FINAL_AFTER = 48 * 3600


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
    new_followers: int
    lost_followers: int

    @property
    def net_followers(self) -> int:
        """Return the change of the number of followers."""
        return self.new_followers - self.lost_followers


class DailySeries:
    """The days of an account. Views are computed from its posts, and new followers from the views."""

    def __init__(
        self, seed: int, timeline: PostTimeline, *, created: date, made_at: float, followers: int, daily_views: float
    ) -> None:
        """Take the number of followers at `made_at` (epoch seconds). Those of other days are computed from it."""
        self._seed = seed
        self._timeline = timeline
        self._created = created
        self._mean_growth = followers / max(1.0, (made_at - midnight(created)) / DAY)
        self._mean_views = max(daily_views, 1.0)
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
            return DayTotals(day, 0, 0, 0)
        start, ordinal = midnight(day), day.toordinal()
        weekend = 1.18 if day.weekday() >= 5 else 0.95
        from_posts = sum(
            post.views(start + DAY) - post.views(start)
            for post in self._timeline.created_between(start - _POST_ADDS_VIEWS_FOR, start + DAY)
        )
        from_older_posts = self._mean_views * 0.25
        views = int((from_posts + from_older_posts) * weekend * noise.between(0.94, 1.06, self._seed, ordinal, 1))
        growth = self._mean_growth * (0.6 * weekend + 0.4 * views / self._mean_views)
        new = growth * 1.45 * noise.between(0.8, 1.2, self._seed, ordinal, 2)
        lost = self._mean_growth * 0.45 * noise.between(0.7, 1.3, self._seed, ordinal, 3)
        return DayTotals(
            day,
            views,
            int(new + noise.fraction(self._seed, ordinal, 4)),
            int(lost + noise.fraction(self._seed, ordinal, 5)),
        )
