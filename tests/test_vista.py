"""The painted world: exact layouts, attributes that only change light and weather, sets on disk."""

import csv
import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.pictures import read_layout
from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.worlds import examples, vista, vista_set, vista_show
from engines.worlds.vista_caption import _PLACES
from engines.worlds.vista_compose import KINDS, plan
from engines.worlds.vista_easel import HOUSE, MEADOW, WATER, Easel
from engines.worlds.vista_land import Outline
from engines.worlds.vista_light import Mood
from engines.worlds.vista_noise import TILE, dabs, grain, look, soft, strokes, wave
from engines.worlds.vista_things import around, polygon
from engines.worlds.vista_water import Water

CALM = {
    "time_of_day": 0.4,
    "cloudiness": 0.1,
    "fog": 0.0,
    "snow": 0.0,
    "autumn": 0.0,
    "rain": 0.0,
    "warmth": 0.5,
}
LAND = [i for i, (name, _) in enumerate(vista.CLASSES) if name in ("forest", "meadow", "sand")]
STEPS = (0.0, 0.3, 0.65, 1.0)


def first_seeds() -> dict[str, int]:
    """The first seed of each kind of place."""
    seeds: dict[str, int] = {}
    for seed in range(1000):
        seeds.setdefault(plan(seed).kind, seed)
        if len(seeds) == len(KINDS):
            break
    return seeds


SEED_OF = first_seeds()
ONE_OF_EACH = [pytest.param(seed, id=kind) for kind, seed in SEED_OF.items()]


def easel(width: int, height: int) -> Easel:
    mood = Mood(0.4, 0.1, 0.0, 0.0, 0.0, 0.0, 0.5, palette="park", side=1.0)
    return Easel(width, height, mood, "paint")


def painted(seed: int, size: tuple[int, int] = (48, 48), **attributes: float) -> np.ndarray:
    """A picture as floats in [0, 1], calm but for `attributes`."""
    picture, _ = vista.paint(vista.scene(seed, **{**CALM, **attributes}), *size)
    return picture.astype(np.float64) / 255


def rises(values: list[float], share: float = 0.08) -> bool:
    """True if the values go up, each step by at least this share of the whole way."""
    way = values[-1] - values[0]
    return way > 0 and all(b - a >= share * way for a, b in pairwise(values))


# --- the layout -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ONE_OF_EACH)
def test_layout_agrees_with_a_drawing_in_class_colours_at_every_pixel(seed: int) -> None:
    scene = vista.scene(seed)
    ids = vista.layout(scene, 72, 56)
    assert ids.dtype == np.uint8
    assert ids.shape == (56, 72)
    colours = vista.layout_in_colours(scene, 72, 56)
    assert np.array_equal(colours, vista.palette()[ids])
    assert len(np.unique(ids)) >= 3


@pytest.mark.parametrize("seed", ONE_OF_EACH[1::2])
def test_paint_gives_the_same_layout_whatever_the_attributes(seed: int) -> None:
    ids = vista.layout(vista.scene(seed), 48, 32)
    for value in (0.0, 1.0):
        scene = vista.scene(seed, **dict.fromkeys(vista.ATTRIBUTES, value))
        assert np.array_equal(vista.paint(scene, 48, 32)[1], ids)


@pytest.mark.parametrize("size", [(64, 64), (97, 65), (320, 64), (64, 160)])
def test_any_size_and_aspect(size: tuple[int, int]) -> None:
    width, height = size
    picture, ids = vista.paint(vista.scene(16), width, height)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert ids.shape == (height, width)
    assert int(ids.max()) < len(vista.CLASSES)
    assert float(picture.std()) > 8
    assert np.array_equal(
        vista.layout_in_colours(vista.scene(16), width, height), vista.palette()[ids]
    )


def test_a_large_picture_is_painted_without_supersampling_and_still_agrees() -> None:
    scene = vista.scene(SEED_OF["village"])
    ids = vista.layout(scene, 768, 352)
    assert np.array_equal(vista.layout_in_colours(scene, 768, 352), vista.palette()[ids])


@pytest.mark.parametrize("kind", ["lake", "coast", "winter"])
def test_two_sizes_show_the_same_scene(kind: str) -> None:
    scene = vista.scene(SEED_OF[kind], **CALM)
    large, ids = vista.paint(scene, 256, 256)
    small, few = vista.paint(scene, 64, 64)
    assert float((ids[2::4, 2::4] == few).mean()) > 0.93
    shrunk = large.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert float(np.abs(shrunk - small).mean()) < 9


