"""GET business/video/list/: posts with their analytics (docs/tiktok-api.md A7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from . import noise, urls, vocabulary
from .accounts import Account
from .envelope import JsonObject, bad_parameter
from .fields import VIDEO_FIELDS, Field
from .gaps import is_available, withhold
from .knobs import Knobs
from .paging import page_of_posts
from .parameters import Query, integer, json_literal, max_count, strings
from .posts import Post
from .profile import MIN_FOLLOWERS
from .series import midnight

_CURVES = ("video_view_retention", "engagement_likes")

# Counters that are made as a fraction of the post's views: the lowest fraction, and one that few posts exceed.
_FRACTIONS_OF_VIEWS = {
    "shares": (0.001, 0.006),
    "favorites": (0.003, 0.012),
    "profile_views": (0.005, 0.012),
    "website_clicks": (0.0001, 0.0006),
    "phone_number_clicks": (0, 0.00005),
    "lead_submissions": (0, 0.00003),
    "app_download_clicks": (0, 0.00002),
    "email_clicks": (0, 0.00004),
    "address_clicks": (0, 0.0001),
}
_NOISE_KEYS = {name: key for key, name in enumerate(_FRACTIONS_OF_VIEWS)}


class PostValues:
    """The values of the fields of a post at one instant."""

    def __init__(
        self, post: Post, account: Account, app_id: str, knobs: Knobs, now: float, figures_until: float
    ) -> None:
        """Take the post and the instant. Figures are those of `figures_until`. Times are epoch seconds."""
        self._post = post
        self._account = account
        self._app_id = app_id
        self._knobs = knobs
        self._now = now
        self._figures_until = figures_until
        self._hook = noise.between(0.6, 0.85, post.seed, 14)

    def value(self, name: str) -> Any:
        """Return the value of a field. Raises NotImplementedError for a field without one."""
        post, account, audience = self._post, self._account, self._account.demographics
        match name:
            case "item_id":
                return str(post.item_id)
            case "media_type":
                return "PHOTO" if post.is_photo else "VIDEO"
            case "is_ad":
                return post.is_ad
            case "thumbnail_url":
                return urls.signed(f"obj/tos-maliva-p-0068/{post.seed:016x}", self._now)
            case "share_url":
                return urls.share(account.username, post.item_id, photo=post.is_photo, app_id=self._app_id)
            case "embed_url":
                return urls.embed(post.item_id, self._app_id)
            case "caption":
                return post.caption(account.theme)
            case "create_time":
                return str(post.create_time)
            case "video_duration":
                return post.duration
            case "likes":
                return post.likes(self._figures_until)
            case "video_views":
                return post.views(self._figures_until)
            case "comments":
                return post.comments_and_replies(self._figures_until)
            case "reach":
                return int(post.views(self._figures_until) * noise.between(0.68, 0.85, post.seed, 26))
            case "new_followers":
                return account.new_followers_of(post, self._figures_until)
            case "average_time_watched":
                return self._average_time
            case "total_time_watched":
                return round(post.views(self._figures_until) * self._average_time, 3)
            case "full_video_watched_rate":
                return 0.0 if post.is_photo else self._retention_at(post.duration)
            case "video_view_retention":
                return self._curve([1.0, *(self._retention_at(second) for second in range(1, self._points))])
            case "engagement_likes":
                return self._engagement_likes()
            case "impression_sources":
                return self._impression_sources()
            case "audience_genders":
                return audience.genders(noise.mix(post.seed, 18))
            case "audience_countries":
                return audience.countries(noise.mix(post.seed, 19))
            case "audience_cities":
                return audience.cities(noise.mix(post.seed, 20), prefixed=True)
            case "audience_types":
                return self._audience_types()
        if name not in _FRACTIONS_OF_VIEWS:
            raise NotImplementedError(name)
        low, high = _FRACTIONS_OF_VIEWS[name]
        return post.fraction_of_views(_NOISE_KEYS[name], low, high, self._figures_until)

    @property
    def _average_time(self) -> float:
        return round(max(1.2, self._post.duration or 6) * noise.between(0.2, 0.5, self._post.seed, 25), 3)

    def _engagement_likes(self) -> list[JsonObject]:
        peak = noise.between(1, max(2, self._points * 0.6), self._post.seed, 15)
        weights = [math.exp(-abs(second - peak) / 4) + 0.02 for second in range(self._points)]
        return self._curve(noise.split(weights, noise.generator(self._post.seed, 16), 0.3))

    def _impression_sources(self) -> list[JsonObject]:
        """Return the array, highest first. Only some posts have Direct Message: the set is open (A7)."""
        random = noise.generator(self._post.seed, 17)
        named = vocabulary.IMPRESSION_SOURCES if random.random() < 0.3 else vocabulary.IMPRESSION_SOURCES[:-1]
        parts = noise.split([weight for _, weight in named], random, 0.6)
        ranked = sorted(zip(parts, (name for name, _ in named), strict=True), reverse=True)
        return [{"impression_source": name, "percentage": part} for part, name in ranked]

    def _audience_types(self) -> list[JsonObject]:
        """Return two pairs, each of about 1: followers and others, new and returning viewers."""
        followers = noise.between(0.05, 0.35, self._post.seed, 21)
        new = noise.between(0.75, 0.95, self._post.seed, 22)
        pairs = {
            "FOLLOWER_PERCENT": followers,
            "NON_FOLLOWER_PERCENT": 1 - followers,
            "NEW_VIEWER": new,
            "RETURN_VIEWER": 1 - new,
        }
        return [{"type": name, "percentage": noise.floor4(part)} for name, part in pairs.items()]

    @property
    def _points(self) -> int:
        """Return how many items the curves have."""
        return self._knobs.retention_seconds or max(1, min(int(self._post.duration), 30))

    def _retention_at(self, second: float) -> float:
        return noise.floor4(self._hook * math.exp(-1.6 * second / max(self._post.duration, 1)))

    def _curve(self, parts: list[float]) -> list[JsonObject]:
        scale, first = self._knobs.curve_scale, self._knobs.first_second
        return [
            {"second": str(first + index), "percentage": round(part * scale, 4)} for index, part in enumerate(parts)
        ]


@dataclass(frozen=True, slots=True)
class Filters:
    """The `filters` parameter."""

    video_ids: list[str] | None = None
    ad_post_only: bool = False

    @classmethod
    def read(cls, query: Query, max_ids: int) -> Filters:
        """Return the checked parameter. Raises ApiError, also for `ad_post_only` without `video_ids`."""
        value = json_literal(query, "filters")
        if value is None:
            return cls()
        if not isinstance(value, dict):
            raise bad_parameter("filters", "Not a valid JSON object.")
        ids = value.get("video_ids")
        ad_post_only = value.get("ad_post_only", False)
        if ids is not None and len(strings(ids, "filters.video_ids")) > max_ids:
            raise bad_parameter("filters.video_ids", f"must have at most {max_ids} items")
        if not isinstance(ad_post_only, bool):
            raise bad_parameter("filters.ad_post_only", "Not a valid boolean.")
        if ad_post_only and not ids:
            raise bad_parameter("filters.ad_post_only", "only valid together with video_ids")
        return cls(ids or None, ad_post_only)


class VideoListEndpoint:
    """The endpoint for one account. It raises ApiError."""

    def __init__(
        self, account: Account, scopes: frozenset[str], app_id: str, knobs: Knobs, now: float, today: date
    ) -> None:
        """Take the account, the token's scopes, the instant in epoch seconds, and its UTC date."""
        self._account = account
        self._scopes = scopes
        self._app_id = app_id
        self._knobs = knobs
        self._now = now
        self._figures_until = midnight(today - timedelta(days=knobs.latent_days - 1))
        self._is_small = account.series.followers_at(now) < MIN_FOLLOWERS

    def data(self, names: list[str], query: Query) -> JsonObject:
        """Return the `data` of the response, with the requested fields whose scopes the token has."""
        if "item_id" not in names and self._knobs.video_list_without_item_id == "error":
            raise bad_parameter("fields", "item_id is required")
        size = max_count(query, 10, 1, 20)
        cursor = integer(query, "cursor", math.ceil(self._now * 1000))
        filters = Filters.read(query, self._knobs.max_video_ids)
        fields = [VIDEO_FIELDS[name] for name in names if VIDEO_FIELDS[name].scope in self._scopes]
        if filters.video_ids is not None:
            found = (self._account.timeline.find(item_id, self._now) for item_id in dict.fromkeys(filters.video_ids))
            posts = [post for post in found if post and self._is_listed(post)]
            posts = [post for post in posts if post.is_ad_only or not filters.ad_post_only]
            return {"videos": [self._record(post, fields) for post in posts], "has_more": False, "cursor": 0}
        page = page_of_posts(self._account, self._knobs, self._now, cursor, size, self._is_listed)
        videos = [self._record(post, fields) for post in page.posts]
        return {"videos": videos, "has_more": page.has_more, "cursor": page.cursor}

    def _is_listed(self, post: Post) -> bool:
        return post.hidden_draw >= self._knobs.hidden_post_rate

    def _record(self, post: Post, fields: list[Field]) -> JsonObject:
        knobs = self._knobs
        values = PostValues(post, self._account, self._app_id, knobs, self._now, self._figures_until)
        fresh = post.create_time >= self._figures_until
        idle = post.is_idle(self._now)
        small_audience = knobs.small_account_post_audience if self._is_small else "present"
        record: JsonObject = {}
        for field in fields:
            if post.is_photo and field.name in _CURVES:
                withhold(record, field, "omit", knobs.photo_curves)
            elif not is_available(field, self._account, knobs):
                withhold(record, field, knobs.account_kind_values, "omit")
            elif fresh and field.late:
                withhold(record, field, knobs.fresh_values, knobs.fresh_arrays)
            elif idle and field.idle:
                withhold(record, field, knobs.idle_values, knobs.idle_arrays)
            elif small_audience != "present" and field.name.startswith("audience_"):
                withhold(record, field, "omit", small_audience)
            else:
                record[field.name] = values.value(field.name)
        return record
