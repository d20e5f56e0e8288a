"""The knobs: what nobody could establish about TikTok, and the numbers that a test wants to change."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Gap = Literal["omit", "null", "zero"]
"""How a withheld number looks: the key is missing, null, or 0."""
ArrayGap = Literal["omit", "null", "empty"]
"""How a withheld array looks: the key is missing, null, or []."""


class Knobs(BaseModel):
    """Settings that can change while the emulator runs. Sections of docs/tiktok-api.md are in brackets."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

    # Errors
    unknown_path_code: Literal[40006, 40400, 40007, "Not Found"] = 40006
    """Code for a path or method that does not exist, or the text `Not Found` in place of JSON (D2)."""
    expired_token_code: Literal[40102, 40105] = 40102
    """Code for an access token that has expired (A4, G3)."""
    missing_scope: Literal["40130", "40001", "omit"] = "40130"
    """A field whose scope was not granted: the request fails with this code, or the field is left out (A4, G3)."""
    unknown_object_code: Literal[40002, 40007] = 40002
    """Code for a video_id or comment_id that does not exist (G3)."""
    video_list_without_item_id: Literal["error", "success"] = "error"
    """`fields` of video list without item_id is 40002, or succeeds (A7, D5)."""
    future_end_date: Literal["error", "clip"] = "error"
    """An end_date of today or later is 40002, or `clip` uses yesterday instead (G3)."""
    old_start_date: Literal["error", "clip"] = "error"
    """A start_date more than 60 days ago is 40002, or `clip` uses the day 60 days ago instead (G3)."""

    # Latency
    latent_days: int = Field(default=2, ge=1, le=3)
    """Number of the newest UTC days without figures. Today is one of them (D11)."""
    pending_days: Literal["absent", "zeros"] = "absent"
    """A day without figures in metrics[]: missing, or there with zeros (A6, G2)."""
    fresh_values: Gap = "omit"
    """Counters of a post that is newer than the latency (D11, G2)."""
    fresh_arrays: ArrayGap = "omit"
    """Arrays of a post that is newer than the latency (D11, G2)."""

    # Withheld values
    idle_values: Gap = "omit"
    """Numbers that a post loses after 7 idle days (A7 rule 1, G2)."""
    idle_arrays: ArrayGap = "omit"
    """Arrays that a post loses after 7 idle days (A7 rule 1, G2)."""
    account_kind_values: Gap = "omit"
    """Business fields of a Personal Account, and clicks of an account that is not registered (D14, G2)."""
    small_account_audience: ArrayGap = "empty"
    """Demographics of the followers, below 100 followers (A6, D14)."""
    small_account_activity: ArrayGap = "omit"
    """metrics[].audience_activity, below 100 followers (D14)."""
    small_account_post_audience: Literal["present", "omit", "null", "empty"] = "empty"
    """audience_* arrays of posts, below 100 followers (G2)."""
    audience_activity_needs_business: bool = False
    """Only Business Accounts have audience_activity. The two tables of TikTok's page disagree (A6, F)."""
    profile_views_needs_registration: bool = False
    """Only registered Business Accounts have profile_views, as older texts say (A6, A7, F)."""
    photo_curves: ArrayGap = "omit"
    """video_view_retention and engagement_likes of a photo post (G13)."""

    # Meanings
    daily_total_followers: Literal["net", "running"] = "net"
    """`net` is the change of the day, as documented. `running` is the total at its end, as observed (A6, F, G5)."""
    first_second: Literal[0, 1] = 0
    """The first `second` of video_view_retention and engagement_likes (G6)."""
    retention_seconds: int | None = Field(default=None, ge=1, le=3600)
    """Number of items in video_view_retention and engagement_likes; unset: the duration, at most 30 (G6)."""
    curve_scale: Literal[1, 100] = 1
    """video_view_retention and engagement_likes are fractions of 1 or of 100 (G6)."""

    # Paging
    hidden_post_rate: float = Field(default=0.02, ge=0, le=1)
    """Share of posts hidden by policy. They are not listed, but count for the page size (A7)."""
    short_page_rate: float = Field(default=0, ge=0, le=1)
    """Share of the pages of posts and comments with one item less than requested, and has_more true (D9, A8)."""
    empty_pages: int = Field(default=0, ge=0)
    """Each Nth page of posts is empty. It has has_more true, and its cursor moves. 0: no page is empty (D9)."""
    max_video_ids: int = Field(default=20, ge=1)
    """Most ids in filters.video_ids (A7, G1)."""
    empty_comments: Literal["list", "absent"] = "list"
    """The key `comments` of a response without comments: an empty list, or missing (A8)."""
    reply_min_count: Literal[0, 1] = 1
    """Smallest max_count of reply/list (F)."""

    # Pictures
    gone_covers: bool = False
    """The addresses of cover pictures are not found."""

    # Odd input (the module oddities)
    oddities: int = Field(default=0, ge=0)
    """Seed of odd input in each response: text that is no proper text, numbers that are none, a missing time. 0: none.
    The keys of records stay as they are."""
    missing_labels: bool = False
    """Half of the first share of each breakdown is in an item without a label."""

    # Tokens
    access_token_seconds: int = Field(default=86_400, ge=1)
    """Life of an access token (A2.2)."""
    refresh_token_seconds: int = Field(default=31_536_000, ge=1)
    """Life of a refresh token, counted from the consent (A2.3)."""
    auth_code_seconds: int = Field(default=600, ge=1)
    """Life of an authorisation code (A2.1)."""
    rotate_refresh_token: bool = True
    """A refresh returns a new refresh token (A2.3, G4)."""
    old_refresh_token_dies: bool = True
    """The old refresh token then gives 40107, in Login Kit invalid_grant (A2.3, B1, G4)."""
    refresh_kills_old_access_token: bool = False
    """A refresh ends the access tokens of the same consent (G4)."""
    reauthorisation_kills_old_tokens: bool = False
    """A new consent ends all older tokens of the account (G4)."""

    # The app, on the consent page
    app_is_approved: bool = True
    """Whether TikTok has approved the app. If not, a consent ends with unauthorized_client (A2.1)."""
    app_lacks_scopes: str = ""
    """Scopes that the app does not have, with commas between them. One of them refuses the whole consent (A2.1)."""

    # Login Kit and Display API
    login_kit_open_id: Literal["own", "same"] = "own"
    """The open_id of an account in Login Kit: a UUID of its own, or that of the TikTok API for Business (A2.2, B3)."""
    oauth_error_status: Literal[200, 400, 401] = 200
    """HTTP status of OAuth errors: 200 was reported once, others model 400 (B1, G11)."""
    oauth_revoke_of_unknown_token: Literal["error", "success"] = "error"
    """Revoking a token that does not exist: invalid_grant, or success (B1)."""
    display_error_status: Literal["documented", 200] = "documented"
    """HTTP status of the Display API's errors: 400, 401, 429 or 500 as documented, or always 200 (B2)."""
    display_missing_scope: Literal["error", "omit"] = "error"
    """A field of user info whose scope was not granted: the request fails, or the field is left out (B2)."""
    display_counters: Literal["late", "real_time"] = "late"
    """`late` counters of posts are those of the TikTok API for Business, and 0 on a fresh post (B6)."""
    display_photos: Literal["listed", "left_out"] = "listed"
    """Photo posts are listed, with duration 0, or left out (B4, G13)."""
    display_is_aigc: Literal["present", "omit", "unknown"] = "present"
    """The field is_aigc: returned, left out, or unknown, which is invalid_params (B6, F)."""
    display_foreign_video: Literal["omit", "error"] = "omit"
    """An id in video query that is no public post of the account: left out, or invalid_params (B5)."""
    display_cursor_zero: Literal["instant", "newest"] = "instant"
    """`cursor` 0: `instant` is the year 1970 and gives no posts, `newest` gives the first page (B4)."""
    display_empty_body: Literal["error", "defaults"] = "error"
    """Video list without a body: invalid_params, or a page with the default parameters (B4)."""
    display_qpm: int = Field(default=600, ge=0)
    """Calls a minute of an endpoint of the Display API. It has no penalty. 0: unlimited (B2)."""
    display_qpm_per: Literal["app", "user"] = "app"
    """Whether that limit is for all accounts together, or for each account (B2, G8)."""

    # Rate limits (A5); 0: unlimited
    account_endpoint_qpm: int = Field(default=40, ge=0)
    """Calls a minute of one account and endpoint."""
    app_qpm: int = Field(default=600, ge=0)
    """Calls a minute of the app."""
    app_qps: int = Field(default=10, ge=0)
    """Calls a second of the app."""
    penalty_seconds: int = Field(default=300, ge=0)
    """How long all calls are refused after a limit of a minute was exceeded (D17)."""
