#!/usr/bin/env python3
"""Renders the `artifacts.userFiles` of a configuration as the reference does, and compares.

    python user_files.py CONFIG RUN_FOLDER EPOCH

Files of RUN_FOLDER must be those that the reference makes for this folder and instant: text and JSON
byte for byte, YAML as what it stands for. Prints the paths that were compared as a JSON list; a
difference ends it with an error that names it.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path

import yaml
from aiperf.config.loader.core import load_config
from aiperf.config.user_files import RunMeta, build_user_file_context, materialize_user_files


def main() -> None:
    logging.disable(logging.CRITICAL)
    config, folder, epoch = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    document = load_config(config)
    files = document.benchmark.artifacts.user_files
    meta = RunMeta(epoch=epoch, job_name=folder.name, namespace="")
    context = build_user_file_context(
        document.benchmark, meta, folder, variables=document.variables
    )
    with tempfile.TemporaryDirectory() as expected_folder:
        materialize_user_files(files, Path(expected_folder), context)
        for file in files:
            ours = (folder / file.path).read_text(encoding="utf-8")
            theirs = (Path(expected_folder) / file.path).read_text(encoding="utf-8")
            if file.format == "yaml":
                same = yaml.safe_load(ours) == yaml.safe_load(theirs)
            else:
                same = ours == theirs
            if not same:
                sys.exit(f"`{file.path}` differs:\n{ours}\n--- the reference's:\n{theirs}")
    json.dump([file.path for file in files], sys.stdout)


main()
