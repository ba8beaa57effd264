"""Adds up lcov reports: lines and branches that any of them reached, by file, of the contracts and the pure crates.

usage: coverage.py ROOT REPORT... [--json FILE]
"""
import json
import os
import sys
from collections import defaultdict

# What counts: the contracts, and the crates without storage, clock or calls.
COUNTED = (
    "src/",
    "contracts/",
    "crates/maths/src/",
    "crates/options/src/",
    "crates/inventory/src/",
    "crates/book/src/",
)


def read(root, reports):
    lines, branches = defaultdict(dict), defaultdict(dict)
    for report in reports:
        name = None
        with open(report, encoding="utf8") as text:
            for record in text:
                kind, _, rest = record.rstrip("\n").partition(":")
                if kind == "SF":
                    name = os.path.relpath(os.path.realpath(rest), root)
                elif kind == "DA":
                    line, count = rest.split(",")[:2]
                    lines[name][line] = max(lines[name].get(line, 0), int(count))
                elif kind == "BRDA":
                    line, block, branch, taken = rest.split(",")
                    key, hits = (line, block, branch), 0 if taken == "-" else int(taken)
                    branches[name][key] = max(branches[name].get(key, 0), hits)
    return lines, branches


def part(hits):
    return sum(1 for count in hits.values() if count > 0), len(hits)


def percent(reached, of):
    return None if of == 0 else round(100 * reached / of, 2)


def shown(reached, of):
    return "-" if of == 0 else f"{100 * reached / of:6.2f} %  {reached:>5} of {of}"


def main():
    arguments = sys.argv[1:]
    out = None
    if "--json" in arguments:
        at = arguments.index("--json")
        out = arguments[at + 1]
        del arguments[at : at + 2]
    root, reports = os.path.realpath(arguments[0]), arguments[1:]
    lines, branches = read(root, reports)
    names = sorted(name for name in lines if name.startswith(COUNTED))
    if not names:
        sys.exit("coverage: the reports hold none of the files that count")
    rows = [(name, part(lines[name]), part(branches.get(name, {}))) for name in names]
    total = [tuple(sum(row[at][index] for row in rows) for index in (0, 1)) for at in (1, 2)]
    width = max(len(name) for name in names)
    print(f"{'file':<{width}}  {'lines':<22}  branches")
    for name, line, branch in sorted(rows, key=lambda row: row[1][0] / max(row[1][1], 1)):
        print(f"{name:<{width}}  {shown(*line):<22}  {shown(*branch)}".rstrip())
    print(f"{'all':<{width}}  {shown(*total[0]):<22}  {shown(*total[1])}")
    if out:
        figures = {
            "line_coverage": percent(*total[0]),
            "branch_coverage": percent(*total[1]),
            "files": {name: {"lines": percent(*line), "branches": percent(*branch)} for name, line, branch in rows},
        }
        with open(out, "w", encoding="utf8") as file:
            file.write(json.dumps(figures, indent=2) + "\n")


main()
