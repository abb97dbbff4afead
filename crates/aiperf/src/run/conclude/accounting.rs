//! What the run says of itself: the verdict on this program, and what became of every request.

use aiperf_engine::PhaseOutcome;
use aiperf_export::{Fact, SelfCheckView};
use aiperf_record::{Finding, SelfCheck, Verdict};
use serde_json::{Map, Value, json};

use crate::run::execute::Executed;

/// Members of the summary that the reference does not have.
pub(super) fn extra_members(
    executed: &Executed,
    measured: &[&PhaseOutcome],
    check: &SelfCheck,
) -> Map<String, Value> {
    let sum = |count: fn(&PhaseOutcome) -> u64| -> u64 {
        measured.iter().map(|outcome| count(outcome)).sum()
    };
    let facts: Map<String, Value> = check
        .findings
        .iter()
        .map(|finding| {
            let fact = json!({
                "value": finding.value,
                "unit": finding.unit,
                "suspect_above": finding.suspect_above,
                "limited_above": finding.limited_above,
                "verdict": finding.verdict().as_str(),
            });
            (finding.key.to_owned(), fact)
        })
        .collect();
    let mut extra = Map::new();
    extra.insert(
        "client_self_check".to_owned(),
        json!({"verdict": check.verdict.as_str(), "facts": facts}),
    );
    extra.insert(
        "request_accounting".to_owned(),
        json!({
            "sent": sum(|outcome| outcome.counts.sent),
            "completed": sum(|outcome| outcome.counts.completed),
            "cut_off": sum(|outcome| outcome.counts.cancelled),
            "arrivals_lost_to_concurrency_cap": sum(|outcome| outcome.counts.arrivals_lost),
            "requests_that_waited_for_a_place": sum(|outcome| outcome.counts.waits),
            "waited_for_a_place_ns": sum(|outcome| outcome.counts.waited),
            "schedule_moved": sum(|outcome| outcome.counts.reanchors),
            "schedule_moved_by_ns": sum(|outcome| outcome.counts.reanchored_time),
            "repeated_after_a_closed_connection": repeated(executed),
            "window_ns": sum(|outcome| outcome.times.end - outcome.times.start),
            "records_spilled_to_disk": executed.backlog.spilled,
        }),
    );
    extra
}

/// Requests of the run that were sent a second time: the kept connection that they had been given was
/// closed.
pub(super) fn repeated(executed: &Executed) -> u64 {
    // Threads count through the run.
    let last = executed.outcomes.last();
    last.map_or(0, |outcome| {
        outcome.threads.iter().map(|thread| thread.repeated).sum()
    })
}

/// The verdict for the console.
pub(super) fn self_check_view(check: &SelfCheck) -> SelfCheckView {
    SelfCheckView {
        verdict: check.verdict.as_str().to_owned(),
        facts: check.findings.iter().map(fact).collect(),
    }
}

fn fact(finding: &Finding) -> Fact {
    let limit = |name: &str, limit: Option<f64>| limit.map(|limit| format!("{name} above {limit}"));
    let limits = [
        limit("suspect", finding.suspect_above),
        limit("limited", finding.limited_above),
    ];
    let mut note = limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if finding.verdict() != Verdict::Valid {
        note = format!("{}: {note}", finding.verdict().as_str());
    }
    let value = if finding.value.fract() == 0.0 && finding.unit != "ms" && finding.unit != "%" {
        format!("{:.0}", finding.value)
    } else {
        format!("{:.2}", finding.value)
    };
    Fact {
        label: format!("{} ({})", finding.label, finding.unit),
        value,
        note,
    }
}
