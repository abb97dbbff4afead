//! The command line of `cargo xtask bench`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::CASES;

/// What is to be measured, and how often.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// How often each measurement is made; figures are medians.
    pub(super) rounds: usize,
    /// Names of cases; empty for all.
    only: Vec<String>,
    /// The reference's `aiperf`, or a script that starts it.
    pub(super) reference: Option<PathBuf>,
    /// Where to write the figures.
    pub(super) json: Option<PathBuf>,
    /// Fail where counted work exceeds the baseline.
    pub(super) check: bool,
    /// Make the counted work the new baseline.
    pub(super) record_baseline: bool,
}

/// What the command line asks for.
pub(super) enum Wanted {
    Help,
    Run(Options),
}

impl Options {
    pub(super) fn parse(words: &[String]) -> Result<Wanted> {
        let mut options = Self {
            rounds: 3,
            only: Vec::new(),
            reference: None,
            json: None,
            check: false,
            record_baseline: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("`{word}` needs a value"))
            };
            match word.as_str() {
                "--help" | "-h" => return Ok(Wanted::Help),
                "--rounds" => {
                    options.rounds = value()?.parse().context("`--rounds` is not a number")?;
                }
                "--only" => options.only.extend(value()?.split(',').map(str::to_owned)),
                "--reference" => options.reference = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                "--check" => options.check = true,
                "--record-baseline" => options.record_baseline = true,
                other => bail!("unknown option `{other}`\n\n{}", help()),
            }
        }
        if options.rounds == 0 {
            bail!("`--rounds` must be at least 1");
        }
        let is_known = |name: &String| CASES.iter().any(|case| case.name == name);
        if let Some(name) = options.only.iter().find(|name| !is_known(name)) {
            bail!("there is no case `{name}`\n\n{}", help());
        }
        let counts_work = options.wants("instructions");
        if (options.check || options.record_baseline) && !counts_work {
            bail!("`--check` and `--record-baseline` need the case `instructions`");
        }
        Ok(Wanted::Run(options))
    }

    pub(super) fn wants(&self, case: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == case)
    }

    /// Whether a case runs the program itself, and not only the recorder's harnesses.
    pub(super) fn wants_program(&self) -> bool {
        const HARNESSES: [&str; 2] = ["recorder", "instructions"];
        CASES
            .iter()
            .any(|case| self.wants(case.name) && !HARNESSES.contains(&case.name))
    }
}

pub(super) fn help() -> String {
    let mut text = "\
Usage: cargo xtask bench [OPTIONS]

  --rounds N           how often each measurement is made; figures are medians [default: 3]
  --only NAME,...      only these cases
  --reference PATH     the reference's `aiperf` [default: .venv/bin/aiperf, if it is there]
  --json FILE          write all figures, with those of each round
  --check              fail where counted work exceeds benches/baseline.json
  --record-baseline    make the counted work the new benches/baseline.json

Cases:
"
    .to_owned();
    for case in CASES {
        text.push_str(&format!("  {:<14} {}\n", case.name, case.about));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Wanted> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn cases_are_chosen_by_name() {
        let Wanted::Run(options) = parse("--only startup,memory --rounds 5").unwrap() else {
            panic!("no help was asked for");
        };
        assert!(options.wants("startup") && options.wants("memory") && !options.wants("streams"));
        assert_eq!(options.rounds, 5);
        assert!(options.wants_program());
    }

    #[test]
    fn the_program_is_not_built_for_the_recorder_alone() {
        let Wanted::Run(options) = parse("--only recorder,instructions").unwrap() else {
            panic!("no help was asked for");
        };
        assert!(!options.wants_program());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--only nonsense",
            "--rounds 0",
            "--rounds",
            "--only startup --check",
            "-x",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
