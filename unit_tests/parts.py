"""Single components, built by the CDK as the manifest declares them, so that tests repeat nothing of the manifest."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from airbyte_cdk.sources.declarative.models import declarative_component_schema
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import ModelToComponentFactory
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.call_rate import APIBudget

from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.errors import TikTokErrorHandler
from source_tiktok_organic.components.requesters import FieldsRequester
from unit_tests.syncs import resolved_manifest, static_token_config


def budget() -> APIBudget:
    """What the CDK hands to all components of one sync."""
    return APIBudget(policies=[])


@cache
def _declared(stream: str) -> dict[str, Any]:
    groups = resolved_manifest([stream])["streams"]
    (declaration,) = [declaration for group in groups for declaration in group["streams"]]
    found: dict[str, Any] = declaration
    return found


def declared(stream: str, *path: str) -> Any:
    """What the manifest declares at this place of a stream."""
    found: Any = _declared(stream)
    for name in path:
        found = found[name]
    return deepcopy(found)


def built(
    definition: Mapping[str, Any],
    config: Mapping[str, Any],
    api_budget: APIBudget | None = None,
    *,
    disable_retries: bool = False,
) -> Any:
    """The component of this definition. Components of one sync have one `api_budget`."""
    factory = ModelToComponentFactory(
        api_budget=api_budget or budget(),
        message_repository=InMemoryMessageRepository(),
        disable_retries=disable_retries,
    )
    model = getattr(declarative_component_schema, definition["type"])
    return factory.create_component(model, definition, config)


def _calls_of(retriever: dict[str, Any]) -> dict[str, Any]:
    """What the manifest declares of a stream's own calls, inside of all that is around them."""
    requester: dict[str, Any] = retriever["requester"]
    while requester["type"] != "HttpRequester":
        requester = requester["requester"]
    return requester


def _authenticator_of(stream: str) -> dict[str, Any]:
    """What the manifest declares of a stream's tokens, beside its accounts or with the calls about them."""
    retriever = declared(stream, "retriever")
    while "parent_stream_configs" in (router := retriever.get("partition_router", {})):
        retriever = router["parent_stream_configs"][0]["stream"]["retriever"]
    authenticator: dict[str, Any] = router.get("authenticator") or _calls_of(retriever)["authenticator"]
    return authenticator


def authenticator_of(
    config: Mapping[str, Any],
    api_budget: APIBudget | None = None,
    *,
    stream: str = "account",
    disable_retries: bool = False,
) -> AccountAuthenticator:
    """The authenticator of a stream, for this config."""
    authenticator = built(_authenticator_of(stream), config, api_budget, disable_retries=disable_retries)
    assert isinstance(authenticator, AccountAuthenticator)
    return authenticator


def error_handler_of(stream: str = "videos", api_budget: APIBudget | None = None, **changes: Any) -> TikTokErrorHandler:
    """The error handler of a stream's own calls."""
    definition = {**_calls_of(declared(stream, "retriever"))["error_handler"], **changes}
    handler = built(definition, static_token_config(), api_budget)
    assert isinstance(handler, TikTokErrorHandler)
    return handler


def token_error_handler_of(stream: str = "videos") -> TikTokErrorHandler:
    """The error handler of the calls about tokens that a stream makes."""
    definition = _authenticator_of(stream)["token_requester"]["error_handler"]
    handler = built(definition, static_token_config())
    assert isinstance(handler, TikTokErrorHandler)
    return handler


def fields_requester_of(stream: str, config: Mapping[str, Any], api_budget: APIBudget, inside: Any) -> FieldsRequester:
    """The requester that names a stream's fields, with another one inside that makes the calls."""
    definition = declared(stream, "retriever", "requester")
    while not definition["class_name"].endswith(".FieldsRequester"):
        definition = definition["requester"]
    requester = built(definition, config, api_budget)
    assert isinstance(requester, FieldsRequester)
    requester.requester = inside
    return requester
