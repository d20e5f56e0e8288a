"""The command `check`: at most three calls, and on failure a sentence that says what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import Status

from unit_tests.syncs import (
    Clock,
    check,
    control_messages,
    login_kit_config,
    oauth_config,
    signed_in_config,
    signed_in_login_kit_config,
    static_token_config,
)
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    CLIENT_KEY,
    CLIENT_SECRET,
    LOGIN_KIT_TOKEN_PATH,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    REFRESH_TOKEN,
    RENEWED_REFRESH_TOKEN,
    TOKEN_INFO_PATH,
    USER_INFO_PATH,
    USER_VIDEOS_PATH,
    TikTok,
    display_refusal,
    fixture,
    login_kit_refusal,
    refusal,
)

CONFIGS = [
    pytest.param(oauth_config, [REFRESH_PATH, PROFILE_PATH], id="oauth"),
    pytest.param(signed_in_config, [TOKEN_INFO_PATH, PROFILE_PATH], id="oauth with a valid token"),
    pytest.param(static_token_config, [PROFILE_PATH], id="access token"),
]


@pytest.mark.parametrize(("config", "calls"), CONFIGS)
def test_a_good_config_passes_with_at_most_two_calls(
    config: Callable[[], dict[str, Any]], calls: list[str], tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert [call.path for call in tiktok.calls] == calls


def test_a_revoked_access_token_costs_its_renewal(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    tiktok.valid_tokens = set()

    status = check(tiktok, clock, signed_in_config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH, REFRESH_PATH, PROFILE_PATH]


@pytest.mark.parametrize("code", [40130, 40001])
@pytest.mark.parametrize(("config", "_calls"), CONFIGS)
def test_an_account_that_only_keeps_its_insights_to_itself_passes_with_at_most_three_calls(
    config: Callable[[], dict[str, Any]],
    _calls: list[str],
    code: int,
    tiktok: TikTok,
    clock: Clock,
    tmp_path: Path,
) -> None:
    tiktok.code_of_a_missing_scope = code
    tiktok.scopes.remove("user.insights")

    status = check(tiktok, clock, config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert 1 <= len(tiktok.calls) <= 3


def test_an_account_that_granted_nothing_says_what_to_do(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    tiktok.scopes = []

    status = check(tiktok, clock, oauth_config(), tmp_path)

    assert status.status == Status.FAILED
    assert "`user.info.basic`" in (status.message or "")
    assert "Authenticate the account again and allow everything that TikTok lists" in (status.message or "")
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


@pytest.mark.parametrize("config", [oauth_config, signed_in_config], ids=["renewal", "valid token"])
def test_the_business_id_of_another_account_says_what_to_do(
    config: Callable[..., dict[str, Any]], tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, config(business_id="-000SomebodyElse"), tmp_path)

    assert status.status == Status.FAILED
    assert "The setting `business_id` is '-000SomebodyElse'" in (status.message or "")
    assert len(tiktok.calls) == 1


def test_check_stores_the_renewed_tokens(
    tiktok: TikTok, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(tiktok, clock, oauth_config(), tmp_path)

    (config,) = control_messages(capsys.readouterr().out)
    assert config["credentials"]["refresh_token"] == RENEWED_REFRESH_TOKEN


def test_a_small_personal_account_without_posts_passes(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    tiktok.answer_always(PROFILE_PATH, fixture("profile_of_a_small_personal_account"))
    tiktok.posts = []

    assert check(tiktok, clock, static_token_config(), tmp_path).status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("config", "path", "answer", "what_to_do"),
    [
        pytest.param(
            oauth_config(),
            REFRESH_PATH,
            fixture("refused_refresh"),
            "Authenticate the account again",
            id="a refused renewal",
        ),
        pytest.param(
            signed_in_config(),
            PROFILE_PATH,
            fixture("no_permission"),
            "allow everything that TikTok lists",
            id="a missing permission",
        ),
        pytest.param(
            static_token_config(),
            PROFILE_PATH,
            fixture("no_permission"),
            "allow everything that TikTok lists",
            id="a missing permission of an access token",
        ),
        pytest.param(
            signed_in_config(client_id="75"),
            REFRESH_PATH,
            fixture("refused_refresh"),
            "check client_id",
            id="a wrong client_id",
        ),
        pytest.param(
            static_token_config(),
            PROFILE_PATH,
            fixture("revoked_access_token"),
            "put a new one into the source's settings",
            id="a revoked access token",
        ),
        pytest.param(
            static_token_config(),
            PROFILE_PATH,
            refusal(40101, "Invalid app."),
            "Authenticate the account again",
            id="an unknown app",
        ),
        pytest.param(
            static_token_config(),
            PROFILE_PATH,
            fixture("bad_parameter"),
            "Please report",
            id="a refused parameter",
        ),
    ],
)
def test_a_refusal_says_what_to_do_with_at_most_three_calls(
    config: dict[str, Any],
    path: str,
    answer: dict[str, Any],
    what_to_do: str,
    tiktok: TikTok,
    clock: Clock,
    tmp_path: Path,
) -> None:
    tiktok.answer_always(path, answer)

    status = check(tiktok, clock, config, tmp_path)

    assert status.status == Status.FAILED
    assert what_to_do in (status.message or "")
    assert "Traceback" not in (status.message or "")
    assert 1 <= len(tiktok.calls) <= 3


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="an empty config"),
        pytest.param(static_token_config(start_date="2027-01-01"), id="a start in the future"),
        pytest.param(static_token_config(start_date="2026-02-30"), id="a day that no calendar has"),
        pytest.param(static_token_config(start_date="2026-02-01", end_date="2026-01-01"), id="an end before the start"),
        pytest.param(static_token_config(api_url="http://localhost@evil.com"), id="an unsafe address"),
    ],
)
def test_a_mistake_in_the_config_costs_no_call(
    config: dict[str, Any], tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, config, tmp_path)

    assert status.status == Status.FAILED
    assert (status.message or "").startswith("The setting `")
    assert tiktok.calls == []


def test_no_failure_shows_a_secret(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    secrets = (ACCESS_TOKEN, REFRESH_TOKEN, CLIENT_SECRET)
    tiktok.answer_always(REFRESH_PATH, refusal(40107, f"The token {', '.join(secrets)} is invalid."))

    status = check(tiktok, clock, signed_in_config(token_expiry_date=""), tmp_path)

    assert "The token ****, ****, **** is invalid." in (status.message or "")
    assert [secret for secret in secrets if secret in (status.message or "")] == []


def test_all_calls_go_to_the_api_url(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    check(tiktok, clock, oauth_config({"api_url": "http://localhost:9000/"}), tmp_path)

    assert [call.url.split("/open_api/")[0] for call in tiktok.calls] == ["http://localhost:9000"] * len(tiktok.calls)
    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert tiktok.calls_of(POSTS_PATH) == []


# --- Login Kit ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "calls"),
    [
        pytest.param(login_kit_config, [LOGIN_KIT_TOKEN_PATH, USER_INFO_PATH], id="renewal"),
        pytest.param(signed_in_login_kit_config, [USER_INFO_PATH], id="valid token"),
    ],
)
def test_a_good_config_of_login_kit_passes_with_at_most_two_calls(
    config: Callable[[], dict[str, Any]], calls: list[str], tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert [call.path for call in tiktok.calls] == calls


def test_a_revoked_token_of_login_kit_costs_its_renewal(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    tiktok.valid_tokens = set()

    status = check(tiktok, clock, signed_in_login_kit_config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert [call.path for call in tiktok.calls] == [USER_INFO_PATH, LOGIN_KIT_TOKEN_PATH, USER_INFO_PATH]


@pytest.mark.parametrize("config", [login_kit_config, signed_in_login_kit_config], ids=["renewal", "valid token"])
@pytest.mark.parametrize("missing", [["user.info.stats"], ["video.list"]], ids=["no numbers", "no posts"])
def test_an_account_that_granted_less_to_login_kit_passes_with_at_most_three_calls(
    missing: list[str], config: Callable[[], dict[str, Any]], tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    tiktok.login_kit_scopes = [scope for scope in tiktok.login_kit_scopes if scope not in missing]

    status = check(tiktok, clock, config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert 1 <= len(tiktok.calls) <= 3


@pytest.mark.parametrize(
    ("config", "path", "answer", "what_to_do"),
    [
        pytest.param(
            login_kit_config(),
            LOGIN_KIT_TOKEN_PATH,
            login_kit_refusal("invalid_grant"),
            "Authenticate the account again",
            id="a refused renewal",
        ),
        pytest.param(
            login_kit_config(client_secret="another"), "", None, "check client_key, client_secret", id="a wrong secret"
        ),
        pytest.param(
            signed_in_login_kit_config(),
            USER_INFO_PATH,
            display_refusal("scope_not_authorized"),
            "allow everything that TikTok lists",
            id="a missing permission",
        ),
        pytest.param(
            signed_in_login_kit_config(),
            USER_INFO_PATH,
            display_refusal("access_token_invalid"),
            "authenticate the account again",
            id="a token that stays refused",
        ),
        pytest.param(
            login_kit_config(), USER_INFO_PATH, display_refusal("invalid_params"), "report", id="a refused parameter"
        ),
    ],
)
def test_a_refusal_of_login_kit_says_what_to_do_with_at_most_three_calls(
    config: dict[str, Any], path: str, answer: Any, what_to_do: str, tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    tiktok.answer_always(path, answer)

    status = check(tiktok, clock, config, tmp_path)

    assert status.status == Status.FAILED
    assert (status.message or "").startswith("TikTok")
    assert what_to_do in (status.message or "")
    assert 1 <= len(tiktok.calls) <= 3
    assert tiktok.calls_of(USER_VIDEOS_PATH) == []


@pytest.mark.parametrize("name", ["client_key", "client_secret", "refresh_token"])
def test_a_mistake_in_a_config_of_login_kit_costs_no_call(
    name: str, tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, login_kit_config(**{name: ""}), tmp_path)

    assert status.status == Status.FAILED
    assert (status.message or "").startswith(f"The setting `credentials.{name}` is empty")
    assert tiktok.calls == []


def test_no_failure_of_login_kit_shows_a_secret(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    secrets = (CLIENT_KEY, REFRESH_TOKEN, CLIENT_SECRET)
    tiktok.answer_always(LOGIN_KIT_TOKEN_PATH, login_kit_refusal("invalid_client", f"{', '.join(secrets)} is wrong."))

    status = check(tiktok, clock, login_kit_config(), tmp_path)

    assert "****, ****, **** is wrong." in (status.message or "")
    assert [secret for secret in secrets if secret in (status.message or "")] == []
