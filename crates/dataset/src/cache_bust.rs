//! Marks that make every session's prompt new to a server's prefix cache (`--cache-bust`).
//!
//! A mark is put into a conversation when a session begins to play it, before bodies are made.

use aiperf_endpoint::conversation::{Conversation, Media, Turn};
use aiperf_tokenizer::Tokenizer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Characters of a mark's number.
const HEX_DIGITS: usize = 12;

/// Marks whose mean length is taken for the length of all.
const SAMPLES: u64 = 8;

const WARMUP_MARK: &str = "[warmup]\n\n";

/// Where marks go, and in which phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheBust {
    /// Before the system prompt.
    SystemPrefix,
    /// Behind the system prompt.
    SystemSuffix,
    /// Before the first user message.
    FirstTurnPrefix,
    /// Behind the first user message.
    FirstTurnSuffix,
    /// Before the system prompt, in the warmup only: it leaves nothing in the cache for the
    /// measured phase.
    WarmupIsolationSystem,
    /// Before the first user message, in the warmup only.
    WarmupIsolationFirstTurn,
}

impl CacheBust {
    /// All of them, by the names of `--cache-bust`.
    pub const NAMED: [(&'static str, Self); 6] = [
        ("system_prefix", Self::SystemPrefix),
        ("system_suffix", Self::SystemSuffix),
        ("first_turn_prefix", Self::FirstTurnPrefix),
        ("first_turn_suffix", Self::FirstTurnSuffix),
        ("warmup_isolation_system", Self::WarmupIsolationSystem),
        (
            "warmup_isolation_first_turn",
            Self::WarmupIsolationFirstTurn,
        ),
    ];

    /// Whether the mark goes to the system prompt, where there is one.
    pub fn marks_system_prompt(self) -> bool {
        matches!(
            self,
            Self::SystemPrefix | Self::SystemSuffix | Self::WarmupIsolationSystem
        )
    }

    /// Whether only requests of the warmup are marked.
    pub fn is_for_warmup(self) -> bool {
        matches!(
            self,
            Self::WarmupIsolationSystem | Self::WarmupIsolationFirstTurn
        )
    }

    fn is_prefix(self) -> bool {
        !matches!(self, Self::SystemSuffix | Self::FirstTurnSuffix)
    }

    /// The mark of one session, `[rid:<12 hex digits>]` and a blank line. `pass` and `index` are
    /// both the session's number, except where traces are replayed in lanes: there they are the
    /// number of the replay and of the lane. Warmup marks are all the same.
    pub fn mark(self, benchmark_id: &str, pass: u64, index: u64, conversation_id: &str) -> String {
        if self.is_for_warmup() {
            return WARMUP_MARK.to_owned();
        }
        let digest = Sha256::digest(format!("{benchmark_id}:{pass}:{index}:{conversation_id}"));
        let mut digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.truncate(HEX_DIGITS);
        if self.is_prefix() {
            format!("[rid:{digits}]\n\n")
        } else {
            format!("\n\n[rid:{digits}]")
        }
    }

    /// Tokens of a mark: the rounded mean of some. Warmup marks are not in measured requests, so
    /// they count nothing.
    pub fn mark_tokens(self, tokenizer: &Tokenizer) -> usize {
        if self.is_for_warmup() {
            return 0;
        }
        let lengths = (0..SAMPLES)
            .map(|number| tokenizer.count(&self.mark("sample", number, number, "sample")));
        (lengths.sum::<usize>() as f64 / SAMPLES as f64).round_ties_even() as usize
    }

    /// Puts the mark into a conversation; false if there is no place for it. Doing it twice is the
    /// same as doing it once.
    pub fn apply(self, conversation: &mut Conversation, mark: &str) -> bool {
        if self.marks_system_prompt() {
            let blocks = conversation
                .turns
                .iter_mut()
                .filter_map(|turn| turn.raw_system.as_mut());
            let mut marked = false;
            for blocks in blocks {
                self.add_part(blocks, mark);
                marked = true;
            }
            if marked {
                return true;
            }
            if let Some(system) = &mut conversation.system_message {
                self.add_text(system, mark);
                return true;
            }
            if let Some(message) = system_message(effective(&mut conversation.turns)) {
                return self.add_to_message(message, mark);
            }
        }
        self.mark_first_user_message(effective(&mut conversation.turns), mark)
    }

    fn mark_first_user_message(self, turns: &mut [Turn], mark: &str) -> bool {
        let is_user = |message: &Value| message.get("role").and_then(Value::as_str) == Some("user");
        let position = turns.iter().position(|turn| match &turn.raw_messages {
            Some(messages) if !messages.is_empty() => messages.iter().any(is_user),
            _ => !turn.texts.is_empty(),
        });
        let empty = || {
            turns
                .iter()
                .position(|turn| turn.raw_messages.as_ref().is_none_or(Vec::is_empty))
        };
        let Some(position) = position.or_else(empty) else {
            return false;
        };
        let turn = &mut turns[position];
        if let Some(messages) = turn
            .raw_messages
            .as_mut()
            .filter(|messages| !messages.is_empty())
        {
            return messages
                .iter_mut()
                .find(|message| is_user(message))
                .is_some_and(|message| self.add_to_message(message, mark));
        }
        match turn.texts.first_mut() {
            None => turn.texts.push(Media::unnamed(mark)),
            Some(media) => match media.contents.first_mut() {
                None => media.contents.push(mark.to_owned()),
                Some(text) => self.add_text(text, mark),
            },
        }
        true
    }

    fn add_to_message(self, message: &mut Value, mark: &str) -> bool {
        match message.get_mut("content") {
            Some(Value::String(text)) => self.add_text(text, mark),
            Some(Value::Array(parts)) => self.add_part(parts, mark),
            _ => return false,
        }
        true
    }

    fn add_text(self, text: &mut String, mark: &str) {
        if self.is_prefix() {
            if !text.starts_with(mark) {
                text.insert_str(0, mark);
            }
        } else if !text.ends_with(mark) {
            text.push_str(mark);
        }
    }

    /// A list of parts gets a part of its own.
    fn add_part(self, parts: &mut Vec<Value>, mark: &str) {
        let part = json!({"type": "text", "text": mark.trim()});
        if self.is_prefix() {
            if parts.first() != Some(&part) {
                parts.insert(0, part);
            }
        } else if parts.last() != Some(&part) {
            parts.push(part);
        }
    }
}

/// The turns from the last one that forgets what came before.
fn effective(turns: &mut [Turn]) -> &mut [Turn] {
    let start = turns
        .iter()
        .rposition(|turn| turn.reset_context && turn.raw_messages.is_some());
    &mut turns[start.unwrap_or(0)..]
}

fn system_message(turns: &mut [Turn]) -> Option<&mut Value> {
    turns
        .iter_mut()
        .filter_map(|turn| turn.raw_messages.as_mut()?.first_mut())
        .find(|message| message.get("role").and_then(Value::as_str) == Some("system"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(system: Option<&str>) -> Conversation {
        Conversation {
            id: "c".into(),
            system_message: system.map(str::to_owned),
            turns: vec![Turn::text("hello"), Turn::text("again")],
            ..Conversation::default()
        }
    }

    fn first_text(conversation: &Conversation) -> &str {
        &conversation.turns[0].texts[0].contents[0]
    }

    #[test]
    fn marks_are_the_start_of_a_digest_of_what_they_depend_on() {
        // sha256("bench:3:4:trace") begins with these digits.
        let digest = Sha256::digest(b"bench:3:4:trace");
        let digits: String = digest[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            CacheBust::SystemPrefix.mark("bench", 3, 4, "trace"),
            format!("[rid:{digits}]\n\n")
        );
        assert_eq!(
            CacheBust::FirstTurnSuffix.mark("bench", 3, 4, "trace"),
            format!("\n\n[rid:{digits}]")
        );
        assert_eq!(
            CacheBust::WarmupIsolationSystem.mark("bench", 3, 4, "trace"),
            "[warmup]\n\n"
        );
    }

    #[test]
    fn marks_go_to_their_place_and_only_once() {
        for (target, system, expected_system, expected_text) in [
            (
                CacheBust::SystemPrefix,
                Some("be brief"),
                Some("M\n\nbe brief"),
                "hello",
            ),
            (
                CacheBust::SystemSuffix,
                Some("be brief"),
                Some("be briefM\n\n"),
                "hello",
            ),
            (CacheBust::SystemPrefix, None, None, "M\n\nhello"),
            (CacheBust::SystemSuffix, None, None, "helloM\n\n"),
            (
                CacheBust::FirstTurnPrefix,
                Some("be brief"),
                Some("be brief"),
                "M\n\nhello",
            ),
            (
                CacheBust::FirstTurnSuffix,
                Some("be brief"),
                Some("be brief"),
                "helloM\n\n",
            ),
            (
                CacheBust::WarmupIsolationSystem,
                Some("be brief"),
                Some("M\n\nbe brief"),
                "hello",
            ),
            (
                CacheBust::WarmupIsolationFirstTurn,
                None,
                None,
                "M\n\nhello",
            ),
        ] {
            let mut marked = conversation(system);
            assert!(target.apply(&mut marked, "M\n\n") && target.apply(&mut marked, "M\n\n"));
            assert_eq!(
                marked.system_message.as_deref(),
                expected_system,
                "{target:?}"
            );
            assert_eq!(first_text(&marked), expected_text, "{target:?}");
            assert_eq!(marked.turns[1], Turn::text("again"), "{target:?}");
        }
    }

    #[test]
    fn ready_made_messages_are_marked_inside_and_lists_get_a_part() {
        let with_messages = |messages: Value| Conversation {
            turns: vec![Turn {
                raw_messages: messages.as_array().cloned(),
                ..Turn::default()
            }],
            ..Conversation::default()
        };
        let mut texts = with_messages(
            json!([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]),
        );
        CacheBust::SystemPrefix.apply(&mut texts, "M\n\n");
        CacheBust::FirstTurnSuffix.apply(&mut texts, "\n\nE");
        let messages = texts.turns[0].raw_messages.as_ref().unwrap();
        assert_eq!(messages[0]["content"], "M\n\ns");
        assert_eq!(messages[1]["content"], "u\n\nE");

        let mut parts =
            with_messages(json!([{"role": "user", "content": [{"type": "text", "text": "u"}]}]));
        for _ in 0..2 {
            assert!(CacheBust::SystemSuffix.apply(&mut parts, "\n\nM"));
        }
        assert_eq!(
            parts.turns[0].raw_messages.as_ref().unwrap()[0]["content"],
            json!([{"type": "text", "text": "u"}, {"type": "text", "text": "M"}])
        );
    }

    #[test]
    fn blocks_of_a_system_prompt_come_before_everything() {
        let mut conversation = conversation(Some("be brief"));
        conversation.turns[1].raw_system = Some(vec![json!({"type": "text", "text": "block"})]);
        CacheBust::SystemPrefix.apply(&mut conversation, "M\n\n");
        assert_eq!(conversation.system_message.as_deref(), Some("be brief"));
        let blocks = conversation.turns[1].raw_system.as_ref().unwrap();
        assert_eq!(blocks[0], json!({"type": "text", "text": "M"}));
    }

    #[test]
    fn a_turn_that_forgets_the_history_takes_the_mark() {
        let mut conversation = conversation(None);
        conversation.turns[1] = Turn {
            raw_messages: Some(vec![json!({"role": "user", "content": "new"})]),
            reset_context: true,
            ..Turn::default()
        };
        CacheBust::FirstTurnPrefix.apply(&mut conversation, "M\n\n");
        assert_eq!(first_text(&conversation), "hello");
        assert_eq!(
            conversation.turns[1].raw_messages.as_ref().unwrap()[0]["content"],
            "M\n\nnew"
        );
    }

    #[test]
    fn no_turns_no_place() {
        assert!(!CacheBust::FirstTurnPrefix.apply(&mut Conversation::default(), "M"));
    }

    #[test]
    fn a_mark_costs_its_tokens_and_a_warmup_mark_nothing() {
        let tokenizer = Tokenizer::builtin();
        let cost = CacheBust::FirstTurnPrefix.mark_tokens(&tokenizer);
        let one = tokenizer.count(&CacheBust::FirstTurnPrefix.mark("b", 1, 1, "c"));
        assert!(cost.abs_diff(one) <= 4 && cost > 5, "{cost} {one}");
        assert_eq!(CacheBust::WarmupIsolationSystem.mark_tokens(&tokenizer), 0);
    }
}
