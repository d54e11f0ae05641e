"""The command `qrmerch`: everything that is done from a terminal.

Each command imports what it needs when it runs, so that `--help` and a restart are quick.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from qrmerch.config import Settings
from qrmerch.errors import DomainError

if TYPE_CHECKING:
    from threading import Event

    from sqlalchemy.orm import Session

    from qrmerch.db import Database
    from qrmerch.imports.checking import Checked
    from qrmerch.imports.feeds import Checked as CheckedFeed
    from qrmerch.jobs import Queue
    from qrmerch.parties.models import Retailer, Vendor

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class _Group(click.Group):
    """Commands whose refusals are a sentence, not a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as error:
            raise click.ClickException(error.detail) from None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="qrmerch")
def main() -> None:
    """QR codes on tags, shelves and posters, and the pages behind them."""


def as_json(command: Command) -> Command:
    """Give a command `--json`: one JSON value instead of sentences."""
    return click.option("--json", "is_json", is_flag=True, help="Print one JSON value.")(command)


def _say(value: dict[str, Any], sentence: str, *, is_json: bool) -> None:
    click.echo(json.dumps(value) if is_json else sentence)


# --- serving -----------------------------------------------------------------------------------------


@main.command()
def serve() -> None:
    """Serve pages, count scans and run jobs, until Ctrl-C."""
    from qrmerch.serving import serve as run

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    run(settings, on_ready=lambda: click.echo(f"Listening on {settings.host}:{settings.port}."))


@main.command()
def worker() -> None:
    """Run jobs only, on a machine without pages."""
    from qrmerch.serving import run_jobs

    run_jobs(Settings.read(os.environ))


