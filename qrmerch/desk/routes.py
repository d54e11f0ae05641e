"""The desk's blueprints."""

from flask import Blueprint

from qrmerch.desk import (
    audit,
    brand,
    code_making,
    code_sheets,
    codes,
    components,
    feeds,
    items,
    languages,
    offers,
    outbox,
    people,
    publications,
    review,
    stores,
    templates,
    today,
    vendors,
)


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [
        components.blueprint,
        today.blueprint,
        items.blueprint,
        review.blueprint,
        publications.blueprint,
        templates.blueprint,
        stores.blueprint,
        feeds.blueprint,
        vendors.blueprint,
        people.blueprint,
        brand.blueprint,
        languages.blueprint,
        outbox.blueprint,
        audit.blueprint,
        codes.blueprint,
        code_making.blueprint,
        code_sheets.blueprint,
        offers.blueprint,
    ]
