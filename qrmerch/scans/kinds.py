"""The words of totals: what was counted, and why an opening was left out.

`SUBSETS` count some of what another word counts already; every other word stands for itself. An action without
a known visit is counted under its own word and once more under `<word>_loose`.
"""

from typing import Final

# A person's phone opened a printed code's page.
SCAN: Final = "scan"
# Among the scans: perhaps the same phone again, but behind its store's own network nobody can tell.
MAYBE_REPEAT: Final = "maybe_repeat"
# Among the scans: more in a minute than one person makes, but behind the store's own network many look like one.
MAYBE_BURST: Final = "maybe_burst"
MAYBE: Final = (MAYBE_REPEAT, MAYBE_BURST)
# A visit that began at `/i/`, or went on there when it had ended; a further page of a visit, or a page of a phone that
# is not to be told apart; a visit that began with a share link. Scans, `VISIT` and `FRIEND` together are all visits.
VISIT: Final = "visit"
PAGE: Final = "page"
FRIEND: Final = "friend"
# Phones told apart in one store on one day, at least; never to be added up over days or stores. And the scans among
# which they were, that came through the store's own network: there all phones look alike.
ESTIMATED: Final = "estimated"
OWN_NETWORK: Final = "own_network"
# Phones whose owners agreed that they are known again, in one store (or in none) on one day, and those among them that
# had been at the house on an earlier day, 90 days ago at most; the same of the house as a whole; and the visits that
# such phones began. Never to be added up over days, stores or both, but for the visits.
AGREED: Final = "agreed"
RETURNED: Final = "returned"
AGREED_HOUSE: Final = "agreed_house"
RETURNED_HOUSE: Final = "returned_house"
AGREED_VISIT: Final = "agreed_visit"
# A page seen for a second.
VIEW: Final = "view"
# A visit in which a page was on the screen for ten seconds, or in which something was done.
ENGAGED: Final = "engaged"
# Films and recordings by how far they were played, in per cent; without any visit.
PLAYS: Final = {0: "play", 25: "play_25", 50: "play_50", 75: "play_75", 100: "play_100"}

# What a shopper does on a page, and what a till does with it afterwards.
SHOPPER_ACTIONS: Final = ("keep", "unkeep", "share", "claim", "call")
TILL_ACTIONS: Final = ("redeem", "refuse", "reverse")
ACTIONS: Final = (*SHOPPER_ACTIONS, *TILL_ACTIONS)
LOOSE: Final = "_loose"

# Openings of printed addresses that are not scans, by reason.
HEAD: Final = "head"
PREFETCH: Final = "prefetch"
NO_AGENT: Final = "no_ua"
REPEAT: Final = "repeat"
BURST: Final = "burst"
# Somebody of the house: signed in at the desk, or with a phone that was marked as a test device.
INTERNAL: Final = "internal"
# A program asked where a GS1 address leads, or what there is behind it.
LOOKUP: Final = "lookup"
ORPHAN: Final = "orphan"
# By the class of the agent, as `agents.py` says it.
BY_AGENT: Final = {"bot": "bot", "preview": "preview", "fetcher": "fetcher", "none": NO_AGENT}
LEFT_OUT: Final = (HEAD, PREFETCH, LOOKUP, INTERNAL, *BY_AGENT.values(), REPEAT, BURST, ORPHAN)
# Programs that open a page ahead of their owner: a scan once the page they got was seen.
WAITING: Final = (PREFETCH, BY_AGENT["fetcher"])
# A page that a program asked for at `/i/`: kept among the raw lines, in no total.
UNSEEN: Final = "unseen"

SUBSETS: Final = (*MAYBE, OWN_NETWORK, AGREED_VISIT, *(f"{action}{LOOSE}" for action in SHOPPER_ACTIONS))
