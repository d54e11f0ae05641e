"""The blueprints of a shopper's pages."""

from flask import Blueprint

from qrmerch.landing import health, item, media, start


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [item.blueprint, start.blueprint, media.blueprint, health.blueprint]
