# What CI runs, step by step; `just` alone lists the recipes. The steps themselves are in .ci/run, which needs
# nothing but bash.

_list:
    @just --list

# Formats everything.
fmt:
    cargo fmt --all

# Says what is not formatted.
format:
    .ci/run format

# All lints, as errors.
lint:
    .ci/run lint

# Every test that needs no server.
test:
    .ci/run test

# Every test, with real PostgreSQL, Valkey or Redis, and Chromium, nothing skipped.
suites:
    .ci/run suites

# WebSocket by the cases of Autobahn, and the API by schemathesis.
conformance:
    .ci/run conformance

# Licences, sources and banned crates.
deny:
    .ci/run deny

# Each crate alone.
crates:
    .ci/run crates

# The binary with few features.
features:
    .ci/run features

# Build time and memory of each crate, beside all crates joined into one.
build-times *arguments:
    python3 tests/build-times.py {{ arguments }}

# The server's figures beside bare baselines of the same run; `--quick` shows that it runs, `--help` tells the rest.
bench *arguments:
    cargo build --release --package botserver --package botserver-bench
    "${CARGO_TARGET_DIR:-target}/release/botserver-bench" {{ arguments }}

# Everything that CI does, from nothing.
ci:
    .ci/run

# Writes the references again: settings, keywords, functions, and the forms with their tests.
docs:
    cargo run --quiet -p botserver -- settings >docs/settings.md
    cargo run --quiet -p botserver -- bot manual --out docs --grammar editors/vscode/basic.tmLanguage.json
    FORMS_UPDATE=1 cargo test --quiet -p botserver-auto --test forms

# Mutations of scripts, filters, patterns and stored states, so many seconds each.
fuzz seconds="600":
    BOTSERVER_FUZZ_SECONDS={{ seconds }} cargo test -p botserver-auto --lib fuzz -- --nocapture
