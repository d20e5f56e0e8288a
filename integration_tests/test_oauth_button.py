"""The button "Authenticate": what `spec` tells Airbyte's platform, carried out against the emulator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import getitem
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest
import requests
from jinja2 import Environment, StrictUndefined
from jsonschema import Draft7Validator, FormatChecker

from integration_tests.connector import Connector, ReadyToRun, calls
from integration_tests.emulator.accounts import FIRST_OPEN_ID
from integration_tests.emulator.server import RunningEmulator

REFRESH = "tt_user/oauth2/refresh_token/"
APP = {"client_id": "7400000000000000001", "client_secret": "emulator-client-secret"}
CALLBACK = "https://airbyte.example.com/auth_flow"
STATE = "qXvTbLm"
PERMISSIONS = [
    "user.info.basic",
    "user.info.username",
    "user.info.profile",
    "user.info.stats",
    "user.account.type",
    "user.insights",
    "video.list",
    "video.insights",
    "comment.list",
]


@dataclass(frozen=True)
class Platform:
    """Airbyte's platform as far as a source's `advanced_auth` steers it: its DeclarativeOAuthFlow and the form."""

    advanced_auth: Mapping[str, Any]

    @property
    def oauth(self) -> Mapping[str, Any]:
        """All but the condition under which the button is there."""
        oauth: Mapping[str, Any] = self.advanced_auth["oauth_config_specification"]
        return oauth

    @property
    def flow(self) -> Mapping[str, Any]:
        """The templates."""
        flow: Mapping[str, Any] = self.oauth["oauth_connector_input_specification"]
        return flow

    def consent_url(self) -> str:
        """Where the browser is sent."""
        return self._rendered(self.flow["consent_url"], state=STATE, **self._app())

    def token_call(self, redirect: Mapping[str, str]) -> tuple[str, dict[str, str], dict[str, str]]:
        """The address, headers and body with which the code of a redirect becomes tokens."""
        given = {"auth_code": redirect[self._key("auth_code")], "state": redirect[self._key("state")], **self._app()}
        headers = {name: self._rendered(text, **given) for name, text in self.flow["access_token_headers"].items()}
        body = {
            self._rendered(name, **given): self._rendered(text, **given)
            for name, text in self.flow["access_token_params"].items()
        }
        return self._rendered(self.flow["access_token_url"], **given), headers, body

    def config(self, answer: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
        """The config with what the flow gave; what was found is named by the last part of its path in the answer."""
        found = {}
        for output in self.oauth["complete_oauth_output_specification"]["properties"].values():
            *parents, name = output["path_in_oauth_response"]
            found[name] = str(reduce(getitem, parents, answer)[name])
        if "expires_in" in found:
            end = datetime.now(UTC) + timedelta(seconds=int(found["expires_in"]))
            found["token_expiry_date"] = end.isoformat().replace("+00:00", "Z")
        config: dict[str, Any] = dict(settings)
        _put(config, self.advanced_auth["predicate_key"], self.advanced_auth["predicate_value"])
        for specification, values in (
            ("complete_oauth_output_specification", found),
            ("complete_oauth_server_output_specification", APP),
        ):
            for name, output in self.oauth[specification]["properties"].items():
                _put(config, output["path_in_connector_config"], values[name])
        return config

    def _key(self, role: str) -> str:
        default = {"auth_code": "code"}.get(role, role)
        return str(self.flow.get(f"{role}_key", default))

    def _app(self) -> dict[str, str]:
        """What the app's owner stored in the platform."""
        return {role: APP[self._key(role)] for role in ("client_id", "client_secret")}

    def _rendered(self, template: str, **given: str) -> str:
        """A template with `{{ x_key }}`, `{{ x_value }}` and `{{ x_param }}` for every x that is given."""
        values = {}
        for role, value in {"redirect_uri": CALLBACK, "scope": self.flow["scope"], **given}.items():
            encoded = quote_plus(value) if role in ("redirect_uri", "scope") else value
            values[f"{role}_key"] = self._key(role)
            values[f"{role}_value"] = value
            values[f"{role}_param"] = f"{self._key(role)}={encoded}"
        return Environment(undefined=StrictUndefined).from_string(template).render(values)


def _put(config: dict[str, Any], path: list[str], value: str) -> None:
    *parents, name = path
    for parent in parents:
        config = config.setdefault(parent, {})
    config[name] = value


@pytest.fixture(scope="module")
def specification(tmp_path_factory: pytest.TempPathFactory, ready: ReadyToRun) -> dict[str, Any]:
    """What `spec` prints."""
    (message,) = Connector(tmp_path_factory.mktemp("spec"), ready=ready).spec().of_type("SPEC")
    specification: dict[str, Any] = message["spec"]
    return specification


@pytest.fixture
def platform(specification: dict[str, Any]) -> Platform:
    """The platform that has read `spec`."""
    return Platform(specification["advanced_auth"])