def test_every_class_occurs_and_sky_is_the_first() -> None:
    seen = set()
    for seed in range(40):
        seen |= set(np.unique(vista.layout(vista.scene(seed), 32, 32)).tolist())
    assert seen == set(range(len(vista.CLASSES)))
    assert [name for name, _ in vista.CLASSES][:4] == ["sky", "cloud", "sun", "moon"]


def test_class_colours_are_distinct() -> None:
    assert len({tuple(row) for row in vista.palette().tolist()}) == len(vista.CLASSES)


@pytest.mark.slow
def test_painting_is_the_same_in_another_process_and_needs_no_torch() -> None:
    code = (
        "import hashlib, sys\n"
        "from engines.worlds import vista\n"
        "picture, ids = vista.paint(vista.scene(11), 48, 48)\n"
        "assert not {'torch', 'PySide6', 'scipy'} & set(sys.modules)\n"
        "print(hashlib.sha256(picture.tobytes() + ids.tobytes()).hexdigest())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(vista.__file__).parents[2],
        env={"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    picture, ids = vista.paint(vista.scene(11), 48, 48)
    assert run.stdout.strip() == hashlib.sha256(picture.tobytes() + ids.tobytes()).hexdigest()


# --- scenes and attributes --------------------------------------------------------------------


def test_scene_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="windiness"):
        vista.scene(1, windiness=0.5)
    for value in (-0.01, 1.01, float("nan")):
        with pytest.raises(ValueError, match="fog"):
            vista.scene(1, fog=value)
    with pytest.raises(ValueError, match="seed"):
        vista.scene(-1)
    with pytest.raises(ValueError, match="8 x 64"):
        vista.paint(vista.scene(1), 8, 64)


def test_given_attributes_leave_the_drawn_ones_alone() -> None:
    drawn, given = vista.scene(5), vista.scene(5, fog=0.37)
    assert given.fog == 0.37
    assert {**drawn.attributes, "fog": 0.37} == given.attributes
    assert tuple(given.attributes) == vista.ATTRIBUTES
    assert hash(given) == hash(vista.scene(5, fog=0.37))


def test_drawn_attributes_cover_the_unit_interval_and_are_not_copies_of_one_another() -> None:
    values = np.array([list(vista.scene(seed).attributes.values()) for seed in range(200)])
    for column, name in enumerate(vista.ATTRIBUTES):
        counts = np.histogram(values[:, column], 5, (0, 1))[0]
        assert counts.min() >= 8, (name, counts)
    correlation = np.corrcoef(values.T) - np.eye(len(vista.ATTRIBUTES))
    assert np.abs(correlation).max() < 0.5
    assert correlation[1, 5] > 0.1  # rain comes with clouds


@pytest.mark.parametrize("seed", [SEED_OF["valley"], SEED_OF["islands"]])
def test_fog_lowers_contrast_step_by_step(seed: int) -> None:
    assert rises([-float(painted(seed, fog=x).mean(2).std()) for x in STEPS])


@pytest.mark.parametrize("seed", [SEED_OF["hills"], SEED_OF["dunes"]])
def test_snow_whitens_the_land_step_by_step(seed: int) -> None:
    land = np.isin(vista.layout(vista.scene(seed), 48, 48), LAND)
    assert rises([float(painted(seed, snow=x)[land][:, 2].mean()) for x in STEPS])


@pytest.mark.parametrize("kind", ["forest", "grove"])
def test_autumn_turns_the_leaves_step_by_step(kind: str) -> None:
    leafy = next(
        seed
        for seed in range(1000)
        if plan(seed).kind == kind and "broadleaf woods" in plan(seed).things
    )
    trees = np.isin(vista.layout(vista.scene(leafy), 48, 48), LAND)
    warm = [painted(leafy, autumn=x)[trees] for x in STEPS]
    # the leaves turn one tree after another, few at first
    assert rises([float((rgb[:, 0] - rgb[:, 1]).mean()) for rgb in warm], 0.03)


@pytest.mark.parametrize("seed", [SEED_OF["coast"], SEED_OF["village"]])
def test_warmth_moves_the_white_balance_step_by_step(seed: int) -> None:
    pictures = [painted(seed, warmth=x) for x in STEPS]
    assert rises([float((rgb[..., 0] - rgb[..., 2]).mean()) for rgb in pictures])


@pytest.mark.parametrize("seed", [SEED_OF["lake"]])
def test_clouds_darken_and_rain_falls_step_by_step(seed: int) -> None:
    assert rises([-float(painted(seed, cloudiness=x).mean()) for x in STEPS])
    sky = vista.layout(vista.scene(seed), 48, 48) == 0
    across = []
    for x in STEPS:
        grey = painted(seed, rain=x).mean(2)
        across.append(float(np.abs(np.diff(grey, axis=1))[sky[:, 1:] & sky[:, :-1]].mean()))
    assert rises(across)


@pytest.mark.parametrize("seed", ONE_OF_EACH[::4])
def test_hours_differ_night_is_dark_and_sunset_red(seed: int) -> None:
    hours = {t: painted(seed, (48, 48), time_of_day=t) for t in (0.0, 0.33, 0.66, 1.0)}
    light = {t: float(rgb.mean()) for t, rgb in hours.items()}
    assert light[0.33] > light[0.66] > light[1.0]
    assert light[0.0] > 1.5 * light[1.0]
    red = {t: float((rgb[..., 0] - rgb[..., 2]).mean()) for t, rgb in hours.items()}
    assert red[0.66] > max(red[0.0], red[0.33], red[1.0])
    assert red[1.0] < 0


# --- the easel and its tools, against closed forms ----------------------------------------------


def test_a_polygon_covers_its_area_whichever_way_round() -> None:
    board = easel(128, 128)
    triangle = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25)]
    for points in (triangle, triangle[::-1]):
        window = around(board, points, (-0.2, 0.3))
        assert window is not None
        area = polygon(board, window, points, (-0.2, 0.3)).sum() / 256**2
        assert area == pytest.approx(0.0625, rel=0.02)


