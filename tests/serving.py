"""运行中的应用 the whole application over a test's database: in process, or on a port for a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette

from server.app import create_app
from server.database.connection import Database
from server.pages.wire import BoundedProtocol
from server.settings import Settings


@asynccontextmanager
async def client_of(database: Database, **settings: Any) -> AsyncIterator[Any]:
    """Gives an HTTP client that speaks to the application without a network."""
    app = create_app(Settings(**settings), database)
    transport = httpx2.ASGITransport(app=app, client=("203.0.113.9", 1))
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://test") as one:
        yield one


@asynccontextmanager
async def on_a_port(database: Database, **settings: Any) -> AsyncIterator[str]:
    """Serves the application as production does, and gives its address."""
    app: Starlette = create_app(Settings(**settings), database)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=BoundedProtocol, access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if running.done():
                running.result()
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
