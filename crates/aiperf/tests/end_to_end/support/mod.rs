//! What the tests have in common.

pub(crate) mod ended;
pub(crate) mod place;
pub(crate) mod scripted;
pub(crate) mod terminal;

pub(crate) use ended::Ended;
pub(crate) use place::Place;
pub(crate) use scripted::ScriptedServer;
pub(crate) use terminal::Terminal;

use aiperf_mock::{MockOptions, MockServer};

/// A mock server that answers fast.
pub(crate) fn mock(options: MockOptions) -> MockServer {
    MockServer::start(options).expect("a port of this machine is free")
}

/// A mock server without faults.
pub(crate) fn plain_mock() -> MockServer {
    mock(quick())
}

/// Delays that are long enough to be told apart and short enough for many runs.
pub(crate) fn quick() -> MockOptions {
    MockOptions {
        ttft_ms: 4.0,
        itl_ms: 1.0,
        ..MockOptions::default()
    }
}

/// Compares how a program ended with an inline snapshot.
macro_rules! assert_ended {
    ($ended:expr, @$snapshot:literal) => {
        insta::with_settings!({ filters => $crate::support::ended::FILTERS.to_vec() }, {
            insta::assert_snapshot!($ended.to_string(), @$snapshot)
        })
    };
}

/// Compares a part of what a program wrote with an inline snapshot.
macro_rules! assert_shown {
    ($text:expr, @$snapshot:literal) => {
        insta::with_settings!({ filters => $crate::support::ended::FILTERS.to_vec() }, {
            insta::assert_snapshot!($text, @$snapshot)
        })
    };
}
