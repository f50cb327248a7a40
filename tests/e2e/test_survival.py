"""Somebody deletes a store's namespace: its data come back when its volume was retained."""

import httpx

from tests.e2e.front_door import FrontDoor, Json, kubectl, objects, reach, until
from tests.journey import admin_token, place_order

RETAIN = '{"spec": {"persistentVolumeReclaimPolicy": "Retain"}}'
DELETED_AT = "deletionTimestamp"


def test_a_namespace_whose_volume_survived_comes_back_with_its_orders(door: FrontDoor, born: str) -> None:
    name = born
    namespace = f"store-{name}"
    before = door.call("GET", f"/stores/{name}/credentials").json()
    url, host = reach(before["backend_url"])
    login = (before["publishable_key"], before["admin_email"], before["admin_password"])
    order = place_order(url, *login, host=host)
    volume = objects("pvc", "-n", namespace)[0]["spec"]["volumeName"]
    kubectl("patch", "pv", volume, "--type=merge", "-p", RETAIN)
    uid = _namespace(name)["metadata"]["uid"]

    kubectl("delete", "namespace", namespace, "--timeout=300s")

    until(lambda: _another(name, uid), "the namespace to be made again")
    door.wait_for_phase(name, "Ready")
    assert objects("pvc", "-n", namespace)[0]["spec"]["volumeName"] == volume
    assert door.call("GET", f"/stores/{name}/credentials").json() == before
    token = admin_token(url, *login[1:], host=host)
    headers = {"host": host, "authorization": f"Bearer {token}"}
    assert httpx.get(f"{url}/admin/orders/{order['id']}", headers=headers, trust_env=False).status_code == 200

    assert door.call("DELETE", f"/stores/{name}").status_code == 202
    door.wait_until_gone(name)
    assert volume not in {each["metadata"]["name"] for each in objects("pv")}


def _namespace(name: str) -> Json:
    return next((each for each in objects("namespaces") if each["metadata"]["name"] == f"store-{name}"), {})


def _another(name: str, uid: str) -> bool:
    found = _namespace(name).get("metadata", {})
    return found.get("uid", uid) != uid and DELETED_AT not in found
