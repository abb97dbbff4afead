//! Many streams at the same time, each at the pace at which people read.

use anyhow::Result;

use super::client::Client;
use super::figures::{Figures, Who};
use super::server::Server;
use super::setting::Setting;

const TOKENS_PER_SECOND: u32 = 20;
const TOKENS: u32 = 200;

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    for _ in 0..setting.options.rounds {
        for streams in [1_000, 5_000] {
            measure(setting, figures, streams)?;
        }
    }
    Ok(())
}

fn measure(setting: &Setting, figures: &mut Figures, streams: u32) -> Result<()> {
    let server = Server::start(setting, 50.0, 1_000.0 / f64::from(TOKENS_PER_SECOND))?;
    let flags = format!(
        "--streaming --tokenizer builtin --isl 100 --osl {TOKENS} --num-dataset-entries 100 \
         --concurrency {streams} --request-count {streams}"
    );
    let run = Client::ours(setting, &server.url).flags(&flags).run()?;
    let valid = run
        .records()?
        .iter()
        .filter(|record| record.is_valid())
        .count();
    let lost = f64::from(streams) - valid as f64;
    figures.add(
        "open-streams",
        &format!("{streams}_memory"),
        Who::Ours,
        run.cost.peak_mb,
    );
    figures.add("open-streams", &format!("{streams}_lost"), Who::Ours, lost);
    if streams == 5_000 {
        let cpu_us = run.cost.cpu_s * 1e6 / f64::from(streams * TOKENS);
        figures.add("open-streams", "5000_cpu", Who::Ours, cpu_us);
    }
    Ok(())
}
