//! What a chat template adds around a text, so that prompts can be that much shorter.

use aiperf_tokenizer::Tokenizer;
use serde_json::json;

/// Texts that are rendered to see what is added.
const PROBES: [&str; 3] = [
    "The harbour is quiet this morning.",
    "A short line of plain words.",
    "Seven lamps stood on the long table.",
];

/// Tokens that a server's chat template adds. The lengths of synthetic prompts are reduced by it
/// where lengths shall count the whole rendered request (`--apply-chat-template`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TemplateOverhead {
    /// Once for each request.
    pub fixed: usize,
    /// For each message.
    pub each_message: usize,
}

impl TemplateOverhead {
    /// What the tokenizer's own chat template adds; nothing without one.
    pub fn of(tokenizer: &Tokenizer) -> Self {
        Self::measured(tokenizer, |messages| {
            let messages: Vec<_> = messages
                .iter()
                .map(|(role, content)| json!({"role": role, "content": content}))
                .collect();
            tokenizer.count_chat(&messages)
        })
    }

    /// Finds it out. `rendered_tokens` counts the tokens of a conversation, given as pairs of role
    /// and content, rendered with the opening of an answer; none if it cannot be rendered, and
    /// then nothing is added.
    pub fn measured(
        tokenizer: &Tokenizer,
        rendered_tokens: impl Fn(&[(&str, &str)]) -> Option<usize>,
    ) -> Self {
        Self::try_measured(tokenizer, rendered_tokens).unwrap_or_default()
    }

    fn try_measured(
        tokenizer: &Tokenizer,
        rendered_tokens: impl Fn(&[(&str, &str)]) -> Option<usize>,
    ) -> Option<Self> {
        let special = tokenizer.prompt_special_tokens() as f64;
        let (mut fixed_sum, mut each_sum) = (0.0, 0.0);
        for probe in PROBES {
            let single = rendered_tokens(&[("user", probe)])? as f64;
            let triple =
                rendered_tokens(&[("user", probe), ("assistant", probe), ("user", probe)])? as f64;
            let bare = tokenizer.count(probe) as f64;
            let each = (triple - single - 2.0 * bare) / 2.0;
            let fixed = single - bare - each - special;
            if each < 0.0 || fixed < 0.0 {
                return None;
            }
            fixed_sum += fixed;
            each_sum += each;
        }
        let mean = |sum: f64| (sum / PROBES.len() as f64).round_ties_even() as usize;
        Some(Self {
            fixed: mean(fixed_sum),
            each_message: mean(each_sum),
        })
    }

    /// What comes off the text of a turn.
    pub(crate) fn of_turn(self, turn_index: usize) -> usize {
        self.each_message + if turn_index == 0 { self.fixed } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_template_are_found_from_outside() {
        let tokenizer = Tokenizer::builtin();
        let rendered = |messages: &[(&str, &str)]| {
            let contents: usize = messages
                .iter()
                .map(|message| tokenizer.count(message.1))
                .sum();
            Some(contents + messages.len() * 5 + 4)
        };
        let overhead = TemplateOverhead::measured(&tokenizer, rendered);
        assert_eq!(
            overhead,
            TemplateOverhead {
                fixed: 4,
                each_message: 5
            }
        );
        assert_eq!((overhead.of_turn(0), overhead.of_turn(1)), (9, 5));
    }

    #[test]
    #[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
    fn templates_of_published_tokenizers_add_what_the_reference_takes_off() {
        let folder = std::env::var("AIPERF_TEST_TOKENIZERS")
            .expect("AIPERF_TEST_TOKENIZERS names the folder with the published tokenizers");
        for (name, fixed, each_message) in [("llama3_1", 4, 5), ("qwen3", 3, 5)] {
            let tokenizer = Tokenizer::from_path(format!("{folder}/{name}").as_ref()).unwrap();
            let overhead = TemplateOverhead::of(&tokenizer);
            let expected = TemplateOverhead {
                fixed,
                each_message,
            };
            assert_eq!(overhead, expected, "{name}");
        }
        assert_eq!(
            TemplateOverhead::of(&Tokenizer::builtin()),
            TemplateOverhead::default()
        );
    }

    #[test]
    fn a_template_that_fails_or_takes_away_adds_nothing() {
        let tokenizer = Tokenizer::builtin();
        assert_eq!(
            TemplateOverhead::measured(&tokenizer, |_| None),
            TemplateOverhead::default()
        );
        assert_eq!(
            TemplateOverhead::measured(&tokenizer, |_| Some(1)),
            TemplateOverhead::default()
        );
    }
}
