"""The source as a Python class, and its command line entry point with readable config errors."""

import ast
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStreamState,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    ConnectorSpecification,
    Status,
    SyncMode,
)
from airbyte_cdk.sources.declarative.parsers.custom_code_compiler import SDM_COMPONENTS_MODULE_NAME
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic import components
from source_tiktok_organic.components.errors import LONGEST_WAIT
from source_tiktok_organic.components.sync import sync_of
from source_tiktok_organic.config import trim, unknown_settings, validate_config

LOGGER = logging.getLogger("airbyte")


class SourceTiktokOrganic(YamlDeclarativeSource):
    """The declarative source of `manifest.yaml`."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        # The manifest names its components as the Connector Builder does; here they are this package's.
        sys.modules[SDM_COMPONENTS_MODULE_NAME] = components
        # An absolute path: the CDK would take a manifest.yaml of the current folder first.
        manifest = str(Path(__file__).with_name("manifest.yaml"))
        full = {configured.stream.name for configured in catalog.streams if _is_full(configured)} if catalog else set()
        left = [message for message in state or [] if not message.stream or _name_of(message.stream) not in full]
        trim(config or {})  # type: ignore[arg-type]  # the CDK calls it a Mapping, and writes tokens into it
        super().__init__(path_to_yaml=manifest, catalog=catalog, config=config, state=left)

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """The config in memory; the CDK would also write it, secrets included, to a file that a crash leaves behind.

        The CDK's standard tests make the source without a config, and have one for it only here.
        """
        self._config = self._config or config
        return self._config

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:
        """The CDK's messages; at the end the log has what set the pace, and how often something odd came."""
        try:
            yield from super().read(*arguments)
        finally:
            api_budget = self._constructor._api_budget
            if api_budget:
                sync_of(api_budget).turns.say_what_limited()
                sync_of(api_budget).log.say_counts()

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """The CDK's check, which puts a failure into quotes and another sentence; here it is the sentence alone.

        The CDK reads the first account alone; of several, each is read here. Nothing is waited for, not even where
        TikTok limits calls.
        """
        longest_wait = LONGEST_WAIT.set(3)
        try:
            if config.get("additional_accounts"):
                failures = "\n".join(self._failures_of_accounts(config))
                status = Status.FAILED if failures else Status.SUCCEEDED
                return AirbyteConnectionStatus(status=status, message=failures or None)
            status = super().check(logger, config)
            if status.message:
                status.message = plain_sentence(status.message)
            return status
        finally:
            LONGEST_WAIT.reset(longest_wait)

    def _failures_of_accounts(self, config: Mapping[str, Any]) -> Iterator[str]:
        stream = next(iter(self.streams(config)))
        for partition in stream.generate_partitions():
            try:
                next(iter(partition.read()), None)
            except AirbyteTracedException as failure:
                yield plain_sentence(failure.message or repr(failure))


class TiktokOrganicEntrypoint(AirbyteEntrypoint):
    """The CDK's entry point, with a sentence for each mistake in a config instead of the JSON schema's own words."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise a config error that names the setting and what belongs there."""
        for warning in unknown_settings(config, source_spec.connectionSpecification):
            LOGGER.warning(warning)
        validate_config(config, source_spec.connectionSpecification)
        AirbyteEntrypoint.validate_connection(source_spec, config)

    def check(self, source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> Iterable[AirbyteMessage]:
        """The CDK's messages, secrets struck out."""
        return map(_without_secrets, super().check(source_spec, config))

    def read(
        self, source_spec: ConnectorSpecification, config: Mapping[str, Any], catalog: Any, state: list[Any]
    ) -> Iterable[AirbyteMessage]:
        """The CDK's messages, secrets struck out. A failure that stops many slices of a stream is said once."""
        said = set()
        for message in super().read(source_spec, config, catalog, state):
            if message.trace and message.trace.error:
                failure = (str(message.trace.error.stream_descriptor), message.trace.error.message)
                if failure in said:
                    continue
                said.add(failure)
            yield _without_secrets(message)


def _is_full(configured: ConfiguredAirbyteStream) -> bool:
    """Whether a stream is read from its beginning, whatever the state says."""
    return bool(configured.sync_mode == SyncMode.full_refresh)


def _name_of(state: AirbyteStreamState) -> str:
    return str(state.stream_descriptor.name)


def _without_secrets(message: AirbyteMessage) -> AirbyteMessage:
    """The same message; TikTok may repeat a token in an error, and the CDK would pass it on to the user."""
    if message.trace and message.trace.error:
        error = message.trace.error
        error.message = filter_secrets(error.message or "")
        error.internal_message = filter_secrets(error.internal_message or "")
        error.stack_trace = filter_secrets(error.stack_trace or "")
    if message.connectionStatus and message.connectionStatus.message:
        message.connectionStatus.message = filter_secrets(message.connectionStatus.message)
    return message


def without_traceback(failure: AirbyteTracedException) -> str:
    """The TRACE message of a mistake in what the user gave, secrets struck out."""
    message = _without_secrets(failure.as_airbyte_message())
    if message.trace and message.trace.error:
        message.trace.error.stack_trace = None
    return AirbyteEntrypoint.airbyte_message_to_string(message)


def plain_sentence(message: str) -> str:
    """What the CDK's check says about a stream, without its wrapping.

    In:  "'Stream account is not available: TikTok refused the access token. The other streams go on.'"
    Out: "TikTok refused the access token."
    """
    with suppress(ValueError, SyntaxError):
        message = str(ast.literal_eval(message))
    return re.sub(r"^Stream \w+ is not available: | The other streams go on[.]$", "", message)
