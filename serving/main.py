"""Starts the endpoint: Granian around the handler. Nothing is decided here."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.settings import ServingSettings, load_settings


def serve(
    store_root: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8787,
    workers: int = 1,
    key_file: Path | None = None,
) -> None:
    """Answer until interrupted. Another host than this machine's own is the caller's explicit wish.

    key_file: of a store whose user ids are sealed.
    """
    from granian import Granian
    from granian.constants import Interfaces

    with tempfile.TemporaryDirectory(prefix="aisle-metrics-") as folder:
        settings = ServingSettings(Path(store_root).resolve(), Path(folder) if workers > 1 else None, key_file)
        os.environ.update(settings.environment())  # workers read it back: see serving.settings
        Granian(
            "serving.main:create_app",
            factory=True,
            address=host,
            port=port,
            workers=workers,
            interface=Interfaces.RSGI,
            websockets=False,
            log_access=False,
            respawn_failed_workers=True,
        ).serve()


def create_app() -> Callable[..., Any]:
    """The RSGI application of one worker."""
    from recs.identity.key import identity_of
    from recs.store import store_at
    from serving.http import Request
    from serving.metrics import Metrics
    from serving.service import Service

    settings = load_settings()
    metrics = Metrics(shared=settings.metrics_folder is not None)
    service = Service(store_at(settings.store_root), metrics, identity_of(settings.key_file))

    async def app(scope: Any, protocol: Any) -> None:
        request = Request(scope.method, scope.path, scope.query_string, scope.headers.get("x-request-id"))
        status, headers, body = service.respond(request)
        protocol.response_bytes(status, headers, body)

    return app
