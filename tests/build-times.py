#!/usr/bin/env python3
"""Prints what it costs to compile each crate alone, beside all crates joined into one.

After a change in one crate, with everything that it depends on compiled: seconds of `cargo check` and of
`cargo build`, seconds until the debug binary is there again, the memory of the largest process and of all
together. The joined crate is made on the spot in a temporary copy of the workspace: every crate becomes a module
of it, with the same lock file and the same dependencies. Incremental compilation is off, so that a change costs
the whole crate on both sides.

    tests/build-times.py [--rounds N] [--crates NAME…] [--keep FOLDER]
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
TARGET = Path(os.environ.get("BUILD_TIMES_TARGET") or CACHE / "botserver-build-times")
JOINED = "joined"
BINARY = "botserver"
# Most that a service may cost, as a part of the joined crate.
TIME_GOAL, MEMORY_GOAL = 0.30, 0.40


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=3, help="medians of so many rounds (3)")
    arguments.add_argument("--crates", nargs="*", help="only these crates")
    arguments.add_argument("--keep", type=Path, help="make the copy of the workspace here and leave it")
    options = arguments.parse_args()

    with tempfile.TemporaryDirectory(prefix="botserver-build-times-") as folder:
        copy = options.keep.resolve() if options.keep else Path(folder) / "workspace"
        crates = copy_workspace(copy)
        join(copy, crates)
        chosen = [crate for crate in crates if not options.crates or crate in options.crates]
        print("Compiling what everything depends on…", flush=True)
        for command in ("check", "build"):
            cargo(copy, command, "--package", BINARY, "--package", JOINED)
        rows = {}
        for round_number in range(options.rounds):
            print(f"Round {round_number + 1} of {options.rounds}", flush=True)
            # The joined crate in each round, so that a slower machine slows both sides.
            for crate in [JOINED, *chosen]:
                rows.setdefault(crate, []).append(measure(copy, crate))
        report({crate: {key: statistics.median(row[key] for row in of) for key in of[0]} for crate, of in rows.items()})


def copy_workspace(copy):
    """Copies the crates that the binary is made of; their names, each after those that it depends on."""
    copy.mkdir(parents=True, exist_ok=True)
    metadata = json.loads(
        subprocess.run(
            ["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=ROOT, check=True, stdout=subprocess.PIPE
        ).stdout
    )
    packages = {package["name"]: package for package in metadata["packages"]}
    order = []

    def visit(name):
        if name in order:
            return
        for dependency in packages[name]["dependencies"]:
            if dependency["name"] in packages and dependency["kind"] is None:
                visit(dependency["name"])
        order.append(name)

    visit(BINARY)
    for name in order:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("tests", "target"), dirs_exist_ok=True)
    for folder in ("migrations", "bots"):
        shutil.copytree(ROOT / folder, copy / folder, dirs_exist_ok=True)
    shutil.copy(ROOT / "Cargo.lock", copy)
    manifest = (ROOT / "Cargo.toml").read_text()
    members = ", ".join(f'"{name}"' for name in [*order, JOINED])
    manifest = re.sub(r"(?ms)^members = \[.*?^\]", f"members = [{members}]", manifest)
    (copy / "Cargo.toml").write_text(manifest)
    # Dependencies for tests alone may name crates that were not copied.
    for name in order:
        path = copy / name / "Cargo.toml"
        path.write_text(re.sub(r"(?ms)^\[dev-dependencies\].*?(?=^\[|\Z)", "", path.read_text()))
    return order


def join(copy, crates):
    """Makes one crate of all: each becomes a module with its name, and paths are changed to match."""
    joined = copy / JOINED
    shutil.rmtree(joined, ignore_errors=True)
    (joined / "src").mkdir(parents=True)
    names = {crate: crate.replace("-", "_") for crate in crates}
    libraries = [crate for crate in crates if (copy / crate / "src/lib.rs").exists()]
    outside = re.compile(r"(?<![\w:])(?:::)?(" + "|".join(names[crate] for crate in libraries) + r")::")

    def rewrite(text, module):
        if module:
            text = re.sub(r"(?<!\w)crate::", f"crate::{module}::", text)
        return outside.sub(r"crate::\1::", text)

    for crate in crates:
        source, module = copy / crate / "src", names[crate] if crate in libraries else None
        for path in sorted(source.rglob("*")):
            if path.is_dir():
                continue
            place = path.relative_to(source)
            if module:
                place = Path(f"{module}.rs") if place == Path("lib.rs") else Path(module) / place
            target = joined / "src" / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix != ".rs":
                shutil.copy(path, target)
                continue
            target.write_text(rewrite(path.read_text(), module))
        if module:
            export_macros(joined / "src", module)
        for folder in (copy / crate).iterdir():
            if folder.is_dir() and folder.name != "src":
                shutil.copytree(folder, joined / folder.name, dirs_exist_ok=True)
                shutil.copytree(folder, joined / "src" / folder.name, dirs_exist_ok=True)

    root = joined / "src/main.rs"
    head, body = split_inner(root.read_text())
    modules = "".join(f"mod {names[crate]};\n" for crate in libraries)
    # Paths that were private to a crate are not used by anybody now, which is no news here.
    root.write_text(f"{head}#![allow(warnings)]\n{modules}{body}")
    (joined / "Cargo.toml").write_text(joined_manifest(copy, crates, libraries))


def export_macros(source, module):
    """A macro that a crate exports lies at the root of the joined crate: its module passes it on."""
    names = []
    for path in (source / module).rglob("*.rs"):
        names += re.findall(r"#\[macro_export\]\s*macro_rules!\s*(\w+)", path.read_text())
    root = source / f"{module}.rs"
    root.write_text(root.read_text() + "".join(f"\npub(crate) use crate::{name};\n" for name in names))


def split_inner(text):
    """The doc comments and inner attributes at the beginning of a file, and the rest."""
    lines = text.splitlines(keepends=True)
    end = 0
    for number, line in enumerate(lines):
        if line.startswith(("//!", "#![")):
            end = number + 1
        elif line.strip():
            break
    return "".join(lines[:end]), "".join(lines[end:])


def joined_manifest(copy, crates, libraries):
    dependencies, features = {}, {}
    for crate in crates:
        manifest = tomllib.loads((copy / crate / "Cargo.toml").read_text())
        tables = [manifest, *manifest.get("target", {}).values()]
        for name, dependency in (entry for table in tables for entry in table.get("dependencies", {}).items()):
            if name in crates:
                continue
            dependency = {"version": dependency} if isinstance(dependency, str) else dict(dependency)
            dependency.pop("optional", None)
            known = dependencies.setdefault(name, {})
            extra = sorted({*known.get("features", []), *dependency.get("features", [])})
            known.update(dependency)
            if extra:
                known["features"] = extra
        features.update(dict.fromkeys(manifest.get("features", {})))
    lines = ["[package]", f'name = "{JOINED}"', 'version = "0.0.0"', 'edition = "2024"', "publish = false", ""]
    binary = tomllib.loads((copy / BINARY / "Cargo.toml").read_text())
    default = [name for name in binary.get("features", {}).get("default", [])]
    lines += ["[features]", f"default = {json.dumps(default)}"]
    lines += [f"{name} = []" for name in features if name != "default"]
    lines += ["", "[dependencies]"]
    lines += [f"{name} = {inline(value)}" for name, value in sorted(dependencies.items())]
    return "\n".join(lines) + "\n"


def inline(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def measure(copy, crate):
    """What a change in `crate` costs."""
    source = copy / crate / "src"
    root = source / "lib.rs" if (source / "lib.rs").exists() else source / "main.rs"
    binary = JOINED if crate == JOINED else BINARY
    os.utime(root)
    check = cargo(copy, "check", "--package", crate)
    os.utime(root)
    build = cargo(copy, "build", "--package", crate)
    # What depends on the crate, and the link.
    rest = cargo(copy, "build", "--package", binary)
    # The check fingerprints of what depends on it, so that the next crate is measured alone.
    cargo(copy, "check", "--package", binary)
    return {
        "check": check["seconds"],
        "build": build["seconds"],
        "binary": build["seconds"] + rest["seconds"],
        "largest": build["largest"],
        "together": build["together"],
    }


def cargo(copy, *command):
    """Runs cargo; its seconds and the memory of its processes in bytes."""
    flags = {"CARGO_TARGET_DIR": str(TARGET), "CARGO_INCREMENTAL": "0"}
    started = time.monotonic()
    process = subprocess.Popen(["cargo", *command, "--quiet"], cwd=copy, env={**os.environ, **flags})
    together, done = [0], threading.Event()

    def watch():
        while not done.wait(0.05):
            together[0] = max(together[0], resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"cargo {' '.join(command)} failed")
    largest = usage.ru_maxrss * 1024
    return {"seconds": seconds, "largest": largest, "together": max(together[0], largest)}


def resident(root):
    """Resident bytes of a process and all below it."""
    parents, sizes = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            sizes[int(entry.name)] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")

    def is_below(pid):
        while pid and pid != root:
            pid = parents.get(pid, 0)
        return pid == root

    return sum(size for pid, size in sizes.items() if is_below(pid))


def report(rows):
    whole = rows[JOINED]
    print(f"\n{'crate':18}{'check s':>10}{'build s':>10}{'binary s':>10}{'largest MB':>12}{'together MB':>13}  of the joined crate: check, build, memory")
    for crate, row in rows.items():
        share = "" if crate == JOINED else "  " + ", ".join(
            f"{row[key] / whole[key]:.0%}" for key in ("check", "build", "largest")
        )
        print(
            f"{crate:18}{row['check']:10.1f}{row['build']:10.1f}{row['binary']:10.1f}"
            f"{row['largest'] / 1e6:12.0f}{row['together'] / 1e6:13.0f}{share}"
        )
    print(f"\nGoals for a service: {TIME_GOAL:.0%} of the joined crate's time, {MEMORY_GOAL:.0%} of its memory.")


if __name__ == "__main__":
    main()
