"""`python -m tests.clients [--truth | --show] [client …]`: record clients, or only rewrite or show what is recorded."""

from __future__ import annotations

import argparse
import sys

from tests.clients.catalogue import CLIENTS
from tests.clients.recording import RECORDS, RecordingError, record, tell_truth
from tests.clients.spans import read_record, show
from tests.clients.truth import ClaimError


def main() -> int:
    """Work through the named clients, or all; 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="client", help="those to record; all of them if none is named")
    parser.add_argument("--truth", action="store_true", help="do not run anything, rewrite truth.json from the claims")
    parser.add_argument("--show", action="store_true", help="do not run anything, print the recorded spans")
    options = parser.parse_args()
    unknown = set(options.names) - {client.name for client in CLIENTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    failed = 0
    for client in CLIENTS:
        if options.names and client.name not in options.names:
            continue
        try:
            if options.show:
                print("\n".join(show(read_record(RECORDS / client.name))))
                continue
            if not options.truth:
                record(client)
            print(f"{client.name}: {tell_truth(client)} spans", flush=True)
        except (RecordingError, ClaimError) as error:
            failed = 1
            print(f"{client.name}: {error}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
