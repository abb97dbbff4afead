//! What keys must not say together. One item for each rule; all that are broken are told.

mod dataset;
mod endpoint;
mod phase;

use super::fault::Fault;
use super::node::Mark;
use super::read::Field;
use super::sections::envelope::{BenchmarkSection, Envelope};
use super::values::OneOf;

/// A rule about several keys.
pub(super) struct Rule {
    /// Says what the rule demands.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests find rules by it"))]
    pub(super) name: &'static str,
    /// Tells where and why it is broken.
    pub(super) check: fn(&BenchmarkSection, &mut Told),
}

/// Collects what is told.
#[derive(Default)]
pub(super) struct Told(Vec<Fault>);

impl Told {
    /// At a key below `benchmark`.
    fn at(
        &mut self,
        path: impl AsRef<str>,
        mark: Mark,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let path = format!("benchmark.{}", path.as_ref());
        self.0.push(Fault::new(message).at(path, mark).hint(hint));
    }
}

/// Reports every rule that is broken.
pub(crate) fn check(envelope: &Envelope, faults: &mut Vec<Fault>) {
    let mut told = Told::default();
    for rule in all() {
        (rule.check)(&envelope.benchmark, &mut told);
    }
    faults.append(&mut told.0);
    about_several_runs(envelope, faults);
}

/// In the order in which they are reported.
fn all() -> impl Iterator<Item = &'static Rule> {
    let groups = [endpoint::RULES, dataset::RULES, phase::RULES, RULES];
    groups.into_iter().flatten()
}

/// Settles what follows from other keys.
pub(crate) fn settle(envelope: &mut Envelope, warnings: &mut Vec<Fault>) {
    let body = &mut envelope.benchmark;
    endpoint::settle(&mut body.endpoint, warnings);
    for phase in &mut body.phases.value {
        let phase = &mut phase.0;
        let is_warmup = phase.kind.is_some_and(|kind| kind.is("warmup"));
        // As the reference does, which writes it for warmups also where nobody asked for it.
        if is_warmup && !phase.exclude_from_results.is_given() {
            phase.exclude_from_results = Field {
                value: true,
                mark: Some(Mark::Nowhere),
            };
        }
    }
    if !body.tokenizer.is_given() {
        body.tokenizer.mark = Some(Mark::Nowhere);
    }
    for file in &mut body.artifacts.value.user_files.value {
        if !file.0.format.is_given() {
            file.0.format.mark = Some(Mark::Nowhere);
        }
    }
    let plots_by_default = envelope.plot.is_some() && !body.artifacts.auto_plot.is_given();
    if plots_by_default {
        body.artifacts.value.auto_plot = Field {
            value: true,
            mark: Some(Mark::Nowhere),
        };
        if !body.artifacts.is_given() {
            body.artifacts.mark = Some(Mark::Nowhere);
        }
    }
}

