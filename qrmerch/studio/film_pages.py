"""What the studio shows of films, sounds and files on their way."""

from dataclasses import dataclass

from qrmerch.media.playing import Playable


@dataclass(frozen=True, slots=True)
class ArrivalLine:
    """A file that is half here. `size` and `stamp` tell the same file when it is chosen again."""

    id: str
    file_name: str
    size: int
    stamp: str
    percent: int
    said: str


@dataclass(frozen=True, slots=True)
class FrontChoice:
    """What may stand in front of a film: a value of the form, its picture, and what it is called."""

    value: str
    image: str
    width: int
    height: int
    label: str


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Captions and transcript of a film or sound in one language."""

    locale: str
    language: str
    direction: str
    captions: str
    transcript: str


@dataclass(frozen=True, slots=True)
class Player:
    """What plays: its file, with captions as (locale, language, address)."""

    playable: Playable
    poster: str
    tracks: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class FilmPanel:
    """A film or sound opened beside the list."""

    noun: str
    is_film: bool
    # While it is made: how far it is, and the sentence on it.
    percent: int
    said: str
    player: Player | None
    lacks: str
    frames: tuple[FrontChoice, ...]
    pictures: tuple[FrontChoice, ...]
    # The value of what stands in front of it now.
    front: str
    words: tuple[LanguageWords, ...]
    is_speechless: bool
    length: str
    problems: dict[str, str]
