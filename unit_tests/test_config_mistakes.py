"""A mistake in a config is answered with a sentence that names the setting and what belongs there, and no secret."""

import json
from pathlib import Path
from typing import Any

import pytest

from source_tiktok_organic import run as command
from source_tiktok_organic.config import config_mistake, unknown_settings
from unit_tests.syncs import PreparedSource, login_kit_config, oauth_config, static_token_config

# What no sentence may repeat.
SECRET = "act.DoNotRepeatMe!5001.em"


def credentials(**values: Any) -> dict[str, Any]:
    """A config of which only the credentials matter."""
    return {"credentials": values}


def without(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The config without one of its credentials."""
    del config["credentials"][name]
    return config


def with_credential(config: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The config with one of its credentials changed."""
    config["credentials"][name] = value
    return config


MISTAKES = [
    pytest.param(
        {},
        "The setting `credentials` is missing. How the connector signs in to the TikTok account.",
        id="an empty config",
    ),
    pytest.param(
        credentials(),
        "The setting `credentials.auth_type` is missing, but it must be 'business_oauth' for TikTok API for Business "
        "(OAuth) or 'business_access_token' for TikTok API for Business (access token) or 'login_kit' for Login Kit "
        "(OAuth).",
        id="empty credentials",
    ),
    pytest.param(
        credentials(auth_type="oauth2.0", client_id="1"),
        "The setting `credentials.auth_type` is 'oauth2.0', but it must be 'business_oauth' for TikTok API for "
        "Business (OAuth) or 'business_access_token' for TikTok API for Business (access token) or 'login_kit' for "
        "Login Kit (OAuth).",
        id="an unknown auth_type",
    ),
    pytest.param(
        credentials(auth_type=["business_oauth"]),
        "The setting `credentials.auth_type` is [\"business_oauth\"], but it must be 'business_oauth' for TikTok API "
        "for Business (OAuth) or 'business_access_token' for TikTok API for Business (access token) or 'login_kit' for "
        "Login Kit (OAuth).",
        id="an auth_type that is no text",
    ),
    pytest.param(
        without(oauth_config(), "client_id"),
        "The setting `credentials.client_id` is missing. The App ID of your app in the TikTok for Business developer "
        "portal.",
        id="no client_id",
    ),
    pytest.param(
        without(oauth_config(), "client_secret"),
        "The setting `credentials.client_secret` is missing. The Secret of your app in the TikTok for Business "
        "developer portal.",
        id="no client_secret",
    ),
    pytest.param(
        without(oauth_config(), "refresh_token"),
        "The setting `credentials.refresh_token` is missing. The token that renews the access token. TikTok may "
        "replace it at every renewal; the connector stores the new one.",
        id="no refresh_token",
    ),
    pytest.param(
        with_credential(oauth_config(), "client_secret", ""),
        "The setting `credentials.client_secret` is empty. The Secret of your app in the TikTok for Business "
        "developer portal.",
        id="an empty client_secret",
    ),
    pytest.param(
        with_credential(oauth_config(), "client_id", 7400000000000000001),
        "The setting `credentials.client_id` is of the wrong kind, but it must be text.",
        id="a number for the client_id",
    ),
    pytest.param(
        with_credential(oauth_config(), "client_secret", {"value": SECRET}),
        "The setting `credentials.client_secret` is of the wrong kind, but it must be text.",
        id="an object for the client_secret",
    ),
    pytest.param(
        with_credential(oauth_config(), "refresh_token", [SECRET]),
        "The setting `credentials.refresh_token` is of the wrong kind, but it must be text.",
        id="a list for the refresh_token",
    ),
    pytest.param(
        without(static_token_config(), "business_id"),
        "The setting `credentials.business_id` is missing. The account's open_id, which comes with the access token.",
        id="no business_id",
    ),
    pytest.param(
        without(static_token_config(), "access_token"),
        "The setting `credentials.access_token` is missing. An access token of the account. It lasts 24 hours and is "
        "never renewed, so this is for trying things out.",
        id="no access_token",
    ),
    pytest.param(
        with_credential(static_token_config(), "access_token", ""),
        "The setting `credentials.access_token` is empty. An access token of the account. It lasts 24 hours and is "
        "never renewed, so this is for trying things out.",
        id="an empty access_token",
    ),
    pytest.param(
        with_credential(static_token_config(), "business_id", 5),
        "The setting `credentials.business_id` is 5, but it must be text.",
        id="a number for the business_id",
    ),
    pytest.param(
        without(login_kit_config(), "client_key"),
        "The setting `credentials.client_key` is missing. The Client key of your app in TikTok for Developers.",
        id="no client_key",
    ),
    pytest.param(
        without(login_kit_config(client_id="7400000000000000001"), "client_key"),
        "The setting `credentials.client_key` is missing. The Client key of your app in TikTok for Developers.",
        id="a client_id instead of the client_key",
    ),
    pytest.param(
        without(login_kit_config(), "client_secret"),
        "The setting `credentials.client_secret` is missing. The Client secret of your app in TikTok for Developers.",
        id="no client_secret of Login Kit",
    ),
    pytest.param(
        without(login_kit_config(), "refresh_token"),
        "The setting `credentials.refresh_token` is missing. The token that renews the access token. TikTok may "
        "replace it at every renewal; the connector stores the new one.",
        id="no refresh_token of Login Kit",
    ),
    pytest.param(
        with_credential(login_kit_config(), "client_key", ""),
        "The setting `credentials.client_key` is empty. The Client key of your app in TikTok for Developers.",
        id="an empty client_key",
    ),
    pytest.param(
        with_credential(login_kit_config(), "client_key", 7400000000000000001),
        "The setting `credentials.client_key` is of the wrong kind, but it must be text.",
        id="a number for the client_key",
    ),
    pytest.param(
        with_credential(login_kit_config(), "token_expiry_date", 86400),
        "The setting `credentials.token_expiry_date` is 86400, but it must be text.",
        id="a number for the end of the access token",
    ),
    pytest.param(
        static_token_config(start_date="01/02/2026"),
        "The setting `start_date` is '01/02/2026', but it must be a date in the form YYYY-MM-DD, such as 2025-01-01.",
        id="a start_date in another form",
    ),
    pytest.param(
        static_token_config(start_date="2026-1-5"),
        "The setting `start_date` is '2026-1-5', but it must be a date in the form YYYY-MM-DD, such as 2025-01-01.",
        id="a start_date without zeros",
    ),
    pytest.param(
        static_token_config(end_date=20261231),
        "The setting `end_date` is 20261231, but it must be a date in the form YYYY-MM-DD, such as 2026-12-31.",
        id="a number for the end_date",
    ),
    pytest.param(
        static_token_config(lookback_days=0),
        "The setting `lookback_days` is 0, but it must be a whole number from 1 to 58.",
        id="no lookback_days",
    ),
    pytest.param(
        static_token_config(lookback_days=59),
        "The setting `lookback_days` is 59, but it must be a whole number from 1 to 58.",
        id="more lookback_days than TikTok has",
    ),
    pytest.param(
        static_token_config(lookback_days="58"),
        "The setting `lookback_days` is '58', but it must be a whole number from 1 to 58.",
        id="lookback_days as text",
    ),
    pytest.param(
        static_token_config(lookback_days=True),
        "The setting `lookback_days` is true, but it must be a whole number from 1 to 58.",
        id="true for lookback_days",
    ),
    pytest.param(
        static_token_config(video_lookback_days=-1),
        "The setting `video_lookback_days` is -1, but it must be a whole number from 0 to 36500.",
        id="negative video_lookback_days",
    ),
    pytest.param(
        static_token_config(include_comment_replies="no"),
        "The setting `include_comment_replies` is 'no', but it must be true or false.",
        id="a word for include_comment_replies",
    ),
    pytest.param(
        static_token_config(include_comment_replies=None),
        "The setting `include_comment_replies` is null, but it must be true or false.",
        id="null for include_comment_replies",
    ),
    pytest.param(
        static_token_config(include_comment_replies=0),
        "The setting `include_comment_replies` is 0, but it must be true or false.",
        id="a number for include_comment_replies",
    ),
    pytest.param(
        static_token_config(requests_per_minute=0),
        "The setting `requests_per_minute` is 0, but it must be a whole number of 2 or more.",
        id="no requests_per_minute",
    ),
    pytest.param(
        static_token_config(requests_per_minute=39.5),
        "The setting `requests_per_minute` is 39.5, but it must be a whole number of 2 or more.",
        id="half a request",
    ),
    pytest.param(
        static_token_config(num_workers=1),
        "The setting `num_workers` is 1, but it must be a whole number from 2 to 20.",
        id="one worker",
    ),
    pytest.param(
        static_token_config(num_workers=21),
        "The setting `num_workers` is 21, but it must be a whole number from 2 to 20.",
        id="too many workers",
    ),
    pytest.param(
        static_token_config(api_url=9000),
        "The setting `api_url` is 9000, but it must be text.",
        id="a number for the api_url",
    ),
    pytest.param(
        oauth_config({"additional_accounts": SECRET}),
        "The setting `additional_accounts` is of the wrong kind, but it must be a list.",
        id="text for the additional accounts",
    ),
    pytest.param(
        oauth_config({"additional_accounts": {"refresh_token": SECRET}}),
        "The setting `additional_accounts` is of the wrong kind, but it must be a list.",
        id="one additional account that is in no list",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [{"refresh_token": "rft.2"}, SECRET]}),
        "The setting `additional_accounts[1]` is of the wrong kind, but it must be a group of settings.",
        id="a token instead of an additional account",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [[SECRET]]}),
        "The setting `additional_accounts[0]` is of the wrong kind, but it must be a group of settings.",
        id="a list instead of an additional account",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [None]}),
        "The setting `additional_accounts[0]` is of the wrong kind, but it must be a group of settings.",
        id="null instead of an additional account",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [{"refresh_token": [SECRET]}]}),
        "The setting `additional_accounts[0].refresh_token` is of the wrong kind, but it must be text.",
        id="a list for an additional refresh_token",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [{"refresh_token": "rft.2"}, {"access_token": {"token": SECRET}}]}),
        "The setting `additional_accounts[1].access_token` is of the wrong kind, but it must be text.",
        id="an object for an additional access_token",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [{"refresh_token": "rft.2", "business_id": 5}]}),
        "The setting `additional_accounts[0].business_id` is 5, but it must be text.",
        id="a number for an additional business_id",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [{"refresh_token": "rft.2", "name": 7}]}),
        "The setting `additional_accounts[0].name` is 7, but it must be text.",
        id="a number for an additional name",
    ),
    pytest.param(
        oauth_config({"additional_accounts": [{"refresh_token": "rft.2", "token_expiry_date": 86400}]}),
        "The setting `additional_accounts[0].token_expiry_date` is 86400, but it must be text.",
        id="a number for the end of an additional access token",
    ),
    *(
        pytest.param(
            static_token_config(benchmark_categories=["PETS", value]),
            f"The setting `benchmark_categories[1]` is {value!r}, but it must be one of ART_AND_CRAFTS, "
            "AUTOMOTIVE_AND_TRANSPORTATION, BABY, BEAUTY, CLOTHING_AND_ACCESSORIES, EDUCATION_AND_TRAINING, "
            "ELECTRONICS, FINANCE_AND_INVESTING, FOOD_AND_BEVERAGE, GAMING, HEALTH_AND_WELLNESS, "
            "HOME_FURNITURE_AND_APPLIANCES, MACHINERY_AND_EQUIPMENT, MEDIA_AND_ENTERTAINMENT, PERSONAL_BLOG, PETS, "
            "PROFESSIONAL_SERVICES, PUBLIC_ADMINISTRATION, REAL_ESTATE, RESTAURANTS_AND_BARS, SHOPPING_AND_RETAIL, "
            "SOFTWARE_AND_APPS, SPORTS_FITNESS_AND_OUTDOORS, TRAVEL_AND_TOURISM, OTHERS.",
            id=f"{value!r} for a benchmark category",
        )
        for value in ("FOOD", "food_and_beverage", "", 3)
    ),
]


