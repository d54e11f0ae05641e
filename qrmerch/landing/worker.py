"""The worker that keeps on a phone what its owner opened: a script at the root, so that it may answer for every page.

No page asks for it before something was kept, claimed or wished for (`static/js/offline.js`).
"""

from flask import Blueprint, Response

from qrmerch.access import allow_anyone
from qrmerch.config import data_folder

blueprint = Blueprint("landing_worker", __name__)


@blueprint.get("/sw.js")
@allow_anyone
def give_worker() -> Response:
    """The worker as it is in this release; a phone asks again with each page, and takes a changed one at once."""
    return Response((data_folder("static") / "js" / "sw.js").read_bytes(), mimetype="text/javascript")
