//! What is known of the run beside its records, and kept on disk while the run goes on: `aiperf
//! summarize` can then tell the figures of a run that was killed.

use std::path::{Path, PathBuf};

use aiperf_clock::Clock;
use aiperf_config::profile::{ExportFormat, ExportLevel, ProfileConfig};
use aiperf_engine::PhaseOutcome;
use aiperf_export::{
    FileChoices, FileNames, HiddenMetrics, PhaseKind, PhaseState, RunInfo, RunState,
};
use aiperf_metrics::RunContext;
use aiperf_schedule::{PhaseKind as PlannedKind, PhasePlan};
use anyhow::Result;
use serde_json::Value;

use super::environment::Environment;
use crate::version::VERSION;

/// What the state is made of.
pub(crate) struct Known<'a> {
    pub(crate) config: &'a ProfileConfig,
    pub(crate) environment: &'a Environment,
    pub(crate) context: RunContext,
    pub(crate) names: &'a FileNames,
    pub(crate) input_config: &'a Value,
    pub(crate) cli_command: &'a str,
    pub(crate) benchmark_id: &'a str,
    pub(crate) place: RunInfo,
    pub(crate) metrics_title: &'a str,
    pub(crate) phases: &'a [PhasePlan],
}

/// The state before the first phase.
pub(crate) fn before_the_run(known: Known<'_>) -> RunState {
    let Known {
        config,
        environment,
        ..
    } = known;
    let verifies = environment.verify_tls && config.endpoint.tls.verifies;
    let is_secure = |url: &String| url.starts_with("https:");
    RunState {
        aiperf_version: VERSION.to_owned(),
        metrics_title: known.metrics_title.to_owned(),
        run_info: RunInfo {
            benchmark_id: known.benchmark_id.to_owned(),
            random_seed: config.random_seed,
            cli_command: Some(known.cli_command.to_owned()),
            ..known.place
        },
        input_config: Some(known.input_config.clone()),
        context: known.context,
        context_overflow_texts: environment.context_overflow_texts.clone(),
        is_open_loop: known
            .phases
            .iter()
            .any(|plan| plan.kind == PlannedKind::Profiling && plan.arrivals.is_open_loop()),
        network_rtt_ns: config
            .telemetry
            .network_latency_mean_ms
            .map(|mean_ms| mean_ms * 1e6),
        tls_verification_off: !verifies && config.endpoint.urls.iter().any(is_secure),
        files: file_choices(config, environment, known.names),
        ..RunState::default()
    }
}

fn file_choices(
    config: &ProfileConfig,
    environment: &Environment,
    names: &FileNames,
) -> FileChoices {
    let output = &config.output;
    let slice_ns = |seconds: f64| ((seconds * 1e9) as u64).max(1);
    FileChoices {
        names: names.clone(),
        summary_json: output.summary_json,
        records: output.export_level != ExportLevel::Summary,
        raw: output.export_level == ExportLevel::Raw,
        outputs_json: output.outputs_json,
        parquet: output.formats.contains(&ExportFormat::Parquet),
        slice_duration_ns: output.slice_duration_seconds.map(slice_ns),
        hidden: HiddenMetrics {
            internal: environment.show_internal,
            experimental: environment.show_experimental,
        },
        hidden_on_console: HiddenMetrics {
            internal: environment.developer_mode && environment.show_internal,
            experimental: environment.developer_mode && environment.show_experimental,
        },
        console_width: environment.console_width,
        trace_timing: output.show_trace_timing,
    }
}

/// The state of a run that goes on, and its file.
pub(crate) struct LiveState {
    state: RunState,
    folder: PathBuf,
    clock: Clock,
}

impl LiveState {
    /// Writes the state as it is before the first phase.
    pub(crate) fn begin(state: &RunState, folder: &Path, clock: Clock) -> Result<Self> {
        state.write(folder)?;
        Ok(Self {
            state: state.clone(),
            folder: folder.to_owned(),
            clock,
        })
    }

    /// The phase is about to begin.
    pub(crate) fn phase_begins(&mut self, plan: &PhasePlan) {
        self.state.phases.push(PhaseState {
            name: plan.name.clone(),
            kind: match plan.kind {
                PlannedKind::Warmup => PhaseKind::Warmup,
                PlannedKind::Profiling => PhaseKind::Profiling,
            },
            start_ns: None,
            end_ns: None,
            was_cancelled: false,
        });
        self.save();
    }

    /// The phase is under way; does something the first time only.
    pub(crate) fn phase_runs(&mut self, index: usize, start: aiperf_clock::Nanos) {
        let start_ns = self.clock.epoch(start);
        let Some(phase) = self.state.phases.get_mut(index) else {
            return;
        };
        if phase.start_ns.is_none() {
            phase.start_ns = Some(start_ns);
            self.save();
        }
    }

    /// The phase is over.
    pub(crate) fn phase_ends(&mut self, index: usize, outcome: &PhaseOutcome) {
        let clock = self.clock;
        if let Some(phase) = self.state.phases.get_mut(index) {
            phase.start_ns = Some(clock.epoch(outcome.times.start));
            phase.end_ns = Some(clock.epoch(outcome.times.end));
            phase.was_cancelled = outcome.was_cancelled;
        }
        self.save();
    }

    /// The state when all phases are over.
    pub(crate) fn into_state(self) -> RunState {
        self.state
    }

    /// The run goes on if that fails: it has its figures without the file.
    fn save(&self) {
        if let Err(error) = self.state.write(&self.folder) {
            tracing::warn!("{error}; if the run is killed, `aiperf summarize` knows less of it");
        }
    }
}
