//! Summary JSON and CSV, inputs.json, console tables and the other files of a finished run.
