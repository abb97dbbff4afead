//! The runs that flags describe: every combination of lists of values, or variants.

use serde_json::{Map, Value};

use super::args::ProfileArgs;
use super::choices::SweepType;
use super::flags::PROFILE;
use crate::error::{Problem, UsageError};
use crate::variation::{Identity, pairs, products};

/// The phase and the dataset of a run that flags describe.
const PHASE: &str = "profiling";
const DATASET: &str = "main";

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagVariation {
    /// What tells it from the others. A variant has no values yet: they follow from what it changes.
    pub identity: Identity,
    /// The command line that means the same.
    pub args: ProfileArgs,
}

/// All runs, in order; one where nothing is swept. `words` are those that `args` were read from.
///
/// # Errors
/// A variant is no list of flags with values, or goes with nothing else.
pub fn variations(args: &ProfileArgs, words: &[String]) -> Result<Vec<FlagVariation>, UsageError> {
    if !args.runs.variants.is_empty() {
        return variants(args, words);
    }
    let mut axes: Vec<(String, Vec<Value>)> = args
        .runs
        .lists
        .iter()
        .map(|list| {
            let values = list.values.iter().cloned().map(Value::Number);
            (list.swept.path(PHASE, DATASET), values.collect())
        })
        .collect();
    if axes.is_empty() {
        return Ok(vec![FlagVariation {
            identity: Identity::base(),
            args: args.clone(),
        }]);
    }
    axes.sort_by(|left, right| left.0.cmp(&right.0));
    let runs = match args.runs.sweep_type {
        Some(SweepType::Zip) => pairs(&axes),
        _ => products(&axes),
    };
    let of_run = |(index, values): (usize, Vec<(String, Value)>)| {
        let values: Map<String, Value> = values.into_iter().collect();
        FlagVariation {
            args: with_values(args, &values),
            identity: Identity::of_values(index, values),
        }
    };
    Ok(runs.into_iter().enumerate().map(of_run).collect())
}

fn with_values(args: &ProfileArgs, values: &Map<String, Value>) -> ProfileArgs {
    let mut varied = args.clone();
    let lists = std::mem::take(&mut varied.runs.lists);
    let has_warmup = args.warmup_request_count.is_some()
        || args.warmup_sessions.is_some()
        || args.warmup_duration_seconds.is_some();
    for list in lists.iter().filter(|_| has_warmup) {
        list.swept.keep_for_warmup(&mut varied);
    }
    for list in &lists {
        if let Some(value) = values.get(&list.swept.path(PHASE, DATASET)) {
            list.swept.set(&mut varied, value);
        }
    }
    varied
}

fn variants(args: &ProfileArgs, words: &[String]) -> Result<Vec<FlagVariation>, UsageError> {
    let mut problems = Vec::new();
    let mut variations = Vec::new();
    for (index, typed) in args.runs.variants.iter().enumerate() {
        match variant(typed, words) {
            Ok((name, varied)) => variations.push(FlagVariation {
                identity: Identity::named(
                    index,
                    name.unwrap_or_else(|| format!("v{index}")),
                    Map::new(),
                ),
                args: varied,
            }),
            Err(problem) => problems.push(problem),
        }
    }
    let label = |variation: &FlagVariation| variation.identity.label.clone();
    for (index, variation) in variations.iter().enumerate() {
        let is_known = variations[..index]
            .iter()
            .any(|earlier| label(earlier) == label(variation));
        if is_known {
            problems.push(Problem::conflict(
                format!("two `--variant` are called `{}`", label(variation)),
                "names of variants are names of directories: give each its own",
            ));
        }
    }
    UsageError::unless_empty(problems, variations)
}

