"""The names that manifest.yaml uses, as `source_declarative_manifest.components.<Class>`."""

from source_tiktok_organic.components.authentication import AccountAuthenticator, SharedAuthenticator, TimeLimit
from source_tiktok_organic.components.columns import EpochToTimestamp, SliceColumns, TypedColumns
from source_tiktok_organic.components.covers import LoadedCover, PostsWithCover
from source_tiktok_organic.components.errors import TikTokErrorHandler
from source_tiktok_organic.components.pages import (
    NewestPostsRequester,
    OptionalPostRequester,
    SharedPagesRequester,
    ThreadRequester,
    WholePageRequester,
)
from source_tiktok_organic.components.pagination import (
    CommentPagination,
    OncePerSlice,
    PostPagination,
    ThreadPagination,
    WindowFilter,
)
from source_tiktok_organic.components.partitions import (
    AccountPartitionRouter,
    CategoryPartitionRouter,
    OwnerPartitionRouter,
    PostsWithNewComments,
)
from source_tiktok_organic.components.records import BreakdownExtractor, ObjectExtractor, ReplyExtractor
from source_tiktok_organic.components.requesters import FieldsRequester, ProfileFirstRequester, ProfileRequester
from source_tiktok_organic.components.state import KeepOnlyCommentCounts, ReopenRecentPosts, StartNewAccountsFresh
