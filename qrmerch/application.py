"""The application, put together from its rooms."""

from functools import partial

from flask import Flask, Response
from werkzeug.exceptions import NotFound as NoRoute

from qrmerch.account import routes as account
from qrmerch.associates import routes as associates
from qrmerch.buckets import open_store
from qrmerch.calls import tasks as _call_jobs
from qrmerch.codes import gs1_tasks as _gs1_jobs
from qrmerch.codes import host_tasks as _host_jobs
from qrmerch.codes import tasks as _code_jobs
from qrmerch.config import Settings, data_folder
from qrmerch.content import tasks as _content_jobs
from qrmerch.content import watching_tasks as _watching_jobs
from qrmerch.db import Database
from qrmerch.desk import routes as desk
from qrmerch.imports import feed_tasks as _feed_jobs
from qrmerch.imports import slot_tasks as _fill_jobs
from qrmerch.imports import tasks as _import_jobs
from qrmerch.insights import routes as insights
from qrmerch.jobs import attach
from qrmerch.landing import routes as landing
from qrmerch.landing.front_door import FrontDoor
from qrmerch.landing.helpful import answer_missing
from qrmerch.landing.scanning import open_scan_path, put_scan_path
from qrmerch.landing.shedding import Shedding
from qrmerch.media import recording_tasks as _recording_jobs
from qrmerch.media import tasks as _media_jobs
from qrmerch.messages import tasks as _message_jobs
from qrmerch.navigation import navigation_of
from qrmerch.offers import tasks as _offer_jobs
from qrmerch.parties import following_tasks as _follow_jobs
from qrmerch.parties.hosts import Hosts
from qrmerch.printing import sign_tasks as _sign_jobs
from qrmerch.printing import tasks as _print_jobs
from qrmerch.reviews import tasks as _review_jobs
from qrmerch.studio import routes as studio
from qrmerch.users import login
from qrmerch.web import Hooks, Services, content_policy, install, safety_headers, wants_json
from qrmerch.wishlists import tasks as _list_jobs

_PAGE_ROOMS = (landing, account, desk, insights, studio, associates)
# Imported for the jobs they declare.
_JOB_ROOMS = (
    _call_jobs,
    _code_jobs,
    _content_jobs,
    _feed_jobs,
    _fill_jobs,
    _import_jobs,
    _follow_jobs,
    _review_jobs,
    _gs1_jobs,
    _media_jobs,
    _message_jobs,
    _host_jobs,
    _offer_jobs,
    _list_jobs,
    _print_jobs,
    _sign_jobs,
    _recording_jobs,
    _watching_jobs,
)


def build(settings: Settings) -> Flask:
    """The application of one process: `app.wsgi_app` is the front door, with Flask behind it."""
    app = Flask("qrmerch", static_folder=None, template_folder=str(data_folder("templates")))
    made_with = Services(settings, Database(settings.database_url), open_store(settings))
    attach(made_with.database, settings)
    install(app, made_with, _hooks(made_with))
    login.install_login(app)
    for room in _PAGE_ROOMS:
        for blueprint in room.blueprints():
            app.register_blueprint(blueprint)
    app.register_error_handler(NoRoute, _answer_no_route)
    _open_front_door(app, made_with)
    if settings.is_demo:
        _open_demo(made_with)
    return app


def _hooks(made_with: Services) -> Hooks:
    hosts = Hosts(made_with.settings, made_with.database)
    made_with.parts["hosts"] = hosts
    return Hooks(
        is_known_host=hosts.is_known,
        find_principal=login.find_principal,
        keep_notices=login.keep_notices,
        take_notices=login.take_notices,
        navigation=navigation_of,
    )


def _open_front_door(app: Flask, made_with: Services) -> None:
    path = open_scan_path(made_with.settings, made_with.parts["hosts"])
    put_scan_path(made_with.parts, path)
    settings = made_with.settings
    behind = Shedding(
        app.wsgi_app,
        flask_threads=settings.flask_threads,
        staff_threads=settings.staff_threads,
        headers=[*safety_headers(settings, path="/"), ("Content-Security-Policy", content_policy())],
    )
    app.wsgi_app = FrontDoor(behind, path)  # type: ignore[method-assign]
    path.changes.follow()
    path.tightening.start()
    path.ahead.start(behind.has_room)


def _open_demo(made_with: Services) -> None:
    """Show the ways into the sample shops at `/`, where they have been set up."""
    from qrmerch.demo.service import find_doors

    made_with.parts["demo_doors"] = partial(find_doors, base_url=made_with.settings.base_url)


def _answer_no_route(error: NoRoute) -> Response:
    """An address that is none: a shopper's page that helps, or for a script the plain fact."""
    if wants_json():
        return Response(status=404, mimetype="application/problem+json", response='{"type":"not_found","status":404}')
    return answer_missing()
