"""认出查询者 remembers for some seconds whose a key is, so that a key's every request need not ask the database first.

Not for what a viewer may see: his door decides that at each read. Only viewers that were found are kept, under the hash
of the key; a wrong key is asked for each time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from server.accounts.service import key_hash, viewer_for
from server.database.connection import Database
from server.viewer import Viewer

#: After a revocation, or the end of an agency, a key opens its door this long at most; told in README and by
#: ``account revoke``. A partner's door is safe all the time: its views join the live authorisations themselves, so that
#: without one they show what the public door shows.
KEPT_SECONDS = 5
#: A bureau has some hundred keys; beyond, the oldest is asked for again.
MOST_KEYS = 1_000


class Viewers:
    """查询者 one per process: stands where ``viewer_for`` does."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._known: OrderedDict[bytes, tuple[float, Viewer]] = OrderedDict()

    async def __call__(self, database: Database, key: str) -> Viewer:
        """Gives the viewer of a key, as it was at most ``KEPT_SECONDS`` ago; raises as ``viewer_for``."""
        hash_ = key_hash(key)
        asked_at = self.now()
        found = self._known.get(hash_)
        if found is not None and found[0] > asked_at:
            return found[1]
        # From before the question: what is revoked while it is asked is not kept any longer for that.
        viewer = await viewer_for(database, key)
        self._known[hash_] = (asked_at + KEPT_SECONDS, viewer)
        self._known.move_to_end(hash_)
        if len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)
        return viewer
