"""What trainings are called in words: kinds of data, presets, states, lengths of time."""

from PySide6.QtCore import QCoreApplication

from studio.lanes.runs import Status


def _tr(text: str, count: int = -1) -> str:
    return QCoreApplication.translate("words", text, None, count)


def kind_text(kind: str, pictures: int) -> str:
    """What a data set of that kind holds."""
    known = {
        "image": _tr("%n picture(s)", pictures),
        "layout": _tr("%n photo(s) with layouts", pictures),
        "paired": _tr("%n pair(s) of pictures", pictures),
        "labelled": _tr("%n picture(s) with attributes", pictures),
    }
    text = known.get(kind, f"{pictures} ({kind})")
    # Without a translation of the plural, the brackets go by hand.
    return text.replace("(s)", "" if pictures == 1 else "s")


def series_text(name: str) -> str:
    """What a curve or an attribute is called."""
    known = {"kid": _tr("Distance to real pictures (KID)")}
    text = name.replace("_", " ").strip()
    return known[name] if name in known else text[:1].upper() + text[1:]


def preset_title(name: str) -> str:
    """What a preset is called."""
    known = {
        "quick": _tr("Quick try"),
        "overnight": _tr("Overnight"),
        "best": _tr("Best"),
        "tiny": _tr("Rehearsal"),
    }
    return known[name] if name in known else name.replace("_", " ").capitalize()


def preset_text(name: str) -> str:
    """What to expect of a preset, roughly."""
    known = {
        "quick": _tr("A first impression; minutes with a graphics card, hours without"),
        "overnight": _tr("Good; an hour or two with a graphics card, a night or more without"),
        "best": _tr("As good as it gets; a night with a graphics card, many days without"),
        "tiny": _tr("A few steps, only to see that everything works; it paints mush"),
    }
    return known.get(name, "")


def status_text(status: Status, share: int) -> str:
    """How a run stands; `share` in per cent."""
    known: dict[str, str] = {
        "preparing": _tr("Getting ready"),
        "training": _tr("Training, {0} %").format(share),
        "paused": _tr("Paused at {0} %").format(share),
        "stopping": _tr("Stopping"),
        "exporting": _tr("Exporting the model"),
        "done": _tr("Done") if share >= 100 else _tr("Done, stopped at {0} %").format(share),
        "stopped": _tr("Stopped at {0} %; can go on").format(share),
        "waiting": _tr("Waits for the training before it"),
        "unproved": _tr("Trained, but there is no model"),
        "silent": _tr("Nothing heard since {0} %").format(share),
        "failed": _tr("Failed"),
    }
    return known[status]


def span_text(seconds: float) -> str:
    """A length of time, as exactly as an estimate deserves."""
    if seconds < 90:
        return _tr("{0} s").format(max(1, round(seconds / 5) * 5))
    if seconds < 5400:
        return _tr("{0} min").format(round(seconds / 60))
    if seconds < 48 * 3600:
        return _tr("{0} h").format(f"{seconds / 3600:.1f}".removesuffix(".0"))
    return _tr("{0} days").format(round(seconds / 86400))
