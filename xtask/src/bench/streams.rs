//! 64 streams: what one costs, and how far its stamps are from what the server did.

use anyhow::Result;

use super::affinity::Spinner;
use super::client::{Client, unless_failed};
use super::figures::{Figures, Who};
use super::records::stamp_errors;
use super::server::Server;
use super::setting::Setting;
use super::statistics::quantile;

const FLAGS: &str = "--streaming --tokenizer builtin --isl 100 --osl 32 --num-dataset-entries 100 \
                     --concurrency 64 --benchmark-duration 10 --benchmark-grace-period 30";

/// The rows that one way of running fills.
struct Variant {
    flags: &'static str,
    core_is_busy: bool,
    ttft: [&'static str; 2],
    itl: [Option<&'static str>; 2],
    is_main: bool,
}

const VARIANTS: &[Variant] = &[
    Variant {
        flags: "",
        core_is_busy: false,
        ttft: ["ttft_p50", "ttft_p99"],
        itl: [Some("itl_p50"), Some("itl_p99")],
        is_main: true,
    },
    Variant {
        flags: "--timestamp-source user",
        core_is_busy: false,
        ttft: ["user_ttft_p50", "user_ttft_p99"],
        itl: [None, Some("user_itl_p99")],
        is_main: false,
    },
    Variant {
        flags: "",
        core_is_busy: true,
        ttft: ["busy_ttft_p50", "busy_ttft_p99"],
        itl: [None, Some("busy_itl_p99")],
        is_main: false,
    },
    Variant {
        flags: "--timestamp-source user",
        core_is_busy: true,
        ttft: ["busy_user_ttft_p50", "busy_user_ttft_p99"],
        itl: [None, None],
        is_main: false,
    },
];

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    for _ in 0..setting.options.rounds {
        for variant in VARIANTS {
            measure(setting, figures, Who::Ours, variant, |url| {
                Some(Client::ours(setting, url))
            })?;
            // The reference has no choice of stamps.
            if setting.reference.is_some() && variant.flags.is_empty() {
                let client = |url: &str| Client::reference(setting, url);
                unless_failed(Some(measure(
                    setting,
                    figures,
                    Who::Reference,
                    variant,
                    client,
                )));
            }
        }
    }
    Ok(())
}

fn measure<'a>(
    setting: &'a Setting,
    figures: &mut Figures,
    who: Who,
    variant: &Variant,
    client: impl FnOnce(&str) -> Option<Client<'a>>,
) -> Result<()> {
    let server = Server::start_truthful(setting, 5.0, 1.0)?;
    let Some(client) = client(&server.url) else {
        return Ok(());
    };
    let spinner = variant
        .core_is_busy
        .then(|| Spinner::start(setting.client_core))
        .transpose()?;
    let busy = server.busy()?;
    let run = client.flags(FLAGS).flags(variant.flags).run()?;
    let busy_percent = server.busy_percent(&busy)?;
    drop(spinner);
    let truth = server.finish()?;
    let records = run.records()?;
    if variant.is_main {
        let cpu_ms = run.cost.cpu_s * 1e3 / records.len() as f64;
        figures.add("streams", "rate", who, run.average("request_throughput")?);
        figures.add("streams", "cpu", who, cpu_ms);
        figures.add("streams", "server_busy", who, busy_percent);
    }
    let errors = stamp_errors(&records, &truth)?;
    let shares = [0.5, 0.99];
    for (key, share) in variant.ttft.iter().zip(shares) {
        figures.add("streams", key, who, quantile(&errors.first_token, share));
    }
    for (key, share) in variant.itl.iter().zip(shares) {
        if let Some(key) = key {
            figures.add("streams", key, who, quantile(&errors.gap, share));
        }
    }
    Ok(())
}
