"""How many GS1 addresses a processor second answers: through the front door beside `/q/`, and through Flask.

    .venv/bin/python -m bench.resolver [seconds]

One process, no network: the application is called as a server calls it, in turns, so that all see the same machine.
CPU-seconds of the process are counted, the line in the scan log included. Prints and writes
`bench/results/resolver.json`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from qrmerch import create_app, jobs
from qrmerch.catalog.queries import list_variants
from qrmerch.clock import now
from qrmerch.config import Settings
from qrmerch.db import Database
from qrmerch.landing.scanning import close_scan_path
from qrmerch.migrate import upgrade
from tests.browsing import PHONE
from tests.factories import make_code, make_item, make_retailer, make_store, publish_page

_RESULTS = Path(__file__).parent / "results" / "resolver.json"
_GTIN = "09506000134352"
_ITEMS = 100
# How long one kind goes on before the next has its turn, seconds.
_TURN_S = 0.05
_WANTED = {"flask_serial": 300, "flask_link_type": 300, "flask_linkset": 300, "flask_wrong": 300}


def _stock(settings: Settings) -> str:
    """A shop whose items have numbers; the token of a code."""
    database = Database(settings.database_url)
    with database.write() as db:
        retailer = make_retailer(db, slug="fashiontown", locales=["en", "ar"])
        store = make_store(db, retailer)
        items = [make_item(db, retailer) for _ in range(_ITEMS)]
        publish_page(db, items[0])
        list_variants(db, items[0].id)[0].gtin = _GTIN
        token = make_code(db, items[0], store=store).token
        db.commit()
    database.close()
    return token


def _environ(address: str, accept: str) -> dict[str, Any]:
    headers = {"User-Agent": PHONE, "Accept": accept, "Accept-Language": "en-US,en;q=0.9", "Accept-Encoding": "br"}
    return EnvironBuilder(path=address, headers=headers).get_environ()


def _caller(app: Flask, address: str, status: int, accept: str = "text/html,*/*;q=0.8") -> Callable[[], None]:
    """One request of this kind."""
    environ = _environ(address, accept)

    def call() -> None:
        said: list[str] = []
        answer = app.wsgi_app(dict(environ), lambda line, headers, *_: said.append(line))  # type: ignore[arg-type,return-value]
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()
        assert said[0].startswith(str(status)), said

    return call


def measure(seconds: float) -> dict[str, float]:
    """Answers for each CPU-second, by kind; each kind gets so many seconds, in turns with the others."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(mode="demo", data_dir=Path(folder, "var"), uploads_dir=Path(folder, "up"))
        settings = settings.ready()
        upgrade(settings)
        token = _stock(settings)
        app = create_app(settings)
        parts = app.extensions["qrmerch"].parts
        jobs.detach(app.extensions["qrmerch"].database)
        number = f"/01/{_GTIN}"
        kinds = {
            "front_door_q": _caller(app, f"/q/{token}", 200),
            "front_door_gs1": _caller(app, number, 307),
            "flask_serial": _caller(app, f"{number}/10/LOT42/21/S1?17=271231", 307),
            "flask_link_type": _caller(app, f"{number}?linkType=gs1:pip", 307),
            "flask_linkset": _caller(app, number, 200, "application/linkset+json"),
            "flask_wrong": _caller(app, "/01/09506000134353", 400, "application/json"),
        }
        for call in kinds.values():
            call()
        spent, done = dict.fromkeys(kinds, 0.0), dict.fromkeys(kinds, 0)
        while min(spent.values()) < seconds:
            # As a worker does twice a second: what has not heard for a while whether pages changed trusts none.
            parts["scan_path"].changes.look(now())
            for name, call in kinds.items():
                began_s = time.process_time()
                while (took_s := time.process_time() - began_s) < _TURN_S:
                    call()
                    done[name] += 1
                spent[name] += took_s
        close_scan_path(parts)
        app.extensions["qrmerch"].database.close()
    return {name: round(done[name] / spent[name], 1) for name in kinds}


def main() -> None:
    """Measure, print, and keep."""
    found = measure(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
    found["gs1_of_q"] = round(found["front_door_gs1"] / found["front_door_q"], 2)
    print(json.dumps(found, indent=2))
    _RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    short = [name for name, wanted in _WANTED.items() if found[name] < wanted]
    assert not short, f"slower than wanted: {short}"


if __name__ == "__main__":
    main()
