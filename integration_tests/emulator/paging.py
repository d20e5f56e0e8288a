"""Pages of posts, the same in both API families (docs/tiktok-api.md A7, B4, D8, D9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import noise
from .accounts import Account
from .knobs import Knobs
from .posts import Post


@dataclass(frozen=True, slots=True)
class PostPage:
    """A page of posts, newest first."""

    posts: list[Post]
    has_more: bool
    cursor: int
    """Of the next page, in epoch milliseconds. The last page has one too."""


def page_of_posts(
    account: Account, knobs: Knobs, now: float, cursor: int, size: int, is_listed: Callable[[Post], bool]
) -> PostPage:
    """Return the page of the posts created before `cursor`, in epoch milliseconds."""
    timeline = account.timeline
    older = timeline.count_before(cursor / 1000, now)
    just_before_next = timeline.time_of(older - 1) * 1000 + 1 if older else 0
    page_number = (timeline.count(now) - older) // size + 1
    # An empty page moves the cursor right behind the next post, so the page after it has posts.
    if knobs.empty_pages and page_number % knobs.empty_pages == 0 and cursor > just_before_next > 0:
        return PostPage([], has_more=True, cursor=just_before_next)
    if size > 1 and noise.fraction(account.seed, older, 6) < knobs.short_page_rate:
        size -= 1
    last = max(0, older - size)
    # Posts that are not listed count for the page size, so a page can be short (docs/tiktok-api.md A7).
    posts = [post for post in map(timeline.post, range(older - 1, last - 1, -1)) if is_listed(post)]
    next_time = posts[-1].create_time if posts else timeline.time_of(last) if older else 0
    return PostPage(posts, has_more=last > 0, cursor=next_time * 1000)
