"""The blueprints of a shopper's pages."""

from flask import Blueprint

from qrmerch.landing import (
    agreeing,
    answers,
    asking,
    calls,
    compare,
    errands,
    gs1,
    health,
    item,
    looks,
    mail_links,
    media,
    metrics,
    my,
    occasions,
    offers,
    review_pages,
    seen,
    shared_list,
    sharing,
    start,
    stores,
    worker,
)


def blueprints() -> list[Blueprint]:
    """Every blueprint of this room, for `create_app`."""
    return [
        item.blueprint,
        seen.blueprint,
        offers.blueprint,
        my.blueprint,
        sharing.blueprint,
        shared_list.blueprint,
        agreeing.blueprint,
        errands.blueprint,
        start.blueprint,
        looks.blueprint,
        occasions.blueprint,
        stores.blueprint,
        answers.blueprint,
        calls.blueprint,
        asking.blueprint,
        mail_links.blueprint,
        review_pages.blueprint,
        compare.blueprint,
        gs1.blueprint,
        media.blueprint,
        worker.blueprint,
        health.blueprint,
        metrics.blueprint,
    ]
