"""固定回答 the smallest application: it reads the body and answers bytes that are always the same. Not a server of anything.

What the same server (uvicorn, uvloop, httptools, no access log) takes for an answer nobody computed: the floor under the
service. The path says how many bytes: ``/2200``.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import uvicorn


@cache
def answer(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives the two messages of the answer to a path."""
    body = b"x" * int(path[1:])
    headers = [(b"content-type", b"application/graphql-response+json"), (b"content-length", str(len(body)).encode())]
    return {"type": "http.response.start", "status": 200, "headers": headers}, {
        "type": "http.response.body",
        "body": body,
    }


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers one request."""
    while (await receive()).get("more_body"):
        pass
    start, body = answer(scope["path"])
    await send(start)
    await send(body)


def main() -> None:
    """Serves on the port named first."""
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
        loop="uvloop",
    )


if __name__ == "__main__":
    main()
