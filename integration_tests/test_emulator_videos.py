"""GET business/video/list/ (docs/tiktok-api.md A7, D4-D9, D11, D13-D15, D19). It is noon of Friday, 2026-11-20."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integration_tests.emulator.fields import VIDEO_FIELDS

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)
LIST = "business/video/list/"
IDLE_NUMBERS = {"reach", "full_video_watched_rate", "total_time_watched", "average_time_watched"}
IDLE_ARRAYS = {"impression_sources", "audience_countries"}
CURVES = {"video_view_retention", "engagement_likes"}
ALL_FIELDS = list(VIDEO_FIELDS)
REAL_TIME = {"item_id", "media_type", "is_ad", "thumbnail_url", "share_url", "embed_url", "caption", "create_time"}


def lively_video(api: Api, *fields: str) -> dict[str, Any]:
    posts = api.all_posts("media_type", "create_time", "reach", *fields)
    return next(post for post in posts if post["media_type"] == "VIDEO" and "reach" in post)


def test_default_is_ten_posts_with_nothing_but_their_id(api: Api) -> None:
    api.emulator.set_knobs(hidden_post_rate=0)
    data = api.data(LIST)
    assert [set(post) for post in data["videos"]] == [{"item_id"}] * 10
    assert data["has_more"] is True


@pytest.mark.parametrize("size", [0, -1, 21, 100, "ten", "", "5.0"])
def test_max_count_is_1_to_20(api: Api, size: object) -> None:
    assert api.code(LIST, max_count=size) == 40002


@pytest.mark.parametrize("cursor", ["abc", "1.5", "", "2026-11-20"])
def test_a_cursor_is_an_integer(api: Api, cursor: str) -> None:
    assert api.code(LIST, cursor=cursor) == 40002


def test_fields_without_item_id(api: Api) -> None:
    assert api.code(LIST, fields=["likes"]) == 40002
    api.emulator.set_knobs(video_list_without_item_id="success")
    assert set(api.data(LIST, fields=["caption"])["videos"][0]) == {"caption"}


def test_the_cursor_is_the_creation_time_of_the_last_post_on_every_page(api: Api) -> None:
    api.new_account(posts=45, history_days=400)
    api.emulator.set_knobs(hidden_post_rate=0)
    params: dict[str, Any] = {"fields": ["item_id", "create_time"], "max_count": 20}
    sizes, more, times = [], [], []
    for _ in range(3):
        page = api.data(LIST, **params)
        sizes.append(len(page["videos"]))
        more.append(page["has_more"])
        times += [int(post["create_time"]) for post in page["videos"]]
        assert page["cursor"] == times[-1] * 1000
        params["cursor"] = page["cursor"]
    assert (sizes, more) == ([20, 20, 5], [True, True, False])
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 45


def test_a_thousand_posts_are_fifty_full_pages(api: Api) -> None:
    api.new_account(posts=1000)
    api.emulator.set_knobs(hidden_post_rate=0)
    api.emulator.calls.clear()
    posts = api.all_posts()
    assert len({post["item_id"] for post in posts}) == len(posts) == 1000
    assert api.emulator.calls.summary()[LIST].total == 50


def test_any_timestamp_is_a_cursor(api: Api) -> None:
    cursor = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp() * 1000)
    newest = api.data(LIST, fields=["item_id", "create_time"], cursor=cursor)["videos"][0]
    assert "1787000000" < newest["create_time"] < str(cursor // 1000)
    empty = api.data(LIST, cursor=1)
    assert empty == {"videos": [], "has_more": False, "cursor": 0}


def test_hidden_posts_make_pages_short_and_are_never_listed(api: Api) -> None:
    api.new_account(posts=400)
    api.emulator.set_knobs(hidden_post_rate=0)
    everything = {post["item_id"] for post in api.all_posts()}
    api.emulator.set_knobs(hidden_post_rate=0.1)
    listed = {post["item_id"] for post in api.all_posts()}
    pages = [api.data(LIST, max_count=20, cursor=1790000000000 - 10**9 * number) for number in range(10)]
    assert min(len(page["videos"]) for page in pages) < 19
    assert all(page["has_more"] for page in pages)
    assert listed < everything
    assert 20 <= len(everything - listed) <= 60
    hidden = sorted(everything - listed)[:3]
    assert api.data(LIST, filters={"video_ids": hidden})["videos"] == []


def test_short_pages_and_empty_pages_lose_no_post(api: Api) -> None:
    api.new_account(posts=100)
    api.emulator.set_knobs(hidden_post_rate=0, short_page_rate=0.5, empty_pages=2)
    sizes, cursors, found = [], [], set()
    params: dict[str, Any] = {"max_count": 20}
    while True:
        page = api.data(LIST, **params)
        sizes.append(len(page["videos"]))
        found |= {post["item_id"] for post in page["videos"]}
        cursors.append(page["cursor"])
        if not page["has_more"]:
            break
        params["cursor"] = page["cursor"]
    assert len(found) == sum(sizes) == 100
    assert sizes.count(0) >= 2
    assert 19 in sizes
    assert cursors == sorted(set(cursors), reverse=True)


def test_filtered_posts_come_without_paging(api: Api) -> None:
    ids = [post["item_id"] for post in api.all_posts()][5:8]
    data = api.data(LIST, filters={"video_ids": [*ids, "7108678102229781766", "x"]})
    assert data == {"videos": [{"item_id": item_id} for item_id in ids], "has_more": False, "cursor": 0}


@pytest.mark.parametrize(
    "filters",
    ["7683102070583443467", '["7683102070583443467"]', {"video_ids": "1"}, {"video_ids": [1]}, {"ad_post_only": True},
     {"ad_post_only": "true", "video_ids": ["1"]}, {"video_ids": [str(number) for number in range(21)]}],
)  # fmt: skip
def test_wrong_filters_are_40002(api: Api, filters: object) -> None:
    assert api.code(LIST, filters=filters) == 40002


def test_ad_only_posts_are_listed_and_can_be_filtered(api: Api) -> None:
    api.new_account(posts=20, ad_only_share=0.5, ad_share=0)
    posts = api.all_posts("is_ad")
    ads = [post["item_id"] for post in posts if post["is_ad"]]
    assert 3 < len(ads) < 17
    filters = {"video_ids": [post["item_id"] for post in posts], "ad_post_only": True}
    assert [post["item_id"] for post in api.data(LIST, filters=filters)["videos"]] == ads


def test_an_active_video_has_every_field_in_the_documented_type(api: Api) -> None:
    post = lively_video(api, *ALL_FIELDS)
    assert set(post) == set(ALL_FIELDS)
    assert isinstance(post["create_time"], str)
    assert post["create_time"].isdigit()
    assert 3 <= int(post["create_time"]) - (int(post["item_id"]) >> 32) <= 9
    assert isinstance(post["video_duration"], float)
    assert {type(row["second"]) for name in CURVES for row in post[name]} == {str}
    counters = ("likes", "comments", "shares", "favorites", "reach", "video_views", "new_followers", "website_clicks")
    assert {type(post[name]) for name in counters} == {int}
    assert post["video_views"] > post["reach"] > post["likes"] > post["shares"]
    url = urlsplit(post["share_url"])
    assert url.path == f"/@harbour_coffee/video/{post['item_id']}"
    assert parse_qs(url.query) == {"utm_campaign": ["tt4d_open_api"], "utm_source": ["7400000000000000001"]}


def test_breakdowns_of_a_video(api: Api) -> None:
    post = lively_video(api, *ALL_FIELDS)
    sources = [row["percentage"] for row in post["impression_sources"]]
    assert sources == sorted(sources, reverse=True)
    assert len(post["audience_countries"]) == len(post["audience_cities"]) == 10
    assert post["audience_cities"][0]["city_name"][2] == " "
    types = {row["type"]: row["percentage"] for row in post["audience_types"]}
    assert list(types) == ["FOLLOWER_PERCENT", "NON_FOLLOWER_PERCENT", "NEW_VIEWER", "RETURN_VIEWER"]
    assert types["FOLLOWER_PERCENT"] + types["NON_FOLLOWER_PERCENT"] == pytest.approx(1, abs=0.0002)
    assert types["NEW_VIEWER"] + types["RETURN_VIEWER"] == pytest.approx(1, abs=0.0002)
    retention = [row["percentage"] for row in post["video_view_retention"]]
    assert retention[0] == 1
    assert retention == sorted(retention, reverse=True)
    assert 0.9 < sum(row["percentage"] for row in post["engagement_likes"]) < 1


def test_knobs_of_the_curves(api: Api) -> None:
    assert lively_video(api, *CURVES)["video_view_retention"][0] == {"second": "0", "percentage": 1}
    api.emulator.set_knobs(first_second=1, retention_seconds=60, curve_scale=100)
    post = lively_video(api, *CURVES)
    assert post["video_view_retention"][0] == {"second": "1", "percentage": 100}
    assert [len(post[name]) for name in sorted(CURVES)] == [60, 60]


def test_photo_posts(api: Api) -> None:
    api.new_account(posts=5, photo_share=1, idle_share=0)
    post = api.all_posts(*ALL_FIELDS)[-1]
    assert (post["media_type"], post["video_duration"]) == ("PHOTO", 0)
    assert set(ALL_FIELDS) - set(post) == CURVES
    assert "/photo/" in post["share_url"]
    api.emulator.set_knobs(photo_curves="empty")
    assert api.all_posts(*CURVES)[-1]["engagement_likes"] == []


def test_a_fresh_post_has_real_time_fields_only(api: Api) -> None:
    api.new_account(posts=50, history_days=5, photo_share=0)
    figures_until = int(datetime(2026, 11, 19, tzinfo=UTC).timestamp())
    for post in api.all_posts(*ALL_FIELDS):
        is_fresh = int(post["create_time"]) >= figures_until
        assert set(post) == (REAL_TIME if is_fresh else set(ALL_FIELDS))
    api.emulator.set_knobs(fresh_values="zero", fresh_arrays="null")
    newest = api.all_posts(*ALL_FIELDS)[0]
    assert (newest["video_views"], newest["total_time_watched"], newest["audience_genders"]) == (0, 0, None)


def test_figures_grow_once_a_day(api: Api) -> None:
    api.new_account(posts=50, history_days=10, idle_share=0)
    item_id = api.all_posts()[-5]["item_id"]

    def views() -> int:
        api.as_account(api.emulator.account(api.open_id))
        fields = ["item_id", "video_views"]
        return int(api.data(LIST, fields=fields, filters={"video_ids": [item_id]})["videos"][0]["video_views"])

    friday = views()
    api.emulator.clock.advance(11 * 3600)
    assert views() == friday
    api.emulator.clock.advance(86400)
    assert views() > friday


def test_idle_posts_lose_six_fields(api: Api) -> None:
    api.new_account(posts=40, history_days=400, idle_share=1, photo_share=0)
    month_ago = str(int(datetime(2026, 10, 20, tzinfo=UTC).timestamp()))
    idle = [post for post in api.all_posts(*ALL_FIELDS) if post["create_time"] < month_ago]
    usual = [post for post in idle if set(ALL_FIELDS) - set(post) == IDLE_NUMBERS | IDLE_ARRAYS]
    assert len(usual) >= len(idle) * 0.7  # the others went viral, and people still watch them
    api.emulator.set_knobs(idle_values="null", idle_arrays="empty")
    last = next(post for post in api.all_posts(*ALL_FIELDS) if post["item_id"] == usual[0]["item_id"])
    assert {last[name] for name in IDLE_NUMBERS} == {None}
    assert [last[name] for name in IDLE_ARRAYS] == [[], []]
    api.emulator.change_account(api.open_id, idle_share=0)
    assert all(post["reach"] for post in api.all_posts("reach", "create_time") if post["create_time"] < month_ago)


def test_a_post_of_the_last_two_weeks_is_never_idle(api: Api) -> None:
    api.new_account(posts=100, history_days=14, idle_share=1)
    settled = [post for post in api.all_posts("video_views", "reach") if "video_views" in post]
    assert len(settled) > 50
    assert all("reach" in post for post in settled)


def test_figures_freeze_after_365_days(api: Api) -> None:
    api.new_account(posts=30, history_days=700, idle_share=0)
    posts = api.all_posts("video_views", "likes", "comments", "create_time")
    api.emulator.clock.advance(30 * 86400)
    api.as_account(api.emulator.account(api.open_id))
    later = {post["item_id"]: post for post in api.all_posts("video_views", "likes", "comments", "create_time")}
    year_ago = str(int(datetime(2025, 11, 19, tzinfo=UTC).timestamp()))
    frozen = [post for post in posts if post["create_time"] < year_ago]
    assert len(frozen) > 5
    assert all(post == later[post["item_id"]] for post in frozen)
    assert posts[5]["video_views"] < later[posts[5]["item_id"]]["video_views"]


@pytest.mark.parametrize(
    ("kind", "withheld"),
    [
        ("personal", {"profile_views", "website_clicks", "phone_number_clicks", "lead_submissions",
                      "app_download_clicks", "email_clicks", "address_clicks"}),
        ("business", {"website_clicks", "phone_number_clicks", "lead_submissions", "app_download_clicks",
                      "email_clicks", "address_clicks"}),
    ],
)  # fmt: skip
def test_fields_withheld_by_kind_of_account(api: Api, kind: str, withheld: set[str]) -> None:
    api.new_account(kind=kind, photo_share=0)
    assert set(ALL_FIELDS) - set(lively_video(api, *ALL_FIELDS)) == withheld
    api.emulator.set_knobs(account_kind_values="zero")
    assert {lively_video(api, *ALL_FIELDS)[name] for name in withheld} == {0}


def test_posts_of_an_account_below_100_followers(api: Api) -> None:
    api.new_account(followers=41, idle_share=0)
    assert lively_video(api, "audience_genders")["audience_genders"] == []
    api.emulator.set_knobs(small_account_post_audience="omit")
    assert "audience_types" not in lively_video(api, "audience_types")
    api.emulator.set_knobs(small_account_post_audience="present")
    assert len(lively_video(api, "audience_genders")["audience_genders"]) == 3


def test_an_account_without_posts(api: Api) -> None:
    api.new_account(posts=0)
    assert api.data(LIST) == {"videos": [], "has_more": False, "cursor": 0}


def test_an_account_that_keeps_posting(api: Api) -> None:
    api.new_account(posts=100, history_days=100, keeps_posting=True)
    api.emulator.set_knobs(hidden_post_rate=0)
    before = {post["item_id"] for post in api.all_posts()}
    api.emulator.clock.advance(7 * 86400)
    api.as_account(api.emulator.account(api.open_id))
    after = {post["item_id"] for post in api.all_posts()}
    assert before < after
    assert len(before) == 100
    assert 6 <= len(after - before) <= 8


def test_thumbnails_are_signed_anew_but_the_rest_is_repeatable(api: Api) -> None:
    first, second = (api.data(LIST, fields=ALL_FIELDS)["videos"] for _ in range(2))
    thumbnails = [[post.pop("thumbnail_url") for post in page] for page in (first, second)]
    assert not set(thumbnails[0]) & set(thumbnails[1])
    assert first == second


def test_twenty_thousand_posts_are_served_fast(api: Api) -> None:
    api.new_account(posts=20000)
    api.data(LIST)
    started = time.perf_counter()
    for month in range(1, 11):
        cursor = int(datetime(2026, month, 1, tzinfo=UTC).timestamp() * 1000)
        assert api.data(LIST, fields=["item_id", "likes", "caption"], max_count=20, cursor=cursor)["videos"]
    assert time.perf_counter() - started < 1
