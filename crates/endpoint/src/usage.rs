//! What servers report about tokens, in one vocabulary.
//!
//! Every vendor names the same counts differently. The first key that is present decides, even if
//! its value is null: a server that sends null knows the key and has no count. No count is derived
//! from others, except that a prompt reported without its cached tokens gets them back.

use serde_json::{Map, Value};

/// Token counts of one request as the server reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// All tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the prompt that no cache served or took; only from vendors that report them so.
    pub prompt_uncached_tokens: Option<u64>,
    /// All tokens that the model generated.
    pub completion_tokens: Option<u64>,
    /// The server's own total.
    pub total_tokens: Option<u64>,
    /// Generated tokens that are reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Tokens of the prompt that were read from a cache.
    pub prompt_cache_read_tokens: Option<u64>,
    /// Tokens of the prompt that were written to a cache.
    pub prompt_cache_write_tokens: Option<u64>,
    /// Tokens of the prompt that a cache did not hold.
    pub prompt_cache_miss_tokens: Option<u64>,
    /// Audio tokens of the prompt.
    pub prompt_audio_tokens: Option<u64>,
    /// Seconds of audio in the prompt.
    pub prompt_audio_seconds: Option<f64>,
    /// Generated audio tokens.
    pub completion_audio_tokens: Option<u64>,
    /// Predicted tokens that were accepted.
    pub accepted_prediction_tokens: Option<u64>,
    /// Predicted tokens that were rejected.
    pub rejected_prediction_tokens: Option<u64>,
    /// Tokens of the prompt that describe tool use.
    pub tool_use_prompt_tokens: Option<u64>,
}

const PROMPT: &[&str] = &[
    "prompt_tokens",
    "input_tokens",
    "promptTokenCount",
    "inputTokens",
    "input_token_count",
];
/// Under these keys the vendors that list cached tokens apart leave them out of the prompt.
const DISJOINT_PROMPT: &[&str] = &["input_tokens", "inputTokens"];
/// The tokens listed apart.
const DISJOINT_CACHE: &[&str] = &[
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
];
const COMPLETION: &[&str] = &[
    "completion_tokens",
    "output_tokens",
    "candidatesTokenCount",
    "outputTokens",
    "generated_token_count",
];
const TOTAL: &[&str] = &["total_tokens", "totalTokenCount", "totalTokens"];
const CACHE_READ: &[&str] = &[
    "cache_read_input_tokens",
    "prompt_cache_hit_tokens",
    "cachedContentTokenCount",
    "cacheReadInputTokens",
    "cached_tokens",
];
const CACHE_WRITE: &[&str] = &["cache_creation_input_tokens", "cacheWriteInputTokens"];
const PROMPT_DETAILS: &[&str] = &["prompt_tokens_details", "input_tokens_details"];
const COMPLETION_DETAILS: &[&str] = &["completion_tokens_details", "output_tokens_details"];

impl Usage {
    /// Whether the text is an object with members, so that it counts as a report.
    pub(crate) fn is_reported(text: &str) -> bool {
        let members = text
            .trim_ascii_start()
            .strip_prefix('{')
            .map(str::trim_ascii_start);
        members.is_some_and(|members| !members.starts_with('}'))
    }

    /// Reads a usage object; none if the text is no object or has no members.
    pub fn parse(text: &str) -> Option<Self> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) if !members.is_empty() => Some(Self::of(&members)),
            _ => None,
        }
    }

    /// Reads the members of a usage object.
    pub fn of(members: &Map<String, Value>) -> Self {
        let report = Report::new(members);
        let count = |keys: &[&str]| report.first(keys).and_then(|(_, value)| as_count(value));
        let detail = |groups: &[&str], key: &str| report.detail(groups, key).and_then(as_count);
        let (prompt_tokens, prompt_uncached_tokens) = report.prompt();
        Self {
            prompt_tokens,
            prompt_uncached_tokens,
            completion_tokens: count(COMPLETION),
            total_tokens: count(TOTAL),
            reasoning_tokens: match report.detail(COMPLETION_DETAILS, "reasoning_tokens") {
                Some(value) => as_count(value),
                None => count(&["thoughtsTokenCount"]),
            },
            // A null detail does not hide the top level here, unlike everywhere else.
            prompt_cache_read_tokens: detail(PROMPT_DETAILS, "cached_tokens")
                .or_else(|| count(CACHE_READ)),
            prompt_cache_write_tokens: count(CACHE_WRITE),
            prompt_cache_miss_tokens: count(&["prompt_cache_miss_tokens"]),
            prompt_audio_tokens: detail(PROMPT_DETAILS, "audio_tokens"),
            prompt_audio_seconds: report
                .first(&["prompt_audio_seconds"])
                .and_then(|(_, value)| value.as_f64()),
            completion_audio_tokens: detail(COMPLETION_DETAILS, "audio_tokens"),
            accepted_prediction_tokens: detail(COMPLETION_DETAILS, "accepted_prediction_tokens"),
            rejected_prediction_tokens: detail(COMPLETION_DETAILS, "rejected_prediction_tokens"),
            tool_use_prompt_tokens: count(&["toolUsePromptTokenCount"]),
        }
    }
}

