use super::*;

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut names: Vec<_> = all().map(|rule| rule.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
