"""The posts of an account: when they are created, and how their figures grow (docs/tiktok-api.md A7)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from . import noise, vocabulary

DAY = 86_400
FROZEN_AFTER = 365 * DAY
"""The figures of a post change for a year (docs/tiktok-api.md A7 rule 2)."""
IDLE_AFTER = 7 * DAY
_VIRAL_EVERY = 45 * DAY
_YOUNG_FOR = 30 * DAY
_LATE_SHARE = 0.1
"""Share of its final views that a post gets evenly through the year. After `_YOUNG_FOR` it gets nothing else."""
_COMMENT_SECONDS = 1.5 * DAY
"""63 % of the comments of a post are written in so many seconds."""
# The number of replies repeats after ten comments, so replies can be counted without making the comments.
REPLY_PATTERN = (1, 0, 2, 0, 0, 5, 0, 1, 0, 0)
_REPLIES_BEFORE = tuple(sum(REPLY_PATTERN[:length]) for length in range(len(REPLY_PATTERN) + 1))


@dataclass(frozen=True, slots=True)
class PostStyle:
    """What all posts of an account depend on. See AccountSpec."""

    followers: int
    history_days: float
    posts: int
    idle_share: float
    photo_share: float
    ad_share: float
    ad_only_share: float
    comments_per_post: int | None


@dataclass(frozen=True, slots=True)
class Post:
    """One post. Its attributes do not depend on the time of the request."""

    seed: int
    item_id: int
    create_time: int
    is_photo: bool
    is_ad: bool
    is_ad_only: bool
    hidden_draw: float
    """From 0 to 1. The post is hidden by policy if this is below the knob `hidden_post_rate`."""
    last_activity: float
    """Epoch seconds; infinite for a post that is never idle."""
    duration: float
    """Seconds; 0 for a photo post."""
    final_views: float
    growth_seconds: float
    """The post has 57 % of its final views after so many seconds."""
    final_comments: int
    """How many comments the post has in the end, without replies."""
    like_rate: float
    """Likes for each view."""
    follow_rate: float
    """Followers gained for each view, before Account.follow_scale."""

    def is_idle(self, now: float) -> bool:
        """Tell whether the post had no activity for more than seven days (docs/tiktok-api.md A7 rule 1)."""
        return now - self.last_activity > IDLE_AFTER

    def views(self, at: float) -> int:
        """Return the number of views at an instant, in epoch seconds."""
        age = min(at, self.last_activity, self.create_time + FROZEN_AFTER) - self.create_time
        if age <= 0:
            return 0
        early, late = 1 - math.exp(-age / self.growth_seconds), age / FROZEN_AFTER
        return int(self.final_views * ((1 - _LATE_SHARE) * early + _LATE_SHARE * late))

    def likes(self, at: float) -> int:
        """Return the number of likes at an instant."""
        return int(self.views(at) * self.like_rate)

    def fraction_of_views(self, key: int, low: float, high: float, at: float) -> int:
        """Return a counter that is always the same fraction of the views: `low` or more, mostly less than `high`."""
        return int(self.views(at) * noise.skewed(low, high, self.seed, 40, key))

    def comments_until(self, at: float) -> int:
        """Return how many comments exist at an instant, without replies."""
        age = min(at, self.create_time + FROZEN_AFTER) - self.create_time
        if age <= 0 or not self.final_comments:
            return 0
        reached = (1 - math.exp(-age / _COMMENT_SECONDS)) / 0.998
        return min(self.final_comments, int(self.final_comments * reached + 0.5))

    def comment_delay(self, index: int) -> float:
        """Return how many seconds after the post its comment with this index was written, counted from the oldest."""
        return -_COMMENT_SECONDS * math.log(1 - 0.998 * (index + 0.5) / self.final_comments)

    def comments_and_replies(self, at: float) -> int:
        """Return the number of comments and replies at an instant."""
        whole, rest = divmod(self.comments_until(at), len(REPLY_PATTERN))
        return whole * (len(REPLY_PATTERN) + _REPLIES_BEFORE[-1]) + rest + _REPLIES_BEFORE[rest]

    def caption(self, theme: vocabulary.Theme) -> str:
        """Return the caption. A few posts have an empty one."""
        random = noise.generator(self.seed, 90)
        if random.random() < 0.03:
            return ""
        subject = random.choice(theme.subjects)
        text = random.choice(vocabulary.CAPTIONS).format(
            subject=subject, Subject=subject[0].upper() + subject[1:], number=random.randint(2, 99)
        )
        return " ".join([text, *(f"#{tag}" for tag in random.sample(theme.hashtags, random.randint(1, 3)))])


@dataclass(frozen=True, slots=True)
class Gain:
    """What posts gained in a period."""

    views: float = 0
    likes: float = 0
    follows: float = 0
    """Before Account.follow_scale."""
    comments: int = 0
    """With replies."""


class PostTimeline:
    """All posts of one account. The index of a post is counted from the oldest, which has 0.

    Time since 1970 is divided into slots of equal length, one for each post. A post depends only on its slot. So a
    restarted emulator has the same posts, and an account that keeps posting fills the next slots.
    """

    def __init__(self, seed: int, style: PostStyle, made_at: float, *, keeps_posting: bool) -> None:
        """Fill the slots before `made_at` (epoch seconds) with `style.posts` posts."""
        self._seed = seed
        self._style = style
        self._keeps_posting = keeps_posting
        self._slot_seconds = max(style.history_days * DAY / max(style.posts, 1), 10.0)
        newest = int(made_at / self._slot_seconds) + 2
        while self._slot_time(newest) > made_at:
            newest -= 1
        self._first_slot = newest - style.posts + 1
        self._times = [self._slot_time(slot) for slot in range(self._first_slot, newest + 1)]
        self._public: list[int] | None = None
        self._late: list[Gain] = [Gain()]
        self._make = cache(self._build)

    def _slot_time(self, slot: int) -> int:
        start = slot * self._slot_seconds
        if self._slot_seconds < 1.25 * DAY:
            return int(start + noise.between(0.05, 0.85, self._seed, slot, 1) * self._slot_seconds)
        # With at most one post a day, posts get an hour at which people post.
        hour = noise.pick((6, 8, 11, 12, 14, 16, 17, 17, 18, 19, 20), self._seed, slot, 2)
        return int(start // DAY * DAY + hour * 3600 + noise.between(0, 3600, self._seed, slot, 3))

    def _extend(self, now: float) -> None:
        """Add the posts that appeared until `now`."""
        while self._keeps_posting and self._style.posts:
            next_time = self._slot_time(self._first_slot + len(self._times))
            if next_time > now:
                return
            self._times.append(next_time)
            self._public = None

    def count(self, now: float) -> int:
        """Return how many posts exist, with hidden and ad-only ones."""
        return self.count_before(math.inf, now)

    def count_before(self, instant: float, now: float) -> int:
        """Return how many posts exist now and were created before an instant."""
        self._extend(now)
        return min(bisect_left(self._times, instant), bisect_right(self._times, now))

    def time_of(self, index: int) -> int:
        """Return when a post was created, in epoch seconds."""
        return self._times[index]

    def post(self, index: int) -> Post:
        """Return a post."""
        return self._make(self._first_slot + index, self._times[index])

    def find(self, item_id: str, now: float) -> Post | None:
        """Return the post with this id, or None. The id holds the time of the post (docs/tiktok-api.md D)."""
        if not item_id.isascii() or not item_id.isdigit() or len(item_id) > 20:
            return None
        uploaded = int(item_id) >> 32
        for index in range(self.count_before(uploaded, now), self.count_before(uploaded + 10, now)):
            post = self.post(index)
            if str(post.item_id) == item_id:
                return post
        return None

    def created_between(self, start: float, end: float) -> Iterator[Post]:
        """Return the posts created in a period, which may be in the future."""
        self._extend(end)
        for index in range(bisect_left(self._times, start), bisect_left(self._times, end)):
            yield self.post(index)

    def likes(self, now: float) -> int:
        """Return the likes of all posts, with hidden and ad-only ones."""
        return sum(post.likes(now) for post in self.created_between(0, now))

    def gained_between(self, start: float, end: float) -> Gain:
        """Return what all posts gained in a day or less, which may be in the future."""
        views = likes = follows = 0.0
        comments = 0
        for post in self.created_between(start - _YOUNG_FOR, end):
            new_views = post.views(end) - post.views(start)
            views += new_views
            likes += new_views * post.like_rate
            follows += new_views * post.follow_rate
            comments += post.comments_and_replies(end) - post.comments_and_replies(start)
        # Older posts gain evenly, so their sums do. There may be thousands.
        first, last = self._late_gain_before(start - FROZEN_AFTER), self._late_gain_before(start - _YOUNG_FOR)
        part = (end - start) / FROZEN_AFTER
        return Gain(
            views + (last.views - first.views) * part,
            likes + (last.likes - first.likes) * part,
            follows + (last.follows - first.follows) * part,
            comments,
        )

    def _late_gain_before(self, instant: float) -> Gain:
        """Return what the posts created before an instant gain evenly in a year, summed up."""
        index = bisect_left(self._times, instant)
        while len(self._late) <= index:
            post, before = self.post(len(self._late) - 1), self._late[-1]
            views = 0 if math.isfinite(post.last_activity) else post.final_views * _LATE_SHARE
            self._late.append(
                Gain(
                    before.views + views,
                    before.likes + views * post.like_rate,
                    before.follows + views * post.follow_rate,
                )
            )
        return self._late[index]

    def public_videos(self, now: float) -> int:
        """Return the profile's `videos_count`, without photo and ad-only posts (docs/tiktok-api.md D21)."""
        count = self.count(now)
        if self._public is None:
            self._public = [0]
            for index in range(len(self._times)):
                slot = self._first_slot + index
                self._public.append(self._public[-1] + (not self._is_photo(slot) and not self._is_ad_only(slot)))
        return self._public[count]

    def _is_photo(self, slot: int) -> bool:
        return noise.fraction(self._seed, slot, 10) < self._style.photo_share

    def _is_ad_only(self, slot: int) -> bool:
        return noise.fraction(self._seed, slot, 11) < self._style.ad_only_share and not self._is_viral(slot)

    def _is_viral(self, slot: int) -> bool:
        # The first post of each 45 days is viral, so every window of 60 days has one that is never hidden or idle.
        if self._slot_seconds > 9 * DAY:
            return False
        return self._slot_time(slot) // _VIRAL_EVERY != self._slot_time(slot - 1) // _VIRAL_EVERY

    def _build(self, slot: int, create_time: int) -> Post:
        style = self._style
        seed = noise.mix(self._seed, slot, 20)
        random = noise.generator(seed)
        viral = self._is_viral(slot)
        final_views = 30 + style.followers * (random.uniform(25, 60) if viral else 1.5 * random.lognormvariate(0, 0.8))
        idle = random.random() < style.idle_share and not viral
        quiet_after = random.uniform(10, 14) * DAY
        ad_only = self._is_ad_only(slot)
        is_photo = self._is_photo(slot)
        duration = 0.0 if is_photo else round(min(7 + random.lognormvariate(2.7, 0.6), 180), 3)
        growth_seconds = random.uniform(1.5, 4) * DAY
        comments = style.comments_per_post
        if comments is None:
            comments = round(final_views * random.uniform(0.0004, 0.0018))
        # Not drawn from `random`, so the id stays the same when another attribute of the account changes.
        uploaded = create_time - 3 - noise.mix(seed, 1) % 7
        return Post(
            seed=seed,
            item_id=uploaded << 32 | noise.mix(seed, 2) >> 32,
            create_time=create_time,
            is_photo=is_photo,
            is_ad=ad_only or noise.fraction(seed, 3) < style.ad_share,
            is_ad_only=ad_only,
            hidden_draw=1.0 if viral else noise.fraction(seed, 4),
            last_activity=create_time + quiet_after if idle else math.inf,
            duration=duration,
            final_views=final_views,
            growth_seconds=growth_seconds,
            final_comments=comments,
            like_rate=noise.skewed(0.03, 0.08, seed, 5),
            follow_rate=noise.skewed(0.0006, 0.002, seed, 6),
        )