/// A usage object whose envelopes are opened: their members are as good as those at the top, which
/// come first.
struct Report<'u> {
    /// The object itself and the envelopes, in the order in which they are looked through.
    levels: [Option<&'u Map<String, Value>>; 4],
    /// `meta`, of which `cached_tokens` alone is lifted.
    meta: Option<&'u Map<String, Value>>,
}

impl<'u> Report<'u> {
    fn new(members: &'u Map<String, Value>) -> Self {
        let object = |value: Option<&'u Value>| value.and_then(Value::as_object);
        let meta = object(members.get("meta"));
        let levels = [
            Some(members),
            object(members.get("usageMetadata")),
            object(meta.and_then(|meta| meta.get("tokens"))),
            object(members.get("tokens")),
        ];
        Self { levels, meta }
    }

    fn get(&self, key: &str) -> Option<&'u Value> {
        let mut levels = self.levels.iter().flatten();
        let found = levels.find_map(|level| member(level, key));
        found.or_else(|| self.meta.filter(|_| key == "cached_tokens")?.get(key))
    }

    /// The first key that is present, and its value.
    fn first<'k>(&self, keys: &[&'k str]) -> Option<(&'k str, &'u Value)> {
        keys.iter()
            .find_map(|key| self.get(key).map(|value| (*key, value)))
    }

    /// The key in the first group that has it.
    fn detail(&self, groups: &[&str], key: &str) -> Option<&'u Value> {
        groups
            .iter()
            .find_map(|group| member(self.get(group)?.as_object()?, key))
    }

    /// All tokens of the prompt, and those that no cache had a part in.
    fn prompt(&self) -> (Option<u64>, Option<u64>) {
        let Some((key, value)) = self.first(PROMPT) else {
            return (None, None);
        };
        let Some(reported) = as_count(value) else {
            return (None, None);
        };
        let is_disjoint = DISJOINT_PROMPT.contains(&key)
            && DISJOINT_CACHE.iter().any(|key| self.get(key).is_some());
        if !is_disjoint {
            return (Some(reported), None);
        }
        let cached = DISJOINT_CACHE
            .iter()
            .filter_map(|key| self.get(key).and_then(as_count));
        (
            Some(cached.fold(reported, u64::saturating_add)),
            Some(reported),
        )
    }
}

/// A member of an object. Reports are short and asked for many keys, so that comparing names beats
/// hashing them.
fn member<'u>(members: &'u Map<String, Value>, key: &str) -> Option<&'u Value> {
    const SHORT: usize = 16;
    if members.len() > SHORT {
        return members.get(key);
    }
    let mut members = members.iter();
    members
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}

