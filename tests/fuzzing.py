"""Mutants of documents and pictures, and what reads them in a process of its own.

A third of the mutants have a valid container: their members are packed anew with right checksums,
their PNG chunks get right sums. The reader reports each file: how it ended and how long it took.
It dies where it needs more memory than it may, and hears of every file that is opened to be
written.
"""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MEMORY = 6_000_000_000  # bytes of address space, numpy's and Qt's libraries among them
SECONDS = 30.0  # for one file
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INTERESTING = (0, 1, 2, 7, 8, 16, 127, 128, 255, 256, 32767, 65535, 0x7FFFFFFF, 0xFFFFFFFF)
_WORDS = [
    *(b"0", b"-1", b"1e999", b"NaN", b"null", b"[]", b"{}", b'""', b"true", b"99999999999999"),
    *(b"../../../tmp/x", b"/etc/passwd", b"<stack>", b"</stack>", b"<layer/>", b"svg:multiply"),
]


@dataclass(frozen=True)
class Ended:
    """How the reading of one file ended: "read", "refused", or what went wrong."""

    name: str
    how: str
    seconds: float


# Mutants -------------------------------------------------------------------------------------


def mutant(seed: int, sources: dict[str, bytes]) -> tuple[str, bytes]:
    """A name and the bytes of a mutant; every third has a valid container."""
    rng = np.random.default_rng(np.random.SeedSequence([77, seed]))
    name = str(rng.choice(sorted(sources)))
    data = sources[name]
    if seed % 3 == 0:
        data = _valid(rng, data)
    else:
        data = _bytes(rng, data)
    stem, ending = name.rsplit(".", 1)
    return f"{seed:05d}-{stem}.{ending}", data


def _bytes(rng: np.random.Generator, data: bytes) -> bytes:
    """Bytes turned, cut, doubled or put in, wherever they are."""
    mutated = bytearray(data)
    for _ in range(int(rng.choice([1, 2, 4, 16]))):
        place = int(rng.integers(0, len(mutated) + 1))
        which = int(rng.integers(0, 6))
        if which == 0 and place < len(mutated):
            mutated[place] ^= 1 << int(rng.integers(0, 8))
        elif which == 1:
            mutated[place : place + int(rng.integers(1, 9))] = rng.bytes(int(rng.integers(0, 9)))
        elif which == 2:
            number = int(rng.choice(_INTERESTING))
            mutated[place : place + 4] = struct.pack(str(rng.choice(["<I", ">I"])), number)
        elif which == 3:
            word = _WORDS[int(rng.integers(0, len(_WORDS)))]
            mutated[place : place + int(rng.integers(0, len(word) + 1))] = word
        elif which == 4:
            end = place + int(rng.integers(1, 2000))
            mutated[place:place] = mutated[place:end]
        elif which == 5 and rng.random() < 0.5:
            del mutated[place : place + int(rng.integers(1, 2000))]
        elif len(mutated) > 1:
            del mutated[max(place, 1) :]
        if not mutated:
            mutated = bytearray(b"\0")
    return bytes(mutated)


def _valid(rng: np.random.Generator, data: bytes) -> bytes:
    """What is inside changed, the container made right again."""
    if data.startswith(b"PK"):
        return _zip(rng, data)
    if data.startswith(SIGNATURE):
        return _png(rng, data)
    return _bytes(rng, data)


