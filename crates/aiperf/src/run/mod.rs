//! One benchmark run, from a resolved configuration to files and an exit code.
//!
//! The steps stand in the order in which they happen: [`prepare`] (everything that can fail before
//! a request is sent), [`execute`] (the phases), [`conclude`] (figures and files).

mod composer;
pub(crate) mod conclude;
mod console;
mod course;
pub(crate) mod display;
mod encoder;
pub(crate) mod environment;
pub(crate) mod execute;
mod first_content;
pub(crate) mod folder;
mod hooks;
mod inputs;
pub(crate) mod later;
pub(crate) mod logging;
mod network_latency;
mod phase_log;
mod phases;
pub(crate) mod prepare;
mod run_state;
mod server_metrics;
mod session_marks;
pub(crate) mod settings;
mod shelf;
pub(crate) mod signals;
pub(crate) mod template;
mod user_files;
mod video_jobs;
pub(crate) mod workload;

use aiperf_config::profile::ProfileConfig;
use aiperf_export::RunInfo;
use anyhow::Result;
use serde_json::Value;

use crate::exit::Exit;
use conclude::Concluded;
use prepare::Prepared;
use signals::Interrupts;

/// What a run is told besides its configuration.
pub(crate) struct RunRequest {
    /// What to do.
    pub(crate) config: ProfileConfig,
    /// The explicitly chosen settings, for the summary. Gets the artifact folder's path.
    pub(crate) input_config: Box<dyn FnOnce(&std::path::Path) -> Value>,
    /// The command line, credentials removed.
    pub(crate) cli_command: String,
    /// What the user should know before the run starts.
    pub(crate) warnings: Vec<String>,
    /// Its place among the runs of a plan; empty for a single run.
    pub(crate) place: RunInfo,
}

/// Carries out a run.
pub(crate) fn run(request: RunRequest) -> Result<Exit> {
    let interrupts = Interrupts::watch();
    let prepared = prepare::prepare(request, &interrupts)?;
    Ok(carry_out(prepared, &interrupts)?.exit)
}

/// Sends what is prepared, and concludes.
pub(crate) fn carry_out(mut prepared: Prepared, interrupts: &Interrupts) -> Result<Concluded> {
    let mut executed = execute::execute(&prepared, interrupts)?;
    network_latency::finish(&prepared, &mut executed);
    let server_metrics = server_metrics::finish(&prepared, &executed, interrupts);
    prepared.inputs.finish(executed.was_cancelled);
    conclude::conclude(&prepared, &executed, server_metrics.as_ref())
}
