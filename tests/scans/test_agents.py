"""Who is asking, by what an agent says: no phone a robot, hardly a robot a phone."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from qrmerch.scans.agents import DEVICES, KINDS, MAX_AGENT_CHARS, SYSTEMS, VERSION, Remembered, describe

# Agents in the list of robots that are shoppers all the same: apps in which people open pages.
IN_APP = re.compile(
    r"Instagram \d|FBAN/|FBAV/|MetaIAB|MicroMessenger/| Line/\d|\[Pinterest/|musical_ly|BytedanceWebview|TikTok |GSA/\d"
)


def kind_of(agent: str) -> str:
    return describe(agent).split()[0]


def device_of(agent: str) -> str:
    return describe(agent).split()[4]


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.1 Mobile/15E148 Safari/604.1",
            "human safari 61 2 phone ios",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile "
            "Safari/537.36",
            "human chrome 62 2 phone android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile "
            "Safari/537.36",
            "human chrome 62 2 phone android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Mobile/15E148 Instagram 312.0.0.0",
            "human instagram 2 2 phone ios",
        ),
        ("WhatsApp/2.23.20.0 A", "preview whatsapp 101 2 other other"),
        ("TelegramBot (like TwitterBot)", "preview telegram 102 2 other other"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
            "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "preview imessage 100 2 desktop macos",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
            "Chrome/131.0.0.0 Mobile Safari/537.36 Viber/20.1",
            "human chrome 74 2 phone android",
        ),
        ("Viber/20.1", "preview viber 106 2 other other"),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "preview facebook 20 2 other other",
        ),
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/41.0.2272.96 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "bot search 30 2 phone android",
        ),
        ("curl/8.5.0", "bot tool 34 2 other other"),
        ("okhttp/4.12.0", "fetcher library 40 2 other other"),
        ("com.google.ios.youtube/20.30.5 (iPad13,19; U; CPU iPadOS 18_5 like Mac OS X)", "fetcher app 41 2 tablet ios"),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
            "Chrome/131.0.0.0 Mobile Safari/537.36 QR Scanner/2.1 example.com",
            "human chrome 74 2 phone android",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
            "Safari/537.36 Edg/131.0.0.0",
            "human edge 52 2 desktop windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/117.0.0.0 Safari/537.36 "
            "Whatever/1.0",
            "bot desk 38 2 desktop linux",
        ),
        ("", "none no_agent 1 2 other other"),
        ("   ", "none no_agent 1 2 other other"),
        ("-", "bot unknown 99 2 other other"),
    ],
)
def test_who_is_asking(agent: str, said: str) -> None:
    assert describe(agent) == said


def test_no_rule_has_the_number_of_another_and_the_last_takes_all() -> None:
    numbers = [rule for rule, *_ in KINDS]

    assert len(set(numbers)) == len(numbers)
    assert KINDS[-1][3] == "" and DEVICES[-1][1] == "" and SYSTEMS[-1][1] == "" and VERSION >= 1


def test_what_is_written_down_fits_its_column_and_needs_no_escaping() -> None:
    for _, kind, family, _ in KINDS:
        assert re.fullmatch(r"[a-z_]+", kind) and re.fullmatch(r"[a-z_]+", family)
    assert len(describe("x" * 100_000)) <= 60
    assert re.fullmatch(r"[a-z_0-9 ]+", describe('"}\n{"k":"q"\0\x1b[31m'))


def test_a_hostile_agent_costs_no_time() -> None:
    for text in ("(" * MAX_AGENT_CHARS, "Mozilla/5.0 (Linux; Android " + "9." * 400, "a@" * 400, "bot" * 300):
        assert describe(text)


def test_memory_is_bounded_and_forgets_long_texts() -> None:
    asked: list[str] = []
    kept = Remembered(lambda text: asked.append(text) or text.upper(), limit=3, max_chars=5)

    assert [kept[text] for text in ("a", "a", "b", "c", "d", "toolong", "toolong")][-1] == "TOOLONG"

    assert asked == ["a", "b", "c", "d", "toolong", "toolong"]
    assert len(kept) == 1


# --- against lists that others keep ----------------------------------------------------------------


def matomo(shared_data: Path, name: str) -> list[str]:
    """The agents of a list in YAML, one a line, some of them quoted."""
    found = re.findall(r"^\s+user_agent: (.*)$", (shared_data / "logs" / name).read_text(), re.MULTILINE)
    return [text[1:-1].replace("''", "'") if text[:1] in "\"'" else text for text in map(str.strip, found)]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    # Two tablets in three say so; the others call themselves mobile, as phones do.
    ("name", "count", "device", "least"),
    [("matomo_smartphone-42.yml", 553, "phone", 0.99), ("matomo_tablet-12.yml", 378, "tablet", 0.65)],
)
def test_no_phone_and_no_tablet_is_a_robot(shared_data: Path, name: str, count: int, device: str, least: float) -> None:
    agents = matomo(shared_data, name)

    kinds, devices = Counter(map(kind_of, agents)), Counter(map(device_of, agents))

    print(f"{name}: {dict(kinds)}, {dict(devices)}")
    assert len(agents) == count
    # Apps on them that fetch by themselves are no robots, and no shoppers either.
    assert set(kinds) == {"human", "fetcher"} and kinds["human"] / count >= 0.99
    assert devices[device] / count >= least


@pytest.mark.shared_data
def test_what_an_app_shows_of_the_web_is_never_a_robots(shared_data: Path) -> None:
    agents = matomo(shared_data, "matomo_mobile_apps.yml")

    counted = Counter(map(kind_of, agents))
    blamed = [
        agent
        for agent in agents
        if agent.startswith("Mozilla/5.0") and re.search("Android|iPhone|iPad", agent) and kind_of(agent) == "bot"
    ]

    print(f"apps: {dict(counted)}")
    assert len(agents) == 125 and blamed == []


@pytest.mark.shared_data
def test_at_least_99_of_100_known_robots_are_seen(shared_data: Path) -> None:
    listed = json.loads((shared_data / "logs" / "crawler-user-agents.json").read_text())
    agents = [agent for each in listed for agent in each["instances"] if not IN_APP.search(agent)]

    taken_for_people = [agent for agent in agents if kind_of(agent) == "human"]

    seen = 1 - len(taken_for_people) / len(agents)
    print(f"robots: {len(agents)} instances, {len(taken_for_people)} taken for people, {seen:.2%} seen")
    assert seen >= 0.99, taken_for_people[:40]


@pytest.mark.shared_data
def test_a_real_log_is_told_apart_as_the_list_of_robots_tells_it(shared_data: Path) -> None:
    listed = json.loads((shared_data / "logs" / "crawler-user-agents.json").read_text())
    robots = re.compile("|".join(each["pattern"] for each in listed))
    text = (shared_data / "logs" / "apache_access_first_5000.log").read_text()
    agents = Counter(line.rsplit('"', 2)[1] for line in text.splitlines())

    missed = {a: n for a, n in agents.items() if robots.search(a) and kind_of(a) == "human" and not IN_APP.search(a)}
    plain = re.compile(r"Mozilla/5\.0 \((?!compatible)[^()@:]*\) .*(Firefox|Chrome|Safari)/[0-9.]+")
    blamed = {a: n for a, n in agents.items() if plain.fullmatch(a) and not robots.search(a) and kind_of(a) == "bot"}

    print(f"log: {sum(agents.values())} lines, {sum(missed.values())} missed, {sum(blamed.values())} blamed")
    assert sum(missed.values()) <= 10, missed
    assert blamed == {}
