"""Requests that are made once for all streams, again, or not at all."""

import logging
import time
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.interpolation.interpolated_string import InterpolatedString
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Config, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import LONGEST_WAIT, body_of, data_of
from source_tiktok_organic.components.exceptions import config_error, retold
from source_tiktok_organic.components.sync import sync_of

LOGGER = logging.getLogger("airbyte")


class RequesterDecorator:
    """A requester that does one thing more than the one it wraps and leaves everything else to it."""

    requester: Any

    def __getattr__(self, name: str) -> Any:
        if name == "requester":
            raise AttributeError(name)
        return getattr(self.requester, name)


@dataclass
class SharedPagesRequester(RequesterDecorator):
    """Makes each request once in a sync, however many streams need its response.

    The post streams walk the same pages. The first stream that needs a page asks TikTok. The others wait for that
    page and read the kept response: 50 calls for 1,000 posts instead of 400. A page is recognised by its URL and all
    its parameters, the account's `business_id` among them.

    A page that failed is not asked for again in this sync. If the failure is about more than that page (the token, a
    permission, trouble that outlasted all tries), no further page of that account and endpoint is.
    """

    requester: Any
    api_budget: APIBudget

    def send_request(self, *, request_params: Mapping[str, Any] | None = None, **call: Any) -> requests.Response | None:
        """Send the request of the wrapped requester, unless its response is there."""
        # The CDK disables retries for the Connector Builder's test reads alone. There each stream has to make its own
        # requests, because the Builder shows the requests that it sees as the pages of the stream.
        if self.disable_retries:
            response: requests.Response | None = self.requester.send_request(request_params=request_params, **call)
            return response

        context = {name: call.get(name) for name in ("stream_state", "stream_slice", "next_page_token")}
        url = self.get_url(**context)
        # Login Kit has the page in the body.
        body_json = {**self.get_request_body_json(**context), **(call.get("request_body_json") or {})}
        params = {**self.get_request_params(**context), **(request_params or {}), **body_json}
        key = f"{url}?{urlencode(sorted(params.items()))}"
        endpoint = f"{url} {params.get('business_id')} {params.get('fields')}"
        pages = sync_of(self.api_budget).pages
        with pages.page_lock(key):
            body = pages.get(key)
            if body is None:
                failed = pages.failures.get(key) or pages.failures.get(endpoint)
                if failed:
                    raise retold(failed)
                try:
                    response = self.requester.send_request(request_params=request_params, **call)
                except AirbyteTracedException as failure:
                    pages.failures[key if failure.failure_type == FailureType.system_error else endpoint] = failure
                    raise
                if response is not None:
                    pages.put(key, response.content)
                    sync_of(self.api_budget).progress.page(params, body_of(response) or {})
                return response
        return _kept_response(key, body)


@dataclass
class WholePageRequester(RequesterDecorator):
    """Asks again where a response lacks what was asked for: three times, ten seconds apart. Then it warns.

    In:  the field `video_views` among `fields`, and the response `{"code": 0, "data": {}}`
    Out: the first response that has `metrics`, or the last without it; an empty list is there

    TikTok sometimes answers so for a while (docs/tiktok-api.md D), and it has daily metrics for 60 days only.
    """

    requester: Any
    api_budget: APIBudget
    field: str
    name: str
    attempts: int = 3
    wait: float = 10

    def send_request(self, *, request_params: Mapping[str, Any] | None = None, **call: Any) -> requests.Response | None:
        """Send the request of the wrapped requester, again if need be."""
        attempts = 0 if self.disable_retries or LONGEST_WAIT.get() < self.wait else self.attempts
        for attempt in range(attempts + 1):
            response: requests.Response | None = self.requester.send_request(request_params=request_params, **call)
            is_asked_for = self.field in (request_params or {}).get("fields", "")
            if response is None or not is_asked_for or data_of(response).get(self.name) is not None:
                return response
            if attempt < attempts:
                time.sleep(self.wait)
        business_id = call["stream_slice"].partition.get("business_id")
        sync_of(self.api_budget).log.odd(
            f"responses about {business_id} without `{self.name}`",
            f"TikTok sent no `{self.name}` of the account {business_id}, although it was asked for and no error was "
            f"reported; {attempts} further attempts did not help. The next sync asks again.",
        )
        return response


