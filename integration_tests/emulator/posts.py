"""The posts of an account: when they appear and how their figures grow (docs/tiktok-api.md A7)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from . import noise, vocabulary

DAY = 86_400
FREEZE = 365 * DAY
"""A post's figures stop moving a year after publication."""
IDLE_AFTER = 7 * DAY
_VIRAL_EVERY = 45 * DAY
_COMMENT_TAU = 1.5 * DAY
# Each top-level comment has as many replies as its place in this pattern says, so that any number of them can be
# counted without making them.
REPLY_PATTERN = (1, 0, 2, 0, 0, 5, 0, 1, 0, 0)
_REPLIES_BEFORE = tuple(sum(REPLY_PATTERN[:length]) for length in range(len(REPLY_PATTERN) + 1))


@dataclass(frozen=True, slots=True)
class PostStyle:
    """What shapes all posts of an account."""

    followers: int
    history_days: float
    posts: int
    idle_share: float
    photo_share: float
    ad_share: float
    ad_only_share: float
    comments_per_post: int | None
    theme: vocabulary.Theme


@dataclass(frozen=True, slots=True)
class Post:
    """One post, with everything about it that does not depend on the time of reading."""

    seed: int
    item_id: int
    create_time: int
    is_photo: bool
    is_ad: bool
    is_ad_only: bool
    hidden_draw: float
    """The post is hidden by policy if this lies below the knob `hidden_post_rate`."""
    last_activity: float
    """Epoch seconds; infinite for a post that people never stop watching."""
    duration: float
    final_views: float
    tau: float
    top_comments: int

    def is_idle(self, now: float) -> bool:
        """Tell whether nobody has touched the post for seven days."""
        return now - self.last_activity > IDLE_AFTER

    def views(self, at: float) -> int:
        """Return the views until an instant."""
        age = min(at, self.last_activity, self.create_time + FREEZE) - self.create_time
        if age <= 0:
            return 0
        return int(self.final_views * (0.9 * (1 - math.exp(-age / self.tau)) + 0.1 * age / FREEZE))

    def portion(self, key: int, low: float, high: float, at: float) -> int:
        """Return a counter that is a steady share of the views."""
        return int(self.views(at) * noise.between(low, high, self.seed, 40, key))

    def top_comments_until(self, at: float) -> int:
        """Return how many top-level comments exist at an instant."""
        age = min(at, self.create_time + FREEZE) - self.create_time
        if age <= 0 or not self.top_comments:
            return 0
        reached = (1 - math.exp(-age / _COMMENT_TAU)) / 0.998
        return min(self.top_comments, int(self.top_comments * reached + 0.5))

    def comment_delay(self, place: int) -> float:
        """Return after how many seconds the comment at this place was written."""
        return -_COMMENT_TAU * math.log(1 - 0.998 * (place + 0.5) / self.top_comments)

    def comments(self, at: float) -> int:
        """Return the comment counter, replies included."""
        whole, rest = divmod(self.top_comments_until(at), len(REPLY_PATTERN))
        return whole * (len(REPLY_PATTERN) + _REPLIES_BEFORE[-1]) + rest + _REPLIES_BEFORE[rest]

    def caption(self, theme: vocabulary.Theme) -> str:
        """Return the caption; a few posts have none."""
        random = noise.stream(self.seed, 90)
        if random.random() < 0.03:
            return ""
        subject = random.choice(theme.subjects)
        text = random.choice(vocabulary.CAPTIONS).format(
            subject=subject, Subject=subject[0].upper() + subject[1:], number=random.randint(2, 99)
        )
        return " ".join([text, *(f"#{tag}" for tag in random.sample(theme.hashtags, random.randint(1, 3)))])


