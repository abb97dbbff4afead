//! Keys have two spellings: `grace_period` and `gracePeriod`.

use super::node::{Entries, Entry, Node};

/// The second spelling of a key: `grace_period` becomes `gracePeriod`.
pub(crate) fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// The first spelling of a key: `gracePeriod` becomes `grace_period`.
pub(crate) fn snake(camel: &str) -> String {
    let mut name = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The entry of a key in either spelling.
pub(crate) fn find<'a>(entries: &'a Entries, snake: &str) -> Option<&'a Entry> {
    entries
        .entry(snake)
        .or_else(|| entries.entry(&camel(snake)))
}

/// The spelling in which a key is there; the first one where it is not.
pub(crate) fn spelling(entries: &Entries, snake: &str) -> String {
    find(entries, snake).map_or_else(|| snake.to_owned(), |entry| entry.key.clone())
}

/// Takes a key out in whatever spelling it is there.
pub(crate) fn take(entries: &mut Entries, snake: &str) -> Option<Node> {
    let key = spelling(entries, snake);
    entries.remove(&key)
}

/// The key that was probably meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let bare = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let wanted = bare(typed);
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &bare(name)), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_spelling_is_lower_camel() {
        for (snake, expected) in [
            ("model", "model"),
            ("grace_period", "gracePeriod"),
            ("reset_kv_cache", "resetKvCache"),
            ("mean_ms", "meanMs"),
        ] {
            assert_eq!(camel(snake), expected);
            assert_eq!(super::snake(expected), snake);
        }
    }

    #[test]
    fn the_nearest_key_is_suggested_and_nothing_far_away() {
        let known = ["streaming", "timeout", "grace_period"];
        assert_eq!(nearest("steaming", known), Some("streaming".into()));
        assert_eq!(nearest("graceperiods", known), Some("grace_period".into()));
        assert_eq!(nearest("x", known), None);
    }
}
