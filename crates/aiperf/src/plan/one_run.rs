//! One run of a plan.

use std::path::{Path, PathBuf};

use aiperf_config::profile::Ui;
use aiperf_export::summary_json::run_summary;
use aiperf_export::{OutputFile, RunInfo};
use aiperf_model::MetricResult;
use aiperf_schedule::PhaseKind;
use aiperf_search::order::Step;
use aiperf_search::outcome::{RunOutcome, run_label};
use anyhow::Result;
use indexmap::IndexMap;
use serde_json::Value;
use uuid::Uuid;

use super::Plan;
use crate::exit::Exit;
use crate::run::conclude::Concluded;
use crate::run::prepare::prepare;
use crate::run::signals::Interrupts;
use crate::run::{RunRequest, carry_out};

/// A run that was made.
pub(super) struct Made {
    pub(super) outcome: RunOutcome,
    pub(super) exit: Exit,
    /// The records of its requests, where there are any.
    pub(super) records: Option<PathBuf>,
}

/// The run of a step: its configuration, its seed, its folder.
pub(super) fn request(plan: &Plan, step: &Step, base: &Path, sweep_id: &str) -> Option<RunRequest> {
    let variation = plan.variations.get(step.variation)?;
    let identity = &variation.identity;
    let mut config = variation.config.clone();
    config.output.artifact_dir = Some(base.join(plan.layout().run(&identity.dir_name, step.trial)));
    config.random_seed = plan
        .seeds()
        .of_run(step.variation, &identity.label, step.trial);
    if step.trial > 0 && plan.base.runs.disable_warmup_after_first {
        config
            .phases
            .retain(|phase| phase.kind != PhaseKind::Warmup);
    }
    // A display of the whole screen is made for one run.
    if config.runtime.ui == Ui::Dashboard {
        config.runtime.ui = Ui::Simple;
    }
    let names: Vec<String> = config
        .phases
        .iter()
        .map(|phase| phase.name.clone())
        .collect();
    let input_config = std::rc::Rc::clone(&variation.input_config);
    let of_run = config.clone();
    let block = move |folder: &Path| {
        let mut block = input_config(&of_run, folder);
        if let Some(phases) = block.get_mut("phases").and_then(Value::as_array_mut) {
            let is_run = |phase: &Value| {
                let name = phase["name"].as_str().unwrap_or_default();
                names.iter().any(|known| known == name)
            };
            phases.retain(is_run);
        }
        block
    };
    Some(RunRequest {
        config,
        input_config: Box::new(block),
        cli_command: plan.cli_command.clone(),
        warnings: variation.warnings.clone(),
        place: RunInfo {
            benchmark_id: Uuid::new_v4().simple().to_string(),
            sweep_id: Some(sweep_id.to_owned()),
            trial: u32::try_from(step.trial).unwrap_or(u32::MAX),
            run_label: Some(run_label(step.trial)),
            variation_label: Some(identity.label.clone()),
            variation_index: u32::try_from(step.variation).ok(),
            variation_values: Some(identity.values.clone()),
            ..RunInfo::default()
        },
    })
}

/// Makes the run. Whatever becomes of it, the plan goes on.
pub(super) fn make(step: &Step, request: Option<RunRequest>, interrupts: &Interrupts) -> Made {
    let without_results = |exit: Exit, error: String| Made {
        outcome: RunOutcome::failed(step.variation, step.trial, error),
        exit,
        records: None,
    };
    let failed = |error: String| without_results(Exit::Failure, error);
    // The end was asked for before the first request.
    let interrupted = || without_results(Exit::Interrupted, CANCELLED.to_owned());
    let Some(request) = request else {
        return failed("the run is none of the plan".to_owned());
    };
    match run(request, interrupts) {
        Ok(Some(concluded)) => made(step, &concluded, interrupts),
        Ok(None) => interrupted(),
        Err(error) if interrupts.was_asked() => {
            tracing::debug!("{error:#}");
            interrupted()
        }
        Err(error) => failed(format!("{error:#}")),
    }
}

const CANCELLED: &str = "the run was cancelled";

/// `None` if the end was asked for before the first request.
fn run(request: RunRequest, interrupts: &Interrupts) -> Result<Option<Concluded>> {
    let prepared = prepare(request, interrupts)?;
    if interrupts.was_asked() {
        return Ok(None);
    }
    carry_out(prepared, interrupts).map(Some)
}

fn made(step: &Step, concluded: &Concluded, interrupts: &Interrupts) -> Made {
    let Concluded {
        exit,
        report,
        state,
        folder,
    } = concluded;
    let (variation, trial) = (step.variation, step.trial);
    let mut outcome = RunOutcome::of_metrics(
        variation,
        trial,
        metrics(&run_summary(report, &state.export_options().summary)),
    );
    if report.was_cancelled && interrupts.was_asked() {
        // A part of a run would bend what whole runs say.
        outcome = RunOutcome::failed(variation, trial, CANCELLED);
    } else if *exit == Exit::Failure && outcome.is_successful() {
        outcome = RunOutcome::failed(
            variation,
            trial,
            format!("the run failed: see `{}`", folder.display()),
        );
    }
    let records = folder.join(state.files.names.name(OutputFile::Records));
    Made {
        outcome,
        exit: *exit,
        records: state.files.records.then_some(records),
    }
}

/// The metrics of a summary: its members with a unit.
fn metrics(summary: &Value) -> IndexMap<String, MetricResult> {
    let members = summary.as_object().into_iter().flatten();
    members
        .filter(|(_, member)| member.get("unit").is_some())
        .filter_map(|(tag, member)| {
            let metric = serde_json::from_value(member.clone()).ok()?;
            Some((tag.clone(), metric))
        })
        .collect()
}
