"""The studio's blueprints."""

from typing import Final

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
from qrmerch.typed_forms import keep_typed_in

_ALL: Final = (
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
)
# The editor keeps what was typed with its slots' names.
keep_typed_in(each for each in _ALL if each is not content.blueprint)


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return list(_ALL)
