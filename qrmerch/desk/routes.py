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
    messages,
    offers,
    outbox,
    people,
    publications,
    queue,
    review,
    rules,
    signs,
    stores,
    template_editing,
    template_moving,
    templates,
    timeline,
    today,
    vendors,
)


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [
        components.blueprint,
        today.blueprint,
        items.blueprint,
        queue.blueprint,
        review.blueprint,
        rules.blueprint,
        messages.blueprint,
        publications.blueprint,
        timeline.blueprint,
        templates.blueprint,
        template_editing.blueprint,
        template_moving.blueprint,
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
        signs.blueprint,
        offers.blueprint,
    ]
