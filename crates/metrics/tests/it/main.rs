//! Tests of the public face: catalog, records, windows, and a recorded run of the reference.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod applicability;
mod catalog;
mod common;
mod curves;
mod families;
mod numpy;
mod records;
mod reference_run;
mod windows;
