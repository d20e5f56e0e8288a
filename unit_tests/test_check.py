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
    oauth_entry,
    signed_in_config,
    signed_in_entry,
    signed_in_login_kit_config,
    static_token_config,
    static_token_entry,
    static_token_with_app_config,
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
    pytest.param(static_token_with_app_config, [TOKEN_INFO_PATH, PROFILE_PATH], id="access token and client_id"),
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
@pytest.mark.parametrize(("config", "calls"), CONFIGS[:-1])
def test_an_account_that_only_keeps_its_insights_to_itself_passes_where_tiktok_tells_the_scopes(
    config: Callable[[], dict[str, Any]],
    calls: list[str],
    code: int,
    tiktok: TikTok,
    clock: Clock,
    tmp_path: Path,
) -> None:
    tiktok.code_of_a_missing_scope = code
    tiktok.scopes.remove("user.insights")

    status = check(tiktok, clock, config(), tmp_path)

    assert status.status == Status.SUCCEEDED
    assert [call.path for call in tiktok.calls] == calls


@pytest.mark.parametrize("code", [40130, 40001])
def test_where_tiktok_does_not_tell_the_scopes_a_missing_one_fails_with_one_call_and_says_what_to_do(
    code: int, tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    tiktok.code_of_a_missing_scope = code
    tiktok.scopes.remove("user.insights")

    status = check(tiktok, clock, static_token_config(), tmp_path)

    assert status.status == Status.FAILED
    assert "add your app's `client_id`" in (status.message or "")
    assert [call.path for call in tiktok.calls] == [PROFILE_PATH]


def test_an_account_that_granted_nothing_says_what_to_do(tiktok: TikTok, clock: Clock, tmp_path: Path) -> None:
    tiktok.scopes = []

    status = check(tiktok, clock, oauth_config(), tmp_path)

    assert status.status == Status.FAILED
    assert "`user.info.basic`" in (status.message or "")
    assert "Authenticate the account again and allow everything that TikTok lists" in (status.message or "")
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


@pytest.mark.parametrize(
    "config",
    [oauth_config, signed_in_config, static_token_with_app_config],
    ids=["renewal", "valid token", "access token and client_id"],
)
def test_the_business_id_of_another_account_says_what_to_do(
    config: Callable[..., dict[str, Any]], tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, config(business_id="-000SomebodyElse"), tmp_path)

    assert status.status == Status.FAILED
    assert "The setting `credentials.business_id` is '-000SomebodyElse'" in (status.message or "")
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
            static_token_with_app_config(),
            TOKEN_INFO_PATH,
            fixture("revoked_access_token"),
            "put a new one into the source's settings",
            id="a revoked access token with client_id",
        ),
        pytest.param(
            static_token_with_app_config(client_id="75"),
            TOKEN_INFO_PATH,
            refusal(40101, "App id is incorrect."),
            "check client_id",
            id="a wrong client_id with an access token",
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


# --- Several accounts -----------------------------------------------------------------------------------------------


@pytest.fixture
def three(tiktok: TikTok) -> TikTok:
    """TikTok with three accounts."""
    tiktok.add_account("night_baker"), tiktok.add_account("tea_house")
    return tiktok


def all_oauth(tiktok: TikTok) -> dict[str, Any]:
    """A config of all accounts as after their sign-in, the second of which has a name."""
    second, *others = [oauth_entry(account) for account in tiktok.accounts[1:]]
    return oauth_config({"additional_accounts": [{**second, "name": "Night Baker"}, *others]})


def all_signed_in(tiktok: TikTok) -> dict[str, Any]:
    """A config of all accounts as it was written back."""
    return signed_in_config({"additional_accounts": [signed_in_entry(account) for account in tiktok.accounts[1:]]})


def all_bare(tiktok: TikTok) -> dict[str, Any]:
    """A config of all accounts with access tokens that are used as they are."""
    return static_token_config(additional_accounts=[static_token_entry(account) for account in tiktok.accounts[1:]])


def calls_by_account(tiktok: TikTok) -> list[list[str]]:
    """The calls about each account, in the order of the accounts."""
    return [
        [call.path for call in tiktok.calls if tiktok.account_about_which(call) is account]
        for account in tiktok.accounts
    ]


@pytest.mark.parametrize(
    ("config", "calls"),
    [
        pytest.param(all_oauth, [REFRESH_PATH, PROFILE_PATH], id="oauth"),
        pytest.param(all_signed_in, [TOKEN_INFO_PATH, PROFILE_PATH], id="oauth with valid tokens"),
        pytest.param(all_bare, [PROFILE_PATH], id="access tokens"),
    ],
)
def test_every_account_is_tried(
    config: Callable[..., dict[str, Any]], calls: list[str], three: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(three, clock, config(three), tmp_path)

    assert (status.status, status.message) == (Status.SUCCEEDED, None)
    assert calls_by_account(three) == [calls, calls, calls]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_account_that_fails_is_named_and_the_others_are_tried_nevertheless(
    position: int, three: TikTok, clock: Clock, tmp_path: Path
) -> None:
    three.accounts[position].refresh_token = "withdrawn"
    name = ["`credentials`", "Night Baker (`additional_accounts[0]`)", "`additional_accounts[1]`"][position]

    status = check(three, clock, all_oauth(three), tmp_path)

    assert status.status == Status.FAILED
    assert status.message == (
        f"TikTok account {name}: TikTok does not accept the sign-in of the account (code 40107: Refresh token is "
        "invalid or expired.). Authenticate the account again in the source's settings; if you typed the values in, "
        "check client_id, client_secret and refresh_token. "
        "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
        "CONNECTOR_CONFIG message, and the next run needs that one."
    )
    expected = [[REFRESH_PATH, PROFILE_PATH]] * 3
    expected[position] = [REFRESH_PATH]
    assert calls_by_account(three) == expected


def test_all_accounts_that_fail_are_named_each_in_a_line_of_its_own(
    three: TikTok, clock: Clock, tmp_path: Path
) -> None:
    first, second, third = three.accounts
    first.valid_tokens = third.valid_tokens = set()
    second.scopes = []

    status = check(three, clock, all_bare(three), tmp_path)

    assert status.status == Status.FAILED
    one, two, three_ = (status.message or "").split("\n")
    assert one.startswith(f"TikTok account {first.business_id}: TikTok refused the access token. ")
    assert two.startswith(f"TikTok account {second.business_id}: TikTok did not permit the stream `account`")
    assert three_.startswith(f"TikTok account {third.business_id}: TikTok refused the access token. ")


@pytest.mark.parametrize(
    "config", [pytest.param(all_signed_in, id="oauth"), pytest.param(all_bare, id="access tokens")]
)
@pytest.mark.parametrize("trouble", ["revoked tokens", "no insights", "nothing granted"])
def test_no_account_costs_more_than_three_calls(
    trouble: str, config: Callable[..., dict[str, Any]], three: TikTok, clock: Clock, tmp_path: Path
) -> None:
    for account in three.accounts:
        if trouble == "revoked tokens":
            account.valid_tokens = set()
        if trouble == "no insights":
            account.scopes.remove("user.insights")
        if trouble == "nothing granted":
            account.scopes = []

    check(three, clock, config(three), tmp_path)

    assert [len(calls) for calls in calls_by_account(three) if not 1 <= len(calls) <= 3] == []


def test_an_account_with_few_followers_and_no_posts_passes_beside_others(
    three: TikTok, clock: Clock, tmp_path: Path
) -> None:
    three.accounts[2].profile = fixture("profile_of_a_small_personal_account")["data"]
    three.accounts[1].posts = []

    assert check(three, clock, all_signed_in(three), tmp_path).status == Status.SUCCEEDED


def test_check_stores_the_renewed_tokens_of_all_accounts(
    three: TikTok, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(three, clock, all_oauth(three), tmp_path)

    *_, config = control_messages(capsys.readouterr().out)
    entries = [config["credentials"], *config["additional_accounts"]]
    assert [entry["refresh_token"] for entry in entries] == [
        account.tokens.renewed_refresh for account in three.accounts
    ]


@pytest.mark.parametrize(
    ("answer", "tries"),
    [pytest.param(refusal(40100), 1, id="a limit of calls"), pytest.param(refusal(50000), 2, id="server trouble")],
)
def test_trouble_is_not_waited_for_and_said_of_its_account(
    answer: dict[str, Any], tries: int, three: TikTok, clock: Clock, tmp_path: Path
) -> None:
    second = three.accounts[1]
    three.before_answering = lambda call: answer if three.account_about_which(call) is second else None

    status = check(three, clock, all_bare(three), tmp_path)

    assert (status.message or "").startswith(f"TikTok account {second.business_id}: TikTok")
    assert "next sync will try again" in (status.message or "")
    assert [len(calls) for calls in calls_by_account(three)] == [1, tries, 1]


@pytest.mark.parametrize(
    "additional",
    [
        pytest.param("rft.2", id="no list"),
        pytest.param(["rft.2"], id="no account"),
        pytest.param([{}], id="an empty account"),
        pytest.param([{"access_token": "act.2"}], id="an access token alone"),
        pytest.param([{"refresh_token": REFRESH_TOKEN}], id="the first account again"),
    ],
)
def test_a_mistake_in_the_additional_accounts_costs_no_call(
    additional: Any, tiktok: TikTok, clock: Clock, tmp_path: Path
) -> None:
    status = check(tiktok, clock, oauth_config({"additional_accounts": additional}), tmp_path)

    assert status.status == Status.FAILED
    assert "additional_accounts" in (status.message or "")
    assert REFRESH_TOKEN not in (status.message or "")
    assert tiktok.calls == []


def test_no_failure_of_several_accounts_shows_a_secret(three: TikTok, clock: Clock, tmp_path: Path) -> None:
    secrets = [token for account in three.accounts for token in (account.tokens.access, account.tokens.refresh)]
    three.answer_always(TOKEN_INFO_PATH, refusal(40107, f"None of {', '.join(secrets)} is valid."))

    status = check(three, clock, all_signed_in(three), tmp_path)

    assert (status.message or "").count("None of ****, ****, ****, ****, ****, **** is valid.") == 3
    assert [secret for secret in secrets if secret in (status.message or "")] == []
