//! From what was typed to what is meant: defaults, derived values, flags that depend on others.
//!
//! A value that is wrong by itself never gets here; the flag's own item refuses it. What is checked
//! here takes more than one flag, or is about a flag's absence.

mod advice;
mod dataset;
mod endpoint;
mod load;
mod phases;
mod rules;
mod runs;

pub(super) use dataset::{DEFAULT_ISL, entries, tokens};
pub(crate) use endpoint::check as check_url;
pub(crate) use endpoint::{PAYLOAD_TEMPLATE, RESPONSE_FIELD, takes_text};
pub(crate) use phases::DEFAULT_REQUESTS;
pub(crate) use rules::{
    DEFAULT_READINESS_INTERVAL_SECONDS, DEFAULT_READINESS_MODE, EXAMPLES as RULE_EXAMPLES,
    generated_prefix, generated_turns, names as rule_names,
};
pub(crate) use runs::order as order_of_runs;

use self::load::Load;
use super::args::ProfileArgs;
use super::choices::{
    ExportLevel, LogLevel, ModelSelection, ServerMetricsFormat, TimestampSource, Ui,
};
use super::config::{
    Models, NetworkProbes, OutputConfig, PhaseConfig, ProfileConfig, RuntimeConfig,
    ServerMetricsConfig, TelemetryConfig, TokenizerConfig,
};
use crate::document::UserFiles;
use crate::error::{Problem, UsageError, Warning};

/// What a run depends on besides its flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
}

/// A command line that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What the run does.
    pub config: ProfileConfig,
    /// What the user should know before it starts.
    pub warnings: Vec<Warning>,
}

/// Fills in defaults and derived values, and checks flags against each other. All that is wrong is
/// reported at once.
pub fn resolve(args: &ProfileArgs, surroundings: Surroundings) -> Result<Resolved, UsageError> {
    resolve_load(Load::of(args), surroundings, |load, findings| {
        rules::check(load, findings);
        advice::give(load, findings);
    })
}

/// The same for a run whose phases are known already, and make sense: `args` say nothing about
/// them. At least one of them is measured.
pub(crate) fn resolve_with_phases(
    args: &ProfileArgs,
    phases: Vec<PhaseConfig>,
    surroundings: Surroundings,
) -> Result<Resolved, UsageError> {
    let load = Load::with_phases(args, phases);
    resolve_load(load, surroundings, rules::check_all_but_load)
}

fn resolve_load(
    load: Load,
    surroundings: Surroundings,
    check: fn(&Load, &mut Findings),
) -> Result<Resolved, UsageError> {
    let mut findings = Findings::default();
    let args = load.args;
    let models = models(args, &mut findings);
    let endpoint = endpoint::resolve(args, &mut findings);
    let dataset = dataset::resolve(&load, &mut findings);
    check(&load, &mut findings);
    let config = ProfileConfig {
        models,
        endpoint,
        dataset,
        phases: load.phases,
        tokenizer: TokenizerConfig {
            name: args.tokenizer.clone(),
            revision: args
                .tokenizer_revision
                .clone()
                .unwrap_or_else(|| "main".into()),
            applies_chat_template: given(args.apply_chat_template),
        },
        output: OutputConfig {
            artifact_dir: args.artifact_dir.clone(),
            prefix: args.export_prefix.clone(),
            summary_json: true,
            export_level: args.export_level.unwrap_or(ExportLevel::Records),
            slice_duration_seconds: args.slice_duration_seconds,
            outputs_json: given(args.export_outputs_json),
            formats: args.export_formats.clone(),
            http_trace: given(args.export_http_trace),
            show_trace_timing: given(args.show_trace_timing),
            goodput: args.goodput.clone(),
            user_files: UserFiles::default(),
        },
        telemetry: TelemetryConfig {
            server_metrics: server_metrics(args),
            gpu_declined: given(args.no_gpu_telemetry),
            network_latency_mean_ms: args.network_latency_mean_ms,
            network_probes: given(args.network_latency_automatic).then_some(NetworkProbes {
                interval_seconds: args.network_latency_ping_interval_seconds,
            }),
        },
        runtime: runtime(args, surroundings),
        random_seed: args.random_seed,
        runs: runs::resolve(&args.runs),
    };
    let Findings { problems, warnings } = findings;
    UsageError::unless_empty(problems, Resolved { config, warnings })
}

fn server_metrics(args: &ProfileArgs) -> Option<ServerMetricsConfig> {
    if given(args.no_server_metrics) {
        return None;
    }
    let chosen = &args.server_metrics_formats;
    Some(ServerMetricsConfig {
        urls: args.server_metrics.clone().unwrap_or_default(),
        formats: if chosen.is_empty() {
            ServerMetricsFormat::USUAL.into()
        } else {
            chosen.clone()
        },
        is_asked_for: args.no_server_metrics == Some(false)
            || args.server_metrics.is_some()
            || !chosen.is_empty(),
    })
}

/// What was found on the way.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Findings {
    fn conflict(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::conflict(message, hint));
    }

    fn warn(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.warnings.push(Warning::new(message, hint));
    }
}

/// Whether a switch is on.
fn given(switch: Option<bool>) -> bool {
    switch.unwrap_or(false)
}

/// Those flags of a list that were given, and whether they are several; `None` if there are none.
fn listed(flags: &[(&str, bool)]) -> Option<(String, bool)> {
    let names: Vec<String> = flags
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    (!names.is_empty()).then(|| (names.join(", "), names.len() > 1))
}

fn models(args: &ProfileArgs, findings: &mut Findings) -> Models {
    if args.models.is_empty() {
        findings.conflict("no model is given", "name it with `--model NAME`");
    }
    Models {
        names: args.models.clone(),
        selection: args.model_selection.unwrap_or(ModelSelection::RoundRobin),
        weights: args.model_weights.clone(),
        tokenizers: Vec::new(),
    }
}

fn runtime(args: &ProfileArgs, surroundings: Surroundings) -> RuntimeConfig {
    let (ui, log_level) = if given(args.extra_verbose) {
        (Ui::Simple, LogLevel::Trace)
    } else if given(args.verbose) {
        (Ui::Simple, LogLevel::Debug)
    } else {
        let fitting = if surroundings.stdout_is_terminal {
            Ui::Dashboard
        } else {
            Ui::None
        };
        (
            args.ui.unwrap_or(fitting),
            args.log_level.unwrap_or(LogLevel::Info),
        )
    };
    let threads = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok());
    RuntimeConfig {
        ui,
        stats_interval_seconds: args.stats_interval_seconds,
        log_level,
        io_threads: threads(args.workers_max),
        recorder_threads: threads(args.record_processors),
        timestamp_source: args.timestamp_source.unwrap_or(TimestampSource::Auto),
        fail_on_client_limit: given(args.fail_on_client_limit),
    }
}

#[cfg(test)]
mod tests;