def redirect_of_the_owner(tiktok: RunningEmulator, platform: Platform) -> dict[str, str]:
    """What the browser brings back from the consent page; the platform adds what the consent URL had (`state`)."""
    asked = dict(parse_qsl(urlsplit(platform.consent_url()).query))
    consent = {"redirect_uri": asked["redirect_uri"], "scopes": asked["scope"].split(",")}
    location = requests.post(f"{tiktok.url}/_emulator/authorize", json=consent, timeout=10).json()["location"]
    assert location.startswith(f"{CALLBACK}?code=") and "%2A" in location and "%21" in location
    return {**asked, **dict(parse_qsl(urlsplit(location).query))}


def tokens(tiktok: RunningEmulator, platform: Platform) -> dict[str, Any]:
    """The answer to the token call, sent to the emulator in TikTok's place."""
    url, headers, body = platform.token_call(redirect_of_the_owner(tiktok, platform))
    answer: dict[str, Any] = requests.post(
        f"{tiktok.url}{urlsplit(url).path}", json=body, headers=headers, timeout=10
    ).json()
    assert answer["code"] == 0, answer
    return answer


def test_the_consent_page_is_opened_for_the_app_and_every_permission(platform: Platform) -> None:
    url = urlsplit(platform.consent_url())
    assert (url.scheme, url.netloc, url.path) == ("https", "www.tiktok.com", "/v2/auth/authorize")
    assert parse_qsl(url.query, strict_parsing=True) == [
        ("client_key", "7400000000000000001"),
        ("response_type", "code"),
        ("scope", ",".join(PERMISSIONS)),
        ("redirect_uri", "https://airbyte.example.com/auth_flow"),
        ("state", "qXvTbLm"),
    ]


def test_the_code_of_the_redirect_is_exchanged_as_tiktok_documents_it(platform: Platform) -> None:
    url, headers, body = platform.token_call({"code": "abc*1!5001.em", "scopes": "video.list", "state": STATE})
    assert url == "https://business-api.tiktok.com/open_api/v1.3/tt_user/oauth2/token/"
    assert headers == {"Content-Type": "application/json"}
    assert body == {
        "client_id": "7400000000000000001",
        "client_secret": "emulator-client-secret",
        "grant_type": "authorization_code",
        "auth_code": "abc*1!5001.em",
        "redirect_uri": "https://airbyte.example.com/auth_flow",
    }


def test_the_button_leads_to_a_config_that_checks_and_reads(
    connector: Connector, tiktok: RunningEmulator, specification: dict[str, Any], platform: Platform
) -> None:
    answer = tokens(tiktok, platform)
    config = platform.config(answer, api_url=tiktok.url)
    credentials = config["credentials"]
    lifetime = datetime.fromisoformat(credentials["token_expiry_date"]) - datetime.now(UTC)
    assert timedelta(hours=23) < lifetime <= timedelta(hours=24)
    assert credentials == {
        "auth_type": "business_oauth",
        "client_id": "7400000000000000001",
        "client_secret": "emulator-client-secret",
        "access_token": answer["data"]["access_token"],
        "refresh_token": answer["data"]["refresh_token"],
        "token_expiry_date": credentials["token_expiry_date"],
        "business_id": FIRST_OPEN_ID,
    }
    Draft7Validator(specification["connectionSpecification"], format_checker=FormatChecker()).validate(config)

    assert connector.check(config).connection_status["status"] == "SUCCEEDED"
    output = connector.read(config, ["account"])
    assert output.errors == []
    assert [row["business_id"] for row in output.rows("account")] == [FIRST_OPEN_ID]


def test_the_check_before_the_source_is_saved_does_not_use_the_refresh_token_up(
    connector: Connector, tiktok: RunningEmulator, platform: Platform
) -> None:
    output = connector.check(platform.config(tokens(tiktok, platform), api_url=tiktok.url))
    assert output.connection_status["status"] == "SUCCEEDED"
    assert output.written_back == []
    assert REFRESH not in calls(tiktok)


def test_the_button_stands_in_the_variant_whose_fields_it_fills(specification: dict[str, Any]) -> None:
    advanced_auth = specification["advanced_auth"]
    assert advanced_auth["auth_flow_type"] == "oauth2.0"
    assert advanced_auth["predicate_key"] == ["credentials", "auth_type"]
    (variant,) = (
        variant["properties"]
        for variant in specification["connectionSpecification"]["properties"]["credentials"]["oneOf"]
        if variant["properties"]["auth_type"]["const"] == advanced_auth["predicate_value"]
    )
    oauth = advanced_auth["oauth_config_specification"]
    assert set(oauth["complete_oauth_server_input_specification"]["properties"]) == {"client_id", "client_secret"}
    filled = [
        output["path_in_connector_config"]
        for name in ("complete_oauth_output_specification", "complete_oauth_server_output_specification")
        for output in oauth[name]["properties"].values()
    ]
    assert {parent for parent, _ in filled} == {"credentials"}
    assert {name: variant[name].get("airbyte_secret", False) for _, name in filled} == {
        "client_id": True,
        "client_secret": True,
        "access_token": True,
        "refresh_token": True,
        "token_expiry_date": False,
        "business_id": False,
    }
