"""The desk's blueprints."""

from flask import Blueprint

from qrmerch.desk import code_making, code_sheets, codes, components, items


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [
        components.blueprint,
        items.blueprint,
        codes.blueprint,
        code_making.blueprint,
        code_sheets.blueprint,
    ]
