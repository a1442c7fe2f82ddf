"""读取限制 how far a file may go before it is refused. Not law: numbers of this program, with their reasons."""

from __future__ import annotations

import resource
from dataclasses import asdict, dataclass

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """读取限制 of one file. All are refusals with a remedy, none cuts a file off silently."""

    #: 100,000 rows of 28 columns are 10 MB as .xlsx and 100 MB as .csv
    file_bytes: int = 160 * _MB
    #: address space of the child; 100,000 penalties need 360 MB of it
    memory_bytes: int = 600 * _MB
    #: XML inside an .xlsx; 100,000 rows are 110 MB
    unpacked_bytes: int = 1024 * _MB
    #: parts inside an .xlsx; a workbook has one per sheet and about ten more
    parts: int = 2_000
    rows: int = 300_000
    columns: int = 1_000
    sheets: int = 60
    #: Excel's own bound is 32,767 characters
    cell_characters: int = 100_000
    #: the child's own work; 100,000 rows take 4 s
    cpu_seconds: int = 120
    #: how long the parent waits for the child in all, its own work not counted
    wait_seconds: float = 180.0

    def as_dict(self) -> dict[str, float]:
        """Gives the limits for the child's command line."""
        return asdict(self)


LIMITS = Limits()


def confine(limits: Limits) -> None:
    """Puts the limits on this process, for good. Called by the child before it opens the file.

    It may write nothing to a disk (its messages go through a pipe) and leaves no core dump.
    """
    bounds = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: 64 << 10,
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_CORE: 0,
    }
    for kind, bound in bounds.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            bound = min(bound, hard)
        # At its soft limit of time a process gets SIGXCPU, at its hard one SIGKILL, which would look like want of memory.
        last = bound + 5 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else bound
        resource.setrlimit(kind, (bound, last))
