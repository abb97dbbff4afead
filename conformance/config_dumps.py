"""What the reference makes of configuration files.

Reads the `*.yaml` files of a folder and prints a JSON object: for each file whether it is accepted,
and if so its body, once in full and once without what was not set. Without a folder, the files are
the reference's own templates, which are printed as well.
"""

import json
import logging
import math
import os
import pathlib
import sys


def plain(value):
    """The same without numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "inf"
    return value


def main() -> None:
    logging.disable(logging.CRITICAL)
    import aiperf.config.templates as templates
    from aiperf.config.loader.core import load_config

    folder = (
        pathlib.Path(sys.argv[1])
        if len(sys.argv) > 1
        else pathlib.Path(templates.__file__).parent
    )
    os.chdir(folder)
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            body = load_config(path).benchmark
        except Exception as error:  # every refusal counts, whatever its type
            found[path.stem] = {"refused": str(error)[:500]}
            continue
        found[path.stem] = {
            "text": path.read_text(encoding="utf-8"),
            "full": body.model_dump(mode="json", exclude_none=True),
            "given": body.model_dump(mode="json", exclude_none=True, exclude_unset=True),
        }
    json.dump(plain(found), sys.stdout, default=str)


main()
