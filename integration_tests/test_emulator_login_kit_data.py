"""User info and videos of the Display API (docs/tiktok-api.md B2-B6, D22). It is noon of Friday, 2026-11-20."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from integration_tests.emulator.testing import LoginKitApi

pytest_plugins = ("integration_tests.emulator.testing",)
USER, LIST, QUERY = "v2/user/info/", "v2/video/list/", "v2/video/query/"
BASIC = "open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name"
PROFILE = "bio_description,profile_deep_link,is_verified,username"
STATS = "follower_count,following_count,likes_count,video_count"
INVALID = (400, "invalid_params")
UNAUTHORISED = (401, "access_token_invalid")
VIDEO_TYPES = {
    "id": str,
    "create_time": int,
    "cover_image_url": str,
    "share_url": str,
    "video_description": str,
    "duration": int,
    "height": int,
    "width": int,
    "title": str,
    "embed_html": str,
    "embed_link": str,
    "like_count": int,
    "comment_count": int,
    "share_count": int,
    "view_count": int,
    "is_aigc": bool,
}


def business(login_kit: LoginKitApi, path: str, fields: list[str], **params: Any) -> dict[str, Any]:
    """Ask the other family about the same account."""
    open_id = login_kit.account.open_id
    response = login_kit.session.get(
        f"{login_kit.url}/open_api/v1.3/{path}",
        params={"business_id": open_id, "fields": json.dumps(fields), **params},
        headers={"Access-Token": login_kit.emulator.grant(open_id)["access_token"]},
        timeout=10,
    )
    return dict(response.json()["data"])


def test_the_envelope(login_kit: LoginKitApi) -> None:
    response = login_kit.send(USER, fields="username")
    log_id = response.headers["X-Tt-Logid"]
    assert log_id.startswith("20261120120000")
    assert response.json() == {
        "data": {"user": {"username": "harbour_coffee"}},
        "error": {"code": "ok", "message": "", "log_id": log_id},
    }


def test_a_user_has_every_field(login_kit: LoginKitApi) -> None:
    user = login_kit.data(USER, fields=f"{BASIC},{PROFILE},{STATS}")["user"]
    avatars = [user.pop(name) for name in ("avatar_url", "avatar_url_100", "avatar_large_url")]
    assert len({urlsplit(avatar).path for avatar in avatars}) == 3
    assert user.pop("profile_deep_link").startswith("https://vm.tiktok.com/")
    assert user == {
        "open_id": "96e7f99c-dd8e-4c8b-8dd5-8488b072c22d",
        "union_id": "47329d77-4cc5-4b21-84f6-c22fd4ffe351",
        "display_name": "Harbour Coffee",
        "bio_description": "Small-batch roastery by the water ☕ Open daily 7-17",
        "is_verified": False,
        "username": "harbour_coffee",
        "follower_count": 15342,
        "following_count": 87,
        "likes_count": 735469,  # 731,863 of the public posts, by a bare loop, and 3,606 of those that show in ads only
        "video_count": 180,
    }


def test_the_profile_is_the_one_that_the_other_family_shows(login_kit: LoginKitApi) -> None:
    login_kit.emulator.clock.advance(12345)
    names = ["followers_count", "following_count", "total_likes", "videos_count"]
    same = business(login_kit, "business/get/", names)
    assert list(login_kit.data(USER, fields=STATS)["user"].values()) == [same[name] for name in names]


@pytest.mark.parametrize("fields", ["", "nothing", "open_id, union_id", "open_id,", '["open_id"]', "followers_count"])
def test_fields_must_be_a_list_with_commas_of_known_names(login_kit: LoginKitApi, fields: str) -> None:
    assert login_kit.outcome(USER, fields=fields) == INVALID
    assert login_kit.outcome(LIST, fields=fields) == INVALID


@pytest.mark.parametrize("path", [USER, LIST, QUERY])
def test_fields_are_required(login_kit: LoginKitApi, path: str) -> None:
    assert login_kit.outcome(path) == INVALID


@pytest.mark.parametrize("path", [USER, LIST, QUERY])
def test_only_a_bearer_token_opens_the_door(login_kit: LoginKitApi, path: str) -> None:
    token = login_kit.token
    for headers in ({}, {"Access-Token": token}, {"Authorization": token}, {"Authorization": "Bearer act.x"}):
        response = login_kit.send(path, headers=headers, fields="id")
        assert response.status_code == 401
        assert response.json()["data"] == {}
        assert response.json()["error"]["code"] == "access_token_invalid"
        assert response.json()["error"]["message"] == "The access token is invalid or not found in the request."
    assert login_kit.outcome(USER, fields="open_id", headers={"Authorization": f"bearer {token}"}) == (200, "ok")


def test_a_token_expires_after_a_day(login_kit: LoginKitApi) -> None:
    login_kit.emulator.clock.advance(86399)
    assert login_kit.outcome(USER, fields="open_id") == (200, "ok")
    login_kit.emulator.clock.advance(1)
    assert login_kit.outcome(USER, fields="open_id") == UNAUTHORISED


@pytest.mark.parametrize(
    ("scope", "granted", "others"),
    [
        ("user.info.basic", BASIC, (PROFILE, STATS)),
        ("user.info.profile", PROFILE, (BASIC, STATS)),
        ("user.info.stats", STATS, (BASIC, PROFILE)),
        ("video.list", "", (BASIC, PROFILE, STATS)),
    ],
)
def test_one_field_without_its_scope_fails_the_whole_call(
    login_kit: LoginKitApi, scope: str, granted: str, others: tuple[str, ...]
) -> None:
    login_kit.as_account(scopes=[scope])
    if granted:
        assert set(login_kit.data(USER, fields=granted)["user"]) == set(granted.split(","))
    for field in ",".join(others).split(","):
        response = login_kit.send(USER, fields=f"{granted},{field}".strip(","))
        assert (response.status_code, response.json()["data"]) == (401, {})
        assert response.json()["error"]["code"] == "scope_not_authorized"
        assert response.json()["error"]["message"] == (
            "The user did not authorize the scope required for completing this request."
        )


def test_a_knob_omits_the_fields_without_a_scope(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_missing_scope="omit")
    login_kit.as_account(scopes=["user.info.stats"])
    assert login_kit.data(USER, fields="username,following_count") == {"user": {"following_count": 87}}
    assert login_kit.outcome(LIST, fields="id") == (401, "scope_not_authorized")


@pytest.mark.parametrize("path", [LIST, QUERY])
def test_videos_need_their_scope(login_kit: LoginKitApi, path: str) -> None:
    login_kit.as_account(scopes=["user.info.basic", "user.info.profile", "user.info.stats"])
    assert login_kit.outcome(path, fields="id") == (401, "scope_not_authorized")


def test_errors_may_come_with_http_200(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_error_status=200)
    assert login_kit.outcome(USER, fields="x") == (200, "invalid_params")
    login_kit.token = "act.x"
    assert login_kit.outcome(USER, fields="x") == (200, "access_token_invalid")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "v2/user/info/"),
        ("GET", "v2/video/list/"),
        ("GET", "v2/oauth/token/"),
        ("GET", "v2/user/info"),
        ("POST", "v2/oauth/token"),
        ("GET", "v2/research/user/info/"),
    ],
)
def test_an_unknown_path_or_method_is_404_in_plain_text(login_kit: LoginKitApi, method: str, path: str) -> None:
    response = login_kit.session.request(method, f"{login_kit.url}/{path}", timeout=10)
    assert (response.status_code, response.text) == (404, "Unsupported path(Janus)")
    assert response.headers["Content-Type"].startswith("text/plain")


def test_a_video_has_every_field_in_the_documented_type(login_kit: LoginKitApi) -> None:
    page = login_kit.data(LIST, fields=",".join(VIDEO_TYPES), body={"max_count": 20})
    assert set(page) == {"videos", "cursor", "has_more"}
    for video in page["videos"]:
        assert {name: type(value) for name, value in video.items()} == VIDEO_TYPES
        assert min(video["width"], video["height"]) >= 576
    video = next(video for video in page["videos"] if video["duration"])
    assert 7 <= video["duration"] <= 180
    address = f"https://www.tiktok.com/@harbour_coffee/video/{video['id']}"
    assert video["share_url"] == f"{address}?utm_campaign=tt4d_open_api&utm_source=7400000000000000001"
    assert video["embed_link"] == f"https://www.tiktok.com/player/v1/{video['id']}"
    assert address in video["embed_html"]
    assert video["title"] == video["video_description"]


def test_only_the_requested_fields_are_there(login_kit: LoginKitApi) -> None:
    assert {tuple(video) for video in login_kit.data(LIST, fields="title,id")["videos"]} == {("title", "id")}


def test_posts_and_counters_are_those_that_the_other_family_shows(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=15, history_days=100, ad_only_share=0, photo_share=0)
    login_kit.emulator.set_knobs(hidden_post_rate=0)
    counters = ["likes", "comments", "shares", "video_views"]
    theirs = business(
        login_kit, "business/video/list/", ["item_id", "create_time", "caption", *counters], max_count=20
    )["videos"]
    ours = login_kit.all_videos("create_time", "title", "like_count", "comment_count", "share_count", "view_count")
    assert len(ours) == 15
    assert [list(video.values()) for video in ours] == [
        [post["item_id"], int(post["create_time"]), post["caption"], *(post.get(name, 0) for name in counters)]
        for post in theirs
    ]


def test_counters_of_a_fresh_post_are_zero_or_of_this_second(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=20, history_days=10, ad_only_share=0)
    assert login_kit.all_videos("view_count")[0]["view_count"] == 0
    login_kit.emulator.set_knobs(display_counters="real_time")
    assert login_kit.all_videos("view_count")[0]["view_count"] > 0


def test_a_long_caption_is_cut_at_150_characters(login_kit: LoginKitApi) -> None:
    theme = login_kit.account.theme
    login_kit.account.theme = replace(theme, subjects=("x" * 160,))
    videos = login_kit.all_videos("title", "video_description")
    assert {len(video[name]) for video in videos for name in ("title", "video_description")} <= {0, 150}
    login_kit.account.theme = theme


def test_a_cover_expires_after_six_hours_and_is_new_on_every_read(login_kit: LoginKitApi) -> None:
    first, second = (login_kit.data(LIST, fields="cover_image_url")["videos"][0]["cover_image_url"] for _ in range(2))
    assert first != second
    assert urlsplit(first).path == urlsplit(second).path
    assert parse_qs(urlsplit(first).query)["x-expires"] == [
        str(int(datetime(2026, 11, 20, 18, tzinfo=UTC).timestamp()))
    ]


def test_a_page_has_ten_posts_unless_another_number_is_asked_for(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=60, ad_only_share=0)
    login_kit.emulator.set_knobs(hidden_post_rate=0)
    for body, size in (({}, 10), ({"max_count": 1}, 1), ({"max_count": 20}, 20)):
        assert len(login_kit.data(LIST, fields="id", body=body)["videos"]) == size


@pytest.mark.parametrize(
    "body",
    [
        {"max_count": 21},
        {"max_count": 0},
        {"max_count": -1},
        {"max_count": "10"},
        {"max_count": 10.0},
        {"max_count": None},
        {"max_count": True},
        {"cursor": "1795000000000"},
        {"cursor": 1.5},
        {"cursor": None},
        {"cursor": 2**63},
        [],
        b"max_count=10",
        b"{",
        b"",
    ],
)
def test_a_wrong_body_is_refused(login_kit: LoginKitApi, body: Any) -> None:
    headers = {"Authorization": f"Bearer {login_kit.token}", "Content-Type": "application/json"}
    assert login_kit.outcome(LIST, fields="id", body=body, headers=headers) == INVALID


def test_a_body_must_say_that_it_is_json(login_kit: LoginKitApi) -> None:
    headers = {"Authorization": f"Bearer {login_kit.token}", "Content-Type": "text/plain"}
    assert login_kit.outcome(LIST, fields="id", body=b"{}", headers=headers) == INVALID


def test_a_knob_lets_a_list_do_without_a_body(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_empty_body="defaults")
    assert login_kit.outcome(LIST, fields="id", body=b"") == (200, "ok")
    assert login_kit.outcome(QUERY, fields="id", body=b"") == INVALID


def test_the_cursor_is_the_creation_time_of_the_last_post_on_every_page(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=45, history_days=400, ad_only_share=0)
    login_kit.emulator.set_knobs(hidden_post_rate=0)
    body: dict[str, int] = {"max_count": 20}
    sizes, more, times = [], [], []
    for _ in range(3):
        page = login_kit.data(LIST, fields="id,create_time", body=body)
        sizes.append(len(page["videos"]))
        more.append(page["has_more"])
        times += [video["create_time"] for video in page["videos"]]
        assert page["cursor"] == times[-1] * 1000
        body["cursor"] = page["cursor"]
    assert (sizes, more) == ([20, 20, 5], [True, True, False])
    assert times == sorted(set(times), reverse=True)


def test_any_instant_is_a_cursor_and_zero_is_1970(login_kit: LoginKitApi) -> None:
    cursor = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp() * 1000)
    newest = login_kit.data(LIST, fields="create_time", body={"cursor": cursor})["videos"][0]
    assert 1787000000 < newest["create_time"] < cursor / 1000
    nothing = {"videos": [], "cursor": 0, "has_more": False}
    assert login_kit.data(LIST, fields="id", body={"cursor": 0}) == nothing
    assert login_kit.data(LIST, fields="id", body={"cursor": -1}) == nothing
    login_kit.emulator.set_knobs(display_cursor_zero="newest")
    first = login_kit.data(LIST, fields="id")
    assert login_kit.data(LIST, fields="id", body={"cursor": 0}) == first


def test_posts_that_are_not_public_are_missing_and_make_pages_short(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=100, ad_only_share=0.3, photo_share=0)
    login_kit.emulator.set_knobs(hidden_post_rate=0)
    page = login_kit.data(LIST, fields="id", body={"max_count": 20})
    assert len(page["videos"]) < 20
    assert page["has_more"] is True
    public = {video["id"] for video in login_kit.all_videos()}
    assert len(public) == login_kit.data(USER, fields="video_count")["user"]["video_count"] < 90
    login_kit.emulator.set_knobs(hidden_post_rate=0.1)
    assert {video["id"] for video in login_kit.all_videos()} < public


def test_short_pages_and_empty_pages_lose_no_post(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=100, ad_only_share=0)
    login_kit.emulator.set_knobs(hidden_post_rate=0, short_page_rate=0.5, empty_pages=2)
    login_kit.emulator.calls.clear()
    assert len({video["id"] for video in login_kit.all_videos()}) == 100
    assert login_kit.emulator.calls.summary()[LIST].total > 6


def test_photo_posts_have_no_duration_and_may_be_missing(login_kit: LoginKitApi) -> None:
    login_kit.new_account(posts=40, photo_share=0.5, ad_only_share=0)
    videos = login_kit.all_videos("duration", "share_url")
    photos = [video for video in videos if "/photo/" in video["share_url"]]
    assert {video["duration"] for video in photos} == {0}
    login_kit.emulator.set_knobs(display_photos="left_out")
    assert len(login_kit.all_videos()) == len(videos) - len(photos)


def test_is_aigc_is_there_or_left_out_or_unknown(login_kit: LoginKitApi) -> None:
    assert {type(video["is_aigc"]) for video in login_kit.all_videos("is_aigc")} == {bool}
    login_kit.emulator.set_knobs(display_is_aigc="omit")
    assert set(login_kit.data(LIST, fields="id,is_aigc")["videos"][0]) == {"id"}
    login_kit.emulator.set_knobs(display_is_aigc="unknown")
    assert login_kit.outcome(LIST, fields="id,is_aigc") == INVALID
    assert login_kit.outcome(QUERY, fields="id,is_aigc", body={"filters": {"video_ids": ["1"]}}) == INVALID


def test_a_query_returns_the_accounts_own_videos_in_the_order_asked_for(login_kit: LoginKitApi) -> None:
    ids = [video["id"] for video in login_kit.all_videos()][5:8][::-1]
    login_kit.new_account(posts=3)
    foreign = [video["id"] for video in login_kit.all_videos()]
    login_kit.as_account()
    body = {"filters": {"video_ids": [*ids, *foreign, "7108678102229781766", "x", ids[0]]}}
    assert login_kit.data(QUERY, fields="id", body=body) == {"videos": [{"id": video_id} for video_id in ids]}
    login_kit.emulator.set_knobs(display_foreign_video="error")
    assert login_kit.outcome(QUERY, fields="id", body=body) == INVALID
    assert login_kit.outcome(QUERY, fields="id", body={"filters": {"video_ids": ids}}) == (200, "ok")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"video_ids": ["1"]},
        {"filters": ["1"]},
        {"filters": {}},
        {"filters": {"video_ids": "1"}},
        {"filters": {"video_ids": [1]}},
        {"filters": {"video_ids": []}},
        {"filters": {"video_ids": [str(number) for number in range(21)]}},
    ],
)
def test_a_query_is_about_one_to_twenty_ids(login_kit: LoginKitApi, body: dict[str, Any]) -> None:
    assert login_kit.outcome(QUERY, fields="id", body=body) == INVALID
