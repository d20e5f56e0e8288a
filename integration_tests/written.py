"""What was published and written on an emulated TikTok until now, read from the emulator's memory.

Each function is about the account with `open_id`, or about the first one.
"""

from collections import Counter

from integration_tests.emulator.comments import Comment, comments_of
from integration_tests.emulator.posts import Post
from integration_tests.emulator.server import RunningEmulator


def posts(tiktok: RunningEmulator, open_id: str | None = None) -> list[Post]:
    """The posts, those that TikTok hides among them."""
    timeline = tiktok.emulator.account(open_id).timeline
    return [timeline.post(number) for number in range(timeline.count(tiktok.emulator.clock.seconds()))]


def fresh_posts(tiktok: RunningEmulator, open_id: str | None = None) -> set[str]:
    """The posts of the last 48 hours, whose counter of comments lags."""
    now = tiktok.emulator.clock.seconds()
    return {str(post.item_id) for post in posts(tiktok, open_id) if post.create_time > now - 48 * 3600}


def threads(tiktok: RunningEmulator, open_id: str | None = None) -> dict[str, list[Comment]]:
    """The comments on each post."""
    now = tiktok.emulator.clock.seconds()
    return {
        str(post.item_id): [comment for comment in comments_of(post) if comment.create_time <= now]
        for post in posts(tiktok, open_id)
    }


def comment_ids(tiktok: RunningEmulator, open_id: str | None = None) -> Counter[str]:
    """Every comment, once."""
    return Counter(str(comment.comment_id) for comments in threads(tiktok, open_id).values() for comment in comments)


def reply_ids(tiktok: RunningEmulator, open_id: str | None = None) -> Counter[str]:
    """Every reply that TikTok gives: all those of a comment that is not hidden, the first three of one that is."""
    now = tiktok.emulator.clock.seconds()
    found: Counter[str] = Counter()
    for comments in threads(tiktok, open_id).values():
        for comment in comments:
            replies = comment.replies_until(now)
            oldest_first = sorted(replies, key=lambda reply: reply.create_time)
            found.update(str(reply.comment_id) for reply in (oldest_first[:3] if comment.hidden else replies))
    return found
