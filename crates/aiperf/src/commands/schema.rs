//! `aiperf schema NAME`.

use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_model::{SCHEMA_NAMES, schema};
use anyhow::{Result, bail};

use crate::exit::Exit;

#[derive(Default)]
struct SchemaArgs {
    name: Option<String>,
}

static SCHEMA: Command<SchemaArgs> = Command {
    name: "schema",
    about: "Prints the JSON Schema of one of the files that a run writes. Without a name, lists the \
            names.",
    groups: &[],
    positional: Some(Positional {
        value: "NAME",
        help: "Which file; `record` is a line of `profile_export.jsonl`.",
        many: false,
        set: |args, name| {
            args.name = Some(name);
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[],
};

pub(super) fn summary() -> CommandSummary {
    SCHEMA.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match SCHEMA.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let Some(name) = args.name else {
        super::print(&format!("{}\n", SCHEMA_NAMES.join("\n")))?;
        return Ok(Exit::Success);
    };
    let Some(schema) = schema(&name) else {
        bail!(
            "no schema is called `{name}`\n  hint: the names are `{}`",
            SCHEMA_NAMES.join("`, `")
        );
    };
    super::print(&format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
    Ok(Exit::Success)
}
