//! What was measured: values by row and by who reached them, shown as a table or as JSON.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::rows::{ROWS, Row};
use super::setting::Setting;
use super::statistics::median;

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Ours,
    Reference,
    Wrk,
}

impl Who {
    const PEERS: [Self; 2] = [Self::Wrk, Self::Reference];

    fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "aiperf",
            Self::Reference => "reference",
            Self::Wrk => "wrk",
        }
    }
}

/// The values of each round.
#[derive(Default)]
pub(super) struct Figures {
    samples: HashMap<(&'static str, &'static str, Who), Vec<f64>>,
}

impl Figures {
    /// Adds the value of one round to the row `case`/`key`.
    ///
    /// # Panics
    /// There is no such row; a row that is measured but not shown is a slip in this program.
    pub(super) fn add(&mut self, case: &str, key: &str, who: Who, value: f64) {
        let row = ROWS.iter().find(|row| row.case == case && row.key == key);
        let row = row.unwrap_or_else(|| panic!("no row `{key}` of case `{case}`"));
        self.samples
            .entry((row.case, row.key, who))
            .or_default()
            .push(value);
    }

    /// The median over the rounds.
    pub(super) fn median(&self, case: &str, key: &str, who: Who) -> Option<f64> {
        let row = ROWS.iter().find(|row| row.case == case && row.key == key)?;
        self.of(row, who)
    }

    fn of(&self, row: &Row, who: Who) -> Option<f64> {
        self.samples
            .get(&(row.case, row.key, who))
            .map(|values| median(values))
    }

    /// The table for people.
    pub(super) fn table(&self) -> String {
        let mut lines = vec![columns(
            "",
            &[
                "ours",
                "must",
                "aim",
                "reached",
                "wrk",
                "reference",
                "ours/ref.",
            ]
            .map(str::to_owned),
        )];
        let mut case = "";
        for row in ROWS {
            let Some(ours) = self.of(row, Who::Ours) else {
                continue;
            };
            if row.case != case {
                case = row.case;
                lines.push(case.to_owned());
            }
            let limits = row.limits.must_and_aim();
            let shown = |value: Option<f64>| value.map(readable).unwrap_or_default();
            let reached = row.limits.standing(ours).map(|standing| standing.as_str());
            let reference = self.of(row, Who::Reference);
            let title = if row.unit.is_empty() {
                row.title.to_owned()
            } else {
                format!("{} [{}]", row.title, row.unit)
            };
            lines.push(columns(
                &title,
                &[
                    readable(ours),
                    shown(limits.map(|(must, _)| must)),
                    shown(limits.map(|(_, aim)| aim)),
                    reached.unwrap_or_default().to_owned(),
                    shown(self.of(row, Who::Wrk)),
                    shown(reference),
                    shown(reference.map(|reference| ours / reference)),
                ],
            ));
        }
        lines.join("\n")
    }

    /// Everything, with the values of each round.
    pub(super) fn document(&self, setting: &Setting) -> Value {
        let rows: Vec<Value> = ROWS
            .iter()
            .filter_map(|row| self.row_document(row))
            .collect();
        json!({
            "rounds": setting.options.rounds,
            "machine": {
                "processor": processor(),
                "client_core": setting.client_core,
                "server_core": setting.server_core,
                "load_before": setting.load_before,
            },
            "rows": rows,
        })
    }

    fn row_document(&self, row: &Row) -> Option<Value> {
        let ours = self.of(row, Who::Ours)?;
        let mut document = Map::new();
        let mut set = |key: &str, value: Value| document.insert(key.to_owned(), value);
        set("case", row.case.into());
        set("key", row.key.into());
        set("title", row.title.trim().into());
        set("unit", row.unit.into());
        set("value", ours.into());
        if let Some((must, aim)) = row.limits.must_and_aim() {
            set("must", must.into());
            set("aim", aim.into());
        }
        if let Some(standing) = row.limits.standing(ours) {
            set("reached", standing.as_str().into());
        }
        set(
            "rounds",
            json!(self.samples[&(row.case, row.key, Who::Ours)]),
        );
        for peer in Who::PEERS {
            if let Some(value) = self.of(row, peer) {
                let rounds = &self.samples[&(row.case, row.key, peer)];
                let entry = json!({ "value": value, "ours_to_it": ours / value, "rounds": rounds });
                set(peer.as_str(), entry);
            }
        }
        Some(document.into())
    }
}

fn columns(title: &str, cells: &[String; 7]) -> String {
    let cells: String = cells.iter().map(|cell| format!("{cell:>11}")).collect();
    format!("  {title:<46}{cells}").trim_end().to_owned()
}

/// Three digits that count, thousands set off.
fn readable(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{:.0}", value.abs());
            let mut text = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && (digits.len() - place) % 3 == 0 {
                    text.push(',');
                }
                text.push(digit);
            }
            if value < 0.0 {
                format!("-{text}")
            } else {
                text
            }
        }
        size if (99.9..100.0).contains(&size) => format!("{value:.3}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.4}"),
    }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':'))
        .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_medians_limits_and_peers() {
        let mut figures = Figures::default();
        for value in [0.3, 0.5, 0.1] {
            figures.add("throughput", "share_of_wrk", Who::Ours, value);
        }
        figures.add("thousand", "cpu", Who::Ours, 0.5);
        figures.add("thousand", "cpu", Who::Reference, 20.0);
        let table = figures.table();
        let line = |part: &str| {
            let line = table.lines().find(|line| line.contains(part)).unwrap();
            line.split_whitespace()
                .rev()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            line("share of wrk")[..4],
            ["must", "0.4000", "0.2000", "0.3000"]
        );
        assert_eq!(line("CPU [s]")[..3], ["0.0250", "20.0", "0.5000"]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.012_34, "0.0123"),
            (1.234, "1.23"),
            (99.98, "99.980"),
            (123.4, "123"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(readable(value), text);
        }
    }
}
