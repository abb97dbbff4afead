//! Where the time of a request went on the wire, shown on request.

use super::metric_tables::{is_ordinary, metric_table};
use super::{Block, Paint};
use crate::RunReport;
use crate::console::ConsoleOptions;

/// The family stands in no table of its own accord, so its tags tell it.
const HTTP_FAMILY: &str = "http_req_";

pub(super) fn block(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    if !options.trace_timing {
        return None;
    }
    let rows = report
        .results
        .iter()
        .filter(|result| result.tag.starts_with(HTTP_FAMILY) && is_ordinary(result));
    let table = metric_table("AIPerf | HTTP Trace Timing", Paint::Title, rows)?;
    Some(Block::Tables(vec![table]))
}
