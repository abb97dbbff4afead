//! What keys must not say together, besides what flags and keys must not say alike. One item for
//! each rule; all that are broken are told.

mod dataset;
mod endpoint;
mod examples;
mod phase;
mod runs;
mod settings;

pub(crate) use examples::EXAMPLES;

use super::fault::Fault;
use super::node::Mark;
use super::read::Field;
use super::sections::envelope::{BenchmarkSection, Envelope};

/// A rule about several keys.
pub(super) struct Rule {
    /// Says what the rule demands.
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
        self.at_root(format!("benchmark.{}", path.as_ref()), mark, message, hint);
    }

    /// At any key.
    fn at_root(
        &mut self,
        path: impl Into<String>,
        mark: Mark,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Fault::new(message).at(path, mark).hint(hint));
    }
}

/// Reports every rule that is broken.
pub(crate) fn check(envelope: &Envelope, faults: &mut Vec<Fault>) {
    for breach in crate::rules::check(&settings::view(envelope)).0 {
        faults.push(
            Fault::new(breach.message)
                .at("", breach.mark)
                .hint(breach.hint),
        );
    }
    let mut told = Told::default();
    for rule in all() {
        (rule.check)(&envelope.benchmark, &mut told);
    }
    for rule in runs::RULES {
        (rule.check)(envelope, &mut told);
    }
    faults.append(&mut told.0);
}

/// About one benchmark, in the order in which they are reported.
fn all() -> impl Iterator<Item = &'static Rule> {
    let groups = [endpoint::RULES, dataset::RULES, phase::RULES, RULES];
    groups.into_iter().flatten()
}

/// The names of all rules that only files can break.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let runs = runs::RULES.iter().map(|rule| rule.name);
    all().map(|rule| rule.name).chain(runs)
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

#[cfg(test)]
mod tests;
