//! Waiting until the server can serve.
//!
//! A server that has just been started answers late, wrongly or not at all. Every URL is asked about
//! every model, one after the other, again and again until the answer says "ready" or the time of
//! that probe is up. What counts as ready stands in [`models`], [`inference`] and [`route`].

mod inference;
mod models;
mod route;
mod sample;

use std::collections::HashSet;
use std::time::Duration;

use aiperf_endpoint::EndpointError;
use aiperf_endpoint::format::EndpointSettings;

use crate::client::ControlClient;
use crate::error::ControlError;
use crate::waiting::{CancelCheck, Deadline, block_on, pause, unless_cancelled};

/// What a server must show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadinessMode {
    /// Its list of models names the model.
    Models,
    /// It answers an inference request: the strongest sign.
    #[default]
    Inference,
    /// The list first, then the inference request.
    Both,
}

/// How long and how often the server is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Readiness {
    /// What it must show.
    pub mode: ReadinessMode,
    /// For each probe, that is, for each URL, model and kind. Zero: nothing is asked;
    /// [`Duration::MAX`]: for ever.
    pub timeout: Duration,
    /// Between two attempts.
    pub interval: Duration,
}

/// Who is asked.
#[derive(Debug, Clone, Copy)]
pub struct ProbedEndpoint<'a> {
    /// The addresses, as the user gives them.
    pub urls: &'a [String],
    /// The path that replaces the type's.
    pub custom_endpoint: Option<&'a str>,
    /// The type, the models and what else makes a body.
    pub settings: &'a EndpointSettings,
}

/// One kind of question, put to one URL about one model.
#[derive(Debug, Clone)]
enum Probe {
    Models(models::ModelsProbe),
    Inference(inference::InferenceProbe),
    Route(route::RouteProbe),
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Ready, and how that was seen.
    Ready(&'static str),
    /// Not ready, and why not.
    NotReady(String),
}

/// Asks until every URL is ready for every model.
///
/// # Errors
/// [`ControlError::NotReady`] for the first probe whose time is up, [`ControlError::Cancelled`], and
/// settings from which no probe can be made.
pub fn wait_until_ready(
    client: &ControlClient,
    endpoint: &ProbedEndpoint<'_>,
    readiness: &Readiness,
    is_cancelled: CancelCheck<'_>,
) -> Result<(), ControlError> {
    if readiness.timeout.is_zero() {
        return Ok(());
    }
    // Everything that is wrong with the settings is found before the first wait.
    let probes = probes(endpoint, readiness.mode)?;
    block_on(async {
        for probe in &probes {
            wait_for(client, probe, readiness, is_cancelled).await?;
        }
        Ok(())
    })
}

/// All probes in the order in which they are made.
fn probes(endpoint: &ProbedEndpoint<'_>, mode: ReadinessMode) -> Result<Vec<Probe>, ControlError> {
    let models = unique(&endpoint.settings.models);
    if models.is_empty() {
        return Err(EndpointError::NoModel.into());
    }
    let mut probes = Vec::new();
    for url in unique(endpoint.urls) {
        if mode != ReadinessMode::Inference {
            for model in &models {
                let probe = models::ModelsProbe::new(endpoint, url, model)?;
                probes.push(Probe::Models(probe));
            }
        }
        if mode != ReadinessMode::Models {
            probes.extend(inference_probes(endpoint, url, &models)?);
        }
    }
    Ok(probes)
}

/// One request for each model; for types without a small request one look at the route, which says
/// nothing about models.
fn inference_probes(
    endpoint: &ProbedEndpoint<'_>,
    url: &str,
    models: &[&String],
) -> Result<Vec<Probe>, ControlError> {
    let mut probes = Vec::with_capacity(models.len());
    for model in models {
        let Some(probe) = inference::InferenceProbe::new(endpoint, url, model)? else {
            let probe = route::RouteProbe::new(endpoint, url)?;
            return Ok(vec![Probe::Route(probe)]);
        };
        probes.push(Probe::Inference(probe));
    }
    Ok(probes)
}

fn unique(names: &[String]) -> Vec<&String> {
    let mut known = HashSet::new();
    names.iter().filter(|name| known.insert(*name)).collect()
}

async fn wait_for(
    client: &ControlClient,
    probe: &Probe,
    readiness: &Readiness,
    is_cancelled: CancelCheck<'_>,
) -> Result<(), ControlError> {
    let what = probe.what();
    let deadline = Deadline::after(readiness.timeout);
    let longest = readiness.interval.max(probe.shortest_patience());
    tracing::info!("waiting for {what}");
    let mut attempts = 0;
    let mut before: Option<String> = None;
    loop {
        attempts += 1;
        let asking = probe.ask(client, deadline, longest);
        let reason = match unless_cancelled(asking, is_cancelled).await? {
            Verdict::Ready(how) => {
                tracing::info!("ready: {what}: {how} ({attempts} attempt(s))");
                return Ok(());
            }
            Verdict::NotReady(reason) => reason,
        };
        let next = readiness.interval.min(deadline.remaining());
        if !next.is_zero() {
            let seconds = next.as_secs_f64();
            tracing::info!("not ready: {what}: {reason}; next attempt in {seconds:.1} s");
            pause(next, is_cancelled).await?;
        }
        if deadline.remaining().is_zero() {
            return Err(ControlError::NotReady {
                what,
                waited: readiness.timeout,
                attempts,
                last: both(reason, before),
            });
        }
        before = Some(reason);
    }
}

/// The last attempt is often cut short by the end of the time, and says nothing but that.
fn both(last: String, before: Option<String>) -> String {
    match before {
        Some(before) if before != last => format!("{last}, before that: {before}"),
        _ => last,
    }
}

impl Probe {
    /// The question in words, with its URL.
    fn what(&self) -> String {
        match self {
            Self::Models(probe) => probe.what(),
            Self::Inference(probe) => probe.what(),
            Self::Route(probe) => probe.what(),
        }
    }

    /// What an answer is always given, however short the interval. Loading a model can make the
    /// first token take many seconds; a list has no such excuse.
    fn shortest_patience(&self) -> Duration {
        match self {
            Self::Models(_) | Self::Route(_) => Duration::from_secs(5),
            Self::Inference(_) => Duration::from_secs(30),
        }
    }

    /// Asks once. Each request gets `longest`, and no more than is left until the deadline.
    async fn ask(&self, client: &ControlClient, deadline: Deadline, longest: Duration) -> Verdict {
        let patience = || longest.min(deadline.remaining());
        match self {
            Self::Models(probe) => probe.ask(client, patience).await,
            Self::Inference(probe) => probe.ask(client, patience()).await,
            Self::Route(probe) => probe.ask(client, patience()).await,
        }
    }
}

/// Why a status is no sign of readiness.
fn refused(status: http::StatusCode) -> Verdict {
    let hint = match status.as_u16() {
        401 | 403 => " (check `--api-key` and `--header`)",
        404 => " (check `--url`, `--custom-endpoint` and `--model`)",
        300..=399 => " (redirects are not followed)",
        _ => "",
    };
    Verdict::NotReady(format!("status {}{hint}", status.as_u16()))
}

#[cfg(test)]
mod tests;