class PostTimeline:
    """All posts of one account, made when they are first asked for.

    Posts stand in slots of equal length, counted from 1970, and a post depends on its slot alone: a restarted emulator
    shows the same posts again, and an account that keeps posting fills the next slots.
    """

    def __init__(self, seed: int, style: PostStyle, anchor: float, *, keeps_posting: bool) -> None:
        """Fill the slots before `anchor` with as many posts as the style asks for."""
        self._seed = seed
        self._style = style
        self._keeps_posting = keeps_posting
        self._slot_seconds = max(style.history_days * DAY / max(style.posts, 1), 10.0)
        newest = int(anchor / self._slot_seconds) + 2
        while self._slot_time(newest) > anchor:
            newest -= 1
        self._first_slot = newest - style.posts + 1
        self._times = [self._slot_time(slot) for slot in range(self._first_slot, newest + 1)]
        self._public: list[int] | None = None
        self._make = lru_cache(maxsize=4096)(self._build)

    def _slot_time(self, slot: int) -> int:
        start = slot * self._slot_seconds
        if self._slot_seconds < 1.25 * DAY:
            return int(start + noise.between(0.05, 0.85, self._seed, slot, 1) * self._slot_seconds)
        # One post a day at most: it appears at an hour when marketers are awake.
        hour = noise.pick((6, 8, 11, 12, 14, 16, 17, 17, 18, 19, 20), self._seed, slot, 2)
        return int(start // DAY * DAY + hour * 3600 + noise.between(0, 3600, self._seed, slot, 3))

    def _extend(self, now: float) -> None:
        while self._keeps_posting and self._style.posts:
            following = self._slot_time(self._first_slot + len(self._times))
            if following > now:
                return
            self._times.append(following)
            self._public = None

    def count(self, now: float) -> int:
        """Return how many posts exist, hidden and ad-only ones included."""
        return self.count_before(math.inf, now)

    def count_before(self, instant: float, now: float) -> int:
        """Return how many of the posts that exist now were created before an instant."""
        self._extend(now)
        return min(bisect_left(self._times, instant), bisect_right(self._times, now))

    def time_of(self, place: int) -> int:
        """Return when the post at this place, counted from the oldest, was created."""
        return self._times[place]

    def post(self, place: int) -> Post:
        """Return the post at this place, counted from the oldest."""
        return self._make(self._first_slot + place, self._times[place])

    def find(self, item_id: str, now: float) -> Post | None:
        """Return the post with this id."""
        if not item_id.isascii() or not item_id.isdigit() or len(item_id) > 20:
            return None
        uploaded = int(item_id) >> 32
        for place in range(self.count_before(uploaded, now), self.count_before(uploaded + 10, now)):
            post = self.post(place)
            if str(post.item_id) == item_id:
                return post
        return None

    def created_between(self, start: float, end: float) -> Iterator[Post]:
        """Return the posts created in a period, those that are still to come too."""
        self._extend(end)
        for place in range(bisect_left(self._times, start), bisect_left(self._times, end)):
            yield self.post(place)

    def public_videos(self, now: float) -> int:
        """Return the `videos_count` of the profile: neither photo nor ad-only posts (docs/tiktok-api.md D21)."""
        count = self.count(now)
        if self._public is None:
            self._public = [0]
            for place in range(len(self._times)):
                slot = self._first_slot + place
                self._public.append(self._public[-1] + (not self._is_photo(slot) and not self._is_ad_only(slot)))
        return self._public[count]

    def _is_photo(self, slot: int) -> bool:
        return noise.unit(self._seed, slot, 10) < self._style.photo_share

    def _is_ad_only(self, slot: int) -> bool:
        return noise.unit(self._seed, slot, 11) < self._style.ad_only_share and not self._is_viral(slot)

    def _is_viral(self, slot: int) -> bool:
        # The first post of every period, so that every window of 60 days has one; it is never hidden, nor ever idle.
        if self._slot_seconds > 9 * DAY:
            return False
        return self._slot_time(slot) // _VIRAL_EVERY != self._slot_time(slot - 1) // _VIRAL_EVERY

    def _build(self, slot: int, create_time: int) -> Post:
        style = self._style
        seed = noise.mix(self._seed, slot, 20)
        random = noise.stream(seed)
        viral = self._is_viral(slot)
        final_views = 30 + style.followers * (random.uniform(25, 60) if viral else 1.5 * random.lognormvariate(0, 0.8))
        idle = random.random() < style.idle_share and not viral
        quiet_after = random.uniform(10, 14) * DAY
        ad_only = self._is_ad_only(slot)
        is_photo = self._is_photo(slot)
        duration = 0.0 if is_photo else round(min(7 + random.lognormvariate(2.7, 0.6), 180), 3)
        tau = random.uniform(1.5, 4) * DAY
        comments = style.comments_per_post
        if comments is None:
            comments = round(final_views * random.uniform(0.0004, 0.0018))
        # What identifies a post is not drawn from `random`: it stays as it is when another attribute changes.
        uploaded = create_time - 3 - noise.mix(seed, 1) % 7
        return Post(
            seed=seed,
            item_id=uploaded << 32 | noise.mix(seed, 2) >> 32,
            create_time=create_time,
            is_photo=is_photo,
            is_ad=ad_only or noise.unit(seed, 3) < style.ad_share,
            is_ad_only=ad_only,
            hidden_draw=1.0 if viral else noise.unit(seed, 4),
            last_activity=create_time + quiet_after if idle else math.inf,
            duration=duration,
            final_views=final_views,
            tau=tau,
            top_comments=comments,
        )
