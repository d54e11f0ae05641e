"""The studio's blueprints."""

from flask import Blueprint

from qrmerch.studio import (
    archives,
    arrivals,
    asset_actions,
    assets,
    content,
    content_door,
    copying,
    earlier_saves,
    fetching,
    filling,
    films,
    home,
    imports,
    messages,
    people,
    prints,
    products,
    retailers,
    reviews,
)


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [
        home.blueprint,
        imports.blueprint,
        fetching.blueprint,
        filling.blueprint,
        assets.blueprint,
        asset_actions.blueprint,
        archives.blueprint,
        arrivals.blueprint,
        films.blueprint,
        products.blueprint,
        content.blueprint,
        content_door.blueprint,
        earlier_saves.blueprint,
        copying.blueprint,
        people.blueprint,
        messages.blueprint,
        retailers.blueprint,
        prints.blueprint,
        reviews.blueprint,
    ]
