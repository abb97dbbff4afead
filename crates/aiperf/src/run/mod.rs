//! One benchmark run, from a resolved configuration to files and an exit code.
//!
//! The steps stand in the order in which they happen: [`prepare`] (everything that can fail before
//! a request is sent), [`execute`] (the phases), [`conclude`] (figures and files).

mod composer;
pub(crate) mod conclude;
mod course;
mod encoder;
pub(crate) mod environment;
pub(crate) mod execute;
mod first_content;
pub(crate) mod folder;
mod hooks;
mod inputs;
pub(crate) mod later;
mod logging;
mod phase_log;
mod phases;
pub(crate) mod prepare;
pub(crate) mod progress;
mod run_state;
mod session_marks;
pub(crate) mod settings;
mod shelf;
pub(crate) mod signals;
pub(crate) mod template;
mod video_jobs;
pub(crate) mod workload;

use aiperf_config::profile::ProfileConfig;
use anyhow::Result;
use serde_json::Value;

use crate::exit::Exit;
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
}

/// Carries out a run.
pub(crate) fn run(request: RunRequest) -> Result<Exit> {
    let interrupts = Interrupts::watch();
    let mut prepared = prepare::prepare(request, &interrupts)?;
    let executed = execute::execute(&prepared, &interrupts)?;
    prepared.inputs.finish(executed.was_cancelled);
    conclude::conclude(&prepared, &executed)
}