@pytest.mark.parametrize(("config", "sentence"), MISTAKES)
def test_a_mistake_is_answered_with_a_sentence(
    config: dict[str, Any], sentence: str, specification: dict[str, Any]
) -> None:
    assert config_mistake(config, specification) == sentence


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"credentials": SECRET}, id="a token instead of the credentials"),
        pytest.param({"credentials": [SECRET]}, id="a list instead of the credentials"),
        pytest.param(credentials(auth_type="business_oauth", client_secret=SECRET), id="the rest missing"),
        pytest.param(with_credential(oauth_config(), "refresh_token", {"token": SECRET}), id="an object"),
        pytest.param(with_credential(oauth_config(), "client_id", [SECRET]), id="a list"),
        pytest.param(with_credential(static_token_config(), "access_token", [SECRET]), id="a list as access token"),
        pytest.param(with_credential(login_kit_config(), "client_key", [SECRET]), id="a list as client_key"),
        pytest.param(credentials(auth_type="login_kit", client_key=SECRET), id="the rest of Login Kit missing"),
        pytest.param(oauth_config({"additional_accounts": SECRET}), id="a token instead of the additional accounts"),
        pytest.param(oauth_config({"additional_accounts": [SECRET]}), id="a token instead of an additional account"),
        pytest.param(
            oauth_config({"additional_accounts": [{"refresh_token": SECRET, "name": 7}]}),
            id="a mistake beside an additional token",
        ),
        pytest.param(
            {"credentials": {"access_token": SECRET, "business_id": "-000abc"}, "lookback_days": 0},
            id="a mistake elsewhere",
        ),
    ],
)
def test_no_sentence_repeats_a_secret(config: dict[str, Any], specification: dict[str, Any]) -> None:
    sentence = config_mistake(config, specification)

    assert sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(oauth_config(), id="oauth"),
        pytest.param(oauth_config(access_token="", token_expiry_date="", business_id=""), id="oauth, empty extras"),
        pytest.param(
            oauth_config(access_token="act.1", token_expiry_date="2026-11-21T12:00:00+00:00", business_id="-000abc"),
            id="oauth, as written back",
        ),
        pytest.param(static_token_config(), id="access token"),
        pytest.param(login_kit_config(), id="login kit"),
        pytest.param(
            login_kit_config(
                {"start_date": "2025-01-01"}, access_token="act.1", token_expiry_date="2026-11-21T12:00:00+00:00"
            ),
            id="login kit, as written back",
        ),
        pytest.param(
            static_token_config(
                start_date="2025-01-01",
                end_date="2026-12-31",
                lookback_days=1,
                video_lookback_days=0,
                include_comment_replies=False,
                max_videos=1,
                cover_images=True,
                app_level="ultimate",
                requests_per_minute=2,
                num_workers=20,
                api_url="http://localhost:9000",
                additional_accounts=[{"access_token": "act.2", "business_id": "-000xyz"}],
                benchmark_categories=["OTHERS"],
            ),
            id="every setting",
        ),
        pytest.param(
            oauth_config(
                {
                    "additional_accounts": [
                        {"refresh_token": "rft.2"},
                        {
                            "name": "Night Baker",
                            "refresh_token": "rft.3",
                            "access_token": "act.3",
                            "token_expiry_date": "2026-11-21T12:00:00+00:00",
                            "business_id": "-000xyz",
                            "of_another_version": True,
                        },
                    ]
                }
            ),
            id="additional accounts",
        ),
        pytest.param(static_token_config(additional_accounts=[]), id="no additional accounts"),
        pytest.param(static_token_config(benchmark_category="FOOD_AND_BEVERAGE"), id="a benchmark_category of 0.1.0"),
        pytest.param(static_token_config(a_setting_of_another_version=True), id="an unknown key"),
        pytest.param(oauth_config(scope="user.info.basic"), id="an unknown key in the credentials"),
    ],
)
def test_a_config_without_a_mistake_has_none(config: dict[str, Any], specification: dict[str, Any]) -> None:
    assert config_mistake(config, specification) is None


