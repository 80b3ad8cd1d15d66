"""What a folder of pictures is: by its names first, by a look at some pictures where they do not
say. Every answer comes with its reason and with what else it could be.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from engines.data.likeness import frames_alike, mates_alike, numbered
from engines.data.listing import HERE, Lister, Listing, is_folder
from engines.data.mends import NONE, Mends, Split, stretch_of
from engines.data.palettes import find_classes
from engines.data.places import Places, layer_names, listings, pair_names, usual_ending
from engines.data.report import Alternative, Form

KIND_OF: dict[Form, str] = {
    "photos": "image",
    "picture": "image",
    "clips": "image",
    "layouts": "layout",
    "pairs": "paired",
    "edges": "paired",
    "sketch": "paired",
    "grey": "paired",
    "small": "paired",
    "unpaired": "unpaired",
    "folders": "labelled",
    "attributes": "labelled",
}
# Names of folders that are parts of a set, and no classes.
PARTS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
_DERIVED: dict[Form, str] = {
    "edges": "Lines can be drawn of each picture, to learn the way back from.",
    "sketch": "A sketch can be made of each picture, to learn the way back from.",
    "grey": "The colours can be taken out of each picture, to learn to give it some.",
    "small": "Each picture can be made small, to learn to make it large.",
}
ENOUGH = 0.5  # share of the names of the smaller folder that must have a mate


@dataclass(frozen=True)
class Recognised:
    """What a folder is read as, why, how, and what else it could be."""

    form: Form
    reason: str
    mends: Mends = NONE
    others: tuple[Alternative, ...] = field(default=())

    @property
    def kind(self) -> str:
        """The kind of data that recipes ask for."""
        return KIND_OF[self.form]


def recognise(lister: Lister) -> Recognised:
    """What a folder holds. OSError where it cannot be read."""
    found = _by_names(lister) or _by_looking(lister)
    return _derived(_split(lister, found))


def _by_names(lister: Lister) -> Recognised | None:
    layers = layer_names(lister.root)
    if layers and lister.pictures(layers[1]).paths:
        return _layouts(lister, Mends(), layers, ())
    names = pair_names(lister.root)
    if names and all(lister.pictures(n).paths for n in names):
        return _two(lister, names, True)
    if (lister.root / "attributes.csv").exists():
        return Recognised(
            "attributes",
            "There is an attributes.csv, which tells of each picture how much it has of what.",
            others=(_photos("The table can be left aside."),),
        )
    return None


def _derived(found: Recognised) -> Recognised:
    """With the pairs that can be made of the pictures alone, where there are pictures."""
    known = [(found.kind, found.mends), *((other.kind, other.mends) for other in found.others)]
    mends = next((mends for kind, mends in known if kind == "image"), None)
    if mends is None:
        return found
    made = (
        Alternative(form, "paired", reason, replace(mends, source=form))
        for form, reason in _DERIVED.items()
    )
    return replace(found, others=(*found.others, *made))


def _layouts(
    lister: Lister,
    mends: Mends,
    names: tuple[str, str],
    before: tuple[Alternative, ...],
    looked: str = "",
) -> Recognised:
    """Photos and layouts; where no classes.json names their classes, as their colours tell."""
    places = places_from(names, mends)
    first, second = listings(lister, places)
    mates = len(first.paths.keys() & second.paths.keys())
    if mates < ENOUGH * min(len(first.paths), len(second.paths)):
        endings = _endings(first, second)
        if endings is not None:
            mends = replace(mends, folders=names, endings=endings)
            first, second = listings(lister, places_from(names, mends))
            mates = len(first.paths.keys() & second.paths.keys())
    where = "One folder holds" if names[0] == names[1] else f"“{names[0]}” and “{names[1]}” hold"
    reason = f"{where} {mates:,} photos and layouts of the same names{looked}."
    if not (lister.root / "classes.json").exists():
        found = find_classes(list(second.paths.values()), lister.cancelled)
        if found is not None:
            told = "colours" if found.by_color else "numbers"
            reason += (
                f" No classes.json names the classes, so the {len(found.palette)} {told} in the "
                "layouts stand for them."
            )
            mends = replace(mends, palette=found.palette, by_color=found.by_color)
    pairs = Alternative(
        "pairs", "paired", "Each layout, in its colours, can be the picture to begin with.", mends
    )
    photos = _photos("The layouts can be left aside.", Mends(folders=mends.folders))
    return Recognised("layouts", reason, mends, (pairs, *before, photos))


def _two(lister: Lister, names: tuple[str, str], named: bool) -> Recognised:
    """Two folders that their names tell apart, or a look."""
    mends = NONE if named else Mends(folders=names)
    first, second = listings(lister, places_from(names, mends))
    mates = first.paths.keys() & second.paths.keys()
    least = min(len(first.paths), len(second.paths))
    if len(mates) < ENOUGH * least and (endings := _endings(first, second)) is not None:
        mends = Mends(folders=names, endings=endings)
        first, second = listings(lister, places_from(names, mends))
        mates = first.paths.keys() & second.paths.keys()
    held = f"“{names[0]}” and “{names[1]}”"
    photos = _photos(f"The pictures of {held} can be taken together, as of one sort.")
    folders = Alternative(
        "folders", "labelled", f"{held} can be two classes of pictures, told apart by a slider."
    )
    sorts = replace(mends, folders=names)  # Which is first is an artist's to say.
    apart = Alternative(
        "unpaired", "unpaired", f"{held} can be two sorts of pictures that do not match.", sorts
    )
    if len(mates) < ENOUGH * least:
        reason = f"{held} hold pictures, and few have the same name in both, so they are no pairs."
        return Recognised("unpaired", reason, sorts, (folders, photos))
    reason = f"{held} hold {len(mates):,} pictures of the same names, two of each."
    return Recognised("pairs", reason, mends, (apart, folders, photos))


def _by_looking(lister: Lister) -> Recognised:
    inner, own = _inside(lister)
    if own:
        return _flat(lister)
    if len(inner) == 2 and (found := _both(lister, (inner[0], inner[1]))) is not None:
        return found
    listing = lister.pictures()
    names = list(listing.paths)
    photos = _photos("The folders can be left aside.")
    if inner and {name.lower() for name in inner} <= PARTS:
        reason = (
            f"The folders “{'” and “'.join(inner)}” are parts of one set; their pictures are put "
            "together, and split anew."
        )
        return Recognised("photos", reason)
    if len(inner) > 1:
        classes = Alternative(
            "folders", "labelled", "Each folder can be a class, told apart by a slider."
        )
        if _moving(listing, lister):
            reason = (
                f"{len(inner)} folders hold pictures numbered like frames, and neighbours look "
                "alike."
            )
            return Recognised("clips", reason, NONE, (classes, photos))
        clips = Alternative(
            "clips", "image", "Each folder can be a clip.", Mends(split=Split(by="folder"))
        )
        reason = f"{len(inner)} folders hold pictures, each a class that is called as its folder."
        more: tuple[Alternative, ...] = ()
        if len(inner) == 2:
            sorts = f"“{inner[0]}” and “{inner[1]}” can be two sorts of pictures that do not match."
            more = (Alternative("unpaired", "unpaired", sorts, Mends(folders=tuple(inner))),)
        return Recognised("folders", reason, NONE, (photos, clips, *more))
    if _moving(listing, lister):
        return _frames()
    reason = f"There are {len(names):,} pictures, and nothing is said of them."
    return Recognised("photos", reason)


def _flat(lister: Lister) -> Recognised:
    """Pictures in the folder itself: one, frames, photos with their layouts beside, or photos."""
    listing = lister.pictures()
    names = list(listing.paths)
    if len(names) == 1:
        return Recognised("picture", "There is one picture alone.")
    beside = _beside(names)
    if beside is not None:
        mends = Mends(folders=(HERE, HERE), endings=("", beside))
        _, second = listings(lister, places_from((HERE, HERE), mends))
        if find_classes(list(second.paths.values()), lister.cancelled) is not None:
            looked = f", with “{beside}” at the end of a layout's"
            return _layouts(lister, mends, (HERE, HERE), (), looked)
    if _moving(listing, lister):
        return _frames()
    reason = f"There are {len(names):,} pictures, and nothing is said of them."
    clips = Alternative(
        "clips", "image", "They can be frames, in the order of their numbers.",
        Mends(split=Split(by="sequence", stretch=stretch_of(len(names)))),
    )  # fmt: skip
    return Recognised("photos", reason, NONE, (clips,) if numbered(names) else ())


def _both(lister: Lister, names: tuple[str, str]) -> Recognised | None:
    """Two folders of any name: photos and layouts, or pairs, where a look says so."""
    listed = [lister.pictures(name) for name in names]
    first, second = listed
    endings = ("", "")
    mates = first.paths.keys() & second.paths.keys()
    least = min(len(first.paths), len(second.paths))
    if len(mates) < ENOUGH * least:
        found = _endings(first, second)
        if found is None:
            return None
        endings = found
    looks = [
        find_classes(list(listing.paths.values())[:200], lister.cancelled) for listing in listed
    ]
    if (looks[0] is None) != (looks[1] is None) and not lister.cancelled():
        if looks[0] is not None:
            names, endings = (names[1], names[0]), (endings[1], endings[0])
        mends = Mends(folders=names, endings=endings if any(endings) else ())
        looked = f", and “{names[1]}” has few colours with hard edges, as layouts have"
        two = _two(lister, names, False)
        apart = tuple(each for each in two.others if each.form == "folders")
        return _layouts(lister, mends, names, apart, looked)
    mends = Mends(folders=names, endings=endings if any(endings) else ())
    one, other = listings(lister, places_from(names, mends))
    pairs = [(path, other.paths[name]) for name, path in one.paths.items() if name in other.paths]
    if mates_alike(pairs, lister.cancelled):
        found_two = _two(lister, names, False)
        reason = found_two.reason.rstrip(".") + ", with edges in the same places."
        return replace(found_two, reason=reason)
    return None


def _split(lister: Lister, found: Recognised) -> Recognised:
    """With the split that keeps together what is alike, where no splits.csv says it."""
    if (lister.root / "splits.csv").exists() or found.form in ("picture", "unpaired", "folders"):
        return found
    first = Places(HERE)
    if found.kind in ("layout", "paired"):
        first = places_from(_folders(lister, found), found.mends)
    listing, _ = listings(lister, first)
    names = list(listing.paths)
    moving = found.form == "clips" or _moving(listing, lister)
    if not moving:
        return found
    groups = {name.rpartition("/")[0] for name in names}
    if len(groups) >= 3:
        split, kept = Split(by="folder"), "Folders are kept together in the split."
    else:
        split = Split(by="sequence", stretch=stretch_of(len(names)))
        kept = f"Stretches of {split.stretch} frames are kept together in the split."
    told = found.reason if found.form == "clips" else f"{found.reason} Neighbours look alike."
    return replace(found, reason=f"{told} {kept}", mends=found.mends | Mends(split=split))


def _folders(lister: Lister, found: Recognised) -> tuple[str, str]:
    if len(found.mends.folders) == 2:
        return found.mends.folders[0], found.mends.folders[1]
    names = layer_names(lister.root) if found.kind == "layout" else pair_names(lister.root)
    assert names is not None
    return names


def places_from(names: tuple[str, str], mends: Mends) -> Places:
    """Two folders and the endings that mends name."""
    endings = (mends.endings[0], mends.endings[1]) if len(mends.endings) == 2 else ("", "")
    return Places(names[0], names[1], True, endings)


def _photos(reason: str, mends: Mends = NONE) -> Alternative:
    return Alternative("photos", "image", reason, mends)


def _frames() -> Recognised:
    """Frames of one moving picture."""
    reason = "The pictures are numbered like frames, and neighbours look alike."
    return Recognised("clips", reason, NONE, (_photos("They can be taken one by one."),))


def _moving(listing: Listing, lister: Lister) -> bool:
    names = list(listing.paths)
    return numbered(names) and frames_alike(names, list(listing.paths.values()), lister.cancelled)


def _inside(lister: Lister) -> tuple[list[str], bool]:
    """The folders in a folder that hold pictures, and whether it has some of its own."""
    with os.scandir(lister.root) as entries:
        names = sorted(e.name for e in entries if is_folder(e) and not e.name.startswith("."))
    listing = lister.pictures()
    own = any("/" not in name for name in listing.paths)
    holding = {name.partition("/")[0] for name in listing.paths}
    return [name for name in names if name in holding], own


def _endings(first: Listing, second: Listing) -> tuple[str, str] | None:
    """What names end in beside the name, where that makes mates of most; None where it does not."""
    least = min(len(first.paths), len(second.paths))
    ends = [usual_ending(list(listing.paths)) for listing in (first, second)]
    for here, there in ((ends[0], ends[1]), ("", ends[1]), (ends[0], "")):
        cut = {name.removesuffix(here) for name in first.paths if name.endswith(here)}
        mates = sum(n.endswith(there) and n.removesuffix(there) in cut for n in second.paths)
        if mates and mates >= ENOUGH * least:
            return here, there
    return None


def _beside(names: list[str]) -> str | None:
    """What names of layouts end in, where each lies beside its photo; None where none do."""
    known = set(names)
    tails: dict[str, int] = {}
    for name in names:
        for cut in ("_", "-", ".", " "):
            stem, mark, tail = name.rpartition(cut)
            if mark and tail.isalpha() and stem in known:
                tails[mark + tail] = tails.get(mark + tail, 0) + 1
    best = max(tails, key=lambda tail: (tails[tail], tail), default=None)
    return best if best is not None and tails[best] >= 0.4 * len(names) else None


def descend(folder: Path) -> Path:
    """The data set itself, where a folder holds nothing but it, as archives make. OSError."""
    for _ in range(3):
        with os.scandir(folder) as entries:
            names = [(e.name, is_folder(e)) for e in entries if not e.name.startswith((".", "__"))]
        if len(names) != 1 or not names[0][1]:
            break
        inner = folder / names[0][0]
        with os.scandir(inner) as entries:
            if not any(is_folder(e) for e in entries):
                break  # Pictures, which are read through the folder all the same.
        folder = inner
    return folder
