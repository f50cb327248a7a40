"""A platform with 1,000 stores."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from stores.models import Store
from tenants.models import User
from tests.benchmarks.websocket.processes import OURS, WebServer
from tests.crowds import crowd
from tests.pages.world import PASSWORD

STORES = 1_000
ROWS = STORES * 6 // 5
"""Of a crowd every sixth is gone."""


@pytest.fixture
def site(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a platform with 1,000 stores, as production runs it, that serves the built dashboard."""
    folder = Path(os.environ.get("STOREPLANE_DASHBOARD_BUILD") or settings.ROOT / ".build" / "dashboard")
    if not (folder / "index.html").is_file():
        pytest.skip(f"There is no built dashboard in {folder}; `python frontend/build.py` makes one.")
    User.objects.create_superuser("root", password=PASSWORD)
    crowd(ROWS)
    assert Store.objects.not_gone().count() == STORES
    monkeypatch.setenv("STOREPLANE_DASHBOARD_DIR", str(folder))
    server = WebServer(OURS, tmp_path / "web.log")
    yield f"http://localhost:{server.port}"
    server.stop()