@pytest.mark.parametrize(
    ("config", "warnings"),
    [
        pytest.param(
            static_token_config(start_dat="2026-01-01"),
            ["The connector has no setting `start_dat`, so it has no effect. Is it `start_date`?"],
            id="one letter too few",
        ),
        pytest.param(
            oauth_config(refresh_tokn="rft.2"),
            [
                "The connector has no setting `credentials.refresh_tokn`, so it has no effect. Is it "
                "`credentials.refresh_token`?"
            ],
            id="in the credentials",
        ),
        pytest.param(
            oauth_config({"additional_accounts": [{"refresh_token": "rft.2", "nam": "Bakery"}]}),
            [
                "The connector has no setting `additional_accounts[0].nam`, so it has no effect. Is it "
                "`additional_accounts[0].name`?"
            ],
            id="in an additional account",
        ),
        pytest.param(
            static_token_config(zzz=1),
            ["The connector has no setting `zzz`, so it has no effect."],
            id="like no other",
        ),
        pytest.param(static_token_config(__injected_declarative_manifest={}), [], id="of the platform's own"),
        pytest.param({"credentials": 1, "additional_accounts": 1}, [], id="groups that are none"),
    ],
)
def test_a_setting_that_the_connector_does_not_have_is_named_with_the_one_that_it_resembles(
    config: dict[str, Any], warnings: list[str], specification: dict[str, Any]
) -> None:
    assert list(unknown_settings(config, specification)) == warnings