/// The name of a variant, and the command line with its flags in place of the others.
fn variant(typed: &str, words: &[String]) -> Result<(Option<String>, ProfileArgs), Problem> {
    let refuse = |reason: String| Problem::InvalidValue {
        flag: "--variant".to_owned(),
        value: Some(typed.to_owned()),
        reason,
        hint: Some("write `NAME: flag=value, flag=value`".to_owned()),
    };
    let (name, flags) = match typed.split_once(':') {
        Some((name, flags)) if !name.contains('=') => (Some(name.trim()), flags),
        _ => (None, typed),
    };
    if name.is_some_and(|name| name.is_empty() || name.contains(['/', '\\']) || name.contains(".."))
    {
        return Err(refuse(
            "its name is that of a directory and must hold no `/`, `\\` or `..`".to_owned(),
        ));
    }
    let mut over = Vec::new();
    for item in items(flags)
        .iter()
        .map(|item| item.trim())
        .filter(|item| !item.is_empty())
    {
        let Some((flag, value)) = item.split_once('=') else {
            return Err(refuse(format!("`{item}` has no `=`")));
        };
        let (flag, value) = (flag.trim().replace('_', "-"), unquoted(value.trim()));
        if matches!(flag.as_str(), "api-key" | "header") {
            return Err(Problem::InvalidValue {
                flag: "--variant".to_owned(),
                value: None,
                reason: format!("`{flag}` may be a credential, and files repeat what variants are"),
                hint: Some("give it to all runs, beside the variants".to_owned()),
            });
        }
        let spelled = format!("--{flag}=");
        if over
            .iter()
            .any(|known: &String| known.starts_with(&spelled))
        {
            return Err(refuse(format!("`{flag}` is there twice")));
        }
        over.push(format!("{spelled}{value}"));
    }
    if over.is_empty() {
        return Err(refuse("says nothing".to_owned()));
    }
    let mut varied = PROFILE
        .parse_with(words, &over)
        .map_err(|error| refuse(error.to_string()))?;
    if !varied.runs.lists.is_empty() {
        return Err(refuse("a variant has one value for each flag".to_owned()));
    }
    varied.runs.variants.clear();
    Ok((name.map(str::to_owned), varied))
}

/// Items between commas that are not in quotes.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut open: Option<char> = None;
    for letter in text.chars() {
        match (letter, open) {
            (',', None) => items.push(String::new()),
            ('"' | '\'', None) => open = Some(letter),
            (_, Some(quote)) if quote == letter => open = None,
            _ => {}
        }
        if let Some(last) = items
            .last_mut()
            .filter(|_| !(letter == ',' && open.is_none()))
        {
            last.push(letter);
        }
    }
    items
}

fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// What of a configuration is different from another one, both as dumped: maps by their keys, lists
/// of named entries by their names, and all else as a whole.
pub fn changes(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let changed: Map<String, Value> = after
                .iter()
                .filter_map(|(key, value)| {
                    let change = match before.get(key) {
                        Some(known) => changes(known, value)?,
                        None => value.clone(),
                    };
                    Some((key.clone(), change))
                })
                .collect();
            (!changed.is_empty()).then(|| changed.into())
        }
        (Value::Array(old), Value::Array(new)) if are_named(old) && are_named(new) => {
            let changed: Vec<Value> = new
                .iter()
                .filter_map(|item| {
                    let known = old.iter().find(|known| known["name"] == item["name"]);
                    let Some(known) = known else {
                        return Some(item.clone());
                    };
                    let mut change = changes(known, item)?;
                    change["name"] = item["name"].clone();
                    Some(change)
                })
                .collect();
            (!changed.is_empty()).then(|| changed.into())
        }
        _ => (before != after).then(|| after.clone()),
    }
}

