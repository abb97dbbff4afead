//! How much recording does, in figures that do not depend on how busy the machine is.
//!
//! `record_work PREPARED COUNT` prepares PREPARED exchanges, records COUNT of them and prints what
//! that allocated, as JSON. Two runs with different COUNTs differ by what recording needs, since
//! the preparation is the same: so do their instructions under an instruction counter.
//!
//! The system's allocator serves here instead of the program's: instruction counters cannot run
//! the latter.

#[path = "prepared/mod.rs"]
mod prepared;

use std::alloc::System;
use std::error::Error;
use std::io::Write;

use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [prepared, count] = &words[..] else {
        return Err("usage: record_work PREPARED COUNT".into());
    };
    let (prepared, count): (u64, u64) = (prepared.parse()?, count.parse()?);
    let folder = tempfile::tempdir()?;
    let mut exchanges: Vec<_> = (0..prepared).map(prepared::exchange).collect();
    let rest = exchanges.split_off(count as usize);
    let settings = prepared::settings(Some(&folder.path().join("records.jsonl")));

    let region = Region::new(ALLOCATOR);
    let recorded = prepared::record(settings, exchanges)?;
    let stats = region.change();
    // Freeing what was not recorded is no part of the work.
    std::mem::forget(rest);

    assert_eq!(
        recorded.counts,
        [(count, 0)],
        "every exchange is a valid record"
    );
    let result = json!({
        "allocations": stats.allocations + stats.reallocations,
        "allocated_bytes": stats.bytes_allocated,
    });
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}
