"""GET business/comment/list/ and business/comment/reply/list/ (docs/tiktok-api.md A8)."""

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
from .parameters import Query, boolean, choice, integer, json_literal, max_count, required, strings
from .posts import DAY, REPLY_PATTERN, Post

SORTED_COMMENTS = 500
"""So many comments of a post are in the requested order. The others are ordered by likes, with repetitions."""
_MAX_IDS = 30
_MAX_REPLIES_IN_LIST = 3
_AUTHORS = 600


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, or a reply to one."""

    seed: int
    comment_id: int
    parent_id: int | None
    """The id of the comment, if this is a reply."""
    index: int
    """Position among the comments of the post, or among the replies to the comment. The oldest has 0."""
    create_time: int
    owner: bool
    hidden: bool
    replies: tuple[Comment, ...] = ()

    def likes(self, now: float) -> int:
        """Return the number of likes at an instant, in epoch seconds."""
        final = min(0.6 / (1.0001 - noise.fraction(self.seed, 1)) - 0.6, 900)
        return int(final * (1 - math.exp(-max(0.0, now - self.create_time) / DAY)))

    def replies_until(self, now: float) -> list[Comment]:
        """Return the replies that exist at an instant."""
        return [reply for reply in self.replies if reply.create_time <= now]


@lru_cache(maxsize=512)
def comments_of(post: Post) -> tuple[Comment, ...]:
    """Return all comments of a post, without replies, oldest first. Some may be in the future."""
    return tuple(_comment(post, index) for index in range(post.final_comments))


def _comment(post: Post, index: int) -> Comment:
    seed = noise.mix(post.seed, 30, index)
    create_time = post.create_time + 120 + int(post.comment_delay(index))
    comment_id = _id(seed, create_time)
    owner = noise.fraction(seed, 2) < 0.02
    return Comment(
        seed=seed,
        comment_id=comment_id,
        parent_id=None,
        index=index,
        create_time=create_time,
        owner=owner,
        hidden=not owner and noise.fraction(seed, 3) < 0.04,
        replies=tuple(
            _reply(seed, comment_id, create_time, reply) for reply in range(REPLY_PATTERN[index % len(REPLY_PATTERN)])
        ),
    )


def _reply(parent_seed: int, parent_id: int, parent_time: int, index: int) -> Comment:
    seed = noise.mix(parent_seed, 31, index)
    create_time = parent_time + 200 + int((index + noise.fraction(seed, 4)) * 4000)
    owner = index == 0 and noise.fraction(seed, 2) < 0.6
    return Comment(
        seed=seed,
        comment_id=_id(seed, create_time),
        parent_id=parent_id,
        index=index,
        create_time=create_time,
        owner=owner,
        hidden=not owner and noise.fraction(seed, 3) < 0.04,
    )


def _id(seed: int, create_time: int) -> int:
    """Return an id. Its upper 32 bits are a time one to three minutes before the comment.

    docs/tiktok-api.md D, id generation.
    """
    return (create_time - 60 - noise.mix(seed, 5) % 120) << 32 | noise.mix(seed, 6) >> 32


class CommentEndpoint:
    """Both endpoints for one account. They raise ApiError."""

    def __init__(self, account: Account, app_id: str, knobs: Knobs, now: float) -> None:
        """Take the account and the instant in epoch seconds."""
        self._account = account
        self._app_id = app_id
        self._knobs = knobs
        self._now = now

    def list_comments(self, query: Query) -> JsonObject:
        """Return the `data` of comment/list."""
        post = self._post(query)
        with_replies = boolean(query, "include_replies")
        public_only = choice(query, "status", ("PUBLIC", "ALL"), "ALL") == "PUBLIC"
        sort_order = choice(query, "sort_order", ("asc", "desc", "smart"), "smart")
        sort_field = choice(query, "sort_field", ("likes", "replies", "create_time"), None)
        cursor, size = self._offset(query), max_count(query, 20, 1, 30)

        def record(comment: Comment) -> JsonObject:
            return self._record(comment, post, with_replies=with_replies, public_only=public_only)

        existing = [comment for comment in comments_of(post) if comment.create_time <= self._now]
        wanted = json_literal(query, "comment_ids")
        if wanted is not None:
            ids = set(strings(wanted, "comment_ids"))
            if not 1 <= len(ids) <= _MAX_IDS:
                raise bad_parameter("comment_ids", f"must have 1 to {_MAX_IDS} items")
            everything = [item for comment in existing for item in (comment, *comment.replies_until(self._now))]
            found = self._visible([item for item in everything if str(item.comment_id) in ids], public_only)
            # Such a response has neither has_more nor cursor (docs/tiktok-api.md A8).
            return self._with_comments({}, [record(item) for item in found])
        visible = self._visible(existing, public_only)
        ordered = self._sorted(visible, sort_field, sort_order or "smart", post.seed)
        return self._page(self._beyond_500(ordered), cursor, size, record)

    def list_replies(self, query: Query) -> JsonObject:
        """Return the `data` of comment/reply/list."""
        post = self._post(query)
        comment_id = required(query, "comment_id")
        public_only = choice(query, "status", ("PUBLIC", "ALL"), "ALL") == "PUBLIC"
        sort_order = choice(query, "sort_order", ("asc", "desc"), "desc")
        sort_field = choice(query, "sort_field", ("likes", "replies", "create_time"), None)
        cursor, size = self._offset(query), max_count(query, 20, self._knobs.reply_min_count, 30)
        parents = [comment for comment in comments_of(post) if str(comment.comment_id) == comment_id]
        if not parents or parents[0].create_time > self._now:
            raise self._unknown("comment_id")
        if parents[0].hidden:
            raise bad_parameter("comment_id", "replies of a hidden comment are not supported")
        replies = self._visible(parents[0].replies_until(self._now), public_only)
        ordered = self._sorted(replies, sort_field, sort_order or "desc", parents[0].seed)
        return self._page(ordered, cursor, size or 20, lambda reply: self._record(reply, post))

    def _post(self, query: Query) -> Post:
        post = self._account.timeline.find(required(query, "video_id"), self._now)
        if post is None or post.hidden_draw < self._knobs.hidden_post_rate:
            raise self._unknown("video_id")
        return post

    def _unknown(self, name: str) -> ApiError:
        return ApiError(self._knobs.unknown_object_code, f"{name}: does not exist")

    @staticmethod
    def _offset(query: Query) -> int:
        cursor = integer(query, "cursor", 0)
        if cursor < 0:
            raise bad_parameter("cursor", "must be greater than or equal to 0")
        return cursor

    @staticmethod
    def _visible(comments: list[Comment], public_only: bool) -> list[Comment]:
        return [comment for comment in comments if not (public_only and comment.hidden)]

    def _sorted(self, comments: list[Comment], field: str | None, order: str, seed: int) -> list[Comment]:
        """Return the comments in the requested order, or without a field in random order (docs/tiktok-api.md A8)."""
        now = self._now
        if field is None:
            return sorted(comments, key=lambda comment: noise.mix(seed, 7, comment.index))
        keys: dict[str, Callable[[Comment], int]] = {
            "likes": lambda comment: comment.likes(now),
            "replies": lambda comment: len(comment.replies_until(now)),
            "create_time": lambda comment: comment.create_time,
        }
        key = keys[field]
        return sorted(comments, key=lambda comment: (key(comment), comment.comment_id), reverse=order != "asc")

    def _beyond_500(self, ordered: list[Comment]) -> list[Comment]:
        """Return the first 500, then the rest by likes, with repetitions of the first (docs/tiktok-api.md A8)."""
        first, rest = ordered[:SORTED_COMMENTS], ordered[SORTED_COMMENTS:]
        if not rest:
            return first
        repeated = [comment for comment in first if noise.fraction(comment.seed, 8) < 0.1]
        return first + sorted([*rest, *repeated], key=lambda comment: comment.likes(self._now), reverse=True)

    def _page(
        self, ordered: Sequence[Comment], cursor: int, size: int, record: Callable[[Comment], JsonObject]
    ) -> JsonObject:
        if size > 1 and noise.fraction(self._account.seed, cursor, 9) < self._knobs.short_page_rate:
            size -= 1
        page = ordered[cursor : cursor + size]
        paging: JsonObject = {"cursor": cursor + len(page), "has_more": cursor + len(page) < len(ordered)}
        return self._with_comments(paging, [record(comment) for comment in page])

    def _with_comments(self, data: JsonObject, records: list[JsonObject]) -> JsonObject:
        if records or self._knobs.empty_comments == "list":
            data["comments"] = records
        return data

    def _record(
        self, comment: Comment, post: Post, *, with_replies: bool = False, public_only: bool = False
    ) -> JsonObject:
        record = self._common_fields(comment)
        record |= {"comment_id": str(comment.comment_id), "video_id": str(post.item_id)}
        if comment.parent_id is not None:
            return record | {"parent_comment_id": str(comment.parent_id)}
        replies = comment.replies_until(self._now)
        record |= {"replies": len(replies), "pinned": comment.index == 0 and noise.fraction(comment.seed, 10) < 0.3}
        if with_replies:
            # Inside reply_list the ids are numbers beyond 2^53 (docs/tiktok-api.md A8).
            record["reply_list"] = [
                self._common_fields(reply)
                | {"comment_id": reply.comment_id, "video_id": post.item_id, "parent_comment_id": str(reply.parent_id)}
                for reply in self._visible(replies, public_only)[:_MAX_REPLIES_IN_LIST]
            ]
        return record

    def _common_fields(self, comment: Comment) -> JsonObject:
        """Return what comments, replies and the items of reply_list have in common."""
        seed = comment.seed
        author = 0 if comment.owner else 1 + noise.mix(seed, 11) % _AUTHORS
        digest = hashlib.sha512(f"{self._account.seed} {author}".encode()).digest()
        encoded = base64.b64encode(digest[:45]).decode()
        record: JsonObject = {
            "user_id": hashlib.sha256(digest + self._app_id.encode()).hexdigest(),
            "unique_identifier": f"+{encoded[:8]}/{encoded[8:]}",
            "create_time": str(comment.create_time),
            "text": self._text(comment),
            "likes": comment.likes(self._now),
            "owner": comment.owner,
            "liked": not comment.owner and noise.fraction(seed, 12) < 0.2,
            "status": "HIDDEN" if comment.hidden else "PUBLIC",
            "profile_image": urls.signed(f"tiktok-obj/{digest[:8].hex()}~c5_168x168.jpeg", self._now),
        }
        if author == 0:
            record |= {"username": self._account.username, "display_name": self._account.spec.display_name}
        else:
            first = noise.pick(vocabulary.FIRST_NAMES, self._account.seed, author, 13)
            tail = noise.pick(vocabulary.NAME_TAILS, self._account.seed, author, 14)
            record |= {"username": f"{first}{tail}{author}", "display_name": first.capitalize()}
        if not record["text"]:
            record["image_url"] = f"https://p16-comment-va.tiktokcdn.com/obj/tos-maliva-i-comment/{seed:016x}.image"
        return record

    def _text(self, comment: Comment) -> str:
        seed = comment.seed
        if comment.hidden:
            return noise.pick(vocabulary.SPAM, seed, 15)
        if comment.parent_id is not None:
            return noise.pick(vocabulary.OWNER_REPLIES if comment.owner else vocabulary.VISITOR_REPLIES, seed, 15)
        return "" if noise.fraction(seed, 16) < 0.03 else noise.pick(vocabulary.COMMENTS, seed, 15)
