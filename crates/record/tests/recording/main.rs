//! From finished exchanges to lines and columns, and what recording may not do to sending.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod behind;
mod failures;
mod full_disk;
mod lines;
mod live;
mod outputs;
mod raw_lines;
mod support;
