"""The desk's blueprints."""

from typing import Final

from flask import Blueprint

from qrmerch.desk import (
    alerts,
    audit,
    brand,
    code_designs,
    code_making,
    code_proofs,
    code_sheets,
    codes,
    components,
    feeds,
    gs1,
    hosts,
    items,
    languages,
    looks,
    measuring,
    messages,
    occasions,
    offers,
    outbox,
    people,
    print_requests,
    prints,
    publications,
    queue,
    review,
    reviews,
    rules,
    signs,
    stocks,
    stores,
    template_editing,
    template_moving,
    templates,
    timeline,
    today,
    vendors,
)
from qrmerch.typed_forms import keep_typed_in

_ALL: Final = (
    components.blueprint,
    today.blueprint,
    items.blueprint,
    queue.blueprint,
    review.blueprint,
    reviews.blueprint,
    alerts.blueprint,
    rules.blueprint,
    messages.blueprint,
    publications.blueprint,
    timeline.blueprint,
    templates.blueprint,
    template_editing.blueprint,
    template_moving.blueprint,
    stores.blueprint,
    feeds.blueprint,
    gs1.blueprint,
    vendors.blueprint,
    people.blueprint,
    brand.blueprint,
    languages.blueprint,
    measuring.blueprint,
    hosts.blueprint,
    outbox.blueprint,
    audit.blueprint,
    codes.blueprint,
    code_designs.blueprint,
    code_proofs.blueprint,
    code_making.blueprint,
    code_sheets.blueprint,
    signs.blueprint,
    print_requests.blueprint,
    prints.blueprint,
    stocks.blueprint,
    offers.blueprint,
    looks.blueprint,
    occasions.blueprint,
)
keep_typed_in(_ALL)


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return list(_ALL)
