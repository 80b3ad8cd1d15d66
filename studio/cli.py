"""The command line as main.py starts it: the engines' verbs, with the studio's benchmarks."""

from engines import bench, cli


def main(arguments: list[str]) -> int:
    """Do what the words say; the exit code comes back."""
    if "studio.bench" not in bench.PACKAGES:
        bench.PACKAGES.append("studio.bench")
    return cli.main(arguments)
