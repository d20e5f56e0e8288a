"""The one clock that everything in the emulator reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def as_utc(instant: datetime) -> datetime:
    """Read an instant without a time zone as UTC, as TikTok does."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Clock:
    """Real UTC, or a clock set to another instant, which then either ticks on or stands still."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        """Start at `start` (default: the real time); a frozen clock moves only when it is told to."""
        self._offset = timedelta(0)
        self._stands_at: datetime | None = None
        self.restart(start, frozen=frozen)

    def restart(self, start: datetime | None, *, frozen: bool) -> None:
        """Be as a new clock would be."""
        self.move_to(start or datetime.now(UTC), frozen=frozen)
        if start is None:
            self._offset = timedelta(0)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._stands_at is not None

    def now(self) -> datetime:
        """Return the current instant, in UTC."""
        return self._stands_at or datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """Return the current instant as epoch seconds."""
        return self.now().timestamp()

    def today(self) -> date:
        """Return the current UTC date."""
        return self.now().date()

    def move_to(self, instant: datetime, *, frozen: bool | None = None) -> None:
        """Set the clock; `frozen` unset keeps it ticking or standing as it was."""
        instant = as_utc(instant)
        if self.frozen if frozen is None else frozen:
            self._stands_at = instant
        else:
            self._stands_at = None
            self._offset = instant - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock on by so many seconds (backwards if negative)."""
        self.move_to(self.now() + timedelta(seconds=seconds))
