"""The catalogue of engines: which kinds of store can be asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """One kind of store; `message` says what a person should know when it isn't available."""

    name: str
    label: str
    description: str
    available: bool
    message: str = ""


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            name="medusa",
            label="MedusaJS",
            description="Headless commerce on Node.js with PostgreSQL, an admin and a storefront.",
            available=True,
        ),
        Engine(
            name="woocommerce",
            label="WooCommerce",
            description="WordPress with WooCommerce.",
            available=False,
            message="WooCommerce is coming soon: the store is kept on the list and nothing runs for it yet.",
        ),
    )
}

ENGINE_CHOICES = [(engine.name, engine.label) for engine in ENGINES.values()]
