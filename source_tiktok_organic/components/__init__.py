"""The names that manifest.yaml uses, as `source_declarative_manifest.components.<Class>`."""

from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.columns import (
    EpochToTimestamp,
    ProvisionalDays,
    SliceColumns,
    TypedColumns,
)
from source_tiktok_organic.components.errors import TikTokErrorHandler
from source_tiktok_organic.components.extractors import BreakdownExtractor, ObjectExtractor, ReplyExtractor
from source_tiktok_organic.components.filters import OncePerSlice, WindowFilter
from source_tiktok_organic.components.pagination import CommentPagination, PostPagination, ThreadPagination
from source_tiktok_organic.components.partitions import (
    AccountPartitionRouter,
    FirstAccountPartitionRouter,
    OwnerPartitionRouter,
    PostsWithNewComments,
)
from source_tiktok_organic.components.requesters import (
    FieldsRequester,
    ProfileFirstRequester,
    ProfileRequester,
    SharedPagesRequester,
    ThreadRequester,
)
from source_tiktok_organic.components.state import KeepOnlyCommentCounts, ReopenRecentPosts, StartNewAccountsFresh

__all__ = [
    "AccountAuthenticator",
    "AccountPartitionRouter",
    "BreakdownExtractor",
    "CommentPagination",
    "EpochToTimestamp",
    "FieldsRequester",
    "FirstAccountPartitionRouter",
    "KeepOnlyCommentCounts",
    "ObjectExtractor",
    "OncePerSlice",
    "OwnerPartitionRouter",
    "PostPagination",
    "PostsWithNewComments",
    "ProfileFirstRequester",
    "ProfileRequester",
    "ProvisionalDays",
    "ReopenRecentPosts",
    "ReplyExtractor",
    "SharedPagesRequester",
    "SliceColumns",
    "StartNewAccountsFresh",
    "ThreadPagination",
    "ThreadRequester",
    "TikTokErrorHandler",
    "TypedColumns",
    "WindowFilter",
]
