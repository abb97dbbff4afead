//! Models, categories, and a figure for each pair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aiperf_export::console::{Align, Cell, Column, Table};
use anyhow::Result;

/// Families of categories, each in the order in which it is read; all that there are belong to one of
/// them, or they stand in alphabetical order.
const FAMILIES: [&[&str]; 3] = [
    &[
        "coding",
        "humanities",
        "math",
        "multilingual",
        "qa",
        "rag",
        "reasoning",
        "roleplay",
        "stem",
        "summarization",
        "writing",
    ],
    &["low_entropy", "mixed", "high_entropy"],
    &["gsm8k", "math500", "mtbench", "humaneval", "mbpp"],
];

struct Entry {
    run: PathBuf,
    value: Option<f64>,
}

#[derive(Default)]
pub(super) struct Matrix {
    models: BTreeMap<String, BTreeMap<String, Entry>>,
}

impl Matrix {
    /// Notes the figure of a run. Tells which run had the place before.
    pub(super) fn set(
        &mut self,
        model: &str,
        category: &str,
        run: &Path,
        value: Option<f64>,
    ) -> Option<PathBuf> {
        let entry = Entry {
            run: run.to_owned(),
            value,
        };
        let categories = self.models.entry(model.to_owned()).or_default();
        let earlier = categories.insert(category.to_owned(), entry);
        earlier.map(|entry| entry.run)
    }

    /// Whether there is no figure at all.
    pub(super) fn is_empty(&self) -> bool {
        let mut entries = self.models.values().flat_map(BTreeMap::values);
        entries.all(|entry| entry.value.is_none())
    }

    fn categories(&self) -> Vec<&str> {
        let present: BTreeSet<&str> = self
            .models
            .values()
            .flat_map(|categories| categories.keys().map(String::as_str))
            .collect();
        let holds_all = |family: &&&[&str]| present.iter().all(|name| family.contains(name));
        match FAMILIES.iter().find(holds_all) {
            Some(family) => {
                let names = family.iter().copied();
                names.filter(|name| present.contains(name)).collect()
            }
            None => present.into_iter().collect(),
        }
    }

    /// Each model with its figures in the order of the categories, and their mean at the end.
    fn rows(&self) -> impl Iterator<Item = (&str, Vec<Option<f64>>)> {
        let categories = self.categories();
        self.models.iter().map(move |(model, entries)| {
            let value = |category: &&str| entries.get(*category)?.value;
            let mut values: Vec<Option<f64>> = categories.iter().map(value).collect();
            let known: Vec<f64> = values.iter().copied().flatten().collect();
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            values.push((!known.is_empty()).then_some(mean));
            (model.as_str(), values)
        })
    }

    fn headings(&self) -> Vec<&str> {
        [vec!["Model"], self.categories(), vec!["Overall"]].concat()
    }

    /// The file; lines end as those of the reference.
    pub(super) fn csv(&self) -> Result<String> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        writer.write_record(self.headings())?;
        for (model, values) in self.rows() {
            writer.write_field(model)?;
            for value in values {
                writer.write_field(shown(value, ""))?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }

    pub(super) fn table(&self, title: &str) -> Table {
        let columns = self.headings().into_iter().enumerate();
        let columns = columns.map(|(place, heading)| {
            let align = if place == 0 {
                Align::Left
            } else {
                Align::Right
            };
            Column::new(heading, align)
        });
        let mut table = Table::new(title, columns.collect());
        for (model, values) in self.rows() {
            let values = values
                .into_iter()
                .map(|value| Cell::from(shown(value, "-")));
            table.push([Cell::from(model)].into_iter().chain(values).collect());
        }
        table
    }
}

fn shown(value: Option<f64>, absent: &str) -> String {
    value.map_or(absent.to_owned(), |value| format!("{value:.2}"))
}

#[cfg(test)]
mod tests {
    use aiperf_export::console::Paints;

    use super::*;

    fn matrix(entries: &[(&str, &str, Option<f64>)]) -> Matrix {
        let mut matrix = Matrix::default();
        for (model, category, value) in entries {
            matrix.set(model, category, Path::new(category), *value);
        }
        matrix
    }

    #[test]
    fn columns_are_in_the_order_of_their_family() {
        for (categories, expected) in [
            (
                &["writing", "coding", "qa"][..],
                &["coding", "qa", "writing"][..],
            ),
            (
                &["high_entropy", "low_entropy"],
                &["low_entropy", "high_entropy"],
            ),
            (&["mbpp", "gsm8k"], &["gsm8k", "mbpp"]),
            (&["mbpp", "coding"], &["coding", "mbpp"]),
            (&["throughput_8k", "coding"], &["coding", "throughput_8k"]),
        ] {
            let entries: Vec<_> = categories.iter().map(|name| ("m", *name, None)).collect();
            assert_eq!(matrix(&entries).categories(), expected);
        }
    }

    #[test]
    fn rows_end_in_the_mean_of_what_is_there() {
        let matrix = matrix(&[
            ("m1", "math", Some(2.87)),
            ("m1", "coding", Some(2.41)),
            ("a, b", "coding", None),
            ("z", "math", Some(1.0)),
        ]);
        assert_eq!(
            matrix.csv().unwrap(),
            "Model,coding,math,Overall\r\n\"a, b\",,,\r\nm1,2.41,2.87,2.64\r\nz,,1.00,1.00\r\n"
        );
        let table = matrix.table("T").render(60, Paints::Plain);
        assert!(
            table.contains("│ a, b  │      - │    - │       - │"),
            "{table}"
        );
        assert!(!matrix.is_empty());
    }

    #[test]
    fn a_second_run_of_the_same_place_names_the_first() {
        let mut matrix = matrix(&[("m", "qa", Some(1.0))]);
        let earlier = matrix.set("m", "qa", Path::new("second"), Some(2.0));
        assert_eq!(earlier, Some(PathBuf::from("qa")));
        assert!(matrix.csv().unwrap().contains("m,2.00,2.00"));
    }

    #[test]
    fn runs_without_figures_make_no_report() {
        assert!(matrix(&[("m", "qa", None)]).is_empty());
        assert!(Matrix::default().is_empty());
    }
}
