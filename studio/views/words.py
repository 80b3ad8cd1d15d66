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
        "unpaired": _tr("%n picture(s) of two kinds", pictures),
    }
    text = known.get(kind, f"{pictures} ({kind})")
    # Without a translation of the plural, the brackets go by hand.
    return text.replace("(s)", "" if pictures == 1 else "s")


def form_text(form: str) -> str:
    """How a folder is laid out, in words."""
    known = {
        "photos": _tr("Pictures alone"),
        "picture": _tr("A single picture"),
        "clips": _tr("Frames of clips"),
        "layouts": _tr("Photos with layouts"),
        "pairs": _tr("Pairs of pictures"),
        "edges": _tr("Pairs: lines, and the picture"),
        "sketch": _tr("Pairs: a sketch, and the picture"),
        "grey": _tr("Pairs: grey, and the picture"),
        "small": _tr("Pairs: small, and the picture"),
        "unpaired": _tr("Two kinds of pictures, not in pairs"),
        "folders": _tr("A folder for each class"),
        "attributes": _tr("Pictures with a table of attributes"),
    }
    return known[form] if form in known else form.capitalize()


def needs_text(kind: str) -> str:
    """What a recipe of that kind of data would need."""
    known = {
        "image": _tr("It needs pictures."),
        "detail": _tr("It needs pictures."),
        "layout": _tr("It needs photos and their layouts."),
        "paired": _tr("It needs pairs of pictures with the same names in two folders."),
        "labelled": _tr("It needs a folder for each class, or a table of attributes."),
        "unpaired": _tr("It needs two folders of two kinds of pictures."),
    }
    return known.get(kind, "")


def fault_text(fault: str, count: int, kind: str = "") -> str:
    """So many faults of a kind, in data of a kind."""
    if kind == "layout" and fault in ("size", "shape"):
        return _layout_fault_text(fault, count)
    one = {
        "broken": _tr("One file cannot be read"),
        "unread": _tr("One file is of a kind that is not read"),
        "double": _tr("Two files have the same name"),
        "mate": _tr("One picture has no mate in the other folder"),
        "size": _tr("One picture has another size than its mate"),
        "shape": _tr("One picture has another shape than its mate"),
        "ids": _tr("One layout has pixels of no class"),
        "line": _tr("One line of a table cannot be followed"),
        "table": _tr("One table cannot be read"),
        "folder": _tr("The folder does not hold what it should"),
        "twin": _tr("One picture is there twice"),
        "colors": _tr("The colours of one layout are other classes than its numbers"),
    }
    many = {
        "broken": _tr("{0} files cannot be read"),
        "unread": _tr("{0} files are of a kind that is not read"),
        "double": _tr("{0} files have the name of another"),
        "mate": _tr("{0} pictures have no mate in the other folder"),
        "size": _tr("{0} pictures have another size than their mate"),
        "shape": _tr("{0} pictures have another shape than their mate"),
        "ids": _tr("{0} layouts have pixels of no class"),
        "line": _tr("{0} lines of tables cannot be followed"),
        "table": _tr("{0} tables cannot be read"),
        "folder": _tr("The folder does not hold what it should"),
        "twin": _tr("{0} pictures are there more than once"),
        "colors": _tr("The colours of {0} layouts are other classes than their numbers"),
    }
    if fault not in many:
        return f"{fault}: {count:,}"
    return one[fault] if count == 1 else many[fault].format(f"{count:,}")


def _layout_fault_text(fault: str, count: int) -> str:
    """Layouts of another size or shape than their photos."""
    if fault == "size":
        one = _tr("One layout has another size than its photo")
        many = _tr("{0} layouts have another size than their photos")
    else:
        one = _tr("One layout has another shape than its photo")
        many = _tr("{0} layouts have another shape than their photos")
    return one if count == 1 else many.format(f"{count:,}")


def device_text(name: str) -> str:
    """Where memory is."""
    known = {"cpu": _tr("this computer"), "cuda": _tr("the graphics card")}
    return known.get(name.split(":")[0], name)


def memory_text(needs: int, has: int, device: str) -> str:
    """Bytes that are needed against those that are free, where that is known."""
    if has <= 0:
        words = _tr("It needs about {0} of the memory of {2}.")
    elif needs <= has:
        words = _tr("It needs about {0} of memory; {2} has {1} free.")
    else:
        words = _tr("It needs about {0} of memory, and {2} has only {1} free.")
    return words.format(bytes_text(needs), bytes_text(max(0, has)), device_text(device))


def part_text(name: str) -> str:
    """What memory is needed for."""
    known = {
        "program": _tr("the program itself"),
        "networks": _tr("the networks"),
        "step": _tr("a step at work"),
        "pictures": _tr("pictures"),
    }
    return known[name] if name in known else name.replace("_", " ")


def series_text(name: str) -> str:
    """What a curve or an attribute is called."""
    known = {
        "kid": _tr("Distance to real pictures (KID)"),
        "precision": _tr("Believable: share of its pictures that could be real (precision)"),
        "recall": _tr("Coverage: share of real pictures that it could make (recall)"),
        "diversity": _tr("Diversity: 1 where its pictures differ as real ones do"),
        "variation": _tr("Variation: how its pictures of one input differ"),
        "distance": _tr("Error: distance to the true picture"),
        "distance_train": _tr("Error on pictures that it learns from"),
        "copies": _tr("Copies: share of its pictures that are all but learned by heart"),
        "told": _tr("How surely the critic tells them apart"),
    }
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


def bytes_text(count: int) -> str:
    """An amount of memory or disk."""
    if count < 1e9:
        return _tr("{0} MB").format(max(1, round(count / 1e6)))
    return _tr("{0} GB").format(f"{count / 1e9:.1f}".removesuffix(".0"))


def interval_text(value: float, low: float | None, high: float | None) -> str:
    """A figure, with its interval where that is known."""
    if low is None or high is None:
        return f"{value:.3g}"
    return f"{value:.3g} ({low:.3g} – {high:.3g})"


def figure_text(name: str) -> str:
    """What a figure is called where there is little room."""
    known = {
        "kid": _tr("KID"),
        "precision": _tr("Believable"),
        "recall": _tr("Coverage"),
        "diversity": _tr("Diversity"),
        "variation": _tr("Variation"),
        "distance": _tr("Error"),
        "distance_train": _tr("Error, known"),
        "copies": _tr("Copies"),
        "told": _tr("Critic is sure"),
    }
    return known[name] if name in known else series_text(name)


def sort_text(how: str) -> str:
    """What an order of trainings is called."""
    known = {
        "newest": _tr("Newest first"),
        "name": _tr("By name"),
        "state": _tr("What trains first"),
        "best": _tr("Best figures first"),
        "longest": _tr("Most steps first"),
    }
    return known[how]
