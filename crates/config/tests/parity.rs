//! Our flags beside the reference's: same names, same aliases, same headings.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use aiperf_config::command::FlagSummary;
use aiperf_config::profile::REFERENCE_NAMES;
use aiperf_config::{PROFILE, Problem};
use serde_json::Value;

/// Flags that only this program has.
const OWN_FLAGS: &[&str] = &[
    "--arrival-overflow",
    "--captured-body",
    "--export-formats",
    "--model-weights",
    "--timestamp-source",
    "--fail-on-client-limit",
    "--http-version",
    "--tls-ca-file",
    "--tls-client-cert",
    "--tls-client-key",
    "--no-tls-verify",
];

/// One flag of the reference.
struct ReferenceFlag {
    group: String,
    names: Vec<String>,
    negatives: Vec<String>,
}

impl ReferenceFlag {
    fn spellings(&self) -> Vec<String> {
        self.names.iter().chain(&self.negatives).cloned().collect()
    }
}

fn reference() -> Vec<ReferenceFlag> {
    let recorded: Vec<Value> =
        serde_json::from_str(include_str!("fixtures/reference_flags.json")).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    let flag = |row: &Value| ReferenceFlag {
        group: row["group"].as_str().unwrap().to_owned(),
        names: texts(&row["names"]),
        negatives: texts(&row["negatives"]),
    };
    recorded.iter().map(flag).collect()
}

fn ours() -> Vec<(&'static str, FlagSummary)> {
    let groups = PROFILE.summary().groups.into_iter();
    groups
        .flat_map(|group| group.flags.into_iter().map(move |flag| (group.title, flag)))
        .collect()
}

#[test]
fn every_flag_has_the_names_and_the_heading_of_the_reference_or_is_our_own() {
    let reference = reference();
    for (group, flag) in ours() {
        let main_name = &flag.spellings[0];
        if OWN_FLAGS.contains(&main_name.as_str()) {
            continue;
        }
        let twin = reference.iter().find(|twin| twin.names[0] == *main_name);
        let twin = twin.unwrap_or_else(|| panic!("the reference has no `{main_name}`"));
        assert_eq!(flag.spellings, twin.spellings());
        assert_eq!(group, twin.group, "{main_name}");
    }
}

#[test]
fn no_flag_of_our_own_takes_a_name_of_the_reference() {
    for (_, flag) in ours() {
        let own = OWN_FLAGS.contains(&flag.spellings[0].as_str());
        for spelling in &flag.spellings {
            assert_eq!(
                own,
                !REFERENCE_NAMES.contains(&spelling.as_str()),
                "{spelling}"
            );
        }
    }
    for name in OWN_FLAGS {
        assert!(
            ours().iter().any(|(_, flag)| flag.spellings[0] == *name),
            "{name}"
        );
    }
}

#[test]
fn headings_come_in_the_order_of_the_reference() {
    let mut expected: Vec<String> = reference().into_iter().map(|flag| flag.group).collect();
    expected.dedup();
    let groups = PROFILE.summary().groups;
    let ours: Vec<&str> = groups.iter().map(|group| group.title).collect();
    expected.retain(|title| ours.contains(&title.as_str()));
    assert_eq!(&ours[..expected.len()], expected);
    assert_eq!(ours[expected.len()..], ["Transport", "Measurement"]);
}

#[test]
fn every_name_of_the_reference_is_supported_or_refused_as_not_yet_supported() {
    let mut recorded: Vec<String> = reference()
        .iter()
        .flat_map(ReferenceFlag::spellings)
        .collect();
    recorded.sort();
    assert_eq!(REFERENCE_NAMES, recorded);

    let supported: Vec<String> = ours()
        .into_iter()
        .flat_map(|(_, flag)| flag.spellings)
        .collect();
    for name in recorded.iter().filter(|name| !supported.contains(name)) {
        let error = PROFILE.parse([name.as_str(), "value"]).unwrap_err();
        assert_eq!(
            error.problems(),
            [Problem::FlagNotSupportedYet { flag: name.clone() }]
        );
    }
}

#[test]
fn no_spelling_belongs_to_two_flags() {
    let mut spellings: Vec<String> = ours()
        .into_iter()
        .flat_map(|(_, flag)| flag.spellings)
        .collect();
    spellings.extend(["--help".into(), "-h".into(), "--version".into()]);
    let count = spellings.len();
    spellings.sort();
    spellings.dedup();
    assert_eq!(spellings.len(), count);
}
