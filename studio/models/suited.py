"""What suits what: data and recipes, settings and their values."""

from typing import Any

from engines.catalog import RecipeEntry, Setting
from engines.data.report import KINDS

# What a folder of a kind can teach besides recipes of its own kind.
ALSO = {
    "image": ("detail",),
    "layout": ("paired", "image", "detail"),
    "labelled": ("image", "detail"),
    "unpaired": ("image", "detail"),
}


def kinds_for(entry: RecipeEntry) -> list[str]:
    """The kinds of folders that can teach this."""
    return [kind for kind in KINDS if entry.kind in (kind, *ALSO.get(kind, ()))]


def allowed(setting: Setting, value: Any) -> bool:
    """Whether a setting can have this value."""
    if setting.type == "bool" or isinstance(value, bool):
        return setting.type == "bool" and isinstance(value, bool)
    if setting.type == "str":
        return isinstance(value, str) and (not setting.options or value in setting.options)
    if not isinstance(value, int if setting.type == "int" else int | float):
        return False
    least = setting.least is None or value >= setting.least
    return least and (setting.greatest is None or value <= setting.greatest)
