"""POST v2/video/list/ and v2/video/query/: public posts with their public counters (docs/tiktok-api.md B4-B6)."""

from __future__ import annotations

import math
from datetime import date, timedelta
from html import escape
from typing import Any

from .. import noise, urls
from ..accounts import Account
from ..envelope import JsonObject
from ..knobs import Knobs
from ..paging import page_of_posts
from ..posts import Post
from ..series import midnight
from ..videos import PostValues
from .envelope import invalid_params
from .parameters import integer

MAX_VIDEOS = 20
"""In a page, and in the ids of a query."""
_TEXT_LENGTH = 150
_COVER_HOURS = 6
_SIZES = ((576, 1024), (576, 1024), (576, 1024), (720, 1280), (1080, 1920), (1024, 576))
_SAME_AS = {
    "id": "item_id",
    "share_url": "share_url",
    "like_count": "likes",
    "comment_count": "comments",
    "share_count": "shares",
    "view_count": "video_views",
}
"""Field to the field of the TikTok API for Business with the same value."""


class VideoValues:
    """The values of the fields of a post at one instant."""

    def __init__(
        self, post: Post, account: Account, app_id: str, knobs: Knobs, now: float, figures_until: float
    ) -> None:
        """Take the post and the instant. Counters are those of `figures_until`. Times are epoch seconds."""
        self._post = post
        self._account = account
        self._now = now
        self._business_values = PostValues(post, account, app_id, knobs, now, figures_until)

    def value(self, name: str) -> Any:
        """Return the value of a field."""
        post = self._post
        match name:
            case "create_time":
                return post.create_time
            case "cover_image_url":
                cover = f"tos-useast5-p-0068-tx/{post.seed:016x}~tplv-noop.image"
                return urls.signed(cover, self._now, hours=_COVER_HOURS)
            case "title" | "video_description":
                return post.caption(self._account.theme)[:_TEXT_LENGTH]
            case "duration":
                return int(post.duration)
            case "width":
                return noise.pick(_SIZES, post.seed, 50)[0]
            case "height":
                return noise.pick(_SIZES, post.seed, 50)[1]
            case "embed_link":
                return f"https://www.tiktok.com/player/v1/{post.item_id}"
            case "embed_html":
                return self._embed_html()
            case "is_aigc":
                return noise.fraction(post.seed, 51) < 0.04
        return self._business_values.value(_SAME_AS[name])

    def _embed_html(self) -> str:
        profile = f"https://www.tiktok.com/@{self._account.username}"
        handle, title = escape(f"@{self._account.username}"), escape(self.value("title"))
        return (
            f'<blockquote class="tiktok-embed" cite="{profile}/video/{self._post.item_id}"'
            f' data-video-id="{self._post.item_id}" style="max-width: 605px;min-width: 325px;"> <section>'
            f' <a target="_blank" title="{handle}" href="{profile}">{handle}</a> <p>{title}</p> </section>'
            ' </blockquote> <script async src="https://www.tiktok.com/embed.js"></script>'
        )


class VideoEndpoint:
    """Both endpoints for one account. They take the names of the fields and the JSON body, and raise DisplayError."""

    def __init__(self, account: Account, app_id: str, knobs: Knobs, now: float, today: date) -> None:
        """Take the account, the instant in epoch seconds, and its UTC date."""
        self._account = account
        self._app_id = app_id
        self._knobs = knobs
        self._now = now
        late = midnight(today - timedelta(days=knobs.latent_days - 1))
        self._figures_until = late if knobs.display_counters == "late" else now

    def page(self, names: list[str], body: JsonObject) -> JsonObject:
        """Return the `data` of video/list."""
        size = integer(body, "max_count", 10)
        if not 1 <= size <= MAX_VIDEOS:
            raise invalid_params("max_count", f"must be 1 to {MAX_VIDEOS}")
        newest = math.ceil(self._now * 1000)
        cursor = integer(body, "cursor", newest)
        if cursor == 0 and self._knobs.display_cursor_zero == "newest":
            cursor = newest
        page = page_of_posts(self._account, self._knobs, self._now, cursor, size, self._is_public)
        videos = [self._record(post, names) for post in page.posts]
        return {"videos": videos, "cursor": page.cursor, "has_more": page.has_more}

    def query(self, names: list[str], body: JsonObject) -> JsonObject:
        """Return the `data` of video/query."""
        filters = body.get("filters")
        ids = filters.get("video_ids") if isinstance(filters, dict) else None
        if not isinstance(ids, list) or not all(isinstance(video_id, str) for video_id in ids):
            raise invalid_params("filters.video_ids", "not a list of strings")
        if not 1 <= len(ids) <= MAX_VIDEOS:
            raise invalid_params("filters.video_ids", f"must have 1 to {MAX_VIDEOS} items")
        found = [self._account.timeline.find(video_id, self._now) for video_id in dict.fromkeys(ids)]
        posts = [post for post in found if post and self._is_public(post)]
        if len(posts) < len(found) and self._knobs.display_foreign_video == "error":
            raise invalid_params("filters.video_ids", "not all are public videos of the user")
        return {"videos": [self._record(post, names) for post in posts]}

    def _is_public(self, post: Post) -> bool:
        hidden = post.is_ad_only or post.hidden_draw < self._knobs.hidden_post_rate
        return not hidden and (not post.is_photo or self._knobs.display_photos == "listed")

    def _record(self, post: Post, names: list[str]) -> JsonObject:
        values = VideoValues(post, self._account, self._app_id, self._knobs, self._now, self._figures_until)
        kept = (name for name in names if name != "is_aigc" or self._knobs.display_is_aigc == "present")
        return {name: values.value(name) for name in kept}
