//! Rules and advice speak of flags; the user wrote keys. Every flag knows its key.

use crate::document::fault::Fault;
use crate::error::{UsageError, Warning};
use crate::profile::PROFILE;

/// The problems in the words of the file.
pub(super) fn faults(error: &UsageError) -> Vec<Fault> {
    error
        .problems()
        .iter()
        .map(|problem| {
            let fault = Fault::new(in_keys(&problem.to_string()));
            match problem.hint() {
                Some(hint) => fault.hint(in_keys(&hint)),
                None => fault,
            }
        })
        .collect()
}

/// A warning in the words of the file.
pub(super) fn warning(warning: &Warning) -> Warning {
    Warning {
        message: in_keys(&warning.message),
        hint: warning.hint.as_deref().map(in_keys),
    }
}

/// A text with the key in place of each flag that has one: `--url X` becomes
/// `benchmark.endpoint.urls: X`.
fn in_keys(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("`--") {
        result.push_str(&rest[..=at]);
        let after = &rest[at + 1..];
        let end = after
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
            .unwrap_or(after.len());
        let (flag, behind) = after.split_at(end);
        match key_of(flag) {
            Some(key) => {
                result.push_str(key);
                if behind.starts_with(' ') {
                    result.push(':');
                }
            }
            None => result.push_str(flag),
        }
        rest = behind;
    }
    result.push_str(rest);
    result
}

/// The key that means the same as a flag with its dashes.
fn key_of(flag: &str) -> Option<&'static str> {
    let name = flag.strip_prefix("--")?;
    let found = PROFILE.flags().find(|flag| flag.names.contains(&name))?;
    (!found.path.is_empty()).then_some(found.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_have_a_key_are_called_by_it() {
        for (text, expected) in [
            (
                "`--prefill-concurrency` needs `--streaming`",
                "`benchmark.phases.profiling.prefill_concurrency` needs `benchmark.endpoint.streaming`",
            ),
            (
                "`--endpoint-type chat` is nice",
                "`benchmark.endpoint.type: chat` is nice",
            ),
            (
                "`--tls-ca-file` stays, `--nothing` too",
                "`--tls-ca-file` stays, `--nothing` too",
            ),
            ("no flags", "no flags"),
        ] {
            assert_eq!(in_keys(text), expected);
        }
    }
}
