//! The panel of a run that ends with errors.

use super::paint::Paints;
use super::panel::Panel;
use super::render_panel;
use super::text::{Align, Overflow, lay_out, printable};
use crate::RunReport;

/// One failure that ends a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExitError {
    /// The part of the program, in the reference's words (`system_controller`).
    pub service: String,
    /// What it was doing (`export_results`).
    pub operation: String,
    /// Kind of failure.
    pub error: String,
    /// What happened and what to do.
    pub reason: String,
}

impl ExitError {
    /// The failure of a run that has no figures: nothing succeeded or nothing was recorded. Absent
    /// for a run with results.
    pub fn without_results(report: &RunReport) -> Option<Self> {
        let failed = report.counts.failed;
        let reason = match (report.counts.successful, failed) {
            (0, 0) => {
                "No request was recorded, so there are no figures. Look into the log for the \
                 reason."
                    .to_owned()
            }
            (0, 1) => format!("The only request failed. {ADVICE}"),
            (0, _) => format!("All {failed} requests failed. {ADVICE}"),
            _ => return None,
        };
        Some(Self {
            service: "system_controller".to_owned(),
            operation: "export_results".to_owned(),
            error: if failed == 0 {
                "NoResults"
            } else {
                "AllRequestsFailed"
            }
            .to_owned(),
            reason,
        })
    }
}

const ADVICE: &str = "The error summary says what the server or the connection answered; check the \
                      URL, the endpoint's path and type, and the format of its responses.";

/// Blanks before the lines of a reason that follow its first.
const HANGING: usize = 11;

/// The panel over the failures that end a run, `width` columns wide. The caller decides the exit
/// code and adds the line with the log file.
pub fn render_exit_errors(errors: &[ExitError], width: usize, paints: Paints) -> String {
    let entries: Vec<String> = errors.iter().map(|error| entry(error, width)).collect();
    let panel = Panel::failure("AIPerf System Exit Errors", &entries.join("\n\n"));
    render_panel(&panel, width, paints)
}

fn entry(error: &ExitError, width: usize) -> String {
    // Two edges and two blanks belong to the panel.
    let room = width.saturating_sub(4 + HANGING);
    let reason = lay_out(&printable(&error.reason), room, Align::Free, Overflow::Fold)
        .iter()
        .map(|line| line.trim_end())
        .collect::<Vec<_>>()
        .join(&format!("\n{:HANGING$}", ""));
    format!(
        "• Service: {}\n   Operation: {}\n   Error: {}\n   Reason: {reason}",
        error.service, error.operation, error.error
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_report;

    #[test]
    fn a_run_in_which_all_requests_failed_says_what_to_check() {
        let error = ExitError::without_results(&test_report::all_failed()).unwrap();
        insta::assert_snapshot!(render_exit_errors(&[error], 80, Paints::Plain));
    }

    #[test]
    fn a_run_with_results_has_no_such_failure() {
        assert_eq!(ExitError::without_results(&test_report::report()), None);
    }
}
