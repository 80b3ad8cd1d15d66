"""On what terms pictures are used for a training, asked once for each folder and remembered."""

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings

KEY = "training/terms"
MOST = 200  # folders that are remembered
LONGEST = 300  # characters of a note
# Where terms are usually written; a folder of a hundred thousand pictures is not listed for them.
FILES = tuple(
    name + ending
    for name in ("LICENSE", "LICENCE", "license", "licence", "COPYING")
    for ending in ("", ".txt", ".md")
)
_MOST_BYTES = 20_000  # of a licence that is looked into


@dataclass(frozen=True)
class Terms:
    """Whose the pictures are: `id` is one of `CHOICES`, `note` names their makers or the terms;
    `licence` is what the model may be used for, an id of LICENCES or a person's own words.
    """

    id: str = ""
    note: str = ""
    licence: str = ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("terms", text)


# Ids, and the licence that a model of such pictures has where nothing else was said.
CHOICES = {
    "own": "private",
    "permission": "private",
    "public": "CC0-1.0",
    "cc-by": "CC-BY-4.0",
    "cc-by-sa": "CC-BY-SA-4.0",
    "cc-by-nc": "CC-BY-NC-4.0",
    "other": "private",
    "unknown": "private",
}
LICENCES = ("private", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0")
NAMED = frozenset({"cc-by", "cc-by-sa", "cc-by-nc", "permission", "other"})  # need the note


def choice_text(name: str) -> str:
    """What an answer is called."""
    known = {
        "own": _tr("I made them myself"),
        "permission": _tr("I was given leave to use them"),
        "public": _tr("Public domain, or CC0"),
        "cc-by": _tr("CC BY: free, with the makers’ names"),
        "cc-by-sa": _tr("CC BY-SA: free, with names, passed on alike"),
        "cc-by-nc": _tr("CC BY-NC: with names, not for money"),
        "other": _tr("Other terms"),
        "unknown": _tr("I do not know"),
    }
    return known[name]


def note_text(name: str) -> str:
    """What the note is asked for with an answer."""
    known = {
        "own": _tr("Your name, if you want it told"),
        "permission": _tr("Whose leave"),
        "other": _tr("Which terms, and whose pictures"),
        "unknown": _tr("Where they come from"),
    }
    return known.get(name, _tr("The makers’ names, and where the pictures come from"))


def licence_text(name: str) -> str:
    """What a licence of a model is called."""
    known = {
        "private": _tr("For myself alone"),
        "CC0-1.0": _tr("Anything (CC0)"),
        "CC-BY-4.0": _tr("Anything, with names (CC BY)"),
        "CC-BY-SA-4.0": _tr("Anything, with names, passed on alike (CC BY-SA)"),
        "CC-BY-NC-4.0": _tr("Not for money, with names (CC BY-NC)"),
    }
    return known.get(name, name)


def warning(terms: Terms) -> str:
    """What to mind; nothing where there is nothing."""
    freest = LICENCES.index
    usual = CHOICES.get(terms.id, "private")
    if terms.id == "unknown":
        return _tr(
            "Without knowing the terms, use the model for yourself and pass neither it nor its "
            "pictures on."
        )
    given = terms.licence in LICENCES and terms.licence != "private"
    if terms.id in ("cc-by-sa", "cc-by-nc") and given and terms.licence != usual:
        return _tr("Pictures under {0} usually ask for the same terms again.").format(usual)
    if terms.id == "cc-by" and given and freest(terms.licence) < freest(usual):
        return _tr("Pictures under CC BY ask for their makers’ names.")
    return ""


def reason(terms: Terms) -> str:
    """Why these do not do; nothing where they do."""
    if terms.id not in CHOICES:
        return _tr("Say on what terms you use these pictures.")
    if terms.id in NAMED and not terms.note.strip():
        return _tr("Say whose pictures they are, below their terms.")
    return ""


def told(terms: Terms) -> str:
    """What the model's passport says of the pictures."""
    if terms.id not in CHOICES:
        return ""
    note = terms.note.strip()
    return f"{choice_text(terms.id)}: {note}" if note else choice_text(terms.id)


def licence_told(terms: Terms) -> str:
    """What the model's passport says of itself."""
    private = _tr("Private: for its maker alone")
    return private if terms.licence == "private" else terms.licence


def recall(folder: Path) -> Terms:
    """What was said of a folder before; else nothing."""
    row = _all().get(str(folder.resolve()))
    if isinstance(row, list) and len(row) == 3 and all(isinstance(word, str) for word in row):
        return Terms(row[0] if row[0] in CHOICES else "", row[1][:LONGEST], row[2][:LONGEST])
    return Terms()


def remember(folder: Path, terms: Terms) -> None:
    """Ask no more about this folder."""
    kept = _all()
    kept.pop(str(folder.resolve()), None)
    kept[str(folder.resolve())] = [terms.id, terms.note[:LONGEST], terms.licence[:LONGEST]]
    QSettings().setValue(KEY, json.dumps(dict(list(kept.items())[-MOST:])))


def licence_file(folder: Path) -> str:
    """The name and the first words of a licence that lies with the pictures; else nothing."""
    for name in FILES:
        path = folder / name
        try:
            if path.is_file() and path.stat().st_size <= _MOST_BYTES:
                words = path.read_text("utf-8", "replace").split()
                return f"{name}: {' '.join(words)[:120]}"
        except OSError:
            continue
    return ""


def _all() -> dict[str, object]:
    try:
        value = json.loads(str(QSettings().value(KEY, "{}")))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
