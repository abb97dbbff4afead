//! Which load a command line asks for: the facts that phases, rules and advice share.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use aiperf_schedule::PhaseKind;
use serde_json::Value;

use super::{given, phases};
use crate::profile::args::ProfileArgs;
use crate::profile::config::{Arrivals, PhaseConfig};

/// What makes the measured phase send its next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The times of a trace.
    FixedSchedule,
    /// Users at a steady pace.
    UserCentric,
    /// A rate.
    Rate,
    /// The end of another session.
    ClosedLoop,
}

/// What was typed, and what it means for the load.
pub(super) struct Load<'a> {
    pub(super) args: &'a ProfileArgs,
    pub(super) mode: Mode,
    /// Whether `mode` is a fixed schedule that nobody asked for by name.
    pub(super) replays_unasked: bool,
    /// In order; at least one is measured.
    pub(super) phases: Vec<PhaseConfig>,
}

impl<'a> Load<'a> {
    pub(super) fn of(args: &'a ProfileArgs) -> Self {
        let replays_unasked = !given(args.fixed_schedule) && replays_unasked(args);
        let mode = if given(args.fixed_schedule) || replays_unasked {
            Mode::FixedSchedule
        } else if args.user_centric_rate.is_some() {
            Mode::UserCentric
        } else if args.request_rate.is_some() || args.request_rate_series.is_some() {
            Mode::Rate
        } else {
            Mode::ClosedLoop
        };
        Self {
            args,
            mode,
            replays_unasked,
            phases: phases::warmup(args)
                .into_iter()
                .chain([phases::profiling(args, mode)])
                .collect(),
        }
    }

    /// A load whose phases are known already.
    pub(super) fn with_phases(args: &'a ProfileArgs, phases: Vec<PhaseConfig>) -> Self {
        let mut load = Self {
            args,
            mode: Mode::ClosedLoop,
            replays_unasked: false,
            phases,
        };
        load.mode = match load.profiling().arrivals {
            Arrivals::FixedSchedule { .. } => Mode::FixedSchedule,
            Arrivals::UserCentric { .. } => Mode::UserCentric,
            Arrivals::Rate { .. } => Mode::Rate,
            Arrivals::ClosedLoop { .. } => Mode::ClosedLoop,
        };
        load
    }

    /// The first warmup. Flags make one at most.
    pub(super) fn warmup(&self) -> Option<&PhaseConfig> {
        let mut phases = self.phases.iter();
        phases.find(|phase| phase.kind == PhaseKind::Warmup)
    }

    /// The first phase that is measured. Flags make exactly one.
    pub(super) fn profiling(&self) -> &PhaseConfig {
        self.measured().next().expect("a run measures a phase")
    }

    /// The phases that are measured.
    pub(super) fn measured(&self) -> impl Iterator<Item = &PhaseConfig> {
        let phases = self.phases.iter();
        phases.filter(|phase| phase.kind == PhaseKind::Profiling)
    }

    /// Whether the warmup sends at a rate.
    pub(super) fn warmup_has_rate(&self) -> bool {
        self.warmup().is_some() && phases::warmup_rate(self.args).is_some()
    }

    /// Whether the warmup sends at `--request-rate` because it has no rate of its own.
    pub(super) fn warmup_inherits_rate(&self) -> bool {
        self.warmup_has_rate() && self.args.warmup_request_rate.is_none()
    }
}

/// A trace with times is replayed at these times if its format was named. One whose format is found
/// out from the content is not, as in the reference.
fn replays_unasked(args: &ProfileArgs) -> bool {
    let named_a_trace = args
        .custom_dataset_type
        .is_some_and(|format| format.is_trace());
    match &args.input_file {
        Some(path) => {
            named_a_trace && !given(args.no_fixed_schedule) && first_record_has_time(path)
        }
        None => false,
    }
}

/// Whether the first row of a file of JSON lines has a time. What cannot be read has none; reading
/// the dataset will say what is wrong with it.
fn first_record_has_time(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let Ok(file) = File::open(path) else {
        return false;
    };
    let first = BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .find(|line| !line.trim().is_empty());
    let Some(row) = first.and_then(|line| serde_json::from_str::<Value>(&line).ok()) else {
        return false;
    };
    let is_set = |time: Option<&Value>| time.is_some_and(|time| !time.is_null());
    is_set(row.get("timestamp")) || is_set(row.pointer("/timing_events/0/timestamp"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::DatasetFormat;

    fn trace(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    #[test]
    fn the_first_row_says_whether_a_file_has_times() {
        for (content, expected) in [
            ("{\"timestamp\":0}\n", true),
            ("\n  \n{\"timestamp\":5.5}\n{}\n", true),
            ("{\"timing_events\":[{\"timestamp\":1}]}", true),
            ("{}\n{\"timestamp\":1}\n", false),
            ("{\"timestamp\":null}", false),
            ("{\"timing_events\":[]}", false),
            ("[1]", false),
            ("{\"timestamp\":", false),
            ("", false),
        ] {
            assert_eq!(
                first_record_has_time(trace(content).path()),
                expected,
                "{content:?}"
            );
        }
        assert!(!first_record_has_time(Path::new("/no/such/file")));
        assert!(!first_record_has_time(Path::new("/")));
    }

    #[test]
    fn a_trace_is_replayed_at_its_times_if_its_format_is_named_and_nobody_forbids_it() {
        let file = trace("{\"timestamp\":0}\n");
        let args = |format, forbidden| ProfileArgs {
            input_file: Some(file.path().to_owned()),
            custom_dataset_type: format,
            no_fixed_schedule: forbidden,
            ..ProfileArgs::default()
        };
        let mode = |format, forbidden| Load::of(&args(format, forbidden)).mode;
        let trace = Some(DatasetFormat::MooncakeTrace);
        assert_eq!(mode(trace, None), Mode::FixedSchedule);
        assert_eq!(mode(trace, Some(false)), Mode::FixedSchedule);
        assert_eq!(mode(trace, Some(true)), Mode::ClosedLoop);
        assert_eq!(mode(None, None), Mode::ClosedLoop);
        let rows = Some(DatasetFormat::MultiTurn);
        assert_eq!(mode(rows, None), Mode::ClosedLoop);
        let asked_for = ProfileArgs {
            fixed_schedule: Some(true),
            ..args(trace, None)
        };
        assert!(!Load::of(&asked_for).replays_unasked);
    }
}
