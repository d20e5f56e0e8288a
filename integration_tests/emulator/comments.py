"""GET /business/comment/list/ and /business/comment/reply/list/ (docs/tiktok-api.md A8)."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from . import noise, urls, vocabulary
from .accounts import Account
from .envelope import ApiError, JsonObject, bad_parameter
from .knobs import Knobs
from .parameters import Query, boolean, choice, count, integer, json_literal, required, strings
from .posts import DAY, REPLY_PATTERN, Post

SORTED_EXACTLY = 500
"""Beyond so many comments the rest comes by likes, with repetitions."""
_MOST_IDS = 30
_MOST_REPLIES_INSIDE = 3
_COMMENTERS = 600


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or a reply."""

    seed: int
    comment_id: int
    parent_id: int | None
    place: int
    create_time: int
    owner: bool
    hidden: bool
    replies: tuple[Comment, ...] = ()

    def likes(self, now: float) -> int:
        """Return the likes until now."""
        final = min(0.6 / (1.0001 - noise.unit(self.seed, 1)) - 0.6, 900)
        return int(final * (1 - math.exp(-max(0.0, now - self.create_time) / DAY)))

    def replies_until(self, now: float) -> list[Comment]:
        """Return the replies that exist."""
        return [reply for reply in self.replies if reply.create_time <= now]


@lru_cache(maxsize=512)
def _thread(post: Post) -> tuple[Comment, ...]:
    """Return all top-level comments a post will ever have, oldest first."""
    return tuple(_comment(post, place) for place in range(post.top_comments))


def _comment(post: Post, place: int) -> Comment:
    seed = noise.mix(post.seed, 30, place)
    create_time = post.create_time + 120 + int(post.comment_delay(place))
    comment_id = _id(seed, create_time)
    owner = noise.unit(seed, 2) < 0.02
    return Comment(
        seed=seed,
        comment_id=comment_id,
        parent_id=None,
        place=place,
        create_time=create_time,
        owner=owner,
        hidden=not owner and noise.unit(seed, 3) < 0.04,
        replies=tuple(
            _reply(seed, comment_id, create_time, number) for number in range(REPLY_PATTERN[place % len(REPLY_PATTERN)])
        ),
    )


def _reply(parent_seed: int, parent_id: int, parent_time: int, number: int) -> Comment:
    seed = noise.mix(parent_seed, 31, number)
    create_time = parent_time + 200 + int((number + noise.unit(seed, 4)) * 4000)
    owner = number == 0 and noise.unit(seed, 2) < 0.6
    return Comment(
        seed=seed,
        comment_id=_id(seed, create_time),
        parent_id=parent_id,
        place=number,
        create_time=create_time,
        owner=owner,
        hidden=not owner and noise.unit(seed, 3) < 0.04,
    )


def _id(seed: int, create_time: int) -> int:
    """Return an id whose upper half is one to three minutes before the comment.

    docs/tiktok-api.md D, id generation.
    """
    return (create_time - 60 - noise.mix(seed, 5) % 120) << 32 | noise.mix(seed, 6) >> 32