/// A count: a number that is whole and not negative, even if written with a point.
fn as_count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        let is_count = number >= 0.0 && number.fract() == 0.0 && number <= u64::MAX as f64;
        is_count.then_some(number as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Usage {
        Usage::parse(text).unwrap()
    }

    #[test]
    fn every_vendor_is_read_into_one_vocabulary() {
        let expected = Usage {
            prompt_tokens: Some(3),
            completion_tokens: Some(2),
            total_tokens: Some(5),
            ..Usage::default()
        };
        for text in [
            r#"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#,
            r#"{"input_tokens":3,"output_tokens":2,"total_tokens":5}"#,
            r#"{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}"#,
            r#"{"inputTokens":3,"outputTokens":2,"totalTokens":5}"#,
            r#"{"input_token_count":3,"generated_token_count":2,"total_tokens":5}"#,
            r#"{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}"#,
            r#"{"meta":{"tokens":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}}"#,
            r#"{"tokens":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}"#,
            r#"{"prompt_tokens":3.0,"completion_tokens":2,"total_tokens":5}"#,
        ] {
            assert_eq!(usage(text), expected, "{text}");
        }
    }

    #[test]
    fn cached_tokens_that_are_listed_apart_are_added_to_the_prompt() {
        for (text, prompt, uncached, read) in [
            (
                r#"{"input_tokens":10,"cache_read_input_tokens":4,"cache_creation_input_tokens":null}"#,
                Some(14),
                Some(10),
                Some(4),
            ),
            (
                r#"{"inputTokens":10,"cacheWriteInputTokens":3}"#,
                Some(13),
                Some(10),
                None,
            ),
            (
                r#"{"input_tokens":10,"cache_read_input_tokens":null}"#,
                Some(10),
                Some(10),
                None,
            ),
            (
                r#"{"input_tokens":10,"input_tokens_details":{"cached_tokens":4}}"#,
                Some(10),
                None,
                Some(4),
            ),
            (
                r#"{"prompt_tokens":10,"cache_read_input_tokens":4}"#,
                Some(10),
                None,
                Some(4),
            ),
        ] {
            let usage = usage(text);
            assert_eq!(
                (
                    usage.prompt_tokens,
                    usage.prompt_uncached_tokens,
                    usage.prompt_cache_read_tokens
                ),
                (prompt, uncached, read),
                "{text}"
            );
        }
    }

    #[test]
    fn the_first_key_that_is_present_decides_even_if_it_is_null() {
        assert_eq!(
            usage(r#"{"prompt_tokens":null,"input_tokens":5}"#).prompt_tokens,
            None
        );
        let shadowed = r#"{"cache_read_input_tokens":null,"cached_tokens":2}"#;
        assert_eq!(usage(shadowed).prompt_cache_read_tokens, None);
        let top_wins = r#"{"usageMetadata":{"promptTokenCount":3},"promptTokenCount":9}"#;
        assert_eq!(usage(top_wins).prompt_tokens, Some(9));
    }

    #[test]
    fn a_null_cache_detail_falls_through_and_a_zero_reasoning_detail_does_not() {
        for (text, expected) in [
            (
                r#"{"prompt_tokens_details":{"cached_tokens":null},"cached_tokens":6}"#,
                Some(6),
            ),
            (
                r#"{"prompt_tokens_details":{"cached_tokens":0},"cached_tokens":6}"#,
                Some(0),
            ),
            (r#"{"meta":{"cached_tokens":7,"tokens":{}}}"#, Some(7)),
        ] {
            assert_eq!(usage(text).prompt_cache_read_tokens, expected, "{text}");
        }
        for (text, expected) in [
            (
                r#"{"completion_tokens_details":{"reasoning_tokens":0},"thoughtsTokenCount":5}"#,
                Some(0),
            ),
            (
                r#"{"completion_tokens_details":{},"thoughtsTokenCount":5}"#,
                Some(5),
            ),
            (
                r#"{"completion_tokens_details":null,"output_tokens_details":{"reasoning_tokens":3}}"#,
                Some(3),
            ),
            (
                r#"{"completion_tokens_details":{"reasoning_tokens":null},"output_tokens_details":{"reasoning_tokens":3}}"#,
                None,
            ),
        ] {
            assert_eq!(usage(text).reasoning_tokens, expected, "{text}");
        }
    }

    #[test]
    fn the_remaining_counts_have_one_home_each() {
        let usage = usage(
            r#"{"completion_tokens_details":{"accepted_prediction_tokens":1,
                "rejected_prediction_tokens":2,"audio_tokens":3},
                "prompt_tokens_details":{"audio_tokens":4},"prompt_cache_miss_tokens":5,
                "cache_creation_input_tokens":6,"toolUsePromptTokenCount":7,
                "prompt_audio_seconds":1.5}"#,
        );
        assert_eq!(usage.accepted_prediction_tokens, Some(1));
        assert_eq!(usage.rejected_prediction_tokens, Some(2));
        assert_eq!(usage.completion_audio_tokens, Some(3));
        assert_eq!(usage.prompt_audio_tokens, Some(4));
        assert_eq!(usage.prompt_cache_miss_tokens, Some(5));
        assert_eq!(usage.prompt_cache_write_tokens, Some(6));
        assert_eq!(usage.tool_use_prompt_tokens, Some(7));
        assert_eq!(usage.prompt_audio_seconds, Some(1.5));
    }

    #[test]
    fn a_report_may_have_many_members() {
        let others = (0..40).map(|index| format!("\"x{index}\":null,"));
        let text = format!("{{{}\"prompt_tokens\":3}}", others.collect::<String>());
        assert_eq!(usage(&text).prompt_tokens, Some(3));
    }

    #[test]
    fn values_that_are_no_counts_are_absent() {
        for text in [
            r#"{"prompt_tokens":"5"}"#,
            r#"{"prompt_tokens":-1}"#,
            r#"{"prompt_tokens":1.5}"#,
            r#"{"prompt_tokens":true}"#,
            r#"{"prompt_audio_seconds":{}}"#,
            r#"{"prompt_audio_seconds":true}"#,
        ] {
            assert_eq!(usage(text), Usage::default(), "{text}");
        }
    }

    #[test]
    fn only_an_object_with_members_is_a_report() {
        for text in ["{}", " { } ", "null", "[]", "7", "\"x\"", ""] {
            assert!(!Usage::is_reported(text), "{text}");
            assert_eq!(Usage::parse(text), None, "{text}");
        }
        assert!(Usage::is_reported(" {\"a\":1}"));
    }
}
