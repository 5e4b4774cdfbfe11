"""Every error that certify raises on purpose, drawn as one tree.

CertifyError
├─ UsageError         exit 2: fix the command line or a file
├─ EnvironmentFault   exit 4: target, proxy or generator unavailable
├─ HarnessFault       exit 5: fix us
├─ Interrupted        exit 130: a signal ended the run; clean-up is done
├─ CheckStopped       a check could not go on; its control becomes inconclusive
│  ├─ Prerequisite    a positive control or a set-up step did not hold
│  └─ NoHook          the target profile declares no way to do this
└─ Disagreed          a random play left the model ledger; never leaves its check
"""

from __future__ import annotations


class CertifyError(Exception):
    """Base of all; `exit_code` is API (see docs/exit-codes.md)."""

    exit_code = 5

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def line(self) -> str:
        """One line for a terminal: what is wrong, then what to do."""
        text = f"{self.message}. {self.remedy}" if self.remedy else self.message
        return " ".join(text.split())


class UsageError(CertifyError):
    """The command line, a configuration file or a contract is wrong."""

    exit_code = 2


class EnvironmentFault(CertifyError):
    """The target, a proxy or a tool is not available."""

    exit_code = 4


class HarnessFault(CertifyError):
    """certify itself is broken, or its evidence cannot be trusted."""

    exit_code = 5


class Interrupted(CertifyError):
    """Ctrl-C, SIGTERM or SIGHUP ended a run; what it recorded can still be judged."""

    exit_code = 130


class CheckStopped(CertifyError):
    """Raised inside a check that cannot go on; `reason` is a reason code of `outcome.Reason`."""

    exit_code = 3
    reason = "setup_failed"

    def __init__(self, message: str, *, remedy: str = "", exchanges: tuple[str, ...] = ()) -> None:
        super().__init__(message, remedy=remedy)
        self.exchanges = exchanges


class Prerequisite(CheckStopped):
    """A set-up step (player, session, valid request) did not work."""

    reason = "setup_failed"


class NoHook(CheckStopped):
    """The target offers no hook for what the check needs."""

    reason = "no_hook"


class Disagreed(CertifyError):
    """A random play left the model ledger; what is wrong stands in the journal, for the judge."""
