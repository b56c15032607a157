"""Do the tests notice mistakes? `python -m tests.mutate --help`, or `make mutate` (CONTRIBUTING.md)."""

from __future__ import annotations

import argparse
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from tests.mutate.mutants import Mutant, enums_in, mutants
from tests.mutate.trials import Trials, Verdict

T = TypeVar("T")
PACKAGES = ("syncjobs/rules", "mapping/matching", "syncjobs/settling", "syncjobs/sending")
OUR_CODE = ("integrations", "mapping", "syncjobs")
OPTIONS = ("-qq", "-s", "--no-header", "-p", "no:cacheprovider", "-p", "no:randomly")
QUICK = ("--quick", "-m", "not slow")
ENOUGH = 0.9
EQUIVALENTS = Path(__file__).with_name("equivalents.toml")


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m tests.mutate",
        description="Make small mistakes in modules, one at a time, and see whether the tests that run the line fail. "
        "Exit code 1 if fewer than nine of ten are noticed.",
    )
    result.add_argument(
        "--module",
        action="append",
        metavar="PATH",
        help=f"a module or a package, as often as wanted; without it {', '.join(PACKAGES)}, which takes hours",
    )
    result.add_argument("--tests", action="append", metavar="PATH", help="tests to use instead of the package's own")
    result.add_argument("--sample", type=int, metavar="N", help="try N mutants of all, chosen by the seed")
    result.add_argument("--seed", type=int, default=1, metavar="S")
    result.add_argument("--jobs", type=int, default=2, metavar="N", help="how many to try at a time")
    result.add_argument(
        "--all-cases", action="store_true", help="use also the cases and tests that `make test` leaves out"
    )
    result.add_argument("--line", type=int, action="append", metavar="L", help="try only mutants of this line")
    return result


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    home = Path.cwd()
    modules = [path for name in options.module or PACKAGES for path in modules_in(home, name.rstrip("/"))]
    planned = [
        (module, mutant)
        for module, found in mutants_of(home, modules).items()
        for mutant in found
        if not options.line or mutant.line in options.line
    ]
    planned = sampled(planned, options.sample, options.seed)
    known = tomllib.loads(EQUIVALENTS.read_text())
    equivalents = Counter(module for module, mutant in planned if mutant.name in known.get(module, ()))
    planned = [(module, mutant) for module, mutant in planned if mutant.name not in known.get(module, ())]
    tests = {module: options.tests or [own_tests(home, module)] for module, _ in planned}
    print(f"{len(planned)} mutants, seed {options.seed}.", flush=True)
    trials = Trials(home, [(module, mutant, tests[module]) for module, mutant in planned], jobs=options.jobs)
    folders = sorted({folder for folders in tests.values() for folder in folders})
    pytest.main([*OPTIONS, *(() if options.all_cases else QUICK), *folders], plugins=[trials])
    if trials.failed:
        print("Fails without any mutant:", *trials.failed, sep="\n  ", file=sys.stderr)
        return 2
    print("\n".join(table(trials.counts, equivalents)))
    return int(killed_share(trials.counts.values()) < ENOUGH)


def sampled(planned: list[T], size: int | None, seed: int) -> list[T]:
    """Return so many, in their order, the same for the same seed; all where that is not more."""
    if size is None or size >= len(planned):
        return planned
    return [planned[number] for number in sorted(random.Random(seed).sample(range(len(planned)), size))]


def modules_in(home: Path, name: str) -> list[str]:
    """Return the modules that a path names: itself, or what lies in the folder."""
    path = home / name
    if not path.exists():
        raise SystemExit(f"There is no {name}.")
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [str(file.relative_to(home)) for file in files]


def mutants_of(home: Path, modules: Iterable[str]) -> dict[str, list[Mutant]]:
    ours = [file for package in OUR_CODE for file in sorted((home / package).rglob("*.py"))]
    enums = enums_in(file.read_text() for file in ours)
    return {module: list(mutants((home / module).read_text(), enums)) for module in modules}


def own_tests(home: Path, module: str) -> str:
    """Return the folder of tests that mirrors a module's, or the nearest above it; of all rooms of one of PACKAGES."""
    folder = Path("tests", next((name for name in PACKAGES if module.startswith(f"{name}/")), str(Path(module).parent)))
    while not (home / folder).is_dir():
        folder = folder.parent
    return str(folder)


def killed_share(counts: Iterable[Mapping[Verdict, int]]) -> float:
    """Return the share of mutants that were noticed, as a failure or as a test without end; 1 of none."""
    total = sum((Counter(count) for count in counts), Counter[Verdict]())
    return 1 - total[Verdict.SURVIVED] / (total.total() or 1)


def table(counts: Mapping[str, Counter[Verdict]], equivalents: Mapping[str, int]) -> list[str]:
    width = max([len(module) for module in counts] + [6])
    rows = [f"\n{'module':{width}}  killed  survived  timeout  equivalent   share"]
    for module, count in counts.items():
        cells = f"{count[Verdict.KILLED]:6}  {count[Verdict.SURVIVED]:8}  {count[Verdict.TIMEOUT]:7}"
        rows.append(f"{module:{width}}  {cells}  {equivalents.get(module, 0):10}  {killed_share([count]):6.1%}")
    return [*rows, f"{'all':{width}}  {killed_share(counts.values()):.1%} of {sum(c.total() for c in counts.values())}"]


if __name__ == "__main__":
    sys.exit(main())
