//! From a document to the `aiperf profile` command line that means the same, as far as flags go.
//!
//! Each key that a flag stands for is taken out of what was written; what then is left, and is not what
//! holds without it, has no flag.

mod taking;

use serde_json::{Value, json};

use self::taking::Taking;
use super::{Document, Dump, hide_credentials};
use crate::profile::{ProfileArgs, ProfileConfig};

/// A command line, and what it could not say.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandLine {
    /// The words after `aiperf`, without credentials.
    pub words: Vec<String>,
    /// Keys that no flag stands for, each with its value or a reason.
    pub left_out: Vec<String>,
    /// Flags that are needed and hold credentials, so that they are not among the words.
    pub secret: Vec<String>,
}

impl Document {
    /// The command line that means the same.
    pub fn command_line(&self) -> CommandLine {
        let shown = self.words_of(true);
        let whole = self.words_of(false);
        let mut secret: Vec<String> = whole
            .iter()
            .filter(|(flag, value)| {
                let has_secret = !shown.contains(&(flag.clone(), value.clone()));
                has_secret && !flag.is_empty()
            })
            .map(|(flag, _)| flag.clone())
            .collect();
        secret.dedup();
        let words = shown.into_iter().filter(|(flag, _)| !secret.contains(flag));
        CommandLine {
            words: flat(words),
            left_out: self.taking(true).left_out(&self.defaults()),
            secret,
        }
    }

    /// The same with credentials, to be parsed and not to be shown.
    pub fn command_line_with_credentials(&self) -> Vec<String> {
        flat(self.words_of(false).into_iter())
    }

    fn words_of(&self, hides: bool) -> Vec<(String, Option<String>)> {
        self.taking(hides).words
    }

    fn taking(&self, hides: bool) -> Taking {
        let mut written = self.dump(Dump::Given);
        let mut whole = self.dump(Dump::Full);
        for dump in [&mut written, &mut whole] {
            if hides && let Some(body) = dump.get_mut("benchmark") {
                hide_credentials(body);
            }
        }
        Taking::of(written, &whole)
    }

    /// What holds in a document with the same dataset and phases that says nothing more.
    fn defaults(&self) -> Value {
        let written = self.dump(Dump::Full);
        let kept = |value: &Value, keys: &[&str]| -> Value {
            let members = value.as_object().into_iter().flatten();
            members
                .filter(|(key, _)| keys.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let list = |name: &str, keys: &[&str]| -> Value {
            let items = written["benchmark"][name].as_array().into_iter().flatten();
            items.map(|item| kept(item, keys)).collect()
        };
        let plain = json!({
            "benchmark": {
                "models": written["benchmark"]["models"],
                "endpoint": kept(&written["benchmark"]["endpoint"], &["urls", "type", "template"]),
                "datasets": list("datasets", &["name", "type", "path", "records", "dataset", "format"]),
                "phases": list(
                    "phases",
                    &["name", "kind", "type", "requests", "sessions", "duration", "rate", "rate_series", "users"],
                ),
            },
        });
        let mut defaults = Self::parse(&plain.to_string(), &|_: &str| None)
            .map(|plain| plain.dump(Dump::Full))
            .unwrap_or_default();
        let phases = defaults["benchmark"]["phases"].take();
        let mut by_kind = serde_json::Map::new();
        for phase in phases.as_array().into_iter().flatten() {
            let kind = phase["kind"].as_str().unwrap_or_default().to_owned();
            by_kind.entry(kind).or_insert_with(|| phase.clone());
        }
        defaults["benchmark"]["phases"] = by_kind.into();
        defaults
    }
}

/// The parts of a run in which two configurations differ.
pub fn differences(one: &ProfileConfig, other: &ProfileConfig) -> Vec<&'static str> {
    [
        ("models", one.models == other.models),
        ("endpoint", one.endpoint == other.endpoint),
        ("dataset", one.dataset == other.dataset),
        ("phases", one.phases == other.phases),
        ("tokenizer", one.tokenizer == other.tokenizer),
        ("output", one.output == other.output),
        ("telemetry", one.telemetry == other.telemetry),
        ("runtime", one.runtime == other.runtime),
        ("random_seed", one.random_seed == other.random_seed),
    ]
    .into_iter()
    .filter_map(|(part, is_same)| (!is_same).then_some(part))
    .collect()
}

fn flat(words: impl Iterator<Item = (String, Option<String>)>) -> Vec<String> {
    let typed = words.flat_map(|(flag, value)| match value {
        // What looks like a flag must be attached.
        Some(value) if value.starts_with('-') => vec![format!("{flag}={value}")],
        Some(value) => vec![flag, value],
        None => vec![flag],
    });
    std::iter::once("profile".to_owned()).chain(typed).collect()
}

impl CommandLine {
    /// As a shell takes it, a flag a line.
    pub fn shown(&self) -> String {
        let mut text = "aiperf".to_owned();
        for (index, word) in self.words.iter().enumerate() {
            let is_flag = word.starts_with('-') && index > 0;
            text.push_str(if is_flag { " \\\n  " } else { " " });
            text.push_str(&shell_word(word));
        }
        text.push('\n');
        text
    }
}

/// A word in quotes where a shell would read something else.
fn shell_word(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The `input_config` block of a run that flags describe as a document, without what nobody gave and
/// without credentials.
pub fn of_flags(args: &ProfileArgs, mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        let mut drop = |section: &str, key: &str| {
            if let Some(section) = members.get_mut(section).and_then(Value::as_object_mut) {
                section.shift_remove(key);
            }
        };
        if args.artifact_dir.is_none() {
            drop("artifacts", "dir");
        }
        let is_verbose = args.verbose == Some(true) || args.extra_verbose == Some(true);
        if args.ui.is_none() && !is_verbose {
            drop("runtime", "ui");
        }
        drop("endpoint", "api_key");
        members.retain(|_, section| {
            let section = section.as_object();
            section.is_none_or(|section| !section.is_empty())
        });
    }
    let mut file = json!({ "schema_version": "2.0" });
    if let Some(seed) = args.random_seed {
        file["random_seed"] = json!(seed);
    }
    file["benchmark"] = body;
    super::overlay::with_runs(args, &file)
}
