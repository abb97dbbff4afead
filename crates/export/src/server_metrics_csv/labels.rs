//! Which column a label gets: labels that occur together stand together, so that rows have few gaps.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

/// The columns. Labels that are linked by common rows are a family; families are in the order of
/// their first label, and within a family labels of a single row come before those of several.
pub(super) fn column_order<'a>(
    rows: impl Iterator<Item = impl Iterator<Item = &'a str>>,
) -> Vec<String> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut families: Vec<BTreeSet<&str>> = Vec::new();
    let mut seen: BTreeSet<Vec<&str>> = BTreeSet::new();
    for row in rows {
        let mut labels: Vec<&str> = row.collect();
        labels.sort_unstable();
        for label in &labels {
            *uses.entry(label).or_default() += 1;
        }
        if labels.is_empty() || !seen.insert(labels.clone()) {
            continue;
        }
        let mut joined: BTreeSet<&str> = labels.into_iter().collect();
        families.retain(|family| {
            let is_linked = !family.is_disjoint(&joined);
            if is_linked {
                joined.extend(family);
            }
            !is_linked
        });
        families.push(joined);
    }
    families.sort();
    let is_shared = |label: &&str| uses.get(*label).is_some_and(|&rows| rows > 1);
    let mut columns = Vec::new();
    for family in &families {
        let (shared, own): (Vec<&str>, Vec<&str>) = family.iter().copied().partition(is_shared);
        columns.extend(own.into_iter().chain(shared).map(str::to_owned));
    }
    columns
}

/// Which columns a row fills, as a text of ones and zeros.
pub(super) fn pattern(columns: &[String], labels: Option<&IndexMap<String, String>>) -> String {
    let has = |column: &String| labels.is_some_and(|labels| labels.contains_key(column));
    let mark = |column| if has(column) { '1' } else { '0' };
    columns.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_labels_stand_together() {
        let rows = [
            vec!["model_name", "finished_reason"],
            vec!["model_name", "finished_reason"],
            vec!["model_name", "engine"],
            vec!["zone"],
            vec!["area"],
            vec![],
        ];
        let order = column_order(rows.iter().map(|row| row.iter().copied()));
        assert_eq!(
            order,
            ["area", "engine", "finished_reason", "model_name", "zone"]
        );
    }
}
