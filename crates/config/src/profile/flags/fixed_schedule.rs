//! Replaying requests at the times of a trace.

use crate::command::{Flag, Group, Kind};
use crate::profile::args::ProfileArgs;

pub(super) static FIXED_SCHEDULE: Group<ProfileArgs> = Group {
    title: "Fixed Schedule",
    flags: &[FIXED, NOT_FIXED, AUTO_OFFSET, START_OFFSET, END_OFFSET],
};

const FIXED: Flag<ProfileArgs> = Flag {
    names: &["fixed-schedule"],
    short: None,
    kind: Kind::Switch(|args, on| args.fixed_schedule = Some(on)),
    value: "",
    default: "",
    path: "benchmark.phases.profiling.type",
    help: "Send each conversation of --input-file at its own timestamp, once.",
};

const NOT_FIXED: Flag<ProfileArgs> = Flag {
    names: &["no-fixed-schedule"],
    short: None,
    kind: Kind::Switch(|args, on| args.no_fixed_schedule = Some(on)),
    value: "",
    default: "",
    path: "",
    help: "Ignore the timestamps of a trace, which is otherwise replayed at its own times if --custom-dataset-type \
           names its format.",
};

const AUTO_OFFSET: Flag<ProfileArgs> = Flag {
    names: &["fixed-schedule-auto-offset"],
    short: None,
    kind: Kind::Switch(|args, on| args.fixed_schedule_auto_offset = Some(on)),
    value: "",
    default: "yes, unless --fixed-schedule-start-offset is given",
    path: "benchmark.phases.profiling.auto_offset",
    help: "Begin with the earliest timestamp of the trace. With `--fixed-schedule-auto-offset=no`, timestamps count \
           from the start of the run.",
};

const START_OFFSET: Flag<ProfileArgs> = Flag {
    names: &["fixed-schedule-start-offset"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, offset| args.fixed_schedule_start_offset_ms = Some(offset),
    },
    value: "MILLISECONDS",
    default: "",
    path: "benchmark.phases.profiling.start_offset",
    help: "Leave out what the trace has before this timestamp, and begin there.",
};

const END_OFFSET: Flag<ProfileArgs> = Flag {
    names: &["fixed-schedule-end-offset"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, offset| args.fixed_schedule_end_offset_ms = Some(offset),
    },
    value: "MILLISECONDS",
    default: "",
    path: "benchmark.phases.profiling.end_offset",
    help: "Leave out what the trace has after this timestamp.",
};
