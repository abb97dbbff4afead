//! Which sessions of Exgentic's datasets are wanted: `--dataset-filter key=value`.

use std::fmt;

const HARNESSES: [&str; 5] = [
    "claude_code",
    "openai_solo",
    "smolagents_code",
    "tool_calling",
    "tool_calling_with_shortlisting",
];

const MODELS: [&str; 6] = [
    "DeepSeek-V3.2",
    "Kimi-K2.5",
    "claude-opus-4-5",
    "gemini-3-pro-preview",
    "gpt-4.1",
    "gpt-5.2-2025-12-11",
];

const BENCHMARKS: [&str; 6] = [
    "appworld",
    "browsecompplus",
    "swebench",
    "tau2_airline",
    "tau2_retail",
    "tau2_telecom",
];

/// Provider names in front of recorded model names.
const PROVIDERS: [&str; 4] = ["openai/azure/", "azure/", "aws/", "gcp/"];

/// Pairs of harness and model that the first dataset does not have.
const ABSENT_FROM_V1: [(&str, &str); 8] = [
    ("openai_solo", "gpt-5.2-2025-12-11"),
    ("smolagents_code", "claude-opus-4-5"),
    ("smolagents_code", "gemini-3-pro-preview"),
    ("smolagents_code", "gpt-5.2-2025-12-11"),
    ("tool_calling", "gpt-5.2-2025-12-11"),
    ("tool_calling_with_shortlisting", "claude-opus-4-5"),
    ("tool_calling_with_shortlisting", "gpt-4.1"),
    ("tool_calling_with_shortlisting", "gpt-5.2-2025-12-11"),
];

/// Pairs of harness and model that the second dataset does not have.
const ABSENT_FROM_V2: [(&str, &str); 7] = [
    ("claude_code", "gpt-4.1"),
    ("openai_solo", "gpt-4.1"),
    ("smolagents_code", "gpt-4.1"),
    ("tool_calling", "gpt-4.1"),
    ("tool_calling_with_shortlisting", "claude-opus-4-5"),
    ("tool_calling_with_shortlisting", "gpt-4.1"),
    ("tool_calling_with_shortlisting", "gpt-5.2-2025-12-11"),
];

/// What a session must be; absent means anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// The program that the agent ran in.
    pub harness: Option<&'static str>,
    /// The model that was recorded.
    pub source_model: Option<&'static str>,
    /// The benchmark that the agent worked on.
    pub benchmark: Option<&'static str>,
}

impl Filters {
    /// Reads `key=value` words.
    ///
    /// # Errors
    /// A word without `=`, a key that is unknown or given twice, or a value that no session has.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut filters = Self::default();
        for word in words {
            let (key, value) = word
                .split_once('=')
                .filter(|(key, value)| !key.is_empty() && !value.is_empty())
                .ok_or_else(|| format!("`--dataset-filter {word}`: expected `key=value`"))?;
            let (field, known): (_, &[&'static str]) = match key {
                "harness" => (&mut filters.harness, &HARNESSES),
                "source_model" => (&mut filters.source_model, &MODELS),
                "benchmark" => (&mut filters.benchmark, &BENCHMARKS),
                _ => {
                    return Err(format!(
                        "`--dataset-filter {word}`: unknown key; known are `harness`, \
                         `source_model`, `benchmark`"
                    ));
                }
            };
            let value = without_provider(value);
            let found = known.iter().find(|name| name.eq_ignore_ascii_case(value));
            let found = found.ok_or_else(|| {
                format!(
                    "`--dataset-filter {word}`: unknown value; known are {}",
                    known.join(", ")
                )
            })?;
            if field.replace(found).is_some() {
                return Err(format!("`--dataset-filter {key}=…` is given twice"));
            }
        }
        Ok(filters)
    }

    /// Whether anything goes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what the dataset cannot have.
    pub(super) fn check(&self, has_benchmarks: bool) -> Result<(), String> {
        if self.benchmark.is_some() && !has_benchmarks {
            return Err("the filter `benchmark` works on `exgentic_v2` only".to_owned());
        }
        let absent: &[(&str, &str)] = if has_benchmarks {
            &ABSENT_FROM_V2
        } else {
            &ABSENT_FROM_V1
        };
        let Some(model) = self.source_model else {
            return Ok(());
        };
        let has = |harness: &str, model: &str| !absent.contains(&(harness, model));
        if let Some(harness) = self.harness
            && !has(harness, model)
        {
            let models: Vec<&str> = MODELS
                .into_iter()
                .filter(|model| has(harness, model))
                .collect();
            return Err(format!(
                "there is no session of `{model}` in `{harness}`; that harness has {}",
                models.join(", ")
            ));
        }
        if !HARNESSES.iter().any(|harness| has(harness, model)) {
            let models: Vec<&str> = MODELS
                .into_iter()
                .filter(|model| HARNESSES.iter().any(|harness| has(harness, model)))
                .collect();
            return Err(format!(
                "there is no session of `{model}`; there are {}",
                models.join(", ")
            ));
        }
        Ok(())
    }
}

impl fmt::Display for Filters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = "any";
        write!(
            formatter,
            "harness={}, source_model={}, benchmark={}",
            self.harness.unwrap_or(any),
            self.source_model.unwrap_or(any),
            self.benchmark.unwrap_or(any)
        )
    }
}

/// A recorded model's name without its provider.
pub(super) fn without_provider(model: &str) -> &str {
    let lower = model.to_ascii_lowercase();
    let provider = PROVIDERS.iter().find(|prefix| lower.starts_with(**prefix));
    provider.map_or(model, |prefix| &model[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_filters_whatever_their_case() {
        let filters = Filters::from_words(["harness=Claude_Code", "source_model=azure/GPT-4.1"]);
        let expected = Filters {
            harness: Some("claude_code"),
            source_model: Some("gpt-4.1"),
            benchmark: None,
        };
        assert_eq!(filters, Ok(expected));
    }

    #[test]
    fn bad_words_and_absent_combinations_say_what_there_is() {
        for (words, reason) in [
            (&["harness"][..], "expected `key=value`"),
            (&["x=y"], "unknown key"),
            (&["harness=emacs"], "known are claude_code"),
            (
                &["harness=openai_solo", "harness=openai_solo"],
                "given twice",
            ),
        ] {
            let error = Filters::from_words(words.iter().copied()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        let check = |words: &[&str], v2| {
            Filters::from_words(words.iter().copied())
                .unwrap()
                .check(v2)
        };
        assert_eq!(check(&["harness=tool_calling"], false), Ok(()));
        assert!(check(&["benchmark=swebench"], false).is_err());
        assert_eq!(check(&["benchmark=swebench"], true), Ok(()));
        let error = check(
            &["harness=openai_solo", "source_model=gpt-5.2-2025-12-11"],
            false,
        );
        assert!(
            error
                .unwrap_err()
                .contains("that harness has DeepSeek-V3.2")
        );
        let error = check(&["source_model=gpt-4.1"], true).unwrap_err();
        assert!(
            error.contains("there is no session of `gpt-4.1`"),
            "{error}"
        );
    }
}