# --- Through the command line ---------------------------------------------------------------------------------------


def printed_by(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """The messages that the command prints."""
    monkeypatch.setattr("sys.argv", ["source-tiktok-organic", *arguments])
    monkeypatch.setattr(command, "SourceTiktokOrganic", PreparedSource)
    command.run()
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        pytest.param(
            {}, "The setting `credentials` is missing. How the connector signs in to the TikTok account.", id="empty"
        ),
        pytest.param(
            without(static_token_config(), "business_id"),
            "The setting `credentials.business_id` is missing. The account's open_id, which comes with the access "
            "token.",
            id="no business_id",
        ),
        pytest.param(
            without(login_kit_config(), "client_key"),
            "The setting `credentials.client_key` is missing. The Client key of your app in TikTok for Developers.",
            id="no client_key",
        ),
        pytest.param(
            static_token_config(num_workers="many"),
            "The setting `num_workers` is 'many', but it must be a whole number from 2 to 20.",
            id="words for a number",
        ),
        pytest.param(
            static_token_config(num_workers=0),
            "The setting `num_workers` is 0, but it must be a whole number from 2 to 20.",
            id="no workers",
        ),
        pytest.param(
            oauth_config(token_expiry_date="tomorrow"),
            "The setting `credentials.token_expiry_date` is 'tomorrow', but it must be a time such as "
            "2026-01-31T12:00:00Z. Leave it empty if you don't know it: then the connector renews the access token.",
            id="an end that is no time",
        ),
        pytest.param(
            static_token_config(start_date="2026-02-30"),
            "The setting `start_date` is '2026-02-30', but it must be a calendar date such as 2026-01-31 "
            "(year-month-day).",
            id="a day that no calendar has",
        ),
        pytest.param(
            static_token_config(api_url="http://localhost@evil.com"),
            "The setting `api_url` must begin with https://, or with http:// for a server on this machine "
            "(localhost or 127.0.0.1), because access tokens are sent to it. Remove it to call TikTok itself.",
            id="an unsafe address",
        ),
        pytest.param(
            oauth_config({"additional_accounts": [{"refresh_token": "rft.2"}, {"name": "Night Baker"}]}),
            "`additional_accounts[1]` cannot be read: it needs a `refresh_token`, or an `access_token` with the "
            "`business_id` that came with it.",
            id="an additional account without tokens",
        ),
        pytest.param(
            oauth_config({"additional_accounts": ["rft.2"]}),
            "The setting `additional_accounts[0]` is of the wrong kind, but it must be a group of settings.",
            id="a token instead of an additional account",
        ),
        pytest.param(
            login_kit_config({"additional_accounts": [{"refresh_token": "rft.2"}]}),
            "The setting `additional_accounts` is for the TikTok API for Business. With Login Kit, make a connection "
            "for each account.",
            id="additional accounts of Login Kit",
        ),
    ],
)
def test_the_command_check_answers_a_mistake_with_its_sentence(
    config: dict[str, Any],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")

    messages = printed_by(["check", "--config", str(path)], monkeypatch, capsys)

    statuses = [message["connectionStatus"] for message in messages if message["type"] == "CONNECTION_STATUS"]
    assert statuses == [{"status": "FAILED", "message": sentence}]