def test_below_covers_the_area_under_a_steep_outline() -> None:
    board = easel(128, 128)
    window = board.window(-99, 99, 0, 1)
    assert window is not None
    for slope in (0.0, 0.6, -3.0):
        edge = np.clip(0.5 + slope * board.u[0], 0.1, 0.9)
        area = float(board.below(edge, window).mean())
        assert area == pytest.approx(float(1 - edge.mean()), abs=0.004)
    for sign in (-1, 1):  # a wall, falling or rising
        cover = board.below(np.where(sign * board.u[0] > 0, 9.0, 0.5).astype(np.float32), window)
        assert cover[:120].max() < 0.05
        assert cover[-1].mean() == pytest.approx(0.5, abs=0.02)


def test_a_pixel_takes_the_class_from_half_coverage_on() -> None:
    board = easel(32, 32)
    window = board.window(-99, 99, 0, 1)
    assert window is not None
    cover = np.zeros((64, 64), np.float32)
    cover[0:2, 0:2] = [[1, 1], [0, 0]]  # half a pixel
    cover[0:2, 2:4] = [[1, 0.9], [0, 0]]  # a little less
    green = np.array([0.0, 1.0, 0.0], np.float32)
    board.lay(MEADOW, window, cover, lambda: np.broadcast_to(green, (64, 64, 3)))
    assert board.ids[0, 0] == MEADOW
    assert board.ids[0, 1] == 0
    assert int((board.ids == MEADOW).sum()) == 1
    assert board.picture[0:2, 0:2, 1].mean() == pytest.approx(0.5)


def test_layers_in_front_hide_those_behind() -> None:
    board = easel(32, 32)
    window = board.window(-99, 99, 0, 1)
    assert window is not None
    full = np.ones((64, 64), np.float32)
    paper = np.zeros((64, 64, 3), np.float32)
    board.lay(MEADOW, window, full, lambda: paper)
    board.lay(HOUSE, window, full, lambda: paper)
    assert (board.ids == HOUSE).all()


def test_a_window_off_the_canvas_is_none_and_windows_sit_on_whole_pixels() -> None:
    board = easel(64, 64)
    assert board.window(3, 4, 0.2, 0.4) is None
    assert board.window(-0.1, 0.1, 1.2, 1.4) is None
    window = board.window(-0.1031, 0.0777, 0.21, 0.43)
    assert window is not None
    bounds = (window.rows.start, window.rows.stop, window.cols.start, window.cols.stop)
    assert all(bound % 2 == 0 for bound in bounds)


