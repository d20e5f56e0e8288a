"""BusinessAuthenticator sends each request with the account's access token, in the header that TikTok reads."""

import threading
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components import BusinessAuthenticator
from unit_tests.syncs import oauth_config, static_token_config
from unit_tests.tiktok import ACCESS_TOKEN, BUSINESS_ID, HOST, RENEWED_ACCESS_TOKEN, SECRETS, TikTok

ENDPOINT = (
    "{{ (config.get('api_url') or 'https://business-api.tiktok.com') }}/open_api/v1.3/tt_user/oauth2/refresh_token/"
)


def authenticator_of(config: dict[str, Any]) -> BusinessAuthenticator:
    """The authenticator that the manifest declares, for this config."""
    return BusinessAuthenticator(config=config, parameters={}, token_refresh_endpoint=ENDPOINT)


def headers_with(authenticator: BusinessAuthenticator) -> dict[str, str]:
    """The headers of a request that went through the authenticator."""
    request = requests.Request("GET", f"{HOST}/open_api/v1.3/business/get/").prepare()
    return dict(authenticator(request).headers)


def test_the_token_goes_into_the_header_access_token_alone() -> None:
    assert headers_with(authenticator_of(static_token_config())) == {"Access-Token": ACCESS_TOKEN}


def test_a_renewed_token_goes_into_the_header(tiktok: TikTok) -> None:
    with tiktok.serving():
        headers = headers_with(authenticator_of(oauth_config()))

    assert headers == {"Access-Token": RENEWED_ACCESS_TOKEN}


def test_the_token_does_not_go_into_the_url(tiktok: TikTok) -> None:
    request = requests.Request("GET", f"{HOST}/open_api/v1.3/business/get/").prepare()
    authenticator_of(static_token_config())(request)

    assert request.url == "https://business-api.tiktok.com/open_api/v1.3/business/get/"


def test_building_an_authenticator_calls_nothing_and_changes_nothing(tiktok: TikTok) -> None:
    config = oauth_config()
    with tiktok.serving():
        authenticator_of(config)

    assert config == oauth_config()
    assert tiktok.calls == []


def test_each_request_asks_for_the_token_of_that_moment(tiktok: TikTok) -> None:
    config = oauth_config(access_token=ACCESS_TOKEN, token_expiry_date="2026-11-21T00:00:00Z")
    authenticator = authenticator_of(config)
    with tiktok.serving():
        before = headers_with(authenticator)
        authenticator.refresh_and_set_access_token()
        after = headers_with(authenticator)

    assert (before["Access-Token"], after["Access-Token"]) == (ACCESS_TOKEN, RENEWED_ACCESS_TOKEN)
    assert len(tiktok.calls) == 1


def test_two_authenticators_of_one_sync_renew_once_for_eight_threads(tiktok: TikTok) -> None:
    config = oauth_config()
    authenticators = [authenticator_of(config), authenticator_of(config)]
    barrier = threading.Barrier(8)
    headers: list[dict[str, str]] = []

    def work(number: int) -> None:
        barrier.wait(timeout=10)
        headers.append(headers_with(authenticators[number % 2]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with tiktok.serving():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)

    assert headers == [{"Access-Token": RENEWED_ACCESS_TOKEN}] * 8
    assert len(tiktok.calls) == 1


def test_the_renewal_goes_to_the_api_url(tiktok: TikTok) -> None:
    with tiktok.serving():
        headers_with(authenticator_of(oauth_config({"api_url": "http://127.0.0.1:9000"})))

    assert [call.url for call in tiktok.calls] == ["http://127.0.0.1:9000/open_api/v1.3/tt_user/oauth2/refresh_token/"]


def test_an_unsafe_api_url_is_refused_before_any_call(tiktok: TikTok) -> None:
    with tiktok.serving(), pytest.raises(AirbyteTracedException, match="api_url") as caught:
        authenticator_of(oauth_config({"api_url": "http://tiktok.example.com"}))

    assert caught.value.failure_type == FailureType.config_error
    assert tiktok.calls == []


def test_a_static_token_is_used_without_any_call(tiktok: TikTok) -> None:
    with tiktok.serving():
        authenticator = authenticator_of(static_token_config())
        headers_with(authenticator)
        assert [account.business_id for account in authenticator.accounts] == [BUSINESS_ID]

    assert tiktok.calls == []


def test_a_refused_static_token_is_the_users_to_replace(tiktok: TikTok) -> None:
    authenticator = authenticator_of(static_token_config())
    with tiktok.serving(), pytest.raises(AirbyteTracedException) as caught:
        authenticator.refresh_and_set_access_token()

    assert caught.value.failure_type == FailureType.config_error
    assert caught.value.message == (
        "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
        "authenticate with OAuth, which renews it by itself."
    )
    assert tiktok.calls == []


@pytest.mark.parametrize("missing", ["access_token", "business_id"])
def test_an_incomplete_static_token_is_a_config_error(missing: str) -> None:
    config = static_token_config()
    del config["credentials"][missing]

    with pytest.raises(AirbyteTracedException, match=missing) as caught:
        authenticator_of(config)

    assert caught.value.failure_type == FailureType.config_error


@pytest.mark.parametrize("config", [static_token_config(), oauth_config(access_token=ACCESS_TOKEN)])
def test_printing_the_accounts_prints_no_secret(config: dict[str, Any]) -> None:
    text = repr(authenticator_of(config).accounts)

    assert [secret for secret in SECRETS if secret in text] == []
