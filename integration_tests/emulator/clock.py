"""The clock of the emulator. All its parts read this one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def as_utc(instant: datetime) -> datetime:
    """Return an instant in UTC. An instant without a time zone is taken for UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Clock:
    """A clock in UTC that can be set to any instant, and can run or stand still."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        """Start at `start`, or at the real time. A frozen clock moves only when it is set."""
        self._offset = timedelta(0)
        self._frozen_at: datetime | None = None
        self.restart(start, frozen=frozen)

    def restart(self, start: datetime | None, *, frozen: bool) -> None:
        """Start anew, as after construction."""
        self.move_to(start or datetime.now(UTC), frozen=frozen)
        if start is None:
            self._offset = timedelta(0)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        return self._frozen_at or datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """Return the current instant in epoch seconds."""
        return self.now().timestamp()

    def today(self) -> date:
        """Return the current UTC date."""
        return self.now().date()

    def move_to(self, instant: datetime, *, frozen: bool | None = None) -> None:
        """Set the clock. It keeps running or standing still, unless `frozen` is given."""
        instant = as_utc(instant)
        if self.frozen if frozen is None else frozen:
            self._frozen_at = instant
        else:
            self._frozen_at = None
            self._offset = instant - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock forward, or backward if `seconds` is negative."""
        self.move_to(self.now() + timedelta(seconds=seconds))