def test_calm_water_mirrors_what_stands_above_it() -> None:
    board = easel(64, 64)
    board.picture[:] = (0.1, 0.1, 0.1)
    board.picture[32:64, 32:64] = (1.0, 0.2, 0.1)  # a red block above the water, left of the middle
    Water(0.5, 0.3, 0, 1.0, 7).draw(board)
    assert (board.ids[33:] == WATER).all()
    assert (board.ids[:31] != WATER).all()
    red = board.picture[68:100, :, 0] - board.picture[68:100, :, 2]
    assert red[:, 40:58].mean() > red[:, 80:120].mean() + 0.15


@pytest.mark.parametrize("texture", [soft, grain, strokes, dabs])
def test_textures_are_centred_periodic_and_lively(texture: object) -> None:
    field = texture()  # type: ignore[operator]
    assert field.shape == (TILE, TILE)
    assert abs(float(field.mean())) < 0.05
    assert 0.3 < float(field.std()) < 0.55
    step = float(np.abs(np.diff(field, axis=0)).mean())
    seam = float(np.abs(field[0] - field[-1]).mean())
    assert seam < 2.5 * step
    x = np.array([0.25, 1.25, -0.75])
    assert np.ptp(look(field, x, np.full(3, 0.5))) == 0


def test_wave_is_bounded_continuous_and_keyed() -> None:
    x = np.linspace(-20, 20, 40001)
    one, two = wave(x, 3), wave(x, 4)
    assert np.abs(one).max() <= 1
    assert np.abs(np.diff(one)).max() < 0.02
    assert np.corrcoef(one, two)[0, 1] < 0.5
    assert np.array_equal(wave(x[:100], 3), one[:100])


def test_an_outline_rises_to_its_peaks() -> None:
    hill = Outline(0.6, 1, peaks=((0.2, 0.3, 0.4),))
    heights = hill(np.array([0.2, 0.6, -0.5], np.float32))
    assert heights == pytest.approx([0.3, 0.6, 0.6], abs=1e-6)
    assert hill.lowered(0.1)(np.array([0.2], np.float32))[0] == pytest.approx(0.4)
    rough = Outline(0.6, 1, roll=0.1, jag=0.05, tilt=0.2, bowl=0.1, peaks=hill.peaks)
    u = np.linspace(-1, 1, 200, dtype=np.float32)
    assert np.array_equal(rough(u)[::7], rough(u[::7]))  # the same at every resolution


# --- captions -----------------------------------------------------------------------------------


def test_every_kind_of_place_has_words() -> None:
    assert {kind.__name__ for kind in KINDS} == set(_PLACES)


def test_captions_say_what_is_there() -> None:
    for seed in range(40):
        text = vista.caption(vista.scene(seed))
        design = plan(seed)
        assert text == vista.caption(vista.scene(seed))
        assert text[0].isupper()
        assert text.endswith(".")
        assert ("the sun" in text) == (design.body == "sun")
        assert ("the moon" in text) == (design.body == "moon")
        assert any(place[2:] in text for place in (p.lower() for p in _PLACES[design.kind]))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fog", 0.9, "dense fog"),
        ("snow", 0.9, "deep snow"),
        ("rain", 0.9, "pouring rain"),
        ("autumn", 0.9, "blazing autumn"),
        ("warmth", 0.9, "golden light"),
        ("cloudiness", 0.9, "overcast"),
        ("time_of_day", 1.0, "night"),
    ],
)
def test_captions_follow_the_attributes(name: str, value: float, words: str) -> None:
    assert words in vista.caption(vista.scene(3, **{**CALM, name: value}))
    assert words not in vista.caption(vista.scene(3, **CALM))


