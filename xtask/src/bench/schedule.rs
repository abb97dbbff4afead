//! Constant rates: when each request was due, when it was sent, when it arrived.

use anyhow::Result;

use super::client::Client;
use super::figures::{Figures, Who};
use super::server::Server;
use super::setting::Setting;
use super::statistics::quantile;

/// Requests per second, and for how many seconds.
const RATES: [(u32, u32); 4] = [(100, 5), (500, 5), (5_000, 10), (20_000, 3)];

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    for _ in 0..setting.options.rounds {
        for (rate, seconds) in RATES {
            measure(setting, figures, rate, seconds)?;
        }
    }
    Ok(())
}

fn measure(setting: &Setting, figures: &mut Figures, rate: u32, seconds: u32) -> Result<()> {
    let server = Server::start_truthful(setting, 0.0, 0.0)?;
    let flags = format!(
        "--tokenizer builtin --isl 20 --osl 1 --num-dataset-entries 100 --arrival-pattern constant \
         --request-rate {rate} --benchmark-duration {seconds}"
    );
    let run = Client::ours(setting, &server.url).flags(&flags).run()?;
    let truth = server.finish()?;
    let records = run.records()?;
    let (mut sent_late, mut arrived_late) = (Vec::new(), Vec::new());
    for record in &records {
        let Some(due) = record.metadata.credit_issued_ns else {
            continue;
        };
        sent_late.push((record.metadata.request_start_ns - due) as f64 / 1e6);
        if let Some(truth) = record.truth(&truth) {
            arrived_late.push((truth.first_byte_read_ns - due) as f64 / 1e6);
        }
    }
    let valid = records.iter().filter(|record| record.is_valid()).count();
    let delivered = 100.0 * valid as f64 / f64::from(rate * seconds);
    for (name, value) in [
        ("p50", quantile(&sent_late, 0.5)),
        ("p99", quantile(&sent_late, 0.99)),
        ("max", quantile(&sent_late, 1.0)),
        ("arrival_p99", quantile(&arrived_late, 0.99)),
        ("delivered", delivered),
    ] {
        figures.add("schedule", &format!("{rate}_{name}"), Who::Ours, value);
    }
    Ok(())
}
