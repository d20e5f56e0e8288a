"""GET /business/get/: profile, follower demographics and daily series (docs/tiktok-api.md A6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from . import noise, urls
from .accounts import Account
from .envelope import JsonObject, bad_parameter
from .fields import DAILY_FIELDS, PROFILE_FIELDS, Field, Gate
from .gaps import withhold
from .knobs import Knobs
from .parameters import Query, day
from .series import settled_share

DEFAULT_FIELDS = ["display_name", "profile_image"]
LOOK_BACK_DAYS = 60
SMALL_ACCOUNT = 100
"""Below so many followers there are no demographics."""


# The daily counters that are a steady share of the day's views: from the lowest to the highest share.
_SHARES_OF_VIEWS = {
    "unique_video_views": (0.74, 0.82),
    "profile_views": (0.013, 0.02),
    "likes": (0.045, 0.06),
    "comments": (0.0018, 0.0035),
    "shares": (0.003, 0.006),
    "bio_link_clicks": (0.0004, 0.0008),
    "phone_number_clicks": (0, 0.00008),
    "lead_submissions": (0, 0.00004),
    "app_download_clicks": (0, 0.00003),
    "email_clicks": (0, 0.00006),
    "address_clicks": (0, 0.00016),
    "engaged_audience": (0.04, 0.05),
}
_SHARE_KEYS = {name: key for key, name in enumerate(_SHARES_OF_VIEWS)}


class ProfileReading:
    """The lifetime fields of an account at one instant."""

    def __init__(self, account: Account, now: float) -> None:
        """Read `account` at `now`."""
        self._account = account
        self._now = now
        self._seed = noise.mix(account.seed, 4)

    def value(self, name: str) -> Any:
        """Return one field."""
        account, audience, seed = self._account, self._account.demographics, self._seed
        match name:
            case "is_business_account":
                return account.is_business
            case "profile_image":
                return urls.signed(f"tos-maliva-avt-0068/{seed:016x}~c5_168x168.jpeg", self._now)
            case "profile_deep_link":
                return f"https://vm.tiktok.com/ZM{seed % 16**7:07x}/"
            case "bio_description":
                return account.theme.bio
            case "is_verified":
                return account.spec.followers >= 250_000
            case "following_count":
                return account.spec.following
            case "followers_count":
                return account.followers_at(self._now)
            case "total_likes":
                return account.total_likes(self._now)
            case "videos_count":
                return account.timeline.public_videos(self._now)
            case "audience_ages":
                return audience.ages(seed)
            case "audience_genders":
                return audience.genders(seed)
            case "audience_countries":
                return audience.countries(seed)
            case "audience_cities":
                return audience.cities(seed, prefixed=False)
        return getattr(account.spec, name)


class DayReading:
    """One object of `metrics[]`, as far as it is known by now."""

    def __init__(self, account: Account, on: date, now: float, knobs: Knobs) -> None:
        """Read the day `on` at `now`."""
        self._account = account
        self._totals = account.series.totals(on)
        self._share = settled_share(on, now)
        self._seed = noise.mix(account.seed, 5, on.toordinal())
        self._knobs = knobs

    def value(self, name: str) -> Any:
        """Return one field."""
        totals, followers = self._totals, self._account.series.followers_at_end_of(self._totals.day)
        match name:
            case "video_views":
                return self._known(totals.views)
            case "followers_count":
                return followers
            case "daily_new_followers":
                return self._known(totals.new_followers)
            case "daily_lost_followers":
                return self._known(totals.lost_followers)
            case "daily_total_followers":
                net = self._known(totals.new_followers) - self._known(totals.lost_followers)
                return net if self._knobs.daily_total_followers == "net" else followers
            case "audience_activity":
                counts = self._account.demographics.activity(followers, self._seed)
                return [{"hour": str(hour), "count": self._known(count)} for hour, count in enumerate(counts)]
        low, high = _SHARES_OF_VIEWS[name]
        return self._known(totals.views * noise.between(low, high, self._seed, _SHARE_KEYS[name]))

    def _known(self, final: float) -> int:
        return int(final * self._share)


class ProfileEndpoint:
    """Answers /business/get/ for one account."""

    def __init__(self, account: Account, scopes: frozenset[str], knobs: Knobs, now: float, today: date) -> None:
        """Answer at `now` for a token that carries `scopes`."""
        self._account = account
        self._scopes = scopes
        self._knobs = knobs
        self._now = now
        self._today = today
        self._is_small = account.followers_at(now) < SMALL_ACCOUNT

    def answer(self, names: list[str], query: Query) -> JsonObject:
        """Return the `data` object for the requested fields."""
        first, last = self._window(query)
        reading = ProfileReading(self._account, self._now)
        data: JsonObject = {}
        for field in (PROFILE_FIELDS[name] for name in names if name in PROFILE_FIELDS):
            if field.scope in self._scopes:
                if field.is_array and self._is_small:
                    withhold(data, field, "omit", self._knobs.small_account_audience)
                else:
                    data[field.name] = reading.value(field.name)
        daily = [DAILY_FIELDS[name] for name in names if name in DAILY_FIELDS]
        daily = [field for field in daily if field.scope in self._scopes]
        if daily:
            data["metrics"] = [self._day(on, daily) for on in self._days(first, last)]
        return data

    def _window(self, query: Query) -> tuple[date, date]:
        first = day(query, "start_date", self._today - timedelta(days=7))
        last = day(query, "end_date", self._today - timedelta(days=1))
        oldest = self._today - timedelta(days=LOOK_BACK_DAYS)
        if last >= self._today:
            if self._knobs.future_end_date == "error":
                raise bad_parameter("end_date", "must be earlier than today")
            last = self._today - timedelta(days=1)
        if first > last:
            raise bad_parameter("start_date", "must not be later than end_date")
        if first < oldest:
            if self._knobs.old_start_date == "error":
                raise bad_parameter("start_date", f"must be within the last {LOOK_BACK_DAYS} days")
            first = oldest
        return first, last

    def _days(self, first: date, last: date) -> list[date]:
        first = max(first, self._account.created)
        if self._knobs.pending_days == "absent":
            last = min(last, self._newest_settled)
        return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]

    @property
    def _newest_settled(self) -> date:
        return self._today - timedelta(days=self._knobs.latent_days)

    def _day(self, on: date, fields: list[Field]) -> JsonObject:
        row: JsonObject = {"date": on.isoformat()}
        reading = DayReading(self._account, on, self._now, self._knobs)
        pending = on > self._newest_settled
        for field in fields:
            if not self._account.passes(self._gate(field)):
                withhold(row, field, self._knobs.account_kind_values, "omit")
            elif field.is_array and self._is_small:
                withhold(row, field, "omit", self._knobs.small_account_activity)
            elif pending:
                withhold(row, field, "zero", "empty")
            else:
                row[field.name] = reading.value(field.name)
        return row

    def _gate(self, field: Field) -> Gate:
        if field.name == "audience_activity" and self._knobs.audience_activity_needs_business:
            return Gate.BUSINESS
        if field.name == "profile_views" and self._knobs.profile_views_needs_registration:
            return Gate.REGISTERED
        return field.gate