# --- sets on disk -------------------------------------------------------------------------------


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_make_writes_a_complete_set(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    vista.make(tmp_path, 3, (64, 48), 5, lambda done, count: steps.append((done, count)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    names = ["00000", "00001", "00002"]
    classes = json.loads((tmp_path / "classes.json").read_text())
    assert [(c["name"], c["color"]) for c in classes] == list(vista.CLASSES)
    assert [c["id"] for c in classes] == list(range(13))
    rows = read(tmp_path / "attributes.csv")
    assert [row["name"] for row in rows] == names
    assert list(rows[0]) == ["name", *vista.ATTRIBUTES]
    assert [row["name"] for row in read(tmp_path / "splits.csv")] == names
    captions = [row["caption"] for row in read(tmp_path / "captions.csv")]
    assert len(set(captions)) == 3
    for name in names:
        with Image.open(tmp_path / "photos" / f"{name}.png") as photo:
            assert photo.mode == "RGB"
            assert photo.size == (64, 48)
        with Image.open(tmp_path / "layouts" / f"{name}.png") as layout:
            assert layout.mode == "P"
            ids = np.asarray(layout)
            assert np.array_equal(np.asarray(layout.convert("RGB")), vista.palette()[ids])
    assert not list(tmp_path.rglob("*.part"))


def test_the_files_of_a_set_are_the_scenes_of_its_table(tmp_path: Path) -> None:
    vista.make(tmp_path, 1, (64, 48), 5)
    number = int(vista.generator(5, 9).integers(0, 1 << 53, 1)[0])
    picture, ids = vista.paint(vista.scene(number), 64, 48)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "photos" / "00000.png")), picture)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "layouts" / "00000.png")), ids)
    row = read(tmp_path / "attributes.csv")[0]
    drawn = vista.scene(number).attributes
    assert {name: float(row[name]) for name in vista.ATTRIBUTES} == pytest.approx(drawn)


def test_make_resumes_and_grows_a_set_and_mends_what_is_broken(tmp_path: Path) -> None:
    vista.make(tmp_path, 2, (64, 48), 5)
    kept, broken = (tmp_path / "photos" / f"0000{i}.png" for i in (0, 1))
    whole, before = broken.read_bytes(), kept.stat().st_mtime_ns
    broken.write_bytes(whole[: len(whole) // 2])
    vista.make(tmp_path, 3, (64, 48), 5)
    assert kept.stat().st_mtime_ns == before
    assert broken.read_bytes() == whole
    assert len(read(tmp_path / "attributes.csv")) == 3
    assert len(list((tmp_path / "layouts").iterdir())) == 3


def test_make_refuses_a_folder_of_another_set(tmp_path: Path) -> None:
    vista.make(tmp_path, 2, (64, 48), 5)
    before = (tmp_path / "attributes.csv").read_bytes()
    with pytest.raises(UserError, match="already holds"):
        vista.make(tmp_path, 2, (64, 48), 6)
    with pytest.raises(UserError, match="already holds"):
        vista.make(tmp_path, 1, (64, 48), 5)
    assert (tmp_path / "attributes.csv").read_bytes() == before


def test_splits_keep_their_shares_and_do_not_move() -> None:
    splits = [vista_set.split(seed) for seed in range(1500)]
    shares = {name: splits.count(name) / 1500 for name in ("train", "val", "test")}
    assert shares["train"] == pytest.approx(0.88, abs=0.03)
    assert shares["val"] == pytest.approx(0.06, abs=0.02)
    assert shares["test"] == pytest.approx(0.06, abs=0.02)
    assert splits[:50] == [vista_set.split(seed) for seed in range(50)]


# --- the sheets ---------------------------------------------------------------------------------


def test_the_sheets_hold_all_pictures_and_keep_to_the_limit() -> None:
    strips = vista_show.strips(40, 32, 2)
    assert strips.size == (36 + 2 * 50 - 10, 36 + 7 * 42 - 10)
    noise = np.random.default_rng(0).integers(0, 256, (640, 640, 3), np.uint8)
    data = vista_show.jpeg(Image.fromarray(noise))
    assert len(data) <= vista_show.LIMIT
    assert len(vista_show.SHEET_SEEDS) == 24
    assert {plan(seed).kind for seed in vista_show.SHEET_SEEDS} == {k.__name__ for k in KINDS}


def test_the_example_layouts_are_what_the_world_draws() -> None:
    classes = tuple(PaletteClass(name, color) for name, color in vista.CLASSES)
    name, (seed, mood) = "lake", examples.SCENES["lake"]
    shipped = read_layout(examples.FOLDER / f"{name}.png", classes)
    drawn = vista.layout(vista.scene(seed), examples.SIZE, examples.SIZE)
    np.testing.assert_array_equal(shipped, drawn)
    moods = json.loads((examples.FOLDER / "moods.json").read_text("utf-8"))
    assert set(moods) == set(examples.SCENES)
    assert moods[name] == dict(zip(vista.ATTRIBUTES, mood, strict=True))