@dataclass
class NewestPostsRequester(RequesterDecorator):
    """Ends an account's list of posts after the newest `most`, so that no older pages are asked for. 0 is all.

    In:  most 30, and the second page `{"videos": [… 20 posts …], "cursor": 1788861607000, "has_more": true}`
    Out: a page of its first 10 posts, and `"has_more": false`
    """

    requester: Any
    api_budget: APIBudget
    config: Config
    parameters: InitVar[Mapping[str, Any]]
    most: str
    _most: int = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._most = int(InterpolatedString.create(self.most, parameters=parameters).eval(self.config))

    def send_request(self, **call: Any) -> requests.Response | None:
        """Send the request of the wrapped requester."""
        response: requests.Response | None = self.requester.send_request(**call)
        posts = data_of(response).get("videos") if response is not None and self._most else None
        if response is None or not isinstance(posts, list):
            return response
        body = dict(body_of(response) or {})
        before = sync_of(self.api_budget).posts_before
        business_id = call["stream_slice"].partition.get("business_id")
        cursor = {**(call.get("request_params") or {}), **(call.get("request_body_json") or {})}.get("cursor")
        here = before.get((business_id, str(cursor)), 0)
        before[business_id, str(body["data"].get("cursor"))] = here + len(posts)
        if here + len(posts) < self._most:
            return response
        body["data"] = {**body["data"], "videos": posts[: self._most - here], "has_more": False}
        return _kept_response(response.url, orjson.dumps(body))


def _kept_response(url: str, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.url = url
    response.encoding = "utf-8"
    response._content = body  # the way requests itself fills a response
    return response


@dataclass
class ThreadRequester(RequesterDecorator):
    """Asks for a page of a post's comments, or for a page of one comment's replies if the page token names one.

    In:  the page token `{"thread": "7683445795471428621", "cursor": 30, …}`
    Out: a call of `replies`; with `{"cursor": 30}` or without a token, one of `requester`
    """

    requester: Any
    replies: Any

    def send_request(
        self, *, next_page_token: Mapping[str, Any] | None = None, **call: Any
    ) -> requests.Response | None:
        """Send the call of the requester that the token is for."""
        is_thread = next_page_token and "thread" in next_page_token["next_page_token"]
        requester = self.replies if is_thread else self.requester
        response: requests.Response | None = requester.send_request(next_page_token=next_page_token, **call)
        return response


@dataclass
class OptionalPostRequester(RequesterDecorator):
    """Leaves out a post whose comments TikTok refuses, with a warning: it may have comments switched off.

    In:  a refusal such as `{"code": 40002, "message": "The video does not exist"}` for one of ten posts
    Out: None, which is an end without records; the router takes the post for unread, so the next sync asks again

    If an account's first `most` refusals come before any success, the account is refused and not its posts. Then the
    refusal is raised for every post.
    """

    requester: Any
    api_budget: APIBudget
    most: int = 3

    def send_request(self, *, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Send the request of the wrapped requester."""
        posts = sync_of(self.api_budget).commented_posts(stream_slice.partition["business_id"])
        video_id = stream_slice.partition["video_id"]
        if posts.all_refused(self.most):
            raise _of_account(next(iter(posts.refused.values())))
        try:
            response: requests.Response | None = self.requester.send_request(stream_slice=stream_slice, **call)
        except AirbyteTracedException as refusal:
            if refusal.failure_type != FailureType.system_error:
                raise
            posts.refused[video_id] = refusal
            if posts.all_refused(self.most) or self.disable_retries:
                raise _of_account(refusal) from refusal
            LOGGER.warning(f"The comments of the post {video_id} are left out: {refusal.message}")
            return None
        posts.has_succeeded = True
        return response


def _of_account(refusal: AirbyteTracedException) -> AirbyteTracedException:
    """The refusal as one that the user can mend."""
    return config_error(str(refusal.message), refusal.internal_message)
