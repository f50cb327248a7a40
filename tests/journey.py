"""A shopper's whole journey over a store's public API, and the order seen by its admin.

Speaks plain HTTP to any running store; used by the image's tests and by the end-to-end test.
"""

from typing import Any

import httpx

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Nielsen",
    "address_1": "Nyhavn 1",
    "city": "Copenhagen",
    "postal_code": "1051",
    "country_code": "dk",
    "phone": "+4533000000",
}


class JourneyError(AssertionError):
    """A step of the journey was answered with something other than 2xx."""


def place_order(
    backend_url: str,
    publishable_key: str,
    admin_email: str,
    admin_password: str,
    *,
    host: str | None = None,
    email: str = "ada@example.com",
) -> dict[str, Any]:
    """Buy one thing as a shopper, then find the order as the admin; returns the admin's view of the order.

    `host` is sent as the Host header where the name in `backend_url` doesn't resolve on this machine.
    """
    order = buy(backend_url, publishable_key, host=host, email=email)
    token = admin_token(backend_url, admin_email, admin_password, host=host)
    with _Api(backend_url, host=host, token=token) as admin:
        seen = admin.get("/admin/orders", order="-created_at")["orders"]
        if order["id"] not in {one["id"] for one in seen}:
            raise JourneyError(f"order {order['id']} is not among the {len(seen)} orders of /admin/orders")
        found: dict[str, Any] = admin.get(f"/admin/orders/{order['id']}", fields="+email,+currency_code")["order"]
        return found


def buy(
    backend_url: str, publishable_key: str, *, host: str | None = None, email: str = "ada@example.com"
) -> dict[str, Any]:
    """Everything from the regions to the placed order; returns the order as the shop shows it."""
    with _Api(backend_url, host=host, key=publishable_key) as store:
        region = _region_for(store.get("/store/regions")["regions"], ADDRESS["country_code"])
        variant = _affordable_variant(store, region)
        cart = store.post("/store/carts", {"region_id": region["id"]})["cart"]
        path = f"/store/carts/{cart['id']}"
        store.post(f"{path}/line-items", {"variant_id": variant["id"], "quantity": 2})
        store.post(path, {"email": email, "shipping_address": ADDRESS, "billing_address": ADDRESS})
        options = store.get("/store/shipping-options", cart_id=cart["id"])["shipping_options"]
        store.post(f"{path}/shipping-methods", {"option_id": options[0]["id"]})
        payment = store.post("/store/payment-collections", {"cart_id": cart["id"]})["payment_collection"]
        store.post(f"/store/payment-collections/{payment['id']}/payment-sessions", {"provider_id": "pp_system_default"})
        done = store.post(f"{path}/complete")
        if done["type"] != "order":
            raise JourneyError(f"the cart was not completed: {done.get('error', done)}")
        order: dict[str, Any] = store.get(f"/store/orders/{done['order']['id']}")["order"]
        return order


def admin_token(backend_url: str, email: str, password: str, *, host: str | None = None) -> str:
    """A bearer token of the admin login."""
    with _Api(backend_url, host=host) as api:
        token: str = api.post("/auth/user/emailpass", {"email": email, "password": password})["token"]
        return token


class _Api:
    """JSON over HTTP that raises JourneyError with the answer's text unless it is 2xx."""

    def __init__(self, url: str, *, host: str | None = None, key: str | None = None, token: str | None = None) -> None:
        wanted = {"host": host, "x-publishable-api-key": key, "authorization": token and f"Bearer {token}"}
        headers = {name: value for name, value in wanted.items() if value}
        # Proxies of the environment are not for a store on this machine.
        self._client = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> "_Api":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        return self._answer(self._client.get(path, params=query))

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._answer(self._client.post(path, json=body or {}))

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        if not response.is_success:
            request = response.request
            raise JourneyError(f"{request.method} {request.url}: {response.status_code} {response.text[:500]}")
        answer: dict[str, Any] = response.json()
        return answer


def _region_for(regions: list[dict[str, Any]], country: str) -> dict[str, Any]:
    for region in regions:
        if country in {one["iso_2"] for one in region["countries"]}:
            return region
    raise JourneyError(f"no region sells to {country}: {[region['name'] for region in regions]}")


def _affordable_variant(store: _Api, region: dict[str, Any]) -> dict[str, Any]:
    fields = "*variants.calculated_price"
    products = store.get("/store/products", region_id=region["id"], fields=fields)["products"]
    for product in products:
        for variant in product["variants"]:
            price = variant.get("calculated_price") or {}
            if (price.get("calculated_amount") or 0) > 0:
                chosen: dict[str, Any] = variant
                return chosen
    raise JourneyError(f"none of {len(products)} products has a calculated price")
