//! Whether this program distorted what it measured.
//!
//! Every run is judged from measured facts, not from beliefs about the machine. A fact has up to
//! two limits: above the first the figures deserve a second look, above the second they describe
//! the client rather than the server. The limits and their reasons are in `docs/self-check.md`.

use aiperf_engine::PhaseOutcome;

use crate::backlog::BacklogFacts;
use crate::client::ClientFacts;

/// The judgement on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The client did not get in the way.
    Valid,
    /// The client may have got in the way.
    Suspect,
    /// The figures are limited by the client.
    ClientLimited,
}

impl Verdict {
    /// The word in files and on the console.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Suspect => "SUSPECT",
            Self::ClientLimited => "CLIENT_LIMITED",
        }
    }
}

/// One measured fact with its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The key in the summary.
    pub key: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Above this the run is at least suspect.
    pub suspect_above: Option<f64>,
    /// Above this the run is limited by the client.
    pub limited_above: Option<f64>,
}

impl Finding {
    /// What this fact alone says.
    pub fn verdict(&self) -> Verdict {
        let exceeds = |limit: Option<f64>| limit.is_some_and(|limit| self.value > limit);
        if exceeds(self.limited_above) {
            Verdict::ClientLimited
        } else if exceeds(self.suspect_above) {
            Verdict::Suspect
        } else {
            Verdict::Valid
        }
    }
}

/// The verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfCheck {
    /// The worst of the findings.
    pub verdict: Verdict,
    /// In the order in which they are shown.
    pub findings: Vec<Finding>,
}

/// Phases shorter than this (in nanoseconds) are not judged by processor time.
const SHORTEST_FOR_CPU: u64 = 500_000_000;

/// Judges a run by its measured phases.
pub fn judge(
    phases: &[&PhaseOutcome],
    client: &ClientFacts,
    backlog: &BacklogFacts,
    recorder_cpu: u64,
) -> SelfCheck {
    let mut findings = Vec::new();
    let mut add = |key, label, value: f64, unit, suspect_above, limited_above| {
        findings.push(Finding {
            key,
            label,
            value,
            unit,
            suspect_above,
            limited_above,
        });
    };
    let micros = |nanos: u64| nanos as f64 / 1e3;
    let millis = |nanos: u64| nanos as f64 / 1e6;

    if let Some([p50, p99, max]) = quantiles(&client.send_lateness, [0.5, 0.99, 1.0]) {
        add(
            "send_lateness_p50",
            "Send lateness p50",
            micros(p50),
            "us",
            None,
            None,
        );
        // A request that leaves a millisecond late shifts a latency from the intended time by that
        // much; ten milliseconds is where the schedule itself is given up (see load.md).
        add(
            "send_lateness_p99",
            "Send lateness p99",
            millis(p99),
            "ms",
            Some(1.0),
            Some(10.0),
        );
        add(
            "send_lateness_max",
            "Send lateness max",
            millis(max),
            "ms",
            Some(10.0),
            None,
        );
    }
    let reanchored: u64 = phases
        .iter()
        .map(|phase| phase.counts.reanchored_time)
        .sum();
    let length: u64 = phases
        .iter()
        .map(|phase| phase.times.end - phase.times.start)
        .sum();
    if !client.send_lateness.is_empty() {
        let share = 100.0 * reanchored as f64 / length.max(1) as f64;
        add(
            "schedule_lost",
            "Schedule given up",
            share,
            "%",
            Some(0.0),
            Some(1.0),
        );
    }
    if let Some([p50, p99]) = quantiles(&client.slot_empty, [0.5, 0.99]) {
        add(
            "slot_empty_p50",
            "Slot empty p50",
            micros(p50),
            "us",
            None,
            None,
        );
        add(
            "slot_empty_p99",
            "Slot empty p99",
            millis(p99),
            "ms",
            Some(1.0),
            Some(10.0),
        );
    }
    if let Some([p50, p99]) = quantiles(&client.receive_delay_max, [0.5, 0.99]) {
        add(
            "receive_delay_p50",
            "Receive delay p50",
            micros(p50),
            "us",
            None,
            None,
        );
        // With kernel stamps the latencies are free of this delay; a large one still means that
        // answers were noticed late, so closed loops sent late.
        add(
            "receive_delay_p99",
            "Receive delay p99",
            millis(p99),
            "ms",
            Some(5.0),
            Some(50.0),
        );
    }
    if client.reads > 0 {
        let share = 100.0 * client.kernel_stamped_reads as f64 / client.reads as f64;
        add(
            "kernel_stamped_reads",
            "Reads stamped by the kernel",
            share,
            "%",
            None,
            None,
        );
    }
    if client.parts > 0 {
        let share = 100.0 * client.parts_sharing_a_read as f64 / client.parts as f64;
        add(
            "coalesced_chunks",
            "Chunks sharing a read",
            share,
            "%",
            None,
            None,
        );
    }
    let busiest = phases
        .iter()
        .flat_map(|phase| &phase.threads)
        .map(|thread| 100.0 * thread.cpu as f64 / thread.wall.max(1) as f64)
        .fold(0.0, f64::max);
    // An event loop that is busy most of the time answers in bursts; at the top it is the limit.
    // A phase of a few milliseconds is all start-up, so its share of processor time says nothing.
    let says_something = length >= SHORTEST_FOR_CPU;
    let limit = |percent: f64| says_something.then_some(percent);
    add(
        "io_thread_cpu",
        "Busiest I/O thread",
        busiest,
        "%",
        limit(80.0),
        limit(95.0),
    );
    let threads = || phases.iter().flat_map(|phase| &phase.threads);
    let realtime: u64 = threads().map(|thread| thread.realtime).sum();
    let wall: u64 = threads().map(|thread| thread.wall).sum();
    add(
        "io_thread_realtime",
        "I/O threads in real time",
        100.0 * realtime as f64 / wall.max(1) as f64,
        "%",
        None,
        None,
    );
    let recorder = micros(recorder_cpu) / backlog.accepted.max(1) as f64;
    add(
        "recorder_cpu_per_record",
        "Recorder time per record",
        recorder,
        "us",
        None,
        None,
    );
    let waiting = backlog.peak_waiting as f64;
    add(
        "recorder_backlog",
        "Recorder backlog, most",
        waiting,
        "records",
        None,
        None,
    );
    add(
        "recorder_spilled",
        "Records spilled to disk",
        backlog.spilled as f64,
        "records",
        None,
        None,
    );
    let exhausted: u64 = phases
        .iter()
        .flat_map(|phase| &phase.threads)
        .map(|thread| thread.out_of_descriptors + thread.out_of_ports)
        .sum();
    // A request that could not be sent at all is the plainest limit.
    add(
        "connections_refused_locally",
        "Out of descriptors or ports",
        exhausted as f64,
        "requests",
        None,
        Some(0.0),
    );
    let verdict = findings
        .iter()
        .map(Finding::verdict)
        .max()
        .unwrap_or(Verdict::Valid);
    SelfCheck { verdict, findings }
}

