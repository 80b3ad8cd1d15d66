"""Freed memory stays with the process, told by the pages that the system had to clear."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from engines.heap import keep_freed
if sys.argv[1] == "keep":
    keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * (64 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def faults(how: str) -> int:
    """Page faults of a second block of 64 MB."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc here")
def test_a_large_block_is_cleared_once() -> None:
    assert faults("keep") < 100
    assert faults("as it comes") > 1000
