"""Checks a running server against what it publishes about itself. Add further checks of the contract to CHECKS."""

import json
import sys
import time
import urllib.error
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator, validate


def wait_until_ready(server):
    """Returns once /readyz answers 200; gives up after half a minute."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(server + "/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                sys.exit(f"{server}/readyz was not ready within 30 seconds: {error}")
        time.sleep(0.1)


def follows_openapi(document):
    """The document is valid OpenAPI 3.1."""
    validate(document, cls=OpenAPIV31SpecValidator)


def names_every_operation(document):
    """Every operation has an identifier of its own, a summary and described answers."""
    seen = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "put", "post", "patch", "delete"):
                continue
            where = f"{method.upper()} {path}"
            identifier = operation.get("operationId")
            assert identifier and identifier not in seen, f"{where}: operationId is missing or used twice"
            seen.add(identifier)
            assert operation.get("summary"), f"{where}: there is no summary"
            assert operation.get("responses"), f"{where}: no answers are described"
    assert seen, "the document describes no operations at all"


CHECKS = [follows_openapi, names_every_operation]


def main(server):
    wait_until_ready(server)
    with urllib.request.urlopen(server + "/openapi.json", timeout=10) as answer:
        document = json.load(answer)
    failed = False
    for check in CHECKS:
        try:
            check(document)
        except Exception as error:  # Whatever a check throws is what it found.
            failed = True
            # A schema's error would print the whole schema: its place and sentence say enough.
            place = getattr(error, "json_path", "")
            print(f"✘ {check.__doc__}\n    {place} {getattr(error, 'message', error)}", file=sys.stderr)
        else:
            print(f"✔ {check.__doc__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
