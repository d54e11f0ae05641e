"""Whether this server is alive, and whether it can serve."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from qrmerch.access import allow_anyone
from qrmerch.db import AWAY
from qrmerch.web import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow_anyone
def alive() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@allow_anyone
def ready() -> Response:
    """The database answers as well: new pages can be rendered, and things can be kept and claimed."""
    try:
        with services().database.read() as db:
            db.execute(text("SELECT 1"))
    except AWAY:
        response = jsonify(status="the database is away; known pages are served, scans wait in their files")
        response.status_code = 503
        return response
    return jsonify(status="ready")
