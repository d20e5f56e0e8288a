"""The knobs: every fact about TikTok that nobody could establish, and every number a test wants to change."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Gap = Literal["omit", "null", "zero"]
"""How a withheld number looks: the key is missing, null, or 0."""
ArrayGap = Literal["omit", "null", "empty"]
"""How a withheld array looks: the key is missing, null, or []."""


class Knobs(BaseModel):
    """What can be turned while the emulator runs; the section of docs/tiktok-api.md stands in brackets."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

    # Errors
    unknown_path_code: Literal[40006, 40400, 40007] = 40006
    """Code for a path or method that does not exist (D2)."""
    expired_token_code: Literal[40102, 40105] = 40102
    """Code for an expired, not revoked, access token (A4, G3)."""
    missing_scope: Literal["40130", "40001", "omit"] = "40130"
    """A field whose scope was not granted: the whole call fails with this code, or the field is left out (A4, G3)."""
    unknown_object_code: Literal[40002, 40007] = 40002
    """Code for a video_id or comment_id that does not exist (G3)."""
    video_list_without_item_id: Literal["error", "success"] = "error"
    """`fields` of video list without item_id: "an error may occur" (A7, D5)."""
    future_end_date: Literal["error", "clip"] = "error"
    """An end_date of today or later: 40002, or silently cut to yesterday (G3)."""
    old_start_date: Literal["error", "clip"] = "error"
    """A start_date more than 60 days ago: 40002, or silently cut to 60 days ago (G3)."""

    # Latency
    latent_days: int = Field(default=2, ge=1, le=3)
    """How many of the newest UTC days, today included, have no figures yet (D11)."""
    pending_days: Literal["absent", "zeros"] = "absent"
    """Whether a day without figures is missing from metrics[] or there with zeros (A6, G2)."""
    fresh_values: Gap = "omit"
    """Counters of a post younger than the latency (D11, G2)."""
    fresh_arrays: ArrayGap = "omit"
    """Arrays of a post younger than the latency (D11, G2)."""

    # Withheld values
    idle_values: Gap = "omit"
    """The numbers that vanish from a post after 7 idle days (A7 rule 1, G2)."""
    idle_arrays: ArrayGap = "omit"
    """The arrays that vanish from a post after 7 idle days (A7 rule 1, G2)."""
    account_kind_values: Gap = "omit"
    """Business-only numbers of a personal account, click numbers of an unregistered business (D14, G2)."""
    small_account_audience: ArrayGap = "empty"
    """Follower demographics of an account below 100 followers (A6, D14)."""
    small_account_activity: ArrayGap = "omit"
    """metrics[].audience_activity of an account below 100 followers (D14)."""
    small_account_post_audience: Literal["present", "omit", "null", "empty"] = "empty"
    """audience_* arrays of the posts of an account below 100 followers (G2)."""
    audience_activity_needs_business: bool = False
    """The response table of the profile page asks for a Business Account; its field list does not (F)."""
    profile_views_needs_registration: bool = False
    """Older texts give profile_views, per day and per post, to registered Business Accounts only (A6, A7, F)."""
    photo_curves: ArrayGap = "omit"
    """video_view_retention and engagement_likes of a photo post (G13)."""

    # Meanings
    daily_total_followers: Literal["net", "running"] = "net"
    """Net change of the day (the documentation) or total at its end (an observer) (A6, F, G5)."""
    first_second: Literal[0, 1] = 0
    """The `second` at which video_view_retention and engagement_likes begin (G6)."""
    retention_seconds: int | None = Field(default=None, ge=1, le=3600)
    """Points in video_view_retention and engagement_likes; unset: the duration, 30 at most (G6)."""
    curve_scale: Literal[1, 100] = 1
    """Whether those two arrays speak in fractions or in percent (G6)."""

    # Paging
    hidden_post_rate: float = Field(default=0.02, ge=0, le=1)
    """Share of posts hidden by policy: never listed, yet each takes a place on a page, which is then short (A7)."""
    short_page_rate: float = Field(default=0, ge=0, le=1)
    """Share of the pages, of posts and of comments, that hold one item less than asked, has_more true (D9, A8)."""
    empty_pages: int = Field(default=0, ge=0)
    """Every Nth page of posts is empty, with has_more true and a cursor that moves on; 0: none (D9)."""
    max_video_ids: int = Field(default=20, ge=1)
    """Most ids in filters.video_ids (A7, G1)."""
    empty_comments: Literal["list", "absent"] = "list"
    """Whether the key `comments` is there when there are none (A8)."""
    reply_min_count: Literal[0, 1] = 1
    """Smallest max_count of reply/list: one source says 0, two say 1 (F)."""

    # Tokens
    access_token_seconds: int = Field(default=86_400, ge=1)
    """Life of an access token (A2.2)."""
    refresh_token_seconds: int = Field(default=31_536_000, ge=1)
    """Life of a refresh token, fixed at the first authorisation (A2.3)."""
    auth_code_seconds: int = Field(default=600, ge=1)
    """Life of an authorisation code (A2.1)."""
    rotate_refresh_token: bool = True
    """A refresh returns a new refresh token (A2.3, G4)."""
    old_refresh_token_dies: bool = True
    """After a rotation the old refresh token gives 40107, in Login Kit invalid_grant (A2.3, B1, G4)."""
    refresh_kills_old_access_token: bool = False
    """A refresh ends the access tokens issued before it (G4)."""
    reauthorisation_kills_old_tokens: bool = False
    """A new consent of the same account ends all its older tokens (G4)."""

    # Login Kit and Display API
    login_kit_open_id: Literal["own", "same"] = "own"
    """Whether Login Kit knows an account by an open_id of its own, a UUID, or by the one of the TikTok API for
    Business (A2.2, B3)."""
    oauth_error_status: Literal[200, 400, 401] = 200
    """HTTP status of Login Kit's OAuth errors: 200 was reported once, others model 400 (B1, G11)."""
    oauth_revoke_of_unknown_token: Literal["error", "success"] = "error"
    """Revoking a token that does not exist: invalid_grant, or the empty body of a success (B1)."""
    display_error_status: Literal["documented", 200] = "documented"
    """HTTP status of the Display API's errors: 400, 401, 429 or 500 by the documentation; some clients provide for
    200 (B2)."""
    display_missing_scope: Literal["error", "omit"] = "error"
    """A field of user info whose scope was not granted: the whole call fails, or the field is left out (B2)."""
    display_counters: Literal["late", "real_time"] = "late"
    """Counters of posts: those that the TikTok API for Business shows at the same time, 0 on a fresh post, or those of
    this second; a latency is documented for the former family only (B6)."""
    display_photos: Literal["listed", "left_out"] = "listed"
    """Whether the Display API's videos include photo posts, with duration 0 (B4, G13)."""
    display_is_aigc: Literal["present", "omit", "unknown"] = "present"
    """The field is_aigc: returned, left out of the answer, or not a field at all and so invalid_params (B6, F)."""
    display_foreign_video: Literal["omit", "error"] = "omit"
    """An id in video query that is not a public post of the account: left out, or invalid_params (B5)."""
    display_cursor_zero: Literal["instant", "newest"] = "instant"
    """`cursor: 0` means 1970, so that there are no posts before it, or the first page (B4)."""
    display_empty_body: Literal["error", "defaults"] = "error"
    """Video list without any body: invalid_params, or a page of the default size (B4)."""
    display_qpm: int = Field(default=600, ge=0)
    """Calls a minute for one endpoint of the Display API, without a penalty; 0: unlimited (B2)."""
    display_qpm_per: Literal["app", "user"] = "app"
    """Whether all accounts share that number or each has its own (B2, G8)."""

    # Rate limits (A5); 0: unlimited
    account_endpoint_qpm: int = Field(default=40, ge=0)
    """Calls a minute for one account and endpoint."""
    app_qpm: int = Field(default=600, ge=0)
    """Calls a minute for the app."""
    app_qps: int = Field(default=10, ge=0)
    """Calls a second for the app."""
    penalty_seconds: int = Field(default=300, ge=0)
    """How long everything is refused after a per-minute limit was exceeded."""
