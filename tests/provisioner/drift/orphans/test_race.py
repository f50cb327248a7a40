"""A store that is asked for while an orphan of its name is being removed waits until that is done."""

import threading
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection

from provisioner.cluster.kinds import NAMESPACE
from provisioner.drift.orphans import removing
from provisioner.drift.orphans.removing import remove
from stores.models import Store
from stores.services.creation import StoreSpec, create_store
from tests.chaos.waiting import until
from tests.provisioner.drift.orphans.conftest import namespace, orphan
from tests.provisioner.factories import TenantFactory
from tests.provisioner.mirror.conftest import Remembered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def test_a_store_of_that_name_is_made_after_the_orphan_was_asked_to_go(api: Remembered) -> None:
    namespace(api, "gone")
    tenant, left = TenantFactory(), orphan(api, "Namespace")

    def ask() -> None:
        try:
            create_store(tenant, StoreSpec(name="gone", engine="medusa"), by=None)
        finally:
            connection.close()

    asking = threading.Thread(target=ask)

    delete = removing._delete

    def deletion(*what: Any) -> None:
        asking.start()
        until(is_waiting, "the other to wait for the name", seconds=60)
        assert not Store.objects.exists()
        delete(*what)

    with patch.object(removing, "_delete", deletion):
        assert remove(api, left)

    asking.join(60)
    assert Store.objects.get().name == "gone"
    assert api.wait_gone(NAMESPACE, "store-gone", timeout=60)


def is_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])
