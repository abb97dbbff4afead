//! Which known word a mistyped one was meant to be.

/// Below this Jaro-Winkler similarity a suggestion confuses more than it helps.
const ENOUGH: f64 = 0.8;

/// The word among `known` that `typed` resembles most; `None` where none is much like it. Case does
/// not matter, nor whether words are joined by `-` or `_`.
pub fn nearest_word<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = comparable(typed);
    let scored = known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(&typed, &comparable(word)), word));
    let (similarity, word) = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (similarity >= ENOUGH).then_some(word)
}

fn comparable(word: &str) -> String {
    word.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["completions", "chat", "chat_embeddings"];
        for (typed, expected) in [
            ("caht", Some("chat")),
            ("Chat", Some("chat")),
            ("completion", Some("completions")),
            ("chat-embedding", Some("chat_embeddings")),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(nearest_word(typed, known), expected, "{typed}");
        }
        assert_eq!(nearest_word("chat", []), None);
    }
}
