"""A local stand-in for TikTok's APIs for organic accounts, as strict and as quirky as TikTok is known to be."""

from .accounts import AccountSpec
from .emulator import Emulator
from .faults import Fault
from .knobs import Knobs
from .server import RunningEmulator, running_emulator
from .tokens import AppCredentials

__all__ = ["AccountSpec", "AppCredentials", "Emulator", "Fault", "Knobs", "RunningEmulator", "running_emulator"]
