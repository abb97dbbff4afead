//! Comma-separated lists.

/// The items of one word: split at commas and trimmed. Empty items stay, so that whoever stores
/// them can say that a name is missing.
pub(super) fn items(word: &str) -> impl Iterator<Item = String> {
    word.split(',').map(|item| item.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_trimmed_and_empty_ones_survive() {
        assert_eq!(items(" a , b,,c").collect::<Vec<_>>(), ["a", "b", "", "c"]);
        assert_eq!(items("").collect::<Vec<_>>(), [""]);
    }
}
