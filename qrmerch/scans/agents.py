"""What a user agent says about who is asking; the text itself is forgotten.

One ordered table, first match wins, written in the part of the pattern language that Python and
PCRE share, so that a web server in front can be given the same rules. Behind our own words stands the
list that the package crawler-user-agents keeps, without what people wear as well.
Change a rule: raise VERSION. A rule's id is never used again for something else.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar
from zlib import crc32

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

VERSION: Final = 2
MAX_AGENT_CHARS: Final = 512
Value = TypeVar("Value")

# Of the package's list: what is no robot, but a phone's build, or an app in which people read pages.
_NO_ROBOTS: Final = frozenset(("MetaIAB Facebook", "AP3A\\.240617\\.008", "Viber", "WhatsApp", "okhttp"))

_APPLE = (
    r"^Mozilla/5\.0 \(iP(hone; CPU iPhone|ad; CPU) OS [0-9_]+ like Mac OS X\) AppleWebKit/[0-9.]+ \(KHTML, like Gecko\)"
)
_ANDROID = r"^Mozilla/5\.0 \(Linux; Android [0-9.]+; [^;()]+\) AppleWebKit/[0-9.]+ \(KHTML, like Gecko\)"

# Ahead of words that only count on a desk.
_NO_PHONE = r"^(?!.*(Android|iPhone|iPad|iPod).*AppleWebKit).*"

# A browser on a phone or a tablet.
_ON_PHONE = r"^Mozilla/5\.0 \((?=[^)]*(Android|iPhone|iPad|iPod)).*"

# (rule id, class, family, pattern). First the plain browsers from end to end: no bot's text fits
# them, and nine phones in ten go no further. In-app browsers stand before the bots they resemble.
_OWN: Final = [
    (61, "human", "safari", _APPLE + r" Version/[0-9.]+ Mobile/[0-9A-Z]+ Safari/[0-9.]+$"),
    (62, "human", "chrome", _ANDROID + r" Chrome/[0-9.]+ (Mobile )?Safari/[0-9.]+$"),
    (63, "human", "samsung", _ANDROID + r" SamsungBrowser/[0-9.]+ Chrome/[0-9.]+ (Mobile )?Safari/[0-9.]+$"),
    (1, "none", "no_agent", r"^\s*$"),
    (2, "human", "instagram", r"Instagram \d"),
    (3, "human", "facebook", r"FBAN/|FBAV/|MetaIAB"),
    (4, "human", "wechat", r"MicroMessenger/"),
    (5, "human", "line", r" Line/\d"),
    (6, "human", "pinterest", r"\[Pinterest/"),
    (7, "human", "tiktok", r"musical_ly|BytedanceWebview|TikTok "),
    (8, "human", "google_app", r"GSA/\d"),
    # Messages on Apple's phones ask for a card as two others at once.
    (100, "preview", "imessage", r"facebookexternalhit.*Twitterbot"),
    (20, "preview", "facebook", r"facebookexternalhit|facebookcatalog|Facebot|meta-external"),
    # Signal asks as WhatsApp does.
    (101, "preview", "whatsapp", r"^WhatsApp/"),
    (102, "preview", "telegram", r"TelegramBot"),
    (103, "preview", "slack", r"Slackbot|Slack-ImgProxy"),
    (104, "preview", "discord", r"Discordbot"),
    (105, "preview", "teams", r"SkypeUriPreview"),
    (106, "preview", "viber", r"^Viber"),
    (107, "preview", "line", r"Line-Parts|Line-Poker"),
    (108, "preview", "kakaotalk", r"kakaotalk-scrap"),
    (109, "preview", "snapchat", r"Snap URL Preview"),
    (22, "preview", "social", r"Twitterbot|LinkedInBot|Pinterestbot|redditbot|Iframely|Embedly|vkShare|Mastodon/"),
    (
        30,
        "bot",
        "search",
        (
            r"Googlebot|bingbot|Applebot|YandexBot|Baiduspider|DuckDuckBot|Yahoo! Slurp|PetalBot|Google-|GoogleOther"
            r"|AdsBot"
        ),
    ),
    (
        31,
        "bot",
        "model",
        r"GPTBot|ChatGPT|OAI-SearchBot|ClaudeBot|anthropic|PerplexityBot|CCBot|Bytespider|cohere-ai|Amazonbot",
    ),
    # Cubot is a make of phone.
    (
        32,
        "bot",
        "generic",
        (
            r"(?<!cu)bots?\b|(?<!cu)bot[/_ -]|crawl|spider|scrap(er|y)|archiv|https?://|\+http|@[a-z0-9-]+\.|\[at\]|\(at\)"
        ),
    ),
    # What calls itself compatible is no browser; only the old Internet Explorers were.
    (36, "bot", "compatible", r"compatible[;,](?! ?MSIE [0-9])"),
    # Words that a program may wear on a desk, but that an app on a phone, with a browser inside, wears as well.
    (
        37,
        "bot",
        "word",
        (
            _NO_PHONE
            + r"(scan|check|monitor|uptime|fetch|validat|\bfeed|preview|favicon|audit|synthetic|inspect|capture"
            r"|verif|agent\b|proxy|survey|optimi[sz]|httpclient|metrix|[a-z0-9-]\.(com|io|ai|net|org|fr)\b|-Google\b"
            r"|robot|PTST/|Nikto|OpenVAS|zgrab|\(Java\)|Electron/)"
        ),
    ),
    # A browser on a desk, with something behind it that no browser puts there.
    (
        38,
        "bot",
        "desk",
        (
            r"(Windows NT|Macintosh|X11)\b.* (Safari|Firefox)/[0-9.]+[;,]? (?!Edg|OPR/|Vivaldi/|YaBrowser/|Whale/|Ddg/"
            r"|DuckDuckGo/|Brave|Avast/|AVG/|Norton/|CCleaner/|Waterfox/|SeaMonkey/|LibreWolf/|Iceweasel/|Midori/"
            r"|CoolNovo/|GTB|\(\.NET|Version/|Chrome/|Firefox/)"
        ),
    ),
    (
        33,
        "bot",
        "headless",
        r"HeadlessChrome|PhantomJS|Lighthouse|PageSpeed|Puppeteer|Playwright|Selenium|Prerender",
    ),
    (
        34,
        "bot",
        "tool",
        (
            r"^curl|^wget|python|aiohttp|^Go-http|^Java/|Apache-HttpClient|libwww|^axios|node-fetch|^undici|^Ruby"
            r"|^PHP|GuzzleHttp|^Postman|HTTPie|^lua"
        ),
    ),
    (40, "fetcher", "library", r"okhttp|CFNetwork|^Dalvik"),
    # An app on a phone that asks for itself, before or instead of its owner.
    (41, "fetcher", "app", r"^(?!Mozilla|Opera).*(Android|iPhone|iPad|iPod|iOS)"),
    # What browses on a phone and wears none of the words above is somebody: the list below is not asked.
    (70, "human", "samsung", _ON_PHONE + r"SamsungBrowser/"),
    (71, "human", "opera", _ON_PHONE + r"(OPR/|OPiOS/|OPT/)"),
    (72, "human", "edge", _ON_PHONE + r"(EdgA/|EdgiOS/)"),
    (73, "human", "firefox", _ON_PHONE + r"(Firefox/|FxiOS/|Focus/)"),
    (74, "human", "chrome", _ON_PHONE + r"(CriOS/|Chrome/)"),
    (75, "human", "safari", _ON_PHONE + r"Version/[0-9.]+ .*Safari/"),
    (76, "human", "webview", _ON_PHONE + r"AppleWebKit/"),
]
_LAST: Final = [
    (50, "human", "samsung", r"SamsungBrowser/"),
    (51, "human", "opera", r"OPR/|OPiOS/|OPT/"),
    (52, "human", "edge", r"EdgA/|EdgiOS/|Edg/"),
    (53, "human", "firefox", r"Firefox/|FxiOS/|Focus/"),
    (54, "human", "chrome", r"CriOS/|Chrome/"),
    (55, "human", "safari", r"Version/[0-9.]+ .*Safari/"),
    (56, "human", "webview", r"AppleWebKit/"),
    (57, "human", "other", r"^(Mozilla|Opera)/"),
    (99, "bot", "unknown", r""),
]


def _list_robots() -> list[tuple[int, str, str, str]]:
    """The package's list as rules: each pattern has one number, whatever else comes to the list or goes.

    Those that are no plain text come first. They mean upper and lower case as they write it.
    """
    patterns = [str(each["pattern"]) for each in CRAWLER_USER_AGENTS_DATA if each["pattern"] not in _NO_ROBOTS]
    patterns.sort(key=lambda pattern: _plain_text(pattern) is not None)
    return [
        (1_000 + crc32(pattern.encode()) % 2_000_000_000, "bot", "listed", f"(?-i:{pattern})") for pattern in patterns
    ]


def _plain_text(pattern: str) -> str | None:
    """The text that a pattern stands for, if it stands for one and no more."""
    text = re.sub(r"\\([^A-Za-z0-9])", "", pattern)
    if re.search(r"[\\^$.*+?()\[\]{}|]", text):
        return None
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", pattern)


_LISTED: Final = _list_robots()
KINDS: Final = [*_OWN, *_LISTED, *_LAST]
DEVICES: Final = [
    ("phone", r"iPhone|iPod|Android.*Mobile|Windows Phone|KAIOS"),
    ("tablet", r"iPad|Android|Tablet|Kindle"),
    ("desktop", r"Windows NT|Macintosh|X11|CrOS"),
    ("other", r""),
]
SYSTEMS: Final = [
    ("windows", r"Windows (NT|Phone)"),
    ("ios", r"iPhone|iPad|iPod|\biOS\b"),
    ("android", r"Android"),
    ("macos", r"Macintosh|Mac OS X"),
    ("chromeos", r"CrOS"),
    ("kaios", r"KAIOS"),
    ("linux", r"Linux|X11"),
    ("other", r""),
]
_FLAGS = re.IGNORECASE | re.ASCII


def _compile(rules: Iterable[tuple[int, str, str, str]]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, _FLAGS), _say(rule, cls, family)) for rule, cls, family, pattern in rules]


def _say(rule: int, cls: str, family: str) -> str:
    return f"{cls} {family} {rule} {VERSION}"


def _text_of(pattern: str) -> str | None:
    return _plain_text(pattern.removeprefix("(?-i:").removesuffix(")"))


_FIRST = _compile([*_OWN, *(rule for rule in _LISTED if _text_of(rule[3]) is None)])
_TEXTS = [(text, _say(*rule[:3])) for rule in _LISTED if (text := _text_of(rule[3])) is not None]
_AFTER = _compile(_LAST)
_DEVICES = [(re.compile(pattern, _FLAGS), device) for device, pattern in DEVICES]
_SYSTEMS = [(re.compile(pattern, _FLAGS), system) for system, pattern in SYSTEMS]


def describe(agent: str) -> str:
    """`class family rule version device system` of an agent, as it stands in the log's line."""
    agent = agent[:MAX_AGENT_CHARS]
    kind = _find_kind(agent)
    device = next(device for pattern, device in _DEVICES if pattern.search(agent))
    system = next(system for pattern, system in _SYSTEMS if pattern.search(agent))
    return f"{kind} {device} {system}"


def _find_kind(agent: str) -> str:
    for pattern, kind in _FIRST:
        if pattern.search(agent):
            return kind
    # Most of the list are plain texts, a thousand of which are looked for in the time of thirty patterns.
    for text, kind in _TEXTS:
        if text in agent:
            return kind
    return next(kind for pattern, kind in _AFTER if pattern.search(agent))


class Remembered(dict[str, Value], Generic[Value]):
    """A bounded memory of a function of text: a plain lookup when seen, the function when not.

    When full it is emptied at once: refilling costs little, and no hit pays for keeping an order.
    """

    def __init__(self, function: Callable[[str], Value], *, limit: int, max_chars: int = MAX_AGENT_CHARS) -> None:
        """:param limit: the most texts remembered; a text longer than `max_chars` never is."""
        super().__init__()
        self._function, self._limit, self._max_chars = function, limit, max_chars

    def __missing__(self, text: str) -> Value:
        value = self._function(text)
        if len(text) <= self._max_chars:
            if len(self) >= self._limit:
                self.clear()
            self[text] = value
        return value
