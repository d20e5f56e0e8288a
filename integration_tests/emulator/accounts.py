"""The accounts of the emulator."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from . import noise, vocabulary
from .audience import Demographics
from .fields import ANALYTICS_SCOPES
from .posts import Post, PostStyle, PostTimeline
from .series import DailySeries

FIRST_OPEN_ID = "-000EmuOpenId_0001abcDEFghiJKL"
"""Begins with a hyphen, as some real ids do (docs/tiktok-api.md A2.2)."""

SIZES = (15_342, 4_870, 61_250, 2_310, 128_400)
"""Followers of accounts that are made one after the other, so that no two look alike."""

_GAINED_BY_POSTS = 0.8
"""How many followers the posts of an account gained, in parts of all that it has; fewer if it has few posts."""
_MOST_FOLLOWS = 3.0

AccountKind = Literal["business_registered", "business", "personal"]


class AccountSpec(BaseModel):
    """The attributes of an account that a test or a user can choose."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    open_id: str | None = None
    """The `business_id` of each request; unset: invented."""
    username: str | None = None
    """The handle without @; unset: invented."""
    display_name: str | None = None
    kind: AccountKind = "business_registered"
    followers: int = Field(default=15_342, ge=0)
    """Followers when the account is made. Those of other days are computed from it."""
    following: int = Field(default=87, ge=0)
    posts: int = Field(default=214, ge=0)
    """Posts that exist when the account is made, with hidden and ad-only ones."""
    history_days: float = Field(default=500, gt=0)
    """The posts are spread over so many days."""
    created_days_ago: int | None = Field(default=None, ge=0)
    """Age of the account in days. It also limits history_days. Unset: 30 days more than history_days."""
    keeps_posting: bool = False
    """New posts appear at the same rate while the clock moves on."""
    idle_share: float = Field(default=0.3, ge=0, le=1)
    """Share of the posts older than three weeks that had no activity for more than 7 days."""
    comments_per_post: int | None = Field(default=None, ge=0)
    """Comments that each post has in the end, without replies; unset: in proportion to its views."""
    photo_share: float = Field(default=0.12, ge=0, le=1)
    ad_share: float = Field(default=0.05, ge=0, le=1)
    """Share of posts used in Spark Ads."""
    ad_only_share: float = Field(default=0.02, ge=0, le=1)
    """Share of posts that show in ads only."""
    scopes: list[str] = Field(default=list(ANALYTICS_SCOPES))
    """The scopes that the owner grants. A change does not affect tokens that were issued before."""


class Account:
    """An account with its posts, its daily series and its audience."""

    def __init__(self, spec: AccountSpec, number: int, world_seed: int, now: datetime) -> None:
        """Make the account as of the full hour before `now`. It is the account with this number, from 0."""
        self.open_id = spec.open_id or _open_id(number, world_seed)
        self.seed = noise.seed_of(world_seed, self.open_id)
        self.number = number
        self.made_at = now.replace(minute=0, second=0, microsecond=0)
        theme = vocabulary.THEMES[number % len(vocabulary.THEMES)]
        suffix = str(number // len(vocabulary.THEMES) + 1) if number >= len(vocabulary.THEMES) else ""
        self.theme = theme
        self.spec = spec.model_copy(
            update={
                "open_id": self.open_id,
                "username": spec.username or theme.username + suffix,
                "display_name": spec.display_name or spec.username or theme.display_name,
            }
        )
        history = spec.history_days if spec.created_days_ago is None else min(spec.history_days, spec.created_days_ago)
        age = timedelta(days=history + 30 if spec.created_days_ago is None else spec.created_days_ago)
        self.created: date = (self.made_at - age).date()
        style = PostStyle(
            followers=spec.followers,
            history_days=history,
            posts=spec.posts,
            idle_share=spec.idle_share,
            photo_share=spec.photo_share,
            ad_share=spec.ad_share,
            ad_only_share=spec.ad_only_share,
            comments_per_post=spec.comments_per_post,
        )
        made_at = self.made_at.timestamp()
        self.timeline = PostTimeline(noise.mix(self.seed, 1), style, made_at, keeps_posting=spec.keeps_posting)
        posts = self.timeline.created_between(0, made_at)
        follows = sum(post.views(made_at) * post.follow_rate for post in posts)
        self.follow_scale = min(_MOST_FOLLOWS, _GAINED_BY_POSTS * spec.followers / max(follows, 1))
        """What Post.follow_rate is multiplied by, so that posts gained fewer followers than the account has."""
        self.series = DailySeries(
            noise.mix(self.seed, 2),
            self.timeline,
            created=self.created,
            made_at=made_at,
            followers=spec.followers,
            follow_scale=self.follow_scale,
            gained_by_posts=follows * self.follow_scale,
        )
        self.demographics = Demographics.draw(noise.mix(self.seed, 3))

    @property
    def username(self) -> str:
        """Return the handle, without @."""
        return self.spec.username or ""

    @property
    def is_business(self) -> bool:
        """Tell whether this is a Business Account, registered or not."""
        return self.spec.kind != "personal"

    def total_likes(self, now: float) -> int:
        """Return the lifetime likes: those of all posts, also of those that are not listed.

        They are not the sum of the daily ones (docs/tiktok-api.md D20).
        """
        return self.timeline.likes(now)

    def new_followers_of(self, post: Post, at: float) -> int:
        """Return how many followers a post had gained at an instant."""
        return int(post.views(at) * post.follow_rate * self.follow_scale)


def _open_id(number: int, world_seed: int) -> str:
    if number == 0:
        return FIRST_OPEN_ID
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    random = noise.generator(world_seed, number)
    return ("-" if number % 2 == 0 else "") + "000" + "".join(random.choices(alphabet, k=32))
