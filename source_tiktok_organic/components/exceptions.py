"""Failures as sentences, for someone who has never read this code."""

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException


def config_error(sentence: str, detail: str | None = None) -> AirbyteTracedException:
    """An error that the user can mend: `sentence` says how, `detail` is for whoever reads the log."""
    return AirbyteTracedException(
        message=sentence, internal_message=detail or sentence, failure_type=FailureType.config_error
    )


def unexpected_answer(sentence: str, detail: str | None = None) -> AirbyteTracedException:
    """TikTok answered in a way that the connector does not know: better a failed stream than a wrong table."""
    return AirbyteTracedException(
        message=f"{sentence} The stream stops here rather than guess; please report this sentence as an issue.",
        internal_message=detail or sentence,
        failure_type=FailureType.system_error,
    )


def same_failure(failure: AirbyteTracedException, of_whom: str = "") -> AirbyteTracedException:
    """The same failure for another stream, which adds its own traceback to it; `of_whom` goes before its sentence."""
    return AirbyteTracedException(
        message=f"{of_whom}{failure.message}",
        internal_message=failure.internal_message,
        failure_type=failure.failure_type,
    )
