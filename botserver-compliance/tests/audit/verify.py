#!/usr/bin/env python3
"""Verifies an export of the audit log without the server: `botserver audit export | python3 verify.py [END…]`.

An END is ORGANISATION:SEQ:HASH as `botserver audit head` printed it. What is hashed: see docs/audit.md.
"""

import hashlib
import json
import sys

GENESIS = "0" * 64
FIELDS = ("org", "seq", "id", "at", "actor", "action", "object", "outcome", "request", "detail_hash")


def digest(*fields):
    sha = hashlib.sha256()
    for field in fields:
        data = str(field).encode()
        sha.update(b"%d:%s," % (len(data), data))
    return sha.hexdigest()


def main():
    ends = {tuple(end.split(":", 2)) for end in sys.argv[1:]}
    chains = {}
    for line in sys.stdin:
        entry = json.loads(line)
        org, seq = entry["org"], entry["seq"]
        last, previous = chains.get(org, (None, None))
        if last is not None and seq != last + 1:
            sys.exit(f"entry {last + 1} of {org} is missing")
        if last is None and seq == 1:
            previous = GENESIS
        # The first line of a part of the log can only be trusted; what follows it is held to it.
        if previous and digest(previous, *(entry[name] for name in FIELDS)) != entry["hash"]:
            sys.exit(f"entry {seq} of {org} was changed: its hash does not fit")
        if "detail" in entry and digest(entry["salt"], entry["detail"]) != entry["detail_hash"]:
            sys.exit(f"entry {seq} of {org} was changed: its detail does not fit")
        ends.discard((org, str(seq), entry["hash"]))
        chains[org] = (seq, entry["hash"])
    if ends:
        sys.exit("not in the log: " + ", ".join(":".join(end) for end in ends))
    for org, (seq, last_hash) in chains.items():
        print(f"{org}:{seq}:{last_hash}")


main()
