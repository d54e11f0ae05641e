"""QR codes on tags, shelves and posters, and the page in the retailer's brand that a shopper gets from them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from qrmerch.config import Settings


def create_app(settings: "Settings") -> "Flask":
    """The application of one process: `app.wsgi_app` is the front door, with Flask behind it."""
    # Not before it is called: the loader and the commands need no pages, and start several times as fast.
    from qrmerch.application import build

    return build(settings)