/// Nearest-rank quantiles; `None` without values.
fn quantiles<const N: usize>(values: &[u64], shares: [f64; N]) -> Option<[u64; N]> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    Some(shares.map(|share| sorted[((share * last as f64).round() as usize).min(last)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(client: &ClientFacts) -> Verdict {
        judge(&[], client, &BacklogFacts::default(), 0).verdict
    }

    #[test]
    fn a_client_that_keeps_its_times_is_valid() {
        let client = ClientFacts {
            send_lateness: vec![20_000; 1_000],
            receive_delay_max: vec![50_000; 1_000],
            ..ClientFacts::default()
        };
        assert_eq!(verdict(&client), Verdict::Valid);
    }

    #[test]
    fn lateness_makes_a_run_suspect_and_then_limited() {
        for (lateness_ms, expected) in [
            (0, Verdict::Valid),
            (2, Verdict::Suspect),
            (20, Verdict::ClientLimited),
        ] {
            let client = ClientFacts {
                send_lateness: vec![lateness_ms * 1_000_000; 100],
                ..ClientFacts::default()
            };
            assert_eq!(verdict(&client), expected, "{lateness_ms} ms");
        }
    }

    #[test]
    fn one_late_request_of_a_thousand_does_not_condemn_a_run() {
        let mut send_lateness = vec![10_000; 1_000];
        send_lateness[0] = 5_000_000;
        let client = ClientFacts {
            send_lateness,
            ..ClientFacts::default()
        };
        assert_eq!(verdict(&client), Verdict::Valid);
    }

    #[test]
    fn empty_slots_and_late_reads_count_too() {
        let slots = ClientFacts {
            slot_empty: vec![20_000_000; 10],
            ..ClientFacts::default()
        };
        assert_eq!(verdict(&slots), Verdict::ClientLimited);
        let reads = ClientFacts {
            receive_delay_max: vec![6_000_000; 10],
            ..ClientFacts::default()
        };
        assert_eq!(verdict(&reads), Verdict::Suspect);
    }
}
