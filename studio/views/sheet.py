"""The style sheet."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.views.theme import Theme


def written(theme: "Theme") -> str:
    """The style sheet of a theme."""
    return ""
