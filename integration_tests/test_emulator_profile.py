"""GET business/get/ (docs/tiktok-api.md A6, D4, D6, D7, D11, D12, D14, D19-D21). It is noon of Friday, 2026-11-20."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from integration_tests.emulator.fields import DAILY_FIELDS, PROFILE_FIELDS

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)
GET = "business/get/"
CLICKS = {
    "bio_link_clicks", "phone_number_clicks", "lead_submissions", "app_download_clicks", "email_clicks",
    "address_clicks",
}  # fmt: skip
BUSINESS_ONLY = {
    "unique_video_views", "daily_total_followers", "daily_new_followers", "daily_lost_followers", "engaged_audience",
}  # fmt: skip


def dates(data: dict[str, Any]) -> list[str]:
    return [day["date"] for day in data["metrics"]]


def test_default_fields(api: Api) -> None:
    assert set(api.data(GET)) == {"display_name", "profile_image"}


def test_only_requested_fields_come_back(api: Api) -> None:
    assert api.data(GET, fields=["username", "is_business_account"]) == {
        "username": "harbour_coffee",
        "is_business_account": True,
    }


def test_every_documented_field_is_there(api: Api) -> None:
    data = api.data(GET, fields=list({**PROFILE_FIELDS, **DAILY_FIELDS}))
    assert set(data) == {*PROFILE_FIELDS, "metrics"}
    assert all(set(day) == {*DAILY_FIELDS, "date"} for day in data["metrics"])


def test_daily_fields_come_per_day_only(api: Api) -> None:
    data = api.data(GET, fields=["likes", "video_views"])
    assert set(data) == {"metrics"}
    assert set(data["metrics"][0]) == {"date", "likes", "video_views"}


def test_followers_count_comes_twice(api: Api) -> None:
    data = api.data(GET, fields=["followers_count"])
    assert data["followers_count"] == 15342
    assert set(data["metrics"][0]) == {"date", "followers_count"}


def test_the_default_window_ends_with_the_newest_day_that_has_figures(api: Api) -> None:
    days = dates(api.data(GET, fields=["likes"]))
    assert days == ["2026-11-13", "2026-11-14", "2026-11-15", "2026-11-16", "2026-11-17", "2026-11-18"]


@pytest.mark.parametrize(("latent_days", "newest"), [(1, "2026-11-19"), (2, "2026-11-18"), (3, "2026-11-17")])
def test_latency_in_days(api: Api, latent_days: int, newest: str) -> None:
    api.emulator.set_knobs(latent_days=latent_days)
    assert dates(api.data(GET, fields=["likes"]))[-1] == newest


def test_pending_days_may_be_there_with_zeros(api: Api) -> None:
    api.emulator.set_knobs(pending_days="zeros")
    days = api.data(GET, fields=["likes", "audience_activity"])["metrics"]
    assert days[-1] == {"date": "2026-11-19", "likes": 0, "audience_activity": []}
    assert days[-2]["date"] == "2026-11-18"
    assert days[-2]["likes"] > 0


def test_a_window_is_inclusive_on_both_ends(api: Api) -> None:
    data = api.data(GET, fields=["likes"], start_date="2026-11-10", end_date="2026-11-12")
    assert dates(data) == ["2026-11-10", "2026-11-11", "2026-11-12"]


def test_the_whole_look_back_is_60_days(api: Api) -> None:
    data = api.data(GET, fields=["likes"], start_date="2026-09-21", end_date="2026-11-19")
    assert (dates(data)[0], len(dates(data))) == ("2026-09-21", 59)


@pytest.mark.parametrize(
    "window",
    [
        {"start_date": "2026-09-20"},
        {"end_date": "2026-11-20"},
        {"end_date": "2026-12-24"},
        {"start_date": "2026-11-12", "end_date": "2026-11-11"},
        {"start_date": "2026-11-20"},
        {"start_date": "20261112"},
        {"start_date": "2026-11-31"},
        {"start_date": "2026-11-12T00:00:00"},
        {"end_date": ""},
    ],
)
def test_a_wrong_window_is_40002(api: Api, window: dict[str, str]) -> None:
    assert api.code(GET, fields=["likes"], **window) == 40002


def test_a_wrong_window_may_be_cut(api: Api) -> None:
    api.emulator.set_knobs(future_end_date="clip", old_start_date="clip", pending_days="zeros")
    data = api.data(GET, fields=["likes"], start_date="2026-01-01", end_date="2026-11-30")
    assert (dates(data)[0], dates(data)[-1]) == ("2026-09-21", "2026-11-19")


def test_days_before_the_account_existed_are_absent(api: Api) -> None:
    api.new_account(created_days_ago=6, posts=3)
    assert dates(api.data(GET, fields=["likes"], start_date="2026-10-01"))[0] == "2026-11-14"


def test_the_newest_days_rise_until_48_hours_after_their_end(api: Api) -> None:
    def wednesday() -> dict[str, Any]:
        days = api.data(GET, fields=["video_views", "likes"], start_date="2026-11-17", end_date="2026-11-18")
        return {day["date"]: day["video_views"] for day in days["metrics"]}

    noon = wednesday()
    api.emulator.clock.advance(6 * 3600)
    evening = wednesday()
    api.emulator.clock.advance(6 * 3600)
    final = wednesday()
    api.emulator.clock.advance(11 * 3600)
    assert noon["2026-11-18"] < evening["2026-11-18"] < final["2026-11-18"] == wednesday()["2026-11-18"]
    assert noon["2026-11-17"] == final["2026-11-17"]


def test_net_followers_are_new_less_lost(api: Api) -> None:
    fields = ["daily_total_followers", "daily_new_followers", "daily_lost_followers", "followers_count"]
    window = {"start_date": "2026-11-08", "end_date": "2026-11-10"}
    first, second, _ = api.data(GET, fields=fields, **window)["metrics"]
    assert second["daily_total_followers"] == second["daily_new_followers"] - second["daily_lost_followers"]
    assert second["followers_count"] == first["followers_count"] + second["daily_total_followers"]
    api.emulator.set_knobs(daily_total_followers="running")
    running = api.data(GET, fields=fields, **window)["metrics"][1]
    assert running["daily_total_followers"] == running["followers_count"] == second["followers_count"]


def test_hours_are_strings_of_the_whole_day(api: Api) -> None:
    activity = api.data(GET, fields=["audience_activity"])["metrics"][0]["audience_activity"]
    assert [row["hour"] for row in activity] == [str(hour) for hour in range(24)]
    assert all(isinstance(row["count"], int) for row in activity)


def test_demographics_are_partial_fractions(api: Api) -> None:
    data = api.data(GET, fields=[name for name in PROFILE_FIELDS if name.startswith("audience_")])
    assert [row["age"] for row in data["audience_ages"]] == ["18-24", "25-34", "35-44", "45-54", "55+"]
    assert [row["gender"] for row in data["audience_genders"]] == ["Female", "Male", "Other"]
    assert len(data["audience_countries"]) == len(data["audience_cities"]) == 10
    assert "city_name" in data["audience_cities"][0]
    for rows in data.values():
        assert 0.3 < sum(row["percentage"] for row in rows) < 1
    assert data == api.data(GET, fields=list(data))


def test_below_100_followers_there_are_no_demographics(api: Api) -> None:
    api.new_account(followers=99, posts=0)
    data = api.data(GET, fields=["audience_ages", "audience_cities", "audience_activity", "likes"])
    assert (data["audience_ages"], data["audience_cities"]) == ([], [])
    assert set(data["metrics"][0]) == {"date", "likes"}
    api.emulator.set_knobs(small_account_audience="null", small_account_activity="empty")
    data = api.data(GET, fields=["audience_ages", "audience_activity"])
    assert (data["audience_ages"], data["metrics"][0]["audience_activity"]) == (None, [])
    api.new_account(followers=100, posts=0)
    assert len(api.data(GET, fields=["audience_ages"])["audience_ages"]) == 5


@pytest.mark.parametrize(
    ("kind", "withheld"),
    [("personal", CLICKS | BUSINESS_ONLY), ("business", CLICKS), ("business_registered", set[str]())],
)
def test_fields_withheld_by_kind_of_account(api: Api, kind: str, withheld: set[str]) -> None:
    api.new_account(kind=kind)
    day = api.data(GET, fields=list(DAILY_FIELDS))["metrics"][0]
    assert {*DAILY_FIELDS} - {*day} == withheld
    for look, value in (("null", None), ("zero", 0)):
        api.emulator.set_knobs(account_kind_values=look)
        day = api.data(GET, fields=list(DAILY_FIELDS))["metrics"][0]
        assert all(day[name] == value for name in withheld)
        assert {*DAILY_FIELDS} <= {*day}


def test_stricter_readings_of_who_gets_what(api: Api) -> None:
    api.emulator.set_knobs(audience_activity_needs_business=True, profile_views_needs_registration=True)
    api.new_account(kind="personal")
    assert set(api.data(GET, fields=["audience_activity", "profile_views"])["metrics"][0]) == {"date"}


def test_the_image_address_is_signed_anew_for_every_read(api: Api) -> None:
    first, second = (api.data(GET, fields=["profile_image"])["profile_image"] for _ in range(2))
    assert "x-expires=1795348800&" in first  # 2026-11-22 12:00 UTC
    assert first.split("?")[0] == second.split("?")[0]
    assert first != second


def test_videos_count_leaves_out_photos_and_ad_only_posts(api: Api) -> None:
    api.new_account(posts=100, photo_share=0.5, ad_only_share=0, history_days=400)
    api.emulator.set_knobs(hidden_post_rate=0)
    videos = [post for post in api.all_posts("media_type") if post["media_type"] == "VIDEO"]
    assert api.data(GET, fields=["videos_count"])["videos_count"] == len(videos) < 100


def test_one_post_goes_viral_and_followers_come_with_it(api: Api) -> None:
    fields = ["video_views", "daily_new_followers"]
    days = api.data(GET, fields=fields, start_date="2026-09-21")["metrics"]
    usual = sorted(days, key=lambda day: int(day["video_views"]))[len(days) // 2]
    best = max(days, key=lambda day: int(day["video_views"]))
    assert best["video_views"] > 5 * usual["video_views"]
    assert best["daily_new_followers"] > 3 * usual["daily_new_followers"]


def test_the_same_seed_gives_the_same_answers_after_a_reset(api: Api) -> None:
    fields = [name for name in {**PROFILE_FIELDS, **DAILY_FIELDS} if name != "profile_image"]
    before = api.data(GET, fields=fields)
    api.emulator.reset()
    api.as_account()
    assert api.data(GET, fields=fields) == before


def test_follower_totals_agree_with_the_days_between_them(api: Api) -> None:
    api.emulator.clock.advance(10 * 86400)
    api.as_account()
    days = api.data(GET, fields=["followers_count", "daily_total_followers"], start_date="2026-11-15")["metrics"]
    assert date.fromisoformat(days[-1]["date"]) == date(2026, 11, 28)
    for earlier, later in pairwise(days[:-1]):
        assert date.fromisoformat(later["date"]) - date.fromisoformat(earlier["date"]) == timedelta(days=1)
        assert later["followers_count"] == earlier["followers_count"] + later["daily_total_followers"]
