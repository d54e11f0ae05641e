"""The studio's blueprints."""

from flask import Blueprint

from qrmerch.studio import arrivals, assets, content, films, home, imports, people, products


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [
        home.blueprint,
        imports.blueprint,
        assets.blueprint,
        arrivals.blueprint,
        films.blueprint,
        products.blueprint,
        content.blueprint,
        people.blueprint,
    ]
