"""The real agents of `../shared/data/logs` through the line and the loader: a table by reason.

`make drills` keeps it as `bench/results/classification.json`.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from qrmerch.db import Database
from qrmerch.scans.agents import describe
from tests.figures import IS_FULL
from tests.scans.shop import Shop, totals
from tests.scans.test_agents import IN_APP, matomo
from tests.scans.test_loader import load

_RESULTS = Path(__file__).parents[2] / "bench" / "results" / "classification.json"
_PHONES = ("matomo_smartphone-42.yml", "matomo_tablet-12.yml")
_APPS = "matomo_mobile_apps.yml"
# What an app on a phone shows of the web; the list has mail readers on desks as well.
_ON_PHONE = re.compile(r"^Mozilla/5\.0 .*(Android|iPhone|iPad)")
# Browsers on a desk in a log of 2015, from end to end: nothing a robot wears.
_PLAIN = re.compile(r"Mozilla/5\.0 \((?!compatible)[^()@:]*\) .*(Firefox|Chrome|Safari)/[0-9.]+")


@pytest.mark.shared_data
def test_no_person_is_lost_and_nearly_every_robot_is_found(
    database: Database, db: Session, shop: Shop, shared_data: Path
) -> None:
    listed = json.loads((shared_data / "logs" / "crawler-user-agents.json").read_text())
    robots = re.compile("|".join(each["pattern"] for each in listed))
    text = (shared_data / "logs" / "apache_access_first_5000.log").read_text()
    logged = [line.rsplit('"', 2)[1] for line in text.splitlines()]
    agents = {
        "phones": [agent for name in _PHONES for agent in matomo(shared_data, name)],
        "in_app": [agent for agent in matomo(shared_data, _APPS) if _ON_PHONE.search(agent)],
        "robots": [agent for each in listed for agent in each["instances"] if not IN_APP.search(agent)],
        "log": logged,
    }
    plain = [agent for agent in logged if _PLAIN.fullmatch(agent) and not robots.search(agent)]
    people = [*agents["phones"], *agents["in_app"], *plain]

    table, total = {}, Counter[str]()
    for name, of_list in agents.items():
        shop.write(*(shop.scan(agent=describe(agent)) for agent in of_list), name=f"scan-{name}.jsonl")
        load(database, shop)
        table[name] = dict((Counter(totals(db)) - total).most_common())
        total = Counter(totals(db))
    # A phone that fetches by itself is no robot: it counts once its page was seen.
    lost = [agent for agent in people if describe(agent).split()[0] in ("bot", "preview", "none")]
    found = sum(describe(agent).split()[0] != "human" for agent in agents["robots"]) / len(agents["robots"])

    told = {"by_reason": table, "people": len(people), "lost": len(lost), "robots_found": round(found, 4)}
    print(json.dumps(told))
    if IS_FULL and database.is_sqlite:
        _RESULTS.write_text(json.dumps(told, indent=2) + "\n")
    assert lost == []
    assert found >= 0.99
    assert set(table["phones"]) <= {"scan", "fetcher"} and set(table["in_app"]) <= {"scan", "fetcher"}
    assert sum(total.values()) == sum(map(len, agents.values())), "each is counted as something, once"
