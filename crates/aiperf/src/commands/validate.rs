//! `aiperf validate TARGET FILE`.

use std::path::{Path, PathBuf};

use aiperf_config::command::{Flag, Group, Kind};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_dataset::trace::check::{TraceCheck, check_mooncake};
use anyhow::{Context, Result, bail};

use crate::exit::Exit;

/// Lines that are shown; a file in another format has one flaw after the other.
const MOST_SHOWN: usize = 20;

#[derive(Default)]
struct ValidateArgs {
    target: Option<Target>,
    file: Option<PathBuf>,
}

/// What a file can be checked to be.
#[derive(Clone, Copy)]
enum Target {
    MooncakeTrace,
}

impl Target {
    const NAMES: &[&str] = &["mooncake-trace"];

    fn named(name: &str) -> Option<Self> {
        (name.replace('_', "-") == Self::NAMES[0]).then_some(Self::MooncakeTrace)
    }

    fn check(self, file: &Path) -> Result<TraceCheck> {
        match self {
            Self::MooncakeTrace => Ok(check_mooncake(file)?),
        }
    }
}

static VALIDATE: Command<ValidateArgs> = Command {
    name: "validate",
    about: "Tells whether a file has the format of a dataset, with every line that has not. \
            Configurations are checked by `aiperf config validate`.",
    groups: &[&FILE],
    positional: Some(Positional {
        value: "TARGET FILE",
        help: "The format, `mooncake-trace`, and the file: JSON lines, plain or gzip.",
        many: true,
        set: |args, word| {
            if args.target.is_none() {
                args.target = Some(target(&word)?);
            } else if args.file.is_none() {
                args.file = Some(word.into());
            } else {
                return Err(format!("`{word}` is one word too many"));
            }
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[],
};

static FILE: Group<ValidateArgs> = Group {
    title: "File",
    flags: &[
        Flag {
            names: &["target"],
            short: None,
            kind: Kind::Choice {
                names: Target::NAMES,
                later: &[],
                set: |args, word| {
                    args.target = Some(target(word)?);
                    Ok(())
                },
            },
            value: "TARGET",
            default: "",
            path: "",
            help: "The format, in place of the first word.",
        },
        Flag {
            names: &["input"],
            short: None,
            kind: Kind::Path(|args, path| {
                args.file = Some(path);
                Ok(())
            }),
            value: "FILE",
            default: "",
            path: "",
            help: "The file, in place of the second word.",
        },
    ],
};

fn target(word: &str) -> Result<Target, String> {
    Target::named(word).ok_or_else(|| {
        format!(
            "`{word}` is not a format that can be checked; `{}` is",
            Target::NAMES.join("`, `")
        )
    })
}

pub(super) fn summary() -> CommandSummary {
    VALIDATE.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match VALIDATE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    const USAGE: &str = "name a format and a file: `aiperf validate mooncake-trace FILE`";
    let target = args.target.context(USAGE)?;
    let file = args.file.context(USAGE)?;
    let check = target.check(&file)?;
    if check.flaws.is_empty() {
        super::print(&format!(
            "Validation passed: {} of `{}` can be replayed.\n",
            counted(check.rows),
            file.display()
        ))?;
        return Ok(Exit::Success);
    }
    bail!("{}", complaint(&file, &check))
}

fn counted(rows: usize) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}

fn complaint(file: &Path, check: &TraceCheck) -> String {
    let TraceCheck { rows, flaws } = check;
    let mut text = format!(
        "{} of {} of `{}` cannot be replayed:",
        flaws.len(),
        counted(*rows),
        file.display()
    );
    for (line, flaw) in flaws.iter().take(MOST_SHOWN) {
        text.push_str(&format!("\n  line {line}: {flaw}"));
    }
    if flaws.len() > MOST_SHOWN {
        text.push_str(&format!("\n  and {} more", flaws.len() - MOST_SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_flaws_are_shown_and_the_rest_counted() {
        let flaws = (1..=MOST_SHOWN + 3).map(|line| (line, "no object".to_owned()));
        let check = TraceCheck {
            rows: 100,
            flaws: flaws.collect(),
        };
        let text = complaint(Path::new("a.jsonl"), &check);
        assert!(text.starts_with("23 of 100 rows of `a.jsonl`"), "{text}");
        assert!(
            text.contains("\n  line 20: no object\n  and 3 more"),
            "{text}"
        );
        assert!(!text.contains("line 21"), "{text}");
        let alone = TraceCheck {
            rows: 1,
            flaws: vec![(1, "no object".to_owned())],
        };
        let text = complaint(Path::new("a.jsonl"), &alone);
        assert!(text.starts_with("1 of 1 row of `a.jsonl`"), "{text}");
    }

    #[test]
    fn a_target_and_a_file_are_words_or_flags() {
        for words in [
            vec!["mooncake-trace", "a"],
            vec!["mooncake_trace", "a"],
            vec!["--target", "mooncake-trace", "--input", "a"],
        ] {
            let Ok(Parsed::Values(args)) = VALIDATE.parse(words) else {
                panic!("not parsed")
            };
            assert!(args.target.is_some() && args.file.is_some());
        }
        assert!(VALIDATE.parse(["other", "a"]).is_err());
        assert!(VALIDATE.parse(["mooncake-trace", "a", "b"]).is_err());
    }
}
