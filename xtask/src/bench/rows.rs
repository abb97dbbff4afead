//! Every row of the table: what it is called, and what it must and should reach.

/// One figure of the table.
pub(super) struct Row {
    pub(super) case: &'static str,
    /// Its name in the code and in the JSON file.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) limits: Limits,
}

/// What a figure has to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limits {
    /// It is there to explain others.
    None,
    AtMost {
        must: f64,
        aim: f64,
    },
    AtLeast {
        must: f64,
        aim: f64,
    },
}

/// How a figure stands to its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Aim,
    Must,
    Missed,
}

impl Limits {
    pub(super) fn standing(self, value: f64) -> Option<Standing> {
        let (reaches_must, reaches_aim) = match self {
            Self::None => return None,
            Self::AtMost { must, aim } => (value <= must, value <= aim),
            Self::AtLeast { must, aim } => (value >= must, value >= aim),
        };
        Some(match (reaches_must, reaches_aim) {
            (_, true) => Standing::Aim,
            (true, false) => Standing::Must,
            (false, false) => Standing::Missed,
        })
    }

    pub(super) fn must_and_aim(self) -> Option<(f64, f64)> {
        match self {
            Self::None => None,
            Self::AtMost { must, aim } | Self::AtLeast { must, aim } => Some((must, aim)),
        }
    }
}

impl Standing {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Aim => "aim",
            Self::Must => "must",
            Self::Missed => "MISSED",
        }
    }
}

const fn row(
    case: &'static str,
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    limits: Limits,
) -> Row {
    Row {
        case,
        key,
        title,
        unit,
        limits,
    }
}

const fn info(
    case: &'static str,
    key: &'static str,
    title: &'static str,
    unit: &'static str,
) -> Row {
    row(case, key, title, unit, Limits::None)
}

const fn at_most(must: f64, aim: f64) -> Limits {
    Limits::AtMost { must, aim }
}

const fn at_least(must: f64, aim: f64) -> Limits {
    Limits::AtLeast { must, aim }
}

