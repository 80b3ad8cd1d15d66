"""Which pictures are learnt from, chosen by, and reported on: a function of their names alone."""

import hashlib
import re
from collections.abc import Collection

from engines.data.mends import Split

LAST_NUMBER = re.compile(r"(\d{1,18})(\D*)$")


def assign(names: Collection[str], split: Split) -> dict[str, str]:
    """Name -> train, val or test. A group (a folder, a stretch of a sequence) stays together.

    A group's place follows from a hash of its name, so that it stays where pictures are added; only
    where a wanted part would stay empty is it given the group whose hash is nearest.
    """
    group_of = {name: group(name, split) for name in names}
    shares = {each: share_of(each) for each in group_of.values()}
    part = {each: _part(share, split) for each, share in shares.items()}
    # By how near their hashes are to the border; each part gives away none that it needs itself.
    order = sorted(shares, key=lambda each: (shares[each], each))
    if not any(p == "train" for p in part.values()) and order:
        part[order[0]] = "train"
    for wanted, share in (("val", split.val), ("test", split.test)):
        if share > 0 and wanted not in part.values():
            spare = [each for each in order if part[each] == "train"][1:]
            if spare:
                part[spare[-1]] = wanted
    return {name: part[each] for name, each in group_of.items()}


def group(name: str, split: Split) -> str:
    """What a picture is kept together with."""
    folder, _, own = name.rpartition("/")
    if split.by == "name":
        return name
    if split.by == "folder":
        return folder or name
    found = LAST_NUMBER.search(own)
    if found is None:
        return name
    prefix = f"{folder}/{own[: found.start()]}*{found[2]}"
    return f"{prefix}{int(found[1]) // split.stretch}" if split.stretch else prefix


def share_of(name: str) -> float:
    """A number in [0, 1) that follows from a name, as if drawn by chance."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:4]) / 2**32


def _part(share: float, split: Split) -> str:
    if share < split.train:
        return "train"
    # Against rounding: shares of 0.9 and 0.1 end at 1, whatever their sum as floats.
    return "val" if share < split.train + split.val or split.test <= 0 else "test"
