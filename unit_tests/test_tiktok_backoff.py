"""TikTokBackoff: five minutes after a rate limit, 2, 4, 8, … seconds after any other passing trouble."""

import pytest
import requests

from source_tiktok_organic.components import TikTokBackoff
from unit_tests.tiktok import fixture, refusal, response

RATE_LIMIT_CODES = [40016, 40100, 40132, 61000]


def wait(after: requests.Response | requests.RequestException | None, attempt: int = 1) -> float:
    """The wait of the strategy that the manifest declares."""
    strategy = TikTokBackoff(config={}, parameters={}, rate_limit_codes=RATE_LIMIT_CODES)
    return strategy.backoff_time(after, attempt_count=attempt)


@pytest.mark.parametrize("code", [40016, 40100, 40132, 61000])
@pytest.mark.parametrize("attempt", [1, 2, 5])
def test_a_rate_limit_waits_for_the_five_minutes_of_the_penalty(code: int, attempt: int) -> None:
    assert wait(response(refusal(code)), attempt) == 300


def test_http_429_waits_for_the_five_minutes_of_the_penalty() -> None:
    assert wait(response("<html>Too many requests</html>", status=429)) == 300


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32)])
def test_each_further_attempt_waits_twice_as_long(attempt: int, seconds: int) -> None:
    assert wait(response(refusal(50000)), attempt) == seconds


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(response("<html>Bad gateway</html>", status=502), id="HTML"),
        pytest.param(response('{"code": 40100, "mess'), id="broken JSON"),
        pytest.param(response("[40100]"), id="a JSON array"),
        pytest.param(response("null"), id="JSON null"),
        pytest.param(response(""), id="an empty body"),
        pytest.param(response("{}"), id="no code"),
        pytest.param(response(fixture("revoked_access_token")), id="a refused token"),
        pytest.param(requests.ConnectionError("cut"), id="a cut connection"),
        pytest.param(requests.ReadTimeout("too slow"), id="a timeout"),
        pytest.param(None, id="nothing at all"),
    ],
)
def test_any_other_trouble_waits_two_seconds_first(trouble: requests.Response | requests.RequestException) -> None:
    assert wait(trouble) == 2


def test_the_waits_can_be_set() -> None:
    strategy = TikTokBackoff(
        config={}, parameters={}, rate_limit_codes=RATE_LIMIT_CODES, rate_limit_wait=60, first_wait=0.5
    )

    assert strategy.backoff_time(response(fixture("rate_limit")), attempt_count=1) == 60
    assert strategy.backoff_time(response(refusal(50000)), attempt_count=3) == 2