/// In the order in which they are shown.
pub(super) const ROWS: &[Row] = &[
    row(
        "startup",
        "builtin_wall",
        "one request, builtin tokenizer: wall",
        "s",
        at_most(0.25, 0.05),
    ),
    info(
        "startup",
        "builtin_cpu",
        "one request, builtin tokenizer: CPU",
        "s",
    ),
    row(
        "startup",
        "builtin_memory",
        "one request, builtin tokenizer: memory",
        "MB",
        at_most(120.0, 40.0),
    ),
    row(
        "startup",
        "plain_wall",
        "one request, no tokenizer: wall",
        "s",
        at_most(0.03, 0.01),
    ),
    info(
        "startup",
        "plain_cpu",
        "one request, no tokenizer: CPU",
        "s",
    ),
    row(
        "startup",
        "plain_memory",
        "one request, no tokenizer: memory",
        "MB",
        at_most(30.0, 15.0),
    ),
    info("throughput", "rate", "unstreamed, 64 connections", "req/s"),
    row(
        "throughput",
        "share_of_wrk",
        "unstreamed, share of wrk",
        "",
        at_least(0.2, 0.4),
    ),
    info("throughput", "cpu", "unstreamed: CPU per request", "us"),
    info("throughput", "server_busy", "unstreamed: server busy", "%"),
    info("streams", "rate", "64 streams x 32 tokens", "req/s"),
    row(
        "streams",
        "cpu",
        "64 streams: CPU per request",
        "ms",
        at_most(0.25, 0.1),
    ),
    info("streams", "server_busy", "64 streams: server busy", "%"),
    row(
        "streams",
        "ttft_p50",
        "TTFT error p50",
        "ms",
        at_most(0.2, 0.05),
    ),
    row(
        "streams",
        "ttft_p99",
        "TTFT error p99",
        "ms",
        at_most(1.0, 0.2),
    ),
    info("streams", "itl_p50", "ITL error p50", "ms"),
    info("streams", "itl_p99", "ITL error p99", "ms"),
    info(
        "streams",
        "user_ttft_p50",
        "TTFT error p50, user stamps",
        "ms",
    ),
    info(
        "streams",
        "user_ttft_p99",
        "TTFT error p99, user stamps",
        "ms",
    ),
    info(
        "streams",
        "user_itl_p99",
        "ITL error p99, user stamps",
        "ms",
    ),
    row(
        "streams",
        "busy_ttft_p50",
        "TTFT error p50, busy core",
        "ms",
        at_most(0.2, 0.05),
    ),
    row(
        "streams",
        "busy_ttft_p99",
        "TTFT error p99, busy core",
        "ms",
        at_most(1.0, 0.2),
    ),
    info("streams", "busy_itl_p99", "ITL error p99, busy core", "ms"),
    info(
        "streams",
        "busy_user_ttft_p50",
        "TTFT error p50, busy core, user stamps",
        "ms",
    ),
    info(
        "streams",
        "busy_user_ttft_p99",
        "TTFT error p99, busy core, user stamps",
        "ms",
    ),
    info("thousand", "wall", "1,000 streams, 16 at a time: wall", "s"),
    info("thousand", "cpu", "1,000 streams, 16 at a time: CPU", "s"),
    info(
        "thousand",
        "memory",
        "1,000 streams, 16 at a time: memory",
        "MB",
    ),
    row(
        "dataset",
        "trace_20k_first",
        "trace, 20,000 rows: first request after",
        "s",
        at_most(2.0, 0.25),
    ),
    row(
        "dataset",
        "trace_20k_memory",
        "trace, 20,000 rows: memory",
        "MB",
        at_most(300.0, 160.0),
    ),
    row(
        "dataset",
        "trace_1m_first",
        "trace, 1,000,000 rows: first request after",
        "s",
        at_most(1.5, 1.0),
    ),
    row(
        "dataset",
        "trace_1m_memory",
        "trace, 1,000,000 rows: memory",
        "MB",
        at_most(400.0, 250.0),
    ),
    row(
        "dataset",
        "texts_20k_first",
        "texts, 20,000 rows: first request after",
        "s",
        at_most(2.0, 0.25),
    ),
    row(
        "dataset",
        "texts_20k_memory",
        "texts, 20,000 rows: memory",
        "MB",
        at_most(300.0, 160.0),
    ),
    row(
        "dataset",
        "texts_1m_first",
        "texts, 1,000,000 rows: first request after",
        "s",
        at_most(1.5, 1.0),
    ),
    row(
        "dataset",
        "texts_1m_memory",
        "texts, 1,000,000 rows: memory",
        "MB",
        at_most(600.0, 400.0),
    ),
    info("schedule", "100_p50", "100/s: sent late p50", "ms"),
    info("schedule", "100_p99", "100/s: sent late p99", "ms"),
    info("schedule", "100_max", "100/s: sent late max", "ms"),
    info(
        "schedule",
        "100_arrival_p99",
        "100/s: arrived late p99",
        "ms",
    ),
    info("schedule", "100_delivered", "100/s: delivered", "%"),
    row(
        "schedule",
        "500_p50",
        "500/s: sent late p50",
        "ms",
        at_most(0.1, 0.03),
    ),
    row(
        "schedule",
        "500_p99",
        "500/s: sent late p99",
        "ms",
        at_most(0.5, 0.1),
    ),
    info("schedule", "500_max", "500/s: sent late max", "ms"),
    info(
        "schedule",
        "500_arrival_p99",
        "500/s: arrived late p99",
        "ms",
    ),
    info("schedule", "500_delivered", "500/s: delivered", "%"),
    info("schedule", "5000_p50", "5,000/s: sent late p50", "ms"),
    info("schedule", "5000_p99", "5,000/s: sent late p99", "ms"),
    info("schedule", "5000_max", "5,000/s: sent late max", "ms"),
    info(
        "schedule",
        "5000_arrival_p99",
        "5,000/s: arrived late p99",
        "ms",
    ),
    row(
        "schedule",
        "5000_delivered",
        "5,000/s: delivered",
        "%",
        at_least(99.9, 99.99),
    ),
    info("schedule", "20000_p50", "20,000/s: sent late p50", "ms"),
    info("schedule", "20000_p99", "20,000/s: sent late p99", "ms"),
    info("schedule", "20000_max", "20,000/s: sent late max", "ms"),
    info(
        "schedule",
        "20000_arrival_p99",
        "20,000/s: arrived late p99",
        "ms",
    ),
    info("schedule", "20000_delivered", "20,000/s: delivered", "%"),
    info(
        "open-streams",
        "1000_memory",
        "1,000 open streams: memory",
        "MB",
    ),
    row(
        "open-streams",
        "1000_lost",
        "1,000 open streams: lost",
        "req",
        at_most(0.0, 0.0),
    ),
    row(
        "open-streams",
        "5000_memory",
        "5,000 open streams: memory",
        "MB",
        at_most(250.0, 120.0),
    ),
    row(
        "open-streams",
        "5000_lost",
        "5,000 open streams: lost",
        "req",
        at_most(0.0, 0.0),
    ),
    info(
        "open-streams",
        "5000_cpu",
        "5,000 open streams: CPU per token",
        "us",
    ),
    row(
        "memory",
        "retained",
        "retained per finished request",
        "B",
        at_most(1_000.0, 400.0),
    ),
    info(
        "memory",
        "peak",
        "peak per finished request, end included",
        "B",
    ),
    info(
        "recorder",
        "record",
        "recording a stream of 32 tokens",
        "us",
    ),
    info("recorder", "parse", "  of that: reading the answer", "us"),
    info(
        "recorder",
        "tokenise",
        "  of that: counting its tokens",
        "us",
    ),
    row(
        "recorder",
        "write",
        "  of that: metrics, columns, line",
        "us",
        at_most(10.0, 3.0),
    ),
    info("recorder", "line", "    of that: the line", "us"),
    info(
        "instructions",
        "instructions",
        "instructions per record",
        "",
    ),
    info("instructions", "allocations", "allocations per record", ""),
    info(
        "instructions",
        "allocated_bytes",
        "allocated per record",
        "B",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::bench::CASES;

    #[test]
    fn every_row_is_of_a_case_and_has_a_name_of_its_own() {
        let mut seen = HashSet::new();
        for row in ROWS {
            assert!(
                CASES.iter().any(|case| case.name == row.case),
                "{}",
                row.case
            );
            assert!(seen.insert((row.case, row.key)), "{} {}", row.case, row.key);
        }
    }

    #[test]
    fn a_figure_at_its_limit_reaches_it() {
        let memory = at_most(30.0, 15.0);
        assert_eq!(memory.standing(15.0), Some(Standing::Aim));
        assert_eq!(memory.standing(30.0), Some(Standing::Must));
        assert_eq!(memory.standing(30.1), Some(Standing::Missed));
        let share = at_least(0.2, 0.4);
        assert_eq!(share.standing(0.4), Some(Standing::Aim));
        assert_eq!(share.standing(0.1), Some(Standing::Missed));
        assert_eq!(share.standing(f64::NAN), Some(Standing::Missed));
        assert_eq!(Limits::None.standing(1.0), None);
    }
}
