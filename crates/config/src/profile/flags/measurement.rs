//! How far the client's own part in the figures is watched. The reference has none of these.

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::TimestampSource;

pub(super) static MEASUREMENT: Group<ProfileArgs> = Group {
    title: "Measurement",
    flags: &[TIMESTAMP_SOURCE, FAIL_ON_CLIENT_LIMIT],
};

const TIMESTAMP_SOURCE: Flag<ProfileArgs> = Flag {
    names: &["timestamp-source"],
    short: None,
    kind: Kind::Choice {
        names: TimestampSource::NAMES,
        later: &[],
        set: |args, word| {
            args.timestamp_source = chosen(word)?;
            Ok(())
        },
    },
    value: "SOURCE",
    default: "auto",
    path: "",
    help: "Who takes the time of an arriving byte: the kernel, when it reaches the host, or the program, when it has read \
           it. Not in AIPerf.",
};

const FAIL_ON_CLIENT_LIMIT: Flag<ProfileArgs> = Flag {
    names: &["fail-on-client-limit"],
    short: None,
    kind: Kind::Switch(|args, on| args.fail_on_client_limit = Some(on)),
    value: "",
    default: "",
    path: "",
    help: "End with a failure code where the client itself was the bottleneck. Not in AIPerf.",
};
