//! As many unstreamed requests as go through one core, with full records, next to `wrk`.

use anyhow::Result;

use super::client::Client;
use super::figures::{Figures, Who};
use super::peers::wrk;
use super::server::Server;
use super::setting::Setting;

const CONNECTIONS: u32 = 64;
const REQUESTS: u32 = 100_000;
const WRK_SECONDS: u32 = 5;

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let server = Server::start(setting, 0.0, 0.0)?;
    let url = format!("{}/v1/chat/completions", server.url);
    // One conversation, so that `wrk` can send the same bytes.
    let flags = format!(
        "--tokenizer builtin --isl 100 --osl 32 --num-dataset-entries 1 \
         --concurrency {CONNECTIONS} --request-count {REQUESTS}"
    );
    for _ in 0..setting.options.rounds {
        let busy = server.busy()?;
        let run = Client::ours(setting, &server.url).flags(&flags).run()?;
        let busy_percent = server.busy_percent(&busy)?;
        let rate = run.average("request_throughput")?;
        let cpu_us = run.cost.cpu_s * 1e6 / f64::from(REQUESTS);
        figures.add("throughput", "rate", Who::Ours, rate);
        figures.add("throughput", "cpu", Who::Ours, cpu_us);
        figures.add("throughput", "server_busy", Who::Ours, busy_percent);
        if setting.has_wrk {
            let busy = server.busy()?;
            let peer = wrk(setting, &url, &run.first_body()?, CONNECTIONS, WRK_SECONDS)?;
            let busy_percent = server.busy_percent(&busy)?;
            let cpu_us = peer.cost.cpu_s * 1e6 / peer.requests;
            figures.add("throughput", "rate", Who::Wrk, peer.requests_per_second);
            figures.add("throughput", "cpu", Who::Wrk, cpu_us);
            figures.add("throughput", "server_busy", Who::Wrk, busy_percent);
            // Per round: a machine that slows down slows both.
            figures.add(
                "throughput",
                "share_of_wrk",
                Who::Ours,
                rate / peer.requests_per_second,
            );
        }
    }
    Ok(())
}
