//! Latencies from the decision to send, which is where a request of an open loop begins: a client
//! or server that falls behind cannot hide it (coordinated omission).

use super::distribution::{Sample, converted};
use crate::columns::{Numbers, RowFacts, View};
use crate::result::{ConsoleGroup, MetricResult, Visibility};

/// A latency that is taken from all records, failed ones included, and has no catalog row.
#[derive(Debug, Clone, Copy)]
pub struct InjectedMetric {
    /// The name in files.
    pub tag: &'static str,
    /// The name in tables.
    pub header: &'static str,
    /// The console table that shows it.
    pub group: ConsoleGroup,
    /// The formula in words.
    pub explanation: &'static str,
    latency_ns: fn(&RowFacts, u64) -> u64,
}

/// The injected latencies in the order of results: waiting to be sent, then the whole.
pub static INJECTED_LATENCIES: [InjectedMetric; 2] = [
    InjectedMetric {
        tag: "credit_to_start_latency",
        header: "Credit-to-Start Latency",
        group: ConsoleGroup::None,
        explanation: "`max(request_start_ns − credit_issued_ns, 0)`",
        latency_ns: |row, issued| row.start_epoch_ns.saturating_sub(issued),
    },
    InjectedMetric {
        tag: "effective_latency",
        header: "Effective Latency (CO-aware)",
        group: ConsoleGroup::Effective,
        explanation: "`max(request_end_ns − credit_issued_ns, 0)`",
        latency_ns: |row, issued| row.end_epoch_ns.saturating_sub(issued),
    },
];

/// Which of them a summary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InjectedLatencies {
    /// Both.
    All,
    /// Only the waiting time: in a closed loop nothing is due before it can be sent, so an
    /// effective latency says nothing new.
    WithoutEffective,
    /// Neither.
    None,
}

pub(super) fn results(
    view: &View<'_>,
    rows: &[u32],
    wanted: InjectedLatencies,
) -> Vec<MetricResult> {
    let wanted = match wanted {
        InjectedLatencies::All => &INJECTED_LATENCIES[..],
        InjectedLatencies::WithoutEffective => &INJECTED_LATENCIES[..1],
        InjectedLatencies::None => return Vec::new(),
    };
    wanted
        .iter()
        .filter_map(|metric| result(metric, view, rows))
        .collect()
}

fn result(metric: &InjectedMetric, view: &View<'_>, rows: &[u32]) -> Option<MetricResult> {
    let mut latencies = Vec::with_capacity(rows.len());
    view.for_each_facts(rows, |row| {
        let latency_ns = row
            .credit_issued_epoch_ns
            .map(|issued| (metric.latency_ns)(&row, issued));
        latencies.extend(latency_ns.map(|latency| latency as f64 / 1e6));
    });
    let statistics = Sample::new(Numbers::Floats(latencies)).statistics()?;
    Some(MetricResult {
        tag: metric.tag.to_owned(),
        header: metric.header.to_owned(),
        unit: "ms",
        group: metric.group,
        order: None,
        visibility: Visibility::default(),
        approximation: None,
        statistics: converted(statistics, None),
    })
}
