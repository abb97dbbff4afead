use std::collections::BTreeSet;

use super::*;

#[test]
fn every_rule_has_a_name_of_its_own() {
    let names: Vec<_> = all().into_iter().map(|(name, _)| name).collect();
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

/// The examples themselves are run beside the rules.
#[test]
fn every_rule_has_an_example_for_whoever_can_break_it() {
    let has = |examples: &[Example], name| examples.iter().any(|example| example.rule == name);
    for (name, scope) in all() {
        let by_flags = has(crate::profile::RULE_EXAMPLES, name);
        let by_files = has(crate::document::RULE_EXAMPLES, name);
        assert_eq!(by_flags, scope != Scope::Files, "{name}");
        assert_eq!(by_files, scope != Scope::Flags, "{name}");
    }
}

#[test]
fn every_example_is_about_a_rule() {
    let known: BTreeSet<_> = all().into_iter().map(|(name, _)| name).collect();
    for example in crate::profile::RULE_EXAMPLES
        .iter()
        .chain(crate::document::RULE_EXAMPLES)
    {
        assert!(known.contains(example.rule), "{}", example.rule);
    }
}

#[test]
fn the_page_has_every_rule() {
    let page = reference_markdown();
    for (name, _) in all() {
        assert!(page.contains(&format!("**{name}**")), "{name}");
    }
}