/// About telemetry, the program itself and judging answers.
const RULES: &[Rule] = &[
    Rule {
        name: "a local collector asks no other machine",
        check: |body, told| {
            let gpu = &body.gpu_telemetry;
            let is_local = !gpu.collector.is("dcgm");
            if *gpu.enabled && is_local && !gpu.urls.is_empty() {
                told.at(
                    "gpuTelemetry.urls",
                    gpu.urls.place(),
                    format!(
                        "does not go with the collector `{}`, which reads this machine",
                        gpu.collector.name()
                    ),
                    "leave the addresses away, or use `collector: dcgm`",
                );
            }
        },
    },
    Rule {
        name: "who finds nothing selects nothing",
        check: |body, told| {
            let discovery = &body.server_metrics.discovery;
            if !discovery.mode.is("disabled") {
                return;
            }
            for (name, field) in [
                ("labelSelector", &discovery.label_selector),
                ("namespace", &discovery.namespace),
            ] {
                if field.is_some() {
                    told.at(
                        format!("serverMetrics.discovery.{name}"),
                        field.place(),
                        "does not go with `mode: disabled`",
                        "leave it away, or choose `mode: auto` or `mode: kubernetes`",
                    );
                }
            }
        },
    },
    Rule {
        name: "a run at Weights & Biases belongs to a project",
        check: |body, told| {
            let wandb = &body.wandb;
            let filled = |word: &Option<super::sections::telemetry::Word>| {
                word.as_ref().is_some_and(|word| !word.0.is_empty())
            };
            if filled(&wandb.project) {
                return;
            }
            for (name, given, mark) in [
                ("entity", filled(&wandb.entity), wandb.entity.place()),
                ("runName", filled(&wandb.run_name), wandb.run_name.place()),
                ("tags", wandb.tags.is_some(), wandb.tags.place()),
            ] {
                if given {
                    told.at(
                        format!("wandb.{name}"),
                        mark,
                        "needs `benchmark.wandb.project`",
                        "name the project that the run belongs to",
                    );
                }
            }
        },
    },
    Rule {
        name: "an address needs a port",
        check: |body, told| {
            let runtime = &body.runtime;
            if runtime.api_host.is_some() && runtime.api_port.is_none() {
                told.at(
                    "runtime.apiHost",
                    runtime.api_host.place(),
                    "needs `benchmark.runtime.apiPort`",
                    "say at which port, or leave the host away",
                );
            }
        },
    },
    Rule {
        name: "the least number of workers is not above their number",
        check: |body, told| {
            let runtime = &body.runtime;
            if let (Some(most), Some(least)) = (*runtime.workers, *runtime.workers_min)
                && least > most
            {
                told.at(
                    "runtime.workersMin",
                    runtime.workers_min.place(),
                    format!("{least} is more than `benchmark.runtime.workers`, which is {most}"),
                    "lower it, or raise the other",
                );
            }
        },
    },
    Rule {
        name: "answers are judged by a benchmark",
        check: accuracy_without_benchmark,
    },
    Rule {
        name: "a tokenizer needs something to count",
        check: |body, told| {
            let kind = endpoint::capabilities(&body.endpoint);
            if kind.is_none_or(|kind| kind.produces_tokens || kind.tokenizes_input) {
                return;
            }
            let Some(tokenizer) = body.tokenizer.as_ref() else {
                return;
            };
            let is_given = tokenizer.name.is_given()
                || tokenizer.revision.is_given()
                || tokenizer.trust_remote_code.is_given()
                || tokenizer.apply_chat_template.is_given();
            if is_given {
                told.at(
                    "tokenizer",
                    body.tokenizer.place(),
                    format!("does not go with `type: {}`", body.endpoint.r#type.name()),
                    "that type takes no text and answers with none; leave the section away",
                );
            }
        },
    },
];

fn accuracy_without_benchmark(body: &BenchmarkSection, told: &mut Told) {
    let Some(accuracy) = body.accuracy.as_ref() else {
        return;
    };
    if accuracy.benchmark.is_some() {
        return;
    }
    let given = [
        ("tasks", accuracy.tasks.is_some(), accuracy.tasks.place()),
        (
            "nShots",
            accuracy.n_shots.is_some(),
            accuracy.n_shots.place(),
        ),
        (
            "enableCot",
            accuracy.enable_cot.is_given(),
            accuracy.enable_cot.place(),
        ),
        ("grader", accuracy.grader.is_some(), accuracy.grader.place()),
        (
            "systemPrompt",
            accuracy.system_prompt.is_some(),
            accuracy.system_prompt.place(),
        ),
        (
            "verbose",
            accuracy.verbose.is_given(),
            accuracy.verbose.place(),
        ),
    ];
    for (name, _, mark) in given.into_iter().filter(|(_, is_given, _)| *is_given) {
        told.at(
            format!("accuracy.{name}"),
            mark,
            "needs `benchmark.accuracy.benchmark`",
            "name the questions that are asked",
        );
    }
}

fn about_several_runs(envelope: &Envelope, faults: &mut Vec<Fault>) {
    use super::sections::sweep::SweepSection;

    let mut told = |path: &str, mark: Mark, message: String, hint: &str| {
        faults.push(Fault::new(message).at(path, mark).hint(hint));
    };
    let many = &envelope.multi_run;
    if let Some(convergence) = many.convergence.as_ref()
        && *convergence.min_runs > *many.num_runs
    {
        told(
            "multiRun.convergence.minRuns",
            convergence.min_runs.place(),
            format!(
                "{} is more than `multiRun.numRuns`, which is {}",
                *convergence.min_runs, *many.num_runs
            ),
            "raise `numRuns`: trials end early where they agree",
        );
    }
    let Some(sweep) = envelope.sweep.as_ref() else {
        return;
    };
    let mark = envelope.sweep.place();
    let body = &envelope.benchmark;
    if body.runtime.ui.is_given() && body.runtime.ui.is("dashboard") {
        told(
            "benchmark.runtime.ui",
            body.runtime.ui.place(),
            "`dashboard` does not go with `sweep`".into(),
            "choose `simple` or `none`",
        );
    }
    if let (Some(scenario), false) = (body.scenario.as_ref(), *body.unsafe_override) {
        told(
            "sweep",
            mark,
            format!("does not go with `benchmark.scenario: {scenario}`"),
            "a scenario is one fixed configuration",
        );
    }
    let SweepSection::AdaptiveSearch(search) = sweep else {
        if let SweepSection::Grid(grid) = sweep {
            let order: OneOf<_> = *grid.iteration_order;
            repeated_with_convergence(envelope, order.is("repeated"), mark, &mut told);
        }
        return;
    };
    if body.phases.iter().any(|phase| *phase.0.adaptive_scale) {
        told(
            "sweep",
            mark,
            "a search does not go with phases that search by themselves (`adaptiveScale`)".into(),
            "keep one of them",
        );
    }
    let plans_from_points = search.planner.is("bayesian") || search.planner.is("optuna");
    if plans_from_points && *search.n_initial_points >= *search.max_iterations {
        told(
            "sweep.nInitialPoints",
            search.n_initial_points.place(),
            format!(
                "{} leaves nothing of `maxIterations` {}",
                *search.n_initial_points, *search.max_iterations
            ),
            "raise `maxIterations`",
        );
    }
    let dimensions = &search.search_space;
    for (index, dimension) in dimensions.iter().enumerate() {
        let path = format!("sweep.searchSpace.{index}");
        if *dimension.hi <= *dimension.lo {
            told(
                &path,
                dimension.hi.place(),
                "needs `lo` below `hi`".into(),
                "swap them",
            );
        }
        if dimension.prior.is("log-uniform") && *dimension.lo <= 0.0 {
            told(
                &path,
                dimension.lo.place(),
                "a `log-uniform` prior needs `lo` above 0".into(),
                "raise `lo`, or choose `uniform`",
            );
        }
        if dimensions[..index]
            .iter()
            .any(|other| *other.path == *dimension.path)
        {
            told(
                &path,
                dimension.path.place(),
                format!("`{}` is there twice", *dimension.path),
                "keep one of them",
            );
        }
    }
}

/// The reference refuses trials that end early where the outer loop is that of trials.
fn repeated_with_convergence(
    envelope: &Envelope,
    is_repeated: bool,
    mark: Mark,
    told: &mut impl FnMut(&str, Mark, String, &str),
) {
    let several = *envelope.multi_run.num_runs > 1;
    if is_repeated && several && envelope.multi_run.convergence.is_some() {
        told(
            "sweep",
            mark,
            "`iterationOrder: repeated` does not go with `multiRun.convergence`".into(),
            "choose `iterationOrder: independent`",
        );
    }
}

#[cfg(test)]
mod tests;
