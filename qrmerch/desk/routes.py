"""The desk's blueprints."""

from flask import Blueprint

from qrmerch.desk import components, items


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [components.blueprint, items.blueprint]
