//! What the log says when all phases are over.

use aiperf_config::profile::TimestampSource;
use aiperf_export::{RunReport, WriteOutcome};

use super::accounting::repeated;
use crate::run::execute::Executed;
use crate::run::prepare::Prepared;

/// What is odd about the figures.
pub(super) fn before_the_files(prepared: &Prepared, executed: &Executed, report: &RunReport) {
    let (valid, failed) = (report.counts.successful, report.counts.failed);
    tracing::info!(
        "Processed {valid} valid requests and {failed} errors ({} total).",
        report.counts.total()
    );
    notice_missing_kernel_stamps(prepared, executed);
    let repeated = repeated(executed);
    if repeated > 0 {
        tracing::warn!(
            "{repeated} requests were sent again over a new connection: the server had closed the kept \
             one that they were given. `--connection-reuse-strategy never` avoids that"
        );
    }
    if report.value_of("replay_sched_degraded") == Some(1.0) {
        tracing::warn!(
            "requests of the schedule were sent more than 500 ms late in the 99th percentile: the \
             replay is not the recorded load"
        );
    }
}

/// What failed.
pub(super) fn after_the_files(prepared: &Prepared, executed: &Executed, outcome: &WriteOutcome) {
    for (_, error) in &outcome.failures {
        tracing::error!("{error}");
    }
    let ended = if executed.was_cut_short(prepared.phases.len()) {
        "the run was ended"
    } else {
        "all requests had been sent by then"
    };
    if let Some(failure) = &executed.record_failure {
        tracing::error!("{failure}; {ended}, and what is in the file is complete");
    }
    if let Some((failed, all)) = executed.too_many_failures {
        tracing::error!(
            "{failed} of {all} requests failed, more than `--failed-request-threshold` allows; {ended}"
        );
    }
}

/// Says once where received bytes were stamped by this program although the kernel was asked to.
fn notice_missing_kernel_stamps(prepared: &Prepared, executed: &Executed) {
    let client = &executed.recorded.client;
    let asked = prepared.config.runtime.timestamp_source != TimestampSource::User;
    let missing = client.reads - client.kernel_stamped_reads;
    // The first packets after stamping is switched on for the host carry no stamp yet.
    if asked && missing * 100 > client.reads {
        tracing::warn!(
            "{missing} of {} reads carry no kernel receive stamp; their instants were taken when \
             the read returned",
            client.reads
        );
    }
}
