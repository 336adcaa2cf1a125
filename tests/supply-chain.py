#!/usr/bin/env python3
"""Checks licences, sources and banned crates of the default build against deny.toml.

The same rules as `cargo deny check bans licenses sources`, for machines without cargo-deny: only what the
default features really link is looked at, and tests are part of it.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    allowed = set(rules["licenses"]["allow"])
    banned = {ban["crate"]: ban["reason"] for ban in rules["bans"]["deny"]}
    mistakes = []
    count = 0
    for target in rules["graph"]["targets"]:
        packages = linked(target)
        count = max(count, len(packages))
        for package in packages:
            name = f"{package['name']} {package['version']}"
            if package["name"] in banned:
                mistakes.append(f"{name} is banned: {banned[package['name']]}")
            source = package["source"]
            if source is None:
                continue  # A crate of the workspace.
            if not source.startswith("registry+https://github.com/rust-lang/crates.io-index"):
                mistakes.append(f"{name} comes from {source}")
            licence = package["license"]
            if not licence:
                mistakes.append(f"{name} names no licence")
            elif not satisfied(licence, allowed):
                mistakes.append(f"{name} is under {licence}, which is not allowed")
    for mistake in sorted(set(mistakes)):
        print(f"error: {mistake}", file=sys.stderr)
    if mistakes:
        return 1
    print(f"{count} crates: licences, sources and bans are as deny.toml asks")
    return 0


def linked(target):
    """The packages that the workspace's default features use on `target`."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    edges = {node["id"]: node["dependencies"] for node in metadata["resolve"]["nodes"]}
    seen, open_ids = set(), list(metadata["workspace_members"])
    while open_ids:
        package = open_ids.pop()
        if package not in seen:
            seen.add(package)
            open_ids.extend(edges[package])
    return [package for package in metadata["packages"] if package["id"] in seen]


def satisfied(expression, allowed):
    """Whether an SPDX expression can be met with allowed licences alone."""
    # Old manifests write `MIT/Apache-2.0` for a choice and `+` for "or later".
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def choice():
        nonlocal position
        result = both()
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            result = both() or result
        return result

    def both():
        nonlocal position
        result = one()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            result = one() and result
        return result

    def one():
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            result = choice()
            position += 1  # The closing bracket.
            return result
        licence = token.removesuffix("+")
        if position < len(tokens) and tokens[position] == "WITH":
            licence = f"{licence} WITH {tokens[position + 1]}"
            position += 2
        return licence in allowed

    return choice()


if __name__ == "__main__":
    sys.exit(main())