@main.command()
@click.option("--reset", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets a phone on the same network in.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--tls", is_flag=True, help="Make a certificate of our own and serve https.")
@click.option("--photos", type=_FOLDER, help="Folder of real photographs instead of the drawn pictures.")
@click.option("--map", "photo_map", type=_FILE, help="CSV that says which photograph shows which style.")
@click.option("--seed-only", is_flag=True, help="Set the shop up and end.")
def demo(
    reset: bool, host: str, port: int, tls: bool, photos: Path | None, photo_map: Path | None, seed_only: bool
) -> None:
    """Set up three sample shops, serve them, and print how to get in."""
    from qrmerch.demo.command import Wanted, run

    run(Wanted(host, port, tls, photos, photo_map, reset, seed_only), os.environ, say=click.echo)


@main.command()
@click.option(
    "--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Made if missing."
)
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C: rewrite what changes, when it changes.")
@click.option("--behind", help="Where nginx reaches qrmerch, for everything else; here, unless given.")
@click.option("--reload", "reload_command", default="", help="Run when the configuration changed: 'nginx -s reload'.")
@as_json
def publish(folder: Path, follow: bool, behind: str | None, reload_command: str, is_json: bool) -> None:
    """Write the pages of printed codes as files, with a configuration for nginx that serves and counts them."""
    from qrmerch.edge.following import Publisher

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    address = behind or f"http://127.0.0.1:{settings.port}"
    publisher = Publisher(settings, folder, behind=address, reload_command=reload_command)
    done = publisher.publish()
    figures = {"codes": done.codes, "pages": done.pages}
    _say(figures, f"{done.codes} codes, {done.pages} pages. nginx needs maps.conf and servers.conf.", is_json=is_json)
    if follow:
        publisher.follow(_ended_by_signal())
    publisher.close()


# --- setting up --------------------------------------------------------------------------------------


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.option("--to", default="head", show_default=True, help="A revision; a lower one goes back.")
def upgrade(to: str) -> None:
    """Make the database, or bring its tables to the present release."""
    from qrmerch import migrate

    migrate.upgrade(Settings.read(os.environ), to=to)
    click.echo(f"The tables are at {to}.")


@main.group()
def retailer() -> None:
    """Retailers."""


@retailer.command("add")
@click.argument("slug")
@click.argument("name")
@click.option("--currency", required=True, help="Three letters, such as EUR.")
@click.option("--locale", "locales", multiple=True, default=["en"], show_default=True, help="First one: the default.")
@click.option("--time-zone", default="UTC", show_default=True)
@click.option("--no-discount", is_flag=True, help="A house that never takes money off.")
@as_json
def add_retailer(
    slug: str, name: str, currency: str, locales: tuple[str, ...], time_zone: str, no_discount: bool, is_json: bool
) -> None:
    """Add a retailer with its house vendor and the three finished templates."""
    from qrmerch.clock import now
    from qrmerch.content.models import Style
    from qrmerch.content.templates import add_template
    from qrmerch.parties import service
    from qrmerch.rendering.weighing import weigh_newest

    at = now()
    with _writing() as session:
        added = service.add_retailer(
            session,
            slug=slug,
            name=name,
            currency=currency.upper(),
            locales=list(locales),
            time_zone=time_zone,
            no_discount=no_discount,
            at=at,
        )
        usual = Style.QUIET if no_discount else Style.EVERYDAY
        for style in Style:
            template = add_template(
                session, added.id, name=style.capitalize(), style=style, is_default=style == usual, at=at
            )
            weigh_newest(session, template, at=at)
        session.commit()
        found = {"id": added.id, "slug": added.slug}
    _say(found, f"{name} is added. Invite its owner: qrmerch user invite E-MAIL --retailer {slug}", is_json=is_json)


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("invite")
@click.argument("email")
@click.option("--role", default="owner", show_default=True)
@click.option("--retailer", "slug", help="Short name of the retailer the role is for.")
@click.option("--vendor", "vendor_name", help="Name of the vendor the role is for.")
@click.option("--store", "stores", multiple=True, help="Code of an associate's store.")
@as_json
def invite(
    email: str, role: str, slug: str | None, vendor_name: str | None, stores: tuple[str, ...], is_json: bool
) -> None:
    """Print a link that works once, for seven days."""
    from qrmerch.access import Role
    from qrmerch.clock import now
    from qrmerch.parties.queries import list_stores
    from qrmerch.users import service

    if role not in set(Role):
        raise click.ClickException(f"{role} is not a role. Known: {', '.join(Role)}.")
    settings = Settings.read(os.environ)
    with _writing() as session:
        house = _get_retailer(session, slug) if slug else None
        maker = _get_vendor(session, vendor_name) if vendor_name else None
        of_codes = {store.code: store.id for store in list_stores(session, house.id)} if house else {}
        if unknown := [code for code in stores if code not in of_codes]:
            raise click.ClickException(f"There is no store {unknown[0]}. Known: {', '.join(of_codes) or 'none'}.")
        wanted = service.Wanted(
            email,
            Role(role),
            retailer_id=house.id if house else None,
            vendor_id=maker.id if maker else None,
            store_ids=tuple(of_codes[code] for code in stores),
        )
        link = service.invite(session, None, wanted, base_url=settings.base_url, at=now())
        session.commit()
    _say({"link": link}, link, is_json=is_json)


# --- files in ----------------------------------------------------------------------------------------


@main.group("import")
def import_() -> None:
    """Files in."""


@import_.command("catalog")
@click.argument("file", type=_FILE)
@click.option("--vendor", "vendor_name", required=True, help="Whose catalogue it is.")
@click.option("--list-at", "slug", help="Retailer to list the products at.")
@click.option("--currency", help="Of prices that name none; the retailer's unless given.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows to fix here.")
@as_json
def import_catalog(
    file: Path,
    vendor_name: str,
    slug: str | None,
    currency: str | None,
    dry_run: bool,
    report: Path | None,
    is_json: bool,
) -> None:
    """Check a vendor's catalogue, then take it in."""
    from qrmerch.buckets import open_store
    from qrmerch.imports import service
    from qrmerch.imports.checking import Reading, check
    from qrmerch.imports.sheets import store_sheet

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    database = _open(settings)
    with database.read() as session:
        maker = _get_vendor(session, vendor_name)
        house = _get_retailer(session, slug) if slug else None
    money = currency or (house.currency if house else "USD")
    with database.read() as session:
        checked = check(session, maker.id, file, Reading(money), settings=settings)
    counts: dict[str, Any] = dict(checked.counts)
    if report and counts["errors"]:
        with report.open("w", encoding="utf-8-sig", newline="") as kept:
            kept.writelines(service.report_of(checked))
    if not dry_run:
        with file.open("rb") as stream:
            key = store_sheet(stream, store=open_store(settings), settings=settings)
        wanted = {"vendor_id": maker.id, "file_key": key, "list_at_id": house.id if house else None}
        counts["written"] = _take_in(database, checked, file.name, wanted)
    sentence = "{rows} rows: {created} new, {updated} changed, {unchanged} as before, {errors} to fix.".format(**counts)
    _say(counts, f"{sentence} {'Nothing was written.' if dry_run else 'Taken in.'}", is_json=is_json)
    if counts["errors"]:
        if not report and not is_json:
            click.echo("Run it again with --report FILE to get the rows to fix.", err=True)
        sys.exit(1)


def _take_in(database: "Database", checked: "Checked", file_name: str, wanted: dict[str, Any]) -> dict[str, int]:
    """Write a checked file's products chunk by chunk, as the job does; how many of each outcome."""
    from qrmerch.clock import now
    from qrmerch.imports import service
    from qrmerch.imports.queries import get_run

    with database.write() as session:
        reading = checked.parsed.reading
        run = service.receive_run(session, reading=reading, file_name=file_name, user_id=None, at=now(), **wanted)
        service.record_check(session, run, checked)
        service.start(session, run, at=now())
        session.commit()
    groups = checked.parsed.groups
    with click.progressbar(length=checked.products, label="Products", file=sys.stderr) as bar:
        is_more = True
        while is_more:
            with database.write() as session:
                is_more = service.commit_chunk(session, run.id, groups, at=now())
                session.commit()
                bar.update(min(service.CHUNK_GROUPS, checked.products - bar.pos))
    with database.read() as session:
        return dict(get_run(session, run.id).written)


def _feed(kind: str) -> Callable[[Command], Command]:
    """The command that takes files of one kind in, with the options they all have."""
    options = (
        click.argument("file", type=_FILE),
        click.option("--retailer", "slug", required=True, help="Short name of the retailer whose file it is."),
        click.option("--as-of", help="When its figures were taken, such as 2026-11-29T06:00+01:00; now unless given."),
        click.option("--country", default="", help="Two letters, of stores whose row names none."),
        click.option("--dry-run", is_flag=True, help="Only say what would change."),
        click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows to fix here."),
        as_json,
    )

    def declare(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return import_.command(kind)(command)  # type: ignore[return-value]

    return declare


@_feed("stores")
def import_stores(**asked: Any) -> None:
    """Check a file of stores and warehouses, then take it in."""
    _import_feed("stores", **asked)


@_feed("places")
def import_places(**asked: Any) -> None:
    """Check a file of shelves, windows and posters in stores, then take it in."""
    _import_feed("fixtures", **asked)


@_feed("prices")
def import_prices(**asked: Any) -> None:
    """Check a file of prices, then take it in."""
    _import_feed("prices", **asked)


@_feed("stock")
def import_stock(**asked: Any) -> None:
    """Check a file of stock, then take it in."""
    _import_feed("stock", **asked)


@import_.command("stocks")
@click.argument("file", type=_FILE)
@click.option("--retailer", "slug", required=True, help="Short name of the retailer who uses these label stocks.")
@click.option("--dry-run", is_flag=True, help="Only say what the list holds.")
@as_json
def import_stocks(file: Path, slug: str, dry_run: bool, is_json: bool) -> None:
    """Take a list of label stocks in; a row that cannot be used is named, and the command fails."""
    from qrmerch.clock import now
    from qrmerch.printing.stock_lists import read_list, take_in

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    database = _open(settings)
    listed = read_list(file.read_bytes())
    counts = {"stocks": len(listed.stocks), "errors": len(listed.rejected), "created": 0, "changed": 0, "unchanged": 0}
    if not dry_run and listed.stocks:
        with database.write() as session:
            done = take_in(session, _get_retailer(session, slug), listed.stocks, at=now(), actor=None)
            session.commit()
        counts |= {"created": done.created, "changed": done.changed, "unchanged": done.unchanged}
    sentence = "{stocks} stocks: {created} new, {changed} changed, {unchanged} as before, {errors} to fix."
    _say(counts, sentence.format(**counts), is_json=is_json)
    for number, reason in listed.rejected:
        click.echo(f"Row {number}: {reason}", err=True)
    if listed.rejected:
        sys.exit(1)


def _import_feed(
    kind: str,
    *,
    file: Path,
    slug: str,
    as_of: str | None,
    country: str,
    dry_run: bool,
    report: Path | None,
    is_json: bool,
) -> None:
    """Rows with errors are left out and named; the others are taken in, and the command fails."""
    from qrmerch.clock import now
    from qrmerch.imports import feeds
    from qrmerch.imports.feed_lines import parse_instant
    from qrmerch.imports.feed_models import FeedKind
    from qrmerch.imports.feed_report import report_of

    settings, at = Settings.read(os.environ), now()
    _refuse_old_tables(settings)
    database = _open(settings)
    with database.read() as session:
        house = _get_retailer(session, slug)
        said_at = parse_instant(as_of, house.time_zone) if as_of else None
        if as_of and said_at is None:
            raise click.ClickException(f"{as_of} is no date and time. Write it like 2026-11-29T06:00.")
        reading = feeds.make_reading(said_at, country=country.upper(), at=at)
        checked = feeds.check(session, house, FeedKind(kind), file.read_bytes(), reading, settings=settings)
    counts: dict[str, Any] = dict(checked.counts)
    if report and counts["errors"]:
        report.write_text("\ufeff" + report_of(checked.prepared), encoding="utf-8", newline="")
    if not dry_run and counts["errors"] < counts["rows"]:
        counts["written"] = _take_feed_in(database, house, checked, file, settings)
    sentence = (
        "{rows} rows: {created} new, {updated} changed, {unchanged} as before, {older} older than what is kept,"
        " {errors} to fix."
    )
    done = "Taken in." if "written" in counts else "Nothing was written."
    _say(counts, f"{sentence.format(**counts)} {done}", is_json=is_json)
    if counts["errors"]:
        if not report and not is_json:
            click.echo("Run it again with --report FILE to get the rows to fix.", err=True)
        sys.exit(1)


def _take_feed_in(
    database: "Database", house: "Retailer", checked: "CheckedFeed", file: Path, settings: Settings
) -> dict[str, int]:
    """Write a checked file's rows chunk by chunk, as the job does; how many of each outcome."""
    from qrmerch.buckets import open_store
    from qrmerch.clock import now
    from qrmerch.imports import feeds
    from qrmerch.imports.feed_queries import get_feed
    from qrmerch.imports.sheets import store_sheet

    with file.open("rb") as stream:
        key = store_sheet(stream, store=open_store(settings), settings=settings)
    at = checked.prepared.reading.arrived_at
    with database.write() as session:
        run = feeds.record_run(
            session, retailer=house, checked=checked, file_key=key, file_name=file.name, user_id=None, at=at
        )
        feeds.start(session, run)
        session.commit()
    with click.progressbar(length=len(checked.prepared.lines), label="Rows", file=sys.stderr) as bar:
        is_more = True
        while is_more:
            with database.write() as session:
                is_more = feeds.commit_chunk(session, run.id, checked.prepared, at=now())
                session.commit()
                bar.update(get_feed(session, run.id).done_rows - bar.pos)
    with database.read() as session:
        return dict(get_feed(session, run.id).written)


# --- codes -------------------------------------------------------------------------------------------


@main.group()
def codes() -> None:
    """Printed codes."""


@codes.command("make")
@click.option("--retailer", "slug", required=True, help="Short name of the retailer.")
@click.option("--item", "styles", multiple=True, help="The vendor's style key; every item unless given.")
@click.option("--store", "stores", multiple=True, help="Code of a store; every store unless given.")
@click.option("--place", "places", multiple=True, help="Name of a place in a store; every place unless given.")
@click.option("--no-place", is_flag=True, help="For no place: a catalogue, a billboard, a parcel.")
@click.option("--variants", is_flag=True, help="One for each size and colour, which the page opens with.")
@click.option("--batch", default="", help="What they are printed as, to find them again.")
@click.option("--campaign", default="", help="What they are part of.")
@click.option("--carrier", type=click.Choice(["print", "nfc", "screen"]), default="print", show_default=True)
@click.option("--again", is_flag=True, help="Also where such a code hangs already.")
@as_json
def make(
    slug: str,
    styles: tuple[str, ...],
    stores: tuple[str, ...],
    places: tuple[str, ...],
    no_place: bool,
    variants: bool,
    is_json: bool,
    **how: Any,
) -> None:
    """Make one code for each item at each place; none shows before all are there."""
    from qrmerch.clock import now
    from qrmerch.codes import runs
    from qrmerch.codes.models import Carrier, RunState

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    database = _open(settings)
    how["carrier"] = Carrier(how["carrier"])
    with database.write() as session:
        house = _get_retailer(session, slug)
        leads = _list_leads(session, house, styles, is_variants=variants)
        spots = [None] if no_place else _list_spots(session, house, stores, places)
        run = runs.start_run(session, leads, spots, at=now(), actor=None, **how)
        session.commit()
    with click.progressbar(length=run.total, label="Codes", file=sys.stderr) as bar:
        is_more = True
        while is_more:
            with database.write() as session:
                is_more = runs.make_chunk(session, run.id, at=now())
                session.commit()
                bar.update(runs.get_run(session, run.id).done - bar.pos)
    with database.read() as session:
        run = runs.get_run(session, run.id)
    if run.state != RunState.DONE:
        raise click.ClickException("Somebody cancelled it. None of these codes was made.")
    left_out = run.total - run.made
    said = f"{run.made:,} codes are made." + (f" {left_out:,} places had one already." if left_out else "")
    _say({"run": run.id, "codes": run.made, "left_out": left_out}, said, is_json=is_json)


def _list_leads(session: "Session", house: "Retailer", styles: tuple[str, ...], *, is_variants: bool) -> list[Any]:
    """The items of these styles, or of all, that are sold; or each of their variants that shoppers see."""
    from qrmerch.catalog.queries import list_items, list_variants

    lines, _ = list_items(session, house.id, per_page=1_000_000)
    if unknown := set(styles) - {line.style for line in lines}:
        raise click.ClickException(f"There is no style {min(unknown)} in the range of {house.slug}.")
    items = [line.item for line in lines if not styles or line.style in styles]
    if not is_variants:
        return [*items]
    return [each for item in items for each in list_variants(session, item.id) if not each.is_hidden]


def _list_spots(session: "Session", house: "Retailer", stores: tuple[str, ...], places: tuple[str, ...]) -> list[Any]:
    """The places of these names, or all, in these stores, or in all."""
    from qrmerch.parties.queries import list_fixtures, list_stores

    there = list_stores(session, house.id)
    if unknown := set(stores) - {store.code for store in there}:
        raise click.ClickException(f"There is no store {min(unknown)}.")
    wanted = {store.id for store in there if not stores or store.code in stores}
    fixtures = [each for each in list_fixtures(session, house.id) if each.store_id in wanted]
    if unknown := set(places) - {each.name for each in fixtures}:
        raise click.ClickException(f"There is no place {min(unknown)} in these stores.")
    return [each for each in fixtures if not places or each.name in places]


def _export_codes(slug: str, folder: Path, is_json: bool) -> None:
    """Write all that keeps a retailer's printed codes alive elsewhere: CSV, maps for nginx and Apache, plain pages."""
    from qrmerch.buckets import open_store
    from qrmerch.clock import now
    from qrmerch.moving import going

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    with _open(settings).read() as session:
        house = _get_retailer(session, slug)
        with click.progressbar(length=going.count_codes(session, house), label="Codes", file=sys.stderr) as bar:
            written = going.write_folder(
                session,
                house,
                folder,
                store=open_store(settings),
                base_url=settings.base_url,
                at=now(),
                progress=bar.update,
            )
    said = f"{written.codes:,} codes and {written.pages:,} pages are in {folder}. Its README says what is what."
    _say({"folder": str(folder), "codes": written.codes, "pages": written.pages}, said, is_json=is_json)


def _import_codes(folder: Path, is_json: bool) -> None:
    """Take in a folder that `codes export` wrote: every old code answers again. What is there already stays."""
    from dataclasses import asdict

    from qrmerch.clock import now
    from qrmerch.moving import coming

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    with click.progressbar(length=coming.count_lines(folder), label="Records", file=sys.stderr) as bar:
        found = coming.read_folder(_open(settings), folder, at=now(), progress=bar.update)
    said = f"{found.codes:,} codes of {found.slug} are here again."
    said += f" {found.known:,} were here already." if found.known else ""
    if found.shared_codes and found.shared_host != urlsplit(settings.base_url).hostname:
        said += (
            f"\n{found.shared_codes:,} of them are printed with {found.shared_host}, the old installation's own host."
            " Let QRMERCH_BASE_URL keep that name, or prove it as a host of the retailer's."
        )
    _say(asdict(found), said, is_json=is_json)


_EXPORT_OPTIONS = (
    click.option("--retailer", "slug", required=True, help="Short name of the retailer that moves."),
    click.option(
        "--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="A new folder."
    ),
)


@main.group("export")
def export_() -> None:
    """Files out."""


@codes.command("export", help=_export_codes.__doc__)
@_EXPORT_OPTIONS[0]
@_EXPORT_OPTIONS[1]
@as_json
def codes_export(**asked: Any) -> None:
    _export_codes(**asked)


@export_.command("codes", help=_export_codes.__doc__)
@_EXPORT_OPTIONS[0]
@_EXPORT_OPTIONS[1]
@as_json
def export_codes(**asked: Any) -> None:
    _export_codes(**asked)


@codes.command("import", help=_import_codes.__doc__)
@click.argument("folder", type=_FOLDER)
@as_json
def codes_import(**asked: Any) -> None:
    _import_codes(**asked)


@import_.command("codes", help=_import_codes.__doc__)
@click.argument("folder", type=_FOLDER)
@as_json
def import_codes(**asked: Any) -> None:
    _import_codes(**asked)


@codes.command("check")
@click.argument("files", type=_FILE, nargs=-1, required=True)
@click.option("--retailer", "slug", default="", help="Whose codes they shall be; otherwise they are only measured.")
@click.option(
    "--use",
    type=click.Choice(["hang_tag", "till", "shelf", "poster"]),
    default="hang_tag",
    show_default=True,
    help="Where they are read.",
)
@click.option("--distance-cm", type=click.IntRange(0, 3_000), default=0, help="From how far; the usual unless given.")
@click.option("--width-mm", type=click.FloatRange(0, 6_000), default=0.0, help="How wide a picture is printed.")
@as_json
def check(files: tuple[Path, ...], slug: str, use: str, distance_cm: int, width_mm: float, is_json: bool) -> None:
    """Read and measure every code in artwork (PDF, PNG, JPEG, SVG), and say what each leads to.

    Ends with 1 where a file holds no code, or one that is refused.
    """
    from qrmerch.codes.checking import check_files, say_files
    from qrmerch.codes.models import Use
    from qrmerch.codes.preflight import Asked

    asked = Asked(size_mm=25, use=Use(use), distance_mm=distance_cm * 10.0)
    if slug:
        settings = Settings.read(os.environ)
        with _open(settings).read() as session:
            house = _get_retailer(session, slug)
            found = check_files(files, asked, width_mm=width_mm, db=session, retailer_id=house.id, settings=settings)
    else:
        found = check_files(files, asked, width_mm=width_mm)
    _say(found.as_json, say_files(found), is_json=is_json)
    if not found.is_good:
        sys.exit(1)


# --- counting and looking after -----------------------------------------------------------------------


@main.group()
def scans() -> None:
    """Counting."""


@scans.command("load")
@as_json
def load(is_json: bool) -> None:
    """Take what the scan log's files hold into the numbers, and end."""
    from qrmerch.scans.loader import load_all

    settings = Settings.read(os.environ)
    lines = load_all(_open(settings), settings.log_dir)
    _say({"lines": lines}, f"{lines} lines are counted.", is_json=is_json)


@scans.command("rules")
@as_json
def rules(is_json: bool) -> None:
    """List the rules that leave robots, previews and nameless programs out, with their numbers."""
    from qrmerch.scans.agents import KINDS

    listed = [
        {"rule": rule, "class": cls, "family": family, "pattern": pattern}
        for rule, cls, family, pattern in KINDS
        if cls != "human"
    ]
    lines = (f"{each['rule']:>10}  {each['class']:<8} {each['family']:<10} {each['pattern']}" for each in listed)
    _say({"rules": listed}, "\n".join(lines), is_json=is_json)


@scans.command("withdraw")
@click.argument("rule", type=int)
@click.option("--why", required=True, help="What the rule took for a robot; shown with the correction.")
@as_json
def withdraw(rule: int, why: str, is_json: bool) -> None:
    """Take back a rule that leaves people out: what it left out is counted, and nobody is left out by it again."""
    from qrmerch.clock import now
    from qrmerch.scans.withdrawing import withdraw_rule

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    with _open(settings).write() as session:
        done = withdraw_rule(session, rule, why=why[:200], by="command line", at=now())
        session.commit()
    reach = f" Raw scans reach back to {done.since:%Y-%m-%d}; what was left out before stays so." if done.since else ""
    said = f"Rule {rule} is withdrawn: {done.hits} openings are scans now, none of them tried for repeats.{reach}"
    since = done.since.isoformat() if done.since else None
    _say({"rule": rule, "hits": done.hits, "since": since}, said, is_json=is_json)


@main.group()
def jobs() -> None:
    """Background work."""


@jobs.command("failed")
@as_json
def failed(is_json: bool) -> None:
    """List jobs that failed at every try and wait for a person."""
    names = _queue().list_failed(1000)
    _say({"failed": names}, "\n".join(names) or "None failed.", is_json=is_json)


@jobs.command("retry")
@click.argument("names", nargs=-1, required=True)
def retry(names: tuple[str, ...]) -> None:
    """Let failed jobs be tried again within seconds."""
    queue = _queue()
    known = queue.list_failed(100_000)
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"{unknown[0]} is not among the failed jobs. See `qrmerch jobs failed`.")
    for name in names:
        queue.retry(name)
    click.echo(f"{len(names)} will be tried again.")


@main.group()
def files() -> None:
    """Files that vendors sent, and what was made of them."""


@files.command("check")
@click.option("--repair", is_flag=True, help="Delete files that nothing has named for a day.")
@as_json
def check_files(repair: bool, is_json: bool) -> None:
    """Compare the files in the store with the rows that name them."""
    from qrmerch import application, leftovers  # noqa: F401 - the application brings every room that names files
    from qrmerch.buckets import open_store
    from qrmerch.clock import now

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    database, store, at = _open(settings), open_store(settings), now()
    deleted = leftovers.sweep(database, store, at=at) if repair else 0
    found = leftovers.look(database, store, at=at)
    counts = {
        "files": found.files,
        "bytes": found.size_bytes,
        "orphans": len(found.orphans),
        "orphan_bytes": found.orphan_bytes,
        "missing": len(found.missing),
        "deleted": deleted,
    }
    lines = [
        "{files} files, {bytes} bytes; {orphans} named by nothing ({orphan_bytes} bytes); {missing} missing;"
        " {deleted} deleted.".format(**counts),
        *(f"Missing: {key}" for key in found.missing),
    ]
    _say({**counts, "missing_keys": found.missing}, "\n".join(lines), is_json=is_json)
    if found.missing:
        sys.exit(1)


@main.group()
def audit() -> None:
    """Who did what."""


@audit.command("verify")
@click.option("--kept", type=click.Path(exists=True, dir_okay=False), help="An earlier --json answer of this command.")
@as_json
def verify(kept: str | None, is_json: bool) -> None:
    """Check that no entry was changed, taken out or cut off the end.

    Who can write to the database could write a whole chain anew. Keep the answer of `--json` elsewhere and give it
    back later: every chain must still contain what was its end then.
    """
    from qrmerch.audit import find_break, find_missing, list_chains, list_heads

    earlier = json.loads(Path(kept).read_text())["heads"] if kept else {}
    with _reading() as session:
        chains = list_chains(session)
        broken = {chain or "installation": at for chain in chains if (at := find_break(session, chain)) is not None}
        missing = find_missing(session, {chain: (each["number"], each["seal"]) for chain, each in earlier.items()})
        broken |= {chain or "installation": at for chain, at in missing.items()}
        heads = {chain: {"number": number, "seal": seal} for chain, (number, seal) in list_heads(session).items()}
    said = "\n".join(f"The chain of {chain} breaks at entry {at}." for chain, at in broken.items())
    is_one = len(chains) == 1
    whole = f"{len(chains)} {'chain is' if is_one else 'chains are'} whole."
    _say({"chains": len(chains), "broken": broken, "heads": heads}, said or whole, is_json=is_json)
    if broken:
        sys.exit(1)


# --- what commands share -----------------------------------------------------------------------------


def _ended_by_signal() -> "Event":
    """Set by Ctrl-C, or when the process is told to end."""
    import signal
    from threading import Event

    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _writing() -> "Session":
    from qrmerch.jobs import attach, detach

    settings = Settings.read(os.environ)
    _refuse_old_tables(settings)
    database = _open(settings)
    attach(database, settings)
    click.get_current_context().call_on_close(partial(detach, database))
    return database.write()


def _reading() -> "Session":
    return _open(Settings.read(os.environ)).read()


def _open(settings: Settings) -> "Database":
    """The database, closed when the command ends."""
    from qrmerch.db import Database

    database = Database(settings.database_url)
    click.get_current_context().call_on_close(database.close)
    return database


def _queue() -> "Queue":
    """The job queue, closed when the command ends."""
    from qrmerch.jobs import Queue

    queue = Queue(Settings.read(os.environ))
    click.get_current_context().call_on_close(queue.close)
    return queue


def _refuse_old_tables(settings: Settings) -> None:
    from sqlalchemy.exc import DBAPIError

    from qrmerch import migrate
    from qrmerch.db import Database

    database = Database(settings.database_url)
    try:
        with database.engine.connect() as connection:
            is_current = migrate.is_current(connection)
    except DBAPIError as error:
        raise click.ClickException(f"The database cannot be opened: {error.orig}. Run `qrmerch db upgrade`.") from None
    finally:
        database.close()
    if not is_current:
        raise click.ClickException("The tables are not those of this release. Run `qrmerch db upgrade` first.")


def _get_retailer(session: "Session", slug: str) -> "Retailer":
    from qrmerch.parties.queries import find_retailer_by_slug, list_retailers

    found = find_retailer_by_slug(session, slug)
    if found is None:
        known = ", ".join(each.slug for each in list_retailers(session)) or "none yet"
        raise click.ClickException(f"There is no retailer {slug}. Known: {known}.")
    return found


def _get_vendor(session: "Session", name: str) -> "Vendor":
    from qrmerch.parties.queries import find_vendor_by_name

    found = find_vendor_by_name(session, name)
    if found is None:
        raise click.ClickException(f"There is no vendor {name}.")
    return found


if __name__ == "__main__":
    main()