def _zip(rng: np.random.Generator, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = list(members)
    for _ in range(int(rng.choice([1, 1, 2, 4]))):
        name = str(rng.choice(names))
        which = int(rng.integers(0, 10))
        if which == 0:
            members.pop(name, None)
        elif which == 1:
            members[name] = members.get(str(rng.choice(names)), b"")
        elif which == 2:
            members[str(rng.choice(["../../out.png", "/tmp/out.png", "a\\..\\b"]))] = b"x"
        elif name.endswith(".png") and which < 8 and members.get(name, b"").startswith(SIGNATURE):
            members[name] = _png(rng, members[name])
        elif name.endswith((".json", ".xml")) and which < 9:
            members[name] = _text(rng, members.get(name, b""))
        else:
            members[name] = _bytes(rng, members.get(name, b"x"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            how = zipfile.ZIP_DEFLATED if rng.random() < 0.7 else zipfile.ZIP_STORED
            archive.writestr(name, content, how)
    return buffer.getvalue()


def _text(rng: np.random.Generator, text: bytes) -> bytes:
    """JSON or XML with a number, a word or a piece replaced."""
    places = [i for i, byte in enumerate(text) if byte in b'0123456789"<>{}[]:,']
    if not places:
        return text + b"{}"
    place = int(rng.choice(places))
    end = place + 1
    while end < len(text) and text[end] not in b'",<>{}[] ':
        end += 1
    word = _WORDS[int(rng.integers(0, len(_WORDS)))]
    return text[:place] + word + text[end if rng.random() < 0.7 else place :]


def _png(rng: np.random.Generator, data: bytes) -> bytes:
    """A PNG with header, pixels or chunks changed, every checksum right."""
    chunks: list[tuple[bytes, bytes]] = []
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    index = int(rng.integers(0, len(chunks)))
    kind, body = chunks[index]
    which = int(rng.integers(0, 6))
    if which == 0:
        width, height, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
        sides = [int(rng.choice([*_INTERESTING, width, height, 8192, 30000])) for _ in range(2)]
        depth, color = int(rng.choice([1, 8, 16, 99])), int(rng.choice([0, 2, 3, 4, 6, 77]))
        rest = rest if rng.random() < 0.7 else [depth, color, *rest[2:]]
        chunks[0] = b"IHDR", struct.pack(">IIBBBBB", *sides, *rest)
    elif which == 1:
        del chunks[index]
    elif which == 2:
        chunks.insert(index, chunks[int(rng.integers(0, len(chunks)))])
    elif which == 3:
        for i, (other, content) in enumerate(chunks):
            if other == b"IDAT":
                try:
                    content = zlib.decompress(content)
                except zlib.error:
                    continue
                chunks[i] = other, zlib.compress(_bytes(rng, content or b"\0"), 1)
    elif which == 4:
        kinds = [b"eXIf", b"iCCP", b"acTL", b"tRNS", b"PLTE", b"gAMA", b"iTXt", b"zTXt", b"fdAT"]
        chunks.insert(1, (kinds[int(rng.integers(0, len(kinds)))], rng.bytes(40)))
    else:
        chunks[index] = kind, _bytes(rng, body or b"\0")

    def packed(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    return SIGNATURE + b"".join(packed(kind, body) for kind, body in chunks)


# The reader ----------------------------------------------------------------------------------


def read_all(folder: Path, seconds: float) -> tuple[list[Ended], int]:
    """Read every file of a folder in other processes; how each ended, and the most memory in bytes
    that such a process had.

    A process that dies or takes too long over a file is told of with it, and a new one goes on.
    """
    names = sorted(path.name for path in folder.iterdir())
    ended: list[Ended] = []
    most = 0
    while len(ended) < len(names):
        rest = names[len(ended) :]
        command = [sys.executable, __file__, str(folder)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, err = process.communicate("\n".join(rest), timeout=seconds)
            how = f"died ({process.returncode}): {err[-400:]}"
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            how = "never ended"
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        for line in lines:
            most = max(most, line.pop("memory"))
            ended.append(Ended(**line))
        if len(lines) < len(rest):
            ended.append(Ended(rest[len(lines)], how, 0.0))
    return ended, most


def _child(folder: Path) -> None:
    """Read the files named on stdin; a line of JSON on stdout for each."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from engines.data.spec import PaletteClass
    from engines.errors import UserError
    from studio.document import ora
    from studio.document.carried import read_png
    from studio.document.importing import read_image

    classes = (PaletteClass("sky", "#80c0ff"), PaletteClass("sea", "#1450c8"))

    def document(path: Path) -> None:
        opened = ora.read(path, classes)
        while opened.history.undo() is not None:
            pass
        while opened.history.redo() is not None:
            pass

    def picture(path: Path) -> None:
        read_image(path)
        read_png(path)

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    written: list[str] = []
    sys.addaudithook(lambda event, about: _note(written, event, about))
    for name in sys.stdin.read().split("\n"):
        path = folder / name
        start = time.monotonic()
        readers: list[Callable[[Path], None]] = [document] if name.endswith(".ora") else []
        how = "read"
        for read in (*readers, picture):
            try:
                read(path)
            except UserError as error:
                sound = str(error).rstrip().endswith((".", "!")) and "\n" not in str(error)
                how = "refused" if sound else f"not a sentence: {error}"
            except BaseException as error:
                how = f"raised {error!r}"
                break
        if written:
            how = f"wrote {written}"
            written.clear()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told = {"name": name, "how": how, "seconds": time.monotonic() - start, "memory": memory}
        print(json.dumps(told), flush=True)


def _note(written: list[str], event: str, about: tuple[object, ...]) -> None:
    """Note what is opened to be written, made, moved or started."""
    changing = ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink", "os.truncate")
    if event == "open":
        path, mode, flags = about
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            written.append(str(path))
    elif event in changing or event.startswith(("subprocess.", "os.exec", "socket.connect")):
        written.append(f"{event} {about}")


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
