//! Several runs as one plan: repeated runs, sweeps. One after the other, in this process, each in its
//! own folder like a run of its own; then what they say together.
//!
//! Nothing of a run outlives it but its files and its figures: log lines go to its own file
//! (`run/logging.rs`), and a signal ends the plan as well (`run/signals.rs`).

mod console;
mod convergence;
mod files;
mod one_run;
mod table;

use std::io::IsTerminal as _;
use std::path::Path;

use aiperf_config::Identity;
use aiperf_config::profile::{ProfileConfig, RunsConfig};
use aiperf_export::{FileNames, OutputFile};
use aiperf_search::layout::Layout;
use aiperf_search::order::{IterationOrder, Schedule, Step};
use aiperf_search::outcome::{RunOutcome, run_label};
use aiperf_search::seed::{CONSISTENT_SEED, Seeds};
use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::exit::Exit;
use crate::run::signals::Interrupts;
use crate::run::{folder, logging, settings};
use one_run::Made;
use table::Table;

/// What is to be run.
pub(crate) struct Plan {
    /// What holds for all runs; of a sweep, with the first values.
    pub(crate) base: ProfileConfig,
    /// In order; at least one.
    pub(crate) variations: Vec<PlannedVariation>,
    /// The command line, credentials removed.
    pub(crate) cli_command: String,
    /// What `sampling_design.json` says, for a sweep that samples a space.
    pub(crate) sampling_design: Option<Value>,
}

/// One configuration.
pub(crate) struct PlannedVariation {
    pub(crate) identity: Identity,
    pub(crate) config: ProfileConfig,
    /// The explicitly chosen settings, for the summary. Gets the run's configuration and folder.
    pub(crate) input_config: InputConfigOf,
    /// What the user should know before it starts.
    pub(crate) warnings: Vec<String>,
}

/// Makes what a summary says of its configuration.
pub(crate) type InputConfigOf = std::rc::Rc<dyn Fn(&ProfileConfig, &Path) -> Value>;

impl Plan {
    /// Whether it is one run like any other.
    pub(crate) fn is_single(&self) -> bool {
        self.runs().trials < 2 && self.variations.len() < 2
    }

    fn runs(&self) -> &RunsConfig {
        &self.base.runs
    }

    fn is_sweep(&self) -> bool {
        self.variations.len() > 1
    }

    fn trials(&self) -> usize {
        usize::try_from(self.runs().trials).unwrap_or(1)
    }

    fn order(&self) -> IterationOrder {
        let sweep = self.runs().sweep.as_ref();
        sweep.map_or(IterationOrder::Repeated, |sweep| sweep.order)
    }

    fn layout(&self) -> Layout {
        Layout {
            is_sweep: self.is_sweep(),
            trials: self.trials(),
            order: self.order(),
        }
    }

    fn schedule(&self) -> Schedule {
        let sweep = self.runs().sweep.as_ref();
        Schedule {
            variations: self.variations.len(),
            trials: self.trials(),
            order: self.order(),
            variation_pause_seconds: sweep.map_or(0.0, |sweep| sweep.cooldown_seconds),
            trial_pause_seconds: self.runs().cooldown_seconds,
        }
    }

    /// How the seeds of runs follow.
    pub(crate) fn seeds(&self) -> Seeds {
        let runs = self.runs();
        let is_plan = runs.trials > 1 || runs.sweep.is_some();
        let usual = (is_plan && runs.consistent_seed).then_some(CONSISTENT_SEED);
        let same = runs.sweep.as_ref().is_none_or(|sweep| sweep.same_seed);
        Seeds {
            base: self.base.random_seed.or(usual),
            same_for_variations: same || !self.is_sweep(),
            vary_by_trial: runs.vary_seed_per_trial,
        }
    }
}

