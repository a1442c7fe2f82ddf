"""静态文件 WhiteNoise's file table behind a small ASGI adapter; names carry the content's hash. Not for pages."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from server.pages.render import SITE

#: One time for all files, so that every process makes the same ETag (WhiteNoise makes it from time and size).
_MADE_AT = 1_700_000_000
_CHUNK = 65_536


class StaticFiles:
    """静态文件: hashed copies, compressed at start in a temporary folder that goes with the process."""

    def __init__(self, prefix: str, source: Path = SITE / "static") -> None:
        self.url = f"{prefix}/static/"
        self._folder = tempfile.TemporaryDirectory(prefix="xintu-static-")
        self.names = {path.name: self._copy(path) for path in sorted(source.iterdir()) if path.is_file()}
        self._compress()
        # The table holds every file with its headers and encodings; only it is used, never the WSGI side.
        self.files: dict[str, Any] = WhiteNoise(
            None, root=self._folder.name, prefix=self.url, allow_all_origins=False, immutable_file_test=lambda *_: True
        ).files

    def _copy(self, path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        target = Path(self._folder.name) / f"{path.stem}.{digest}{path.suffix}"
        shutil.copyfile(path, target)
        os.utime(target, (_MADE_AT, _MADE_AT))
        return target.name

    def _compress(self) -> None:
        compressor = Compressor(quiet=True)
        for name in self.names.values():
            compressor.compress(str(Path(self._folder.name) / name))

    def address(self, name: str) -> str:
        """Gives the address of a file of ``site/static``; raises ``KeyError`` for one that is not there."""
        return self.url + self.names[name]

    def close(self) -> None:
        """Removes the temporary folder."""
        self._folder.cleanup()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Gives the application that answers files itself and leaves the rest to ``app``."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            found = self.files.get(scope["path"]) if scope["type"] == "http" else None
            if found is None or scope["method"] not in ("GET", "HEAD"):
                await app(scope, receive, send)
            else:
                scope["xintu.route"] = "/static/{file}"
                await _send_file(found, scope, send)

        return serve


async def _send_file(found: Any, scope: Scope, send: Send) -> None:
    environ = {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    response = found.get_response(scope["method"], environ)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    file = response.file
    try:
        while file is not None and (chunk := file.read(_CHUNK)):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        if file is not None:
            file.close()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
