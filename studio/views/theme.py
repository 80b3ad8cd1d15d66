"""The look of the studio: tokens of a dark and a light theme, put on an application at any time.

Surfaces and the surround of the canvas are pure greys, so that nothing leans on the painter's
judgement of colour; the one accent is vermilion. Sizes are logical pixels.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

Name = Literal["dark", "light", "system"]
SHEET = Path(__file__).with_name("sheet.qss")
PARTS = Path(__file__).resolve().parents[2] / "assets" / "icons" / "parts"
NAMES: tuple[Name, ...] = ("dark", "light", "system")


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb, by what they are for."""

    name: str
    # Surfaces, from the canvas to what floats above the window.
    surround: str  # around the page on the canvas
    page: str  # what nothing is painted on
    hatch: str  # lines on the page
    window: str  # docks, bars, dialogs
    field: str  # what is typed in, lists, tables
    raised: str  # buttons and tiles
    hover: str
    pressed: str
    overlay: str  # menus, tool tips
    edge: str  # quiet lines between surfaces; carries no meaning
    outline: str  # borders without which a control could not be found; 3:1
    # What is written and drawn on them.
    text: str
    muted: str
    disabled: str
    danger: str
    warning: str
    good: str
    accent: str
    accent_hover: str
    on_accent: str
    selection: str  # behind what is chosen or switched on
    focus: str  # the ring of what has the keyboard; 3:1

    @property
    def dark(self) -> bool:
        """Whether it is light on dark."""
        return QColor(self.window).lightness() < 128


DARK = Theme(
    name="dark",
    surround="#383838",
    page="#5c5c5c",
    hatch="#747474",
    window="#2b2b2b",
    field="#1e1e1e",
    raised="#3a3a3a",
    hover="#464646",
    pressed="#242424",
    overlay="#343434",
    edge="#454545",
    outline="#8a8a8a",
    text="#ebebeb",
    muted="#bdbdbd",
    disabled="#7c7c7c",
    danger="#ff8fa3",
    warning="#e0b04a",
    good="#7bc08f",
    accent="#f47b4d",
    accent_hover="#ff9468",
    on_accent="#1a1a1a",
    selection="#53301f",
    focus="#ffd2b3",
)

LIGHT = Theme(
    name="light",
    surround="#bdbdbd",
    page="#f6f6f6",
    hatch="#cfcfcf",
    window="#ebebeb",
    field="#ffffff",
    raised="#f8f8f8",
    hover="#dcdcdc",
    pressed="#cecece",
    overlay="#fbfbfb",
    edge="#c9c9c9",
    outline="#767676",
    text="#1c1c1c",
    muted="#565656",
    disabled="#969696",
    danger="#a8123c",
    warning="#7a5200",
    good="#1f6b3a",
    accent="#b03a14",
    accent_hover="#962f0e",
    on_accent="#ffffff",
    selection="#f5d9cc",
    focus="#2a0d04",
)


class Switch(QObject):
    """Which theme an application wears; it follows the system where it was told to."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.app = app
        self.wanted: Name = "system"
        self.theme = DARK
        self._scheme = app.styleHints().colorScheme()
        app.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    def wear(self, name: Name) -> None:
        """Put a theme on."""
        self.wanted = name
        schemes = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}
        # The system draws title bars and its own dialogs.
        self.app.styleHints().setColorScheme(schemes.get(name, Qt.ColorScheme.Unknown))
        self._put_on()

    def _scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._scheme = scheme
        if self.wanted == "system":
            self._put_on()

    def _put_on(self) -> None:
        global _current
        system = LIGHT if self._scheme is Qt.ColorScheme.Light else DARK
        by_name = {"dark": DARK, "light": LIGHT, "system": system}
        _current = self.theme = by_name[self.wanted]
        self.app.setPalette(palette(self.theme))
        self.app.setStyleSheet(style_sheet(self.theme))
        self.changed.emit()


_current = DARK


def current() -> Theme:
    """The theme that is worn now."""
    return _current


def apply(app: QApplication, name: Name) -> Switch:
    """Put a theme on an application, now or again; its switch says when it changes."""
    switch = app.findChild(Switch)
    if switch is None:
        QDir.setSearchPaths("look", [str(PARTS)])  # so named in the style sheet
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(with_even_digits(app.font()))
        switch = Switch(app)
    switch.wear(name)
    return switch


def with_even_digits(font: QFont) -> QFont:
    """The font with digits of one width, so that values do not dance; where it has such digits."""
    even = QFont(font)
    even.setFeature(QFont.Tag("tnum"), 1)
    return even


def palette(theme: Theme) -> QPalette:
    """The theme for what the style sheet does not reach."""
    roles = QPalette.ColorRole
    colors = {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.field,
        roles.AlternateBase: theme.window,
        roles.ToolTipBase: theme.overlay,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.muted,
        roles.Text: theme.text,
        roles.Button: theme.raised,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.danger,
        roles.Light: theme.hover,
        roles.Midlight: theme.raised,
        roles.Mid: theme.edge,
        roles.Dark: theme.pressed,
        roles.Shadow: theme.pressed,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Accent: theme.accent,
        roles.Link: theme.accent,
        roles.LinkVisited: theme.accent,
    }
    made = QPalette()
    for role, color in colors.items():
        made.setColor(role, QColor(color))
    faint = QPalette.ColorGroup.Disabled
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.PlaceholderText):
        made.setColor(faint, role, QColor(theme.disabled))
    made.setColor(faint, roles.Highlight, QColor(theme.edge))
    made.setColor(faint, roles.HighlightedText, QColor(theme.disabled))
    return made


def style_sheet(theme: Theme) -> str:
    """The one style sheet in the theme's colours; KeyError where it names a token there is not."""
    template = Template(SHEET.read_text(encoding="utf-8"))
    return template.substitute(asdict(theme), parts=f"look:{theme.name}")
