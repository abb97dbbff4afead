//! What each key is for, as editors show it.

/// Sections in brackets, then a line for each key; `*` stands for all sections.
const TABLE: &str = include_str!("descriptions.txt");

/// The description of a key of a section, both in the names of the code.
pub(super) fn of(section: &str, key: &str) -> Option<&'static str> {
    in_section(section, key).or_else(|| in_section("*", key))
}

fn in_section(section: &str, key: &str) -> Option<&'static str> {
    let heading = format!("[{section}]");
    let mut lines = TABLE.lines().skip_while(|line| *line != heading).skip(1);
    let own = lines.by_ref().take_while(|line| !line.starts_with('['));
    own.filter_map(|line| line.split_once(" = "))
        .find(|(name, _)| *name == key)
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_may_say_something_else_than_all_others() {
        assert!(of("PhaseSection", "rate").is_some_and(|text| text.starts_with("Requests in")));
        assert!(of("CancellationSection", "rate").is_some_and(|text| text.contains("percent")));
        assert_eq!(of("AnySection", "urls"), of("*", "urls"));
        assert_eq!(of("PhaseSection", "nothing"), None);
    }

    #[test]
    fn every_line_is_a_heading_or_a_sentence_about_a_key() {
        let said = |line: &&str| !line.is_empty() && !line.starts_with(['#', '[']);
        for line in TABLE.lines().filter(said) {
            let text = line.split_once(" = ").map(|(_, text)| text);
            assert!(text.is_some_and(|text| text.ends_with('.')), "{line}");
        }
    }
}