class CommentEndpoint:
    """Answers the two comment lists for one account."""

    def __init__(self, account: Account, app_id: str, knobs: Knobs, now: float) -> None:
        """Answer at `now`."""
        self._account = account
        self._app_id = app_id
        self._knobs = knobs
        self._now = now

    def list_comments(self, query: Query) -> JsonObject:
        """Return the `data` object of comment/list."""
        post = self._post(query)
        with_replies = boolean(query, "include_replies")
        public_only = choice(query, "status", ("PUBLIC", "ALL"), "ALL") == "PUBLIC"
        sort_order = choice(query, "sort_order", ("asc", "desc", "smart"), "smart")
        sort_field = choice(query, "sort_field", ("likes", "replies", "create_time"), None)
        cursor, size = self._place(query), count(query, 20, 1, 30)

        def row(comment: Comment) -> JsonObject:
            return self._row(comment, post, with_replies=with_replies, public_only=public_only)

        alive = [comment for comment in _thread(post) if comment.create_time <= self._now]
        wanted = json_literal(query, "comment_ids")
        if wanted is not None:
            ids = set(strings(wanted, "comment_ids"))
            if not 1 <= len(ids) <= _MOST_IDS:
                raise bad_parameter("comment_ids", f"must have 1 to {_MOST_IDS} items")
            everything = [item for comment in alive for item in (comment, *comment.replies_until(self._now))]
            # No has_more and no cursor here (docs/tiktok-api.md A8).
            found = self._visible([item for item in everything if str(item.comment_id) in ids], public_only)
            return self._with_comments({}, [row(item) for item in found])
        visible = self._visible(alive, public_only)
        ordered = self._sorted(visible, sort_field, sort_order or "smart", post.seed)
        return self._page(self._beyond_500(ordered), cursor, size, row)

    def list_replies(self, query: Query) -> JsonObject:
        """Return the `data` object of comment/reply/list."""
        post = self._post(query)
        comment_id = required(query, "comment_id")
        public_only = choice(query, "status", ("PUBLIC", "ALL"), "ALL") == "PUBLIC"
        sort_order = choice(query, "sort_order", ("asc", "desc"), "desc")
        sort_field = choice(query, "sort_field", ("likes", "replies", "create_time"), None)
        cursor, size = self._place(query), count(query, 20, self._knobs.reply_min_count, 30)
        parents = [comment for comment in _thread(post) if str(comment.comment_id) == comment_id]
        if not parents or parents[0].create_time > self._now:
            raise self._unknown("comment_id")
        if parents[0].hidden:
            raise bad_parameter("comment_id", "replies of a hidden comment are not supported")
        replies = self._visible(parents[0].replies_until(self._now), public_only)
        ordered = self._sorted(replies, sort_field, sort_order or "desc", parents[0].seed)
        return self._page(ordered, cursor, size or 20, lambda reply: self._row(reply, post))

    def _post(self, query: Query) -> Post:
        post = self._account.timeline.find(required(query, "video_id"), self._now)
        if post is None or post.hidden_draw < self._knobs.hidden_post_rate:
            raise self._unknown("video_id")
        return post

    def _unknown(self, name: str) -> ApiError:
        return ApiError(self._knobs.unknown_object_code, f"{name}: does not exist")

    @staticmethod
    def _place(query: Query) -> int:
        cursor = integer(query, "cursor", 0)
        if cursor < 0:
            raise bad_parameter("cursor", "must be greater than or equal to 0")
        return cursor

    @staticmethod
    def _visible(comments: list[Comment], public_only: bool) -> list[Comment]:
        return [comment for comment in comments if not (public_only and comment.hidden)]

    def _sorted(self, comments: list[Comment], field: str | None, order: str, seed: int) -> list[Comment]:
        now = self._now
        if field is None:
            return sorted(comments, key=lambda comment: noise.mix(seed, 7, comment.place))
        keys: dict[str, Callable[[Comment], int]] = {
            "likes": lambda comment: comment.likes(now),
            "replies": lambda comment: len(comment.replies_until(now)),
            "create_time": lambda comment: comment.create_time,
        }
        key = keys[field]
        return sorted(comments, key=lambda comment: (key(comment), comment.comment_id), reverse=order != "asc")

    def _beyond_500(self, ordered: list[Comment]) -> list[Comment]:
        """Let the rest come by likes and repeat some of the first 500 (docs/tiktok-api.md A8)."""
        first, rest = ordered[:SORTED_EXACTLY], ordered[SORTED_EXACTLY:]
        if not rest:
            return first
        repeated = [comment for comment in first if noise.unit(comment.seed, 8) < 0.1]
        return first + sorted([*rest, *repeated], key=lambda comment: comment.likes(self._now), reverse=True)

    def _page(
        self, ordered: Sequence[Comment], cursor: int, size: int, row: Callable[[Comment], JsonObject]
    ) -> JsonObject:
        if size > 1 and noise.unit(self._account.seed, cursor, 9) < self._knobs.short_page_rate:
            size -= 1
        page = ordered[cursor : cursor + size]
        paging: JsonObject = {"cursor": cursor + len(page), "has_more": cursor + len(page) < len(ordered)}
        return self._with_comments(paging, [row(comment) for comment in page])

    def _with_comments(self, data: JsonObject, rows: list[JsonObject]) -> JsonObject:
        if rows or self._knobs.empty_comments == "list":
            data["comments"] = rows
        return data

    def _row(
        self, comment: Comment, post: Post, *, with_replies: bool = False, public_only: bool = False
    ) -> JsonObject:
        row = self._common(comment)
        row |= {"comment_id": str(comment.comment_id), "video_id": str(post.item_id)}
        if comment.parent_id is not None:
            return row | {"parent_comment_id": str(comment.parent_id)}
        replies = comment.replies_until(self._now)
        row |= {"replies": len(replies), "pinned": comment.place == 0 and noise.unit(comment.seed, 10) < 0.3}
        if with_replies:
            # Inside reply_list the ids are numbers beyond 2^53 (docs/tiktok-api.md A8).
            row["reply_list"] = [
                self._common(reply)
                | {"comment_id": reply.comment_id, "video_id": post.item_id, "parent_comment_id": str(reply.parent_id)}
                for reply in self._visible(replies, public_only)[:_MOST_REPLIES_INSIDE]
            ]
        return row

    def _common(self, comment: Comment) -> JsonObject:
        seed = comment.seed
        author = 0 if comment.owner else 1 + noise.mix(seed, 11) % _COMMENTERS
        digest = hashlib.sha512(f"{self._account.seed} {author}".encode()).digest()
        encoded = base64.b64encode(digest[:45]).decode()
        row: JsonObject = {
            "user_id": hashlib.sha256(digest + self._app_id.encode()).hexdigest(),
            "unique_identifier": f"+{encoded[:8]}/{encoded[8:]}",
            "create_time": str(comment.create_time),
            "text": self._text(comment),
            "likes": comment.likes(self._now),
            "owner": comment.owner,
            "liked": not comment.owner and noise.unit(seed, 12) < 0.2,
            "status": "HIDDEN" if comment.hidden else "PUBLIC",
            "profile_image": urls.signed(f"tiktok-obj/{digest[:8].hex()}~c5_168x168.jpeg", self._now),
        }
        if author == 0:
            row |= {"username": self._account.username, "display_name": self._account.spec.display_name}
        else:
            first = noise.pick(vocabulary.FIRST_NAMES, self._account.seed, author, 13)
            tail = noise.pick(vocabulary.NAME_TAILS, self._account.seed, author, 14)
            row |= {"username": f"{first}{tail}{author}", "display_name": first.capitalize()}
        if not row["text"]:
            row["image_url"] = f"https://p16-comment-va.tiktokcdn.com/obj/tos-maliva-i-comment/{seed:016x}.image"
        return row

    def _text(self, comment: Comment) -> str:
        seed = comment.seed
        if comment.hidden:
            return noise.pick(vocabulary.SPAM, seed, 15)
        if comment.parent_id is not None:
            return noise.pick(vocabulary.OWNER_REPLIES if comment.owner else vocabulary.VISITOR_REPLIES, seed, 15)
        return "" if noise.unit(seed, 16) < 0.03 else noise.pick(vocabulary.COMMENTS, seed, 15)
