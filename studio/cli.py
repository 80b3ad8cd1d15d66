"""The command line as main.py starts it: the engines' verbs, with what the studio adds."""

from engines import bench, cli
from studio.soak import verb


def main(arguments: list[str]) -> int:
    """Do what the words say; the exit code comes back."""
    if "studio.bench" not in bench.PACKAGES:
        bench.PACKAGES.append("studio.bench")
    if verb.add not in cli.GROUPS:
        cli.GROUPS.append(verb.add)
    return cli.main(arguments)