fn are_named(items: &[Value]) -> bool {
    items.iter().all(|item| item["name"].is_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::command::Parsed;

    fn of(words: &[&str]) -> Result<Vec<FlagVariation>, UsageError> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match PROFILE.parse(words.iter().cloned()) {
            Ok(Parsed::Values(args)) => variations(&args, &words),
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn labels(words: &[&str]) -> Vec<(String, String)> {
        let variations = of(words).unwrap().into_iter();
        variations
            .map(|variation| (variation.identity.dir_name, variation.identity.label))
            .collect()
    }

    #[test]
    fn lists_make_every_combination_the_last_path_fastest() {
        let words = ["--request-rate", "1,2.5", "--isl", "128,256"];
        let pair = |dir: &str, label: &str| (dir.to_owned(), label.to_owned());
        assert_eq!(
            labels(&words),
            [
                pair(
                    "mean_128__rate_1.0",
                    "datasets.main.prompts.isl.mean=128, phases.profiling.rate=1.0"
                ),
                pair(
                    "mean_128__rate_2.5",
                    "datasets.main.prompts.isl.mean=128, phases.profiling.rate=2.5"
                ),
                pair(
                    "mean_256__rate_1.0",
                    "datasets.main.prompts.isl.mean=256, phases.profiling.rate=1.0"
                ),
                pair(
                    "mean_256__rate_2.5",
                    "datasets.main.prompts.isl.mean=256, phases.profiling.rate=2.5"
                ),
            ]
        );
        let last = of(&words).unwrap().pop().unwrap().args;
        assert_eq!((last.isl_mean, last.request_rate), (Some(256), Some(2.5)));
        assert!(last.runs.lists.is_empty());
        let zip = [&words[..], &["--sweep-type", "zip"]].concat();
        let values: Vec<_> = of(&zip)
            .unwrap()
            .into_iter()
            .map(|run| (run.args.isl_mean, run.args.request_rate))
            .collect();
        assert_eq!(values, [(Some(128), Some(1.0)), (Some(256), Some(2.5))]);
    }

    #[test]
    fn a_warmup_keeps_the_first_value_of_what_it_inherits() {
        let warmups = |words: &[&str]| -> Vec<Option<u64>> {
            let runs = of(words).unwrap().into_iter();
            runs.map(|run| run.args.warmup_concurrency).collect()
        };
        let words = ["--concurrency", "4,8", "--warmup-request-count", "2"];
        assert_eq!(warmups(&words), [Some(4), Some(4)]);
        assert_eq!(warmups(&words[..2]), [None, None]);
        let own = [&words[..], &["--warmup-concurrency", "3"]].concat();
        assert_eq!(warmups(&own), [Some(3), Some(3)]);
    }

    #[test]
    fn variants_put_their_flags_in_place_of_the_others() {
        let words = [
            "--model",
            "a",
            "--osl",
            "5",
            "--concurrency",
            "3",
            "--variant",
            "small: concurrency=1, osl=\"7\"",
            "--variant",
            "model='b,c', streaming=true",
        ];
        let runs = of(&words).unwrap();
        let names: Vec<&str> = runs.iter().map(|run| &*run.identity.label).collect();
        assert_eq!(names, ["small", "v1"]);
        let (first, second) = (&runs[0].args, &runs[1].args);
        assert_eq!((first.concurrency, first.osl_mean), (Some(1), Some(7)));
        assert_eq!(
            (second.concurrency, second.streaming),
            (Some(3), Some(true))
        );
        assert_eq!(first.models, ["a"]);
        assert_eq!(second.models, ["b", "c"]);
    }

    #[test]
    fn what_is_no_variant_is_refused_by_name() {
        for (variant, said) in [
            ("concurrency", "`concurrency` has no `=`"),
            ("a/b: concurrency=1", "must hold no"),
            ("x:", "says nothing"),
            (
                "concurrency=1, concurrency=2",
                "`concurrency` is there twice",
            ),
            ("concurency=1", "did you mean `--concurrency`"),
            ("concurrency=0", "must be at least 1"),
            ("a: concurrency=1", "two `--variant` are called `a`"),
            ("b: api_key=sesame", "`api-key` may be a credential"),
        ] {
            let told = of(&["--variant", "a: osl=3", "--variant", variant]);
            let told = told.unwrap_err().to_string();
            assert!(told.contains(said), "{variant}: {told}");
            assert!(!told.contains("sesame"), "{told}");
        }
    }

    #[test]
    fn changes_hold_what_is_different_and_names() {
        let before = json!({"a": 1, "l": [{"name": "x", "v": 1, "w": 2}], "m": {"k": [1]}});
        let after = json!({"a": 1, "l": [{"name": "x", "v": 3, "w": 2}], "m": {"k": [2]}, "n": 4});
        assert_eq!(
            changes(&before, &after),
            Some(json!({"l": [{"v": 3, "name": "x"}], "m": {"k": [2]}, "n": 4}))
        );
        assert_eq!(changes(&before, &before), None);
    }
}
