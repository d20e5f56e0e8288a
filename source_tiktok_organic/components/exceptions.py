"""Failures as sentences, for someone who has never read this code."""

from collections.abc import Callable, Sequence
from typing import Any

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException


def config_error(sentence: str, detail: str | None = None) -> AirbyteTracedException:
    """An error that the user can mend: `sentence` says how, `detail` is for whoever reads the log."""
    return AirbyteTracedException(
        message=sentence, internal_message=detail or sentence, failure_type=FailureType.config_error
    )


def unexpected_response(sentence: str, detail: str | None = None) -> AirbyteTracedException:
    """The error for a response that the connector does not know: better a failed stream than a wrong table."""
    return AirbyteTracedException(
        message=f"{sentence} The stream stops here rather than guess; please report this sentence as an issue.",
        internal_message=detail or sentence,
        failure_type=FailureType.system_error,
    )


def retold(failure: AirbyteTracedException, retell: Callable[[str], str] = str) -> AirbyteTracedException:
    """The same failure for another stream, which adds its own traceback to it, in the words of `retell`."""
    return AirbyteTracedException(
        message=retell(failure.message or ""),
        internal_message=retell(failure.internal_message or ""),
        failure_type=failure.failure_type,
    )


def shortened(value: Any) -> str:
    """A value for a sentence: `null`, `12.5`, `'a long te…'`."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def joined(failures: Sequence[Exception]) -> Exception:
    """One failure for several, with the sentence of each; the first is its cause."""
    traced = [failure for failure in failures if isinstance(failure, AirbyteTracedException)]
    if len(failures) == 1 or len(traced) < len(failures):
        return next((failure for failure in failures if failure not in traced), failures[0])
    return AirbyteTracedException(
        message=" ".join(str(failure.message) for failure in traced),
        internal_message=" ".join(str(failure.internal_message) for failure in traced),
        failure_type=traced[0].failure_type,
    )
