//! Where the time of a request went on the wire, shown on request.

use aiperf_metrics::result::ConsoleGroup;

use super::metric_tables::{is_ordinary, metric_table};
use super::{Block, Paint};
use crate::RunReport;
use crate::console::ConsoleOptions;

pub(super) fn block(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    if !options.trace_timing {
        return None;
    }
    let rows = report
        .results
        .iter()
        .filter(|result| result.group == ConsoleGroup::HttpTrace && is_ordinary(result));
    let table = metric_table("AIPerf | HTTP Trace Timing", Paint::Title, rows)?;
    Some(Block::Tables(vec![table]))
}
