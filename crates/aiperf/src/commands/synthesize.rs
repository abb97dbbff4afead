//! `aiperf synthesize agentic-code`: sessions of coding agents that were never held, as a trace.

mod blocks;
mod cache;
mod files;
mod laws;
mod quality;
mod report;
mod sessions;
mod settings;
mod statistics;

use std::path::PathBuf;

use aiperf_config::command::{Example, Flag, Group, Kind};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_dataset::trace::check::check_mooncake;
use anyhow::{Context, Result, bail};

use crate::exit::Exit;
use files::RunFolder;
use sessions::Sessions;
use settings::{Settings, named};

const TARGET: &str = "agentic-code";

struct SynthesizeArgs {
    target: Option<String>,
    sessions: u64,
    output: PathBuf,
    config: Option<String>,
    seed: u64,
    max_isl: Option<u64>,
    max_osl: Option<u64>,
}

impl Default for SynthesizeArgs {
    fn default() -> Self {
        Self {
            target: None,
            sessions: 1000,
            output: PathBuf::from("."),
            config: None,
            seed: 42,
            max_isl: None,
            max_osl: None,
        }
    }
}

static SYNTHESIZE: Command<SynthesizeArgs> = Command {
    name: "synthesize",
    about: "Makes a workload by laws of chance: sessions of coding agents, whose prompts share a system prompt and \
            the context of a repository, grow turn by turn, and are answered after short delays (tools) or long ones \
            (people). It is written as a `mooncake_trace`, into a folder of its own, with what was asked for and what \
            came of it.",
    groups: &[&WORKLOAD],
    positional: Some(Positional {
        value: "TARGET",
        help: "`agentic-code`.",
        many: false,
        set: |args, word| {
            if word.replace('_', "-") != TARGET {
                return Err(format!("`{word}` cannot be made; `{TARGET}` can"));
            }
            args.target = Some(word);
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "A hundred sessions with at most 128 thousand tokens of context",
            line: "aiperf synthesize agentic-code --num-sessions 100 --max-isl 131072",
        },
        Example {
            purpose: "More of the same, with FOLDER being the one that was printed",
            line: "aiperf synthesize agentic-code --config FOLDER/manifest.json --num-sessions 1000",
        },
        Example {
            purpose: "Play them",
            line: "aiperf profile -m m --custom-dataset-type mooncake_trace --input-file FOLDER/dataset.jsonl",
        },
    ],
};

static WORKLOAD: Group<SynthesizeArgs> = Group {
    title: "Workload",
    flags: &[
        Flag {
            names: &["num-sessions"],
            short: None,
            kind: Kind::Integer {
                within: 1..=10_000_000,
                set: |args, count| args.sessions = count,
            },
            value: "COUNT",
            default: "1000",
            path: "",
            help: "How many sessions are begun.",
        },
        Flag {
            names: &["output"],
            short: None,
            kind: Kind::Path(|args, path| {
                args.output = path;
                Ok(())
            }),
            value: "FOLDER",
            default: ".",
            path: "",
            help: "Where the folder of the workload is made.",
        },
        Flag {
            names: &["config"],
            short: None,
            kind: Kind::Text(|args, config| {
                args.config = Some(config);
                Ok(())
            }),
            value: "NAME",
            default: "",
            path: "",
            help: "The laws: `default`, a JSON file, or the `manifest.json` of an earlier workload. Without it, built-in \
                   ones with longer tails than those of `default`.",
        },
        Flag {
            names: &["seed"],
            short: None,
            kind: Kind::Integer {
                within: 0..=u64::MAX,
                set: |args, seed| args.seed = seed,
            },
            value: "SEED",
            default: "42",
            path: "",
            help: "Seed of all random choices.",
        },
        Flag {
            names: &["max-isl"],
            short: None,
            kind: Kind::Integer {
                within: 1..=u32::MAX as u64,
                set: |args, tokens| args.max_isl = Some(tokens),
            },
            value: "TOKENS",
            default: "",
            path: "",
            help: "The largest context, in place of the laws' `max_prompt_tokens`.",
        },
        Flag {
            names: &["max-osl"],
            short: None,
            kind: Kind::Integer {
                within: 1..=u32::MAX as u64,
                set: |args, tokens| args.max_osl = Some(tokens),
            },
            value: "TOKENS",
            default: "",
            path: "",
            help: "The longest answer, in place of the laws' `generation_length.max`.",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    SYNTHESIZE.summary().with_words([TARGET])
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match SYNTHESIZE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    if args.target.is_none() {
        bail!("name what is to be made: `aiperf synthesize {TARGET}`");
    }
    let (name, settings) = match &args.config {
        Some(config) => named(config)?,
        None => ("default".to_owned(), Settings::default()),
    };
    let settings = settings.checked()?.limited(args.max_isl, args.max_osl)?;
    super::print(&format!(
        "Generating {} sessions (seed={})...\n",
        args.sessions, args.seed
    ))?;
    let sessions = Sessions::make(&settings, args.seed, args.sessions)?;
    let folder = RunFolder::create(&args.output, &name, args.sessions, args.seed)?;
    folder.write(&sessions, &settings, &name, args.seed)?;

    let dataset = folder.path("dataset.jsonl");
    let check = check_mooncake(&dataset)
        .with_context(|| format!("`{}` cannot be checked", dataset.display()))?;
    if let Some((line, flaw)) = check.flaws.first() {
        bail!(
            "`{}` came out wrong in {} rows, the first in line {line}: {flaw}",
            dataset.display(),
            check.flaws.len()
        );
    }
    super::print(&folder.told(&sessions))?;
    super::print(&std::fs::read_to_string(folder.path("comparison.txt"))?)?;
    Ok(Exit::Success)
}
