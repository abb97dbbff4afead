//! What our flags take beside what the reference's take: kinds of values, limits, words.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use aiperf_config::{Kind, PROFILE, Parsed, Problem};
use serde_json::Value;

/// Values at the limits of the reference's command line that we do not treat as it does. It refuses
/// them as well, but later.
const OTHER_LIMITS: &[&str] = &[
    "--video-duration=0: must be more than 0",
    "--synthesis-speedup-ratio=0: must be more than 0",
    "--synthesis-prefix-len-multiplier=0: must be more than 0",
    "--synthesis-prompt-len-multiplier=0: must be more than 0",
];

/// Words that only this program knows.
const OWN_WORDS: &[(&str, &str)] = &[];

/// One flag of the reference.
struct ReferenceFlag {
    name: String,
    kind: String,
    choices: Vec<String>,
    /// `ge`, `gt`, `le` or `lt`, with the number.
    limits: Vec<(String, f64)>,
}

fn reference() -> Vec<ReferenceFlag> {
    let recorded: Vec<Value> =
        serde_json::from_str(include_str!("fixtures/reference_flags.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let flag = |row: &Value| ReferenceFlag {
        name: text(&row["names"][0]),
        kind: text(&row["type"]),
        choices: row["choices"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect(),
        limits: row["limits"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, limit)| (name.clone(), limit.as_f64().unwrap()))
            .collect(),
    };
    recorded.iter().map(flag).collect()
}

fn is_supported(flag: &ReferenceFlag) -> bool {
    PROFILE.flags().any(|ours| ours.main_name() == flag.name)
}

/// Why the flag does not take the value; `None` where it does.
fn refusal(flag: &str, value: &str) -> Option<String> {
    let word = format!("{flag}={value}");
    match PROFILE.parse([word.as_str()]) {
        Ok(Parsed::Values(_)) => None,
        Ok(other) => panic!("{word}: {other:?}"),
        Err(error) => match error.problems() {
            [Problem::InvalidValue { reason, .. }] => Some(reason.clone()),
            other => panic!("{word}: {other:?}"),
        },
    }
}

#[test]
fn switches_numbers_and_texts_are_what_they_are_in_the_reference() {
    let reference = reference();
    let mut others = Vec::new();
    for flag in PROFILE.flags() {
        let Some(twin) = reference.iter().find(|twin| twin.name == flag.main_name()) else {
            continue;
        };
        let fits = match flag.kind {
            Kind::Switch(_) | Kind::SwitchPair { .. } => twin.kind == "bool",
            Kind::Integer { .. } => twin.kind == "int",
            Kind::Float { .. } => twin.kind == "float",
            // Lists for a sweep mostly arrive as text.
            Kind::SweepableInteger { .. } | Kind::SweepableFloat { .. } => {
                ["str", "int", "float"].contains(&twin.kind.as_str())
            }
            Kind::Choice { .. } => !twin.choices.is_empty(),
            Kind::TextList(_)
            | Kind::List(_)
            | Kind::GreedyList(_)
            | Kind::Pairs(_)
            | Kind::TextPairs(_) => twin.kind == "list",
            Kind::Text(_) | Kind::Path(_) => !["bool", "int"].contains(&twin.kind.as_str()),
        };
        if !fits {
            others.push(format!(
                "{} is a `{}` in the reference",
                twin.name, twin.kind
            ));
        }
    }
    assert_eq!(others, [""; 0]);
}

#[test]
fn limits_are_those_of_the_reference() {
    let mut checked = 0;
    let mut others = Vec::new();
    for flag in reference().iter().filter(|flag| is_supported(flag)) {
        let step = if flag.kind == "int" { 1.0 } else { 0.001 };
        let mut inside = Vec::new();
        for (name, limit) in &flag.limits {
            let (beyond, within) = match name.as_str() {
                "ge" => (limit - step, *limit),
                "gt" => (*limit, limit + step),
                "le" => (limit + step, *limit),
                "lt" => (*limit, limit - step),
                other => panic!("{other}"),
            };
            if refusal(&flag.name, &beyond.to_string()).is_none() {
                others.push(format!("{}={beyond}: taken", flag.name));
            }
            inside.push(within);
            checked += 1;
        }
        let is_number = flag.kind == "int" || flag.kind == "float";
        if is_number && !flag.limits.iter().any(|(name, _)| name.starts_with('l')) {
            inside.push(1000.0);
        }
        for value in inside {
            if let Some(reason) = refusal(&flag.name, &value.to_string()) {
                others.push(format!("{}={value}: {reason}", flag.name));
            }
        }
    }
    assert_eq!(others, OTHER_LIMITS);
    assert!(checked > 50, "only {checked} limits are compared");
}

#[test]
fn every_word_of_the_reference_is_taken_or_refused_as_not_yet_supported() {
    let mut checked = 0;
    for flag in reference().iter().filter(|flag| is_supported(flag)) {
        for word in &flag.choices {
            let spellings = [word.clone(), word.to_uppercase(), word.replace('_', "-")];
            for spelling in spellings {
                if let Some(reason) = refusal(&flag.name, &spelling) {
                    let is_known =
                        reason.contains("not supported") || reason.contains("not yet supported");
                    assert!(is_known, "{} {spelling}: {reason}", flag.name);
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "only {checked} words are compared");
}

#[test]
fn no_word_is_our_own_without_being_listed_here() {
    let reference = reference();
    let bare = |word: &str| word.to_lowercase().replace(['-', '_', '/'], "");
    let mut own = Vec::new();
    for flag in PROFILE.flags() {
        let Kind::Choice { names, .. } = flag.kind else {
            continue;
        };
        let Some(twin) = reference.iter().find(|twin| twin.name == flag.main_name()) else {
            continue;
        };
        let known: Vec<String> = twin.choices.iter().map(|word| bare(word)).collect();
        let unknown = names.iter().filter(|word| !known.contains(&bare(word)));
        own.extend(unknown.map(|word| (flag.main_name(), (*word).to_owned())));
    }
    let listed: Vec<(String, String)> = OWN_WORDS
        .iter()
        .map(|(flag, word)| ((*flag).to_owned(), (*word).to_owned()))
        .collect();
    assert_eq!(own, listed);
}
