//! Variables that begin with our prefix and do nothing.

use aiperf_config::command::nearest_word;

use super::reference_names::REFERENCE_VARIABLES;
use super::table;

const PREFIX: &str = "AIPERF_";
/// What this repository's own tests are told with.
const PREFIX_OF_TESTS: &str = "AIPERF_TEST_";

/// What to say about the process's variables. Values are never part of it.
pub(crate) fn notices_of_process() -> Vec<String> {
    notices(std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()))
}

/// One notice for each variable that nothing knows, and one for all that only the reference reads.
pub(super) fn notices(names: impl Iterator<Item = String>) -> Vec<String> {
    let used: Vec<&str> = table::rows().iter().map(|row| row.name).collect();
    let mut names: Vec<String> = names
        .filter(|name| name.to_uppercase().starts_with(PREFIX))
        .filter(|name| !name.starts_with(PREFIX_OF_TESTS) && !used.contains(&name.as_str()))
        .collect();
    names.sort_unstable();
    let (without_effect, unknown): (Vec<String>, Vec<String>) = names
        .into_iter()
        .partition(|name| REFERENCE_VARIABLES.contains(&name.as_str()));

    let mut notices: Vec<String> = unknown
        .iter()
        .map(|name| {
            let known = used.iter().chain(REFERENCE_VARIABLES).copied();
            match nearest_word(
                &name[PREFIX.len()..],
                known.map(|name| &name[PREFIX.len()..]),
            ) {
                Some(nearest) => format!(
                    "no environment variable is called `{name}`; did you mean `{PREFIX}{nearest}`?"
                ),
                None => format!("no environment variable is called `{name}`"),
            }
        })
        .collect();
    if !without_effect.is_empty() {
        notices.push(format!(
            "environment variables of AIPerf that do nothing in this version: `{}`",
            without_effect.join("`, `")
        ));
    }
    notices
}
