"""GET business/get/: profile, demographics of followers, and daily series (docs/tiktok-api.md A6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from . import noise, urls
from .accounts import Account
from .envelope import JsonObject, bad_parameter
from .fields import DAILY_FIELDS, PROFILE_FIELDS, Field
from .gaps import is_available, withhold
from .knobs import Knobs
from .parameters import Query, iso_date
from .series import known_fraction

LOOK_BACK_DAYS = 60
MIN_FOLLOWERS = 100
"""An account with fewer has no demographics."""

# Daily counters that are made as a fraction of the day's views: the lowest and the highest fraction.
_FRACTIONS_OF_VIEWS = {
    "unique_video_views": (0.74, 0.82),
    "profile_views": (0.013, 0.02),
    "shares": (0.003, 0.0045),
    "bio_link_clicks": (0.0004, 0.0008),
    "phone_number_clicks": (0, 0.00008),
    "lead_submissions": (0, 0.00004),
    "app_download_clicks": (0, 0.00003),
    "email_clicks": (0, 0.00006),
    "address_clicks": (0, 0.00016),
}
_NOISE_KEYS = {name: key for key, name in enumerate(_FRACTIONS_OF_VIEWS)}

# Fields that an account is made with.
_OF_THE_SPEC = {"username", "display_name"}


class ProfileValues:
    """The values of the fields of the profile at one instant."""

    def __init__(self, account: Account, now: float) -> None:
        """Take the account and the instant in epoch seconds."""
        self._account = account
        self._now = now
        self._seed = noise.mix(account.seed, 4)

    def value(self, name: str) -> Any:
        """Return the value of a field. Raises NotImplementedError for a field without one."""
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
                return account.series.followers_at(self._now)
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
        if name not in _OF_THE_SPEC:
            raise NotImplementedError(name)
        return getattr(account.spec, name)


class DayValues:
    """The values of the fields of one day in `metrics[]`, as they are known at one instant."""

    def __init__(self, account: Account, day: date, now: float, knobs: Knobs) -> None:
        """Take the account, the day, and the instant in epoch seconds."""
        self._account = account
        self._totals = account.series.totals(day)
        self._known_fraction = known_fraction(day, now)
        self._seed = noise.mix(account.seed, 5, day.toordinal())
        self._knobs = knobs

    def value(self, name: str) -> Any:
        """Return the value of a field. Raises NotImplementedError for a field without one."""
        totals, followers = self._totals, self._account.series.followers_at_end_of(self._totals.day)
        match name:
            case "video_views":
                return self._known(totals.views)
            case "likes":
                return self._known(totals.likes)
            case "comments":
                return self._known(totals.comments)
            case "engaged_audience":
                return self._known(totals.likes * noise.between(0.75, 0.85, self._seed, 20))
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
        if name not in _FRACTIONS_OF_VIEWS:
            raise NotImplementedError(name)
        low, high = _FRACTIONS_OF_VIEWS[name]
        return self._known(totals.views * noise.between(low, high, self._seed, _NOISE_KEYS[name]))

    def _known(self, final: float) -> int:
        return int(final * self._known_fraction)


class ProfileEndpoint:
    """The endpoint for one account. It raises ApiError."""

    def __init__(self, account: Account, scopes: frozenset[str], knobs: Knobs, now: float, today: date) -> None:
        """Take the account, the token's scopes, the instant in epoch seconds, and its UTC date."""
        self._account = account
        self._scopes = scopes
        self._knobs = knobs
        self._now = now
        self._today = today
        self._is_small = account.series.followers_at(now) < MIN_FOLLOWERS

    def data(self, names: list[str], query: Query) -> JsonObject:
        """Return the `data` of the response, with the requested fields whose scopes the token has."""
        first, last = self._window(query)
        values = ProfileValues(self._account, self._now)
        data: JsonObject = {}
        for field in (PROFILE_FIELDS[name] for name in names if name in PROFILE_FIELDS):
            if field.scope in self._scopes:
                if field.is_array and self._is_small:
                    withhold(data, field, "omit", self._knobs.small_account_audience)
                else:
                    data[field.name] = values.value(field.name)
        daily = [DAILY_FIELDS[name] for name in names if name in DAILY_FIELDS]
        daily = [field for field in daily if field.scope in self._scopes]
        if daily:
            data["metrics"] = [self._daily_record(day, daily) for day in self._days(first, last)]
        return data

    def _window(self, query: Query) -> tuple[date, date]:
        """Return the first and the last requested day."""
        first = iso_date(query, "start_date", self._today - timedelta(days=7))
        last = iso_date(query, "end_date", self._today - timedelta(days=1))
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
        """Return the days of the window that are in `metrics[]`, in ascending order."""
        first = max(first, self._account.created)
        if self._knobs.pending_days == "absent":
            last = min(last, self._newest_day)
        return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]

    @property
    def _newest_day(self) -> date:
        """Return the newest day with figures (docs/tiktok-api.md D11)."""
        return self._today - timedelta(days=self._knobs.latent_days)

    def _daily_record(self, day: date, fields: list[Field]) -> JsonObject:
        record: JsonObject = {"date": day.isoformat()}
        values = DayValues(self._account, day, self._now, self._knobs)
        pending = day > self._newest_day
        for field in fields:
            if not is_available(field, self._account, self._knobs):
                withhold(record, field, self._knobs.account_kind_values, "omit")
            elif field.is_array and self._is_small:
                withhold(record, field, "omit", self._knobs.small_account_activity)
            elif pending:
                withhold(record, field, "zero", "empty")
            else:
                record[field.name] = values.value(field.name)
        return record