/// Carries out a plan of several runs.
pub(crate) fn carry_out(plan: &Plan) -> Result<Exit> {
    let interrupts = Interrupts::watch();
    interrupts.between_runs();
    let log = logging::start(settings::least_severity(plan.base.runtime.log_level));
    let base = folder::make(&plan.base)?;
    let log_file = base.join(FileNames::usual().name(OutputFile::Log));
    log.add_file(&log_file)
        .with_context(|| format!("cannot write a log file in `{}`", base.display()))?;
    files::clear(plan, &base)?;
    files::write_sampling_design(plan, &base)?;
    console::begin(plan);

    let sweep_id = uuid::Uuid::new_v4().to_string();
    let mut course = Course {
        plan,
        base: &base,
        sweep_id: &sweep_id,
        made: Vec::new(),
        converged: vec![false; plan.variations.len()],
        table: Table::of(plan),
    };
    for step in plan.schedule().steps() {
        if course.converged.get(step.variation) == Some(&true) {
            continue;
        }
        interrupts.pause(step.pause_seconds);
        if interrupts.was_asked() {
            break;
        }
        tracing::info!(
            "[v{} t{}] Executing {}...",
            step.variation,
            step.trial,
            run_label(step.trial)
        );
        let made = course.make(&step, &interrupts);
        interrupts.between_runs();
        // Lines about the plan are not about a run.
        let _ = log.add_file(&log_file);
        course.take(&step, made);
    }
    conclude(plan, &base, &course.made, interrupts.was_asked())
}

/// How far the plan is.
struct Course<'a> {
    plan: &'a Plan,
    base: &'a Path,
    sweep_id: &'a str,
    made: Vec<Made>,
    /// Which variations need no further trial.
    converged: Vec<bool>,
    table: Table,
}

impl Course<'_> {
    fn make(&self, step: &Step, interrupts: &Interrupts) -> Made {
        let request = one_run::request(self.plan, step, self.base, self.sweep_id);
        one_run::make(step, request, interrupts)
    }

    fn take(&mut self, step: &Step, made: Made) {
        if let Some(error) = &made.outcome.error {
            tracing::warn!("{} is left out: {error}", run_label(step.trial));
        }
        self.made.push(made);
        let of_variation: Vec<&Made> = self
            .made
            .iter()
            .filter(|made| made.outcome.variation == step.variation)
            .collect();
        let criterion = self.plan.runs().convergence.as_ref();
        let is_enough =
            criterion.is_some_and(|criterion| convergence::is_reached(criterion, &of_variation));
        if is_enough && !step.is_last_of_variation {
            let label = match self.plan.variations.get(step.variation) {
                Some(variation) if self.plan.is_sweep() => {
                    format!(" of `{}`", variation.identity.label)
                }
                _ => String::new(),
            };
            tracing::info!(
                "{} runs{label} agree: no further one is needed",
                of_variation.len()
            );
        }
        if let Some(converged) = self.converged.get_mut(step.variation) {
            *converged = is_enough;
        }
        if is_enough || step.is_last_of_variation {
            let outcomes: Vec<&RunOutcome> =
                of_variation.iter().map(|made| &made.outcome).collect();
            self.table.add(self.plan, step.variation, &outcomes);
        }
    }
}

fn conclude(plan: &Plan, base: &Path, made: &[Made], was_cancelled: bool) -> Result<Exit> {
    let successful = made
        .iter()
        .filter(|made| made.outcome.is_successful())
        .count();
    console::all_done(plan, made, was_cancelled);
    if was_cancelled && made.iter().all(|made| made.exit == Exit::Interrupted) {
        return Ok(Exit::Interrupted);
    }
    match successful {
        0 => {
            tracing::error!("no run succeeded: there is nothing to aggregate");
            return Ok(Exit::Failure);
        }
        1 => {
            tracing::warn!("one run succeeded: figures over runs need at least two that do");
            return Ok(Exit::Failure);
        }
        _ => {}
    }
    let written = files::write(plan, base, made)?;
    console::end(&written);
    let is_limited = made.iter().any(|made| made.exit == Exit::ClientLimited);
    Ok(if is_limited {
        Exit::ClientLimited
    } else {
        Exit::Success
    })
}

/// Whether standard output is looked at by a person.
fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}
