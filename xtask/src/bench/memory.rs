//! What a finished request leaves in memory for the figures at the end.

use aiperf_clock::EpochNanos;
use anyhow::{Context, Result};

use super::client::Client;
use super::figures::{Figures, Who};
use super::server::Server;
use super::setting::Setting;

const REQUESTS: u32 = 15_000;

/// Well below what the client can do: exchanges that wait to be recorded are not retained memory.
const PER_SECOND: u32 = 4_000;

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let server = Server::start(setting, 0.0, 0.0)?;
    let client = |requests: u32| {
        let flags = format!(
            "--streaming --tokenizer builtin --isl 100 --osl 32 --num-dataset-entries 100 \
             --arrival-pattern constant --request-rate {PER_SECOND} --request-count {requests}"
        );
        Client::ours(setting, &server.url).flags(&flags).run()
    };
    for _ in 0..setting.options.rounds {
        let short_peak = client(REQUESTS)?.cost.peak_mb;
        let long = client(4 * REQUESTS)?;
        let peak = (long.cost.peak_mb - short_peak) * 1e6 / f64::from(3 * REQUESTS);
        figures.add("memory", "peak", Who::Ours, peak);

        let mut ends: Vec<EpochNanos> = long
            .records()?
            .iter()
            .map(|record| record.metadata.request_end_ns)
            .collect();
        ends.sort_unstable();
        let first = REQUESTS as usize;
        let last = ends.len() - 1;
        let held = |at: EpochNanos| held_at(&long.cost.memory, at).context("the run was too short");
        let growth = held(ends[last])? - held(ends[first])?;
        figures.add(
            "memory",
            "retained",
            Who::Ours,
            growth / (last - first) as f64,
        );
    }
    Ok(())
}

/// Resident bytes at the last look before an instant.
fn held_at(samples: &[(EpochNanos, u64)], instant: EpochNanos) -> Option<f64> {
    let before = samples.iter().rev().find(|(at, _)| *at <= instant)?;
    Some(before.1 as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_at_an_instant_is_that_of_the_look_before_it() {
        let samples = [(10, 100), (20, 200), (30, 300)];
        assert_eq!(held_at(&samples, 29), Some(200.0));
        assert_eq!(held_at(&samples, 30), Some(300.0));
        assert_eq!(held_at(&samples, 9), None);
    }
}
