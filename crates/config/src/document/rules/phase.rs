//! Rules about phases.

use super::{Rule, Told};
use crate::document::node::Mark;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::phase::Phase;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "phases have names of their own",
        check: names,
    },
    Rule {
        name: "something is measured",
        check: |body, told| {
            if !body.phases.iter().any(Phase::is_profiling) {
                told.at(
                    "phases",
                    body.phases.place(),
                    "there is no phase of kind `profiling`",
                    "a warmup alone measures nothing; add `{name: profiling, …}`",
                );
            }
        },
    },
    Rule {
        name: "only a later phase follows without a gap",
        check: |body, told| {
            if let Some(first) = body.phases.first()
                && *first.0.seamless
            {
                told.at(
                    "phases.0.seamless",
                    first.0.seamless.place(),
                    "the first phase follows no other",
                    "leave it away",
                );
            }
        },
    },
    Rule {
        name: "the kind of a phase fits its name",
        check: |body, told| each(body, told, kind),
    },
    Rule {
        name: "a phase ends",
        check: |body, told| each(body, told, end),
    },
    Rule {
        name: "a rate phase has a rate",
        check: |body, told| each(body, told, rate),
    },
    Rule {
        name: "trajectories start between two ratios in order",
        check: |body, told| each(body, told, trajectory),
    },
    Rule {
        name: "a search within a phase says what it changes and when it ends",
        check: |body, told| each(body, told, adaptive),
    },
];

/// Checks each phase; what is told about it is below its own path.
fn each(body: &BenchmarkSection, told: &mut Told, check: fn(&Phase, Tell)) {
    for (index, phase) in body.phases.iter().enumerate() {
        let mut told = |key: &str, mark: Mark, message: String, hint: &str| {
            let path = if key.is_empty() {
                format!("phases.{index}")
            } else {
                format!("phases.{index}.{key}")
            };
            told.at(path, mark, message, hint);
        };
        check(phase, &mut told);
    }
}

type Tell<'a> = &'a mut dyn FnMut(&str, Mark, String, &str);

/// Names of devices that Windows keeps for itself, and that would be directories.
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL"];

fn is_device(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let numbered = |stem: &str| {
        upper
            .strip_prefix(stem)
            .is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']))
    };
    DEVICES.contains(&upper.as_str()) || numbered("COM") || numbered("LPT")
}

fn names(body: &BenchmarkSection, told: &mut Told) {
    for (index, phase) in body.phases.iter().enumerate() {
        let name = &phase.0.name;
        let path = format!("phases.{index}.name");
        if is_device(name) {
            told.at(
                &path,
                name.place(),
                format!("`{}` is the name of a device on Windows", **name),
                "results go to a directory of this name; choose another",
            );
        }
        let is_known = body.phases[..index]
            .iter()
            .any(|other| other.0.name.eq_ignore_ascii_case(name));
        if is_known {
            told.at(
                &path,
                name.place(),
                format!("another phase is called `{}` already", **name),
                "names differ by more than upper and lower case",
            );
        }
    }
}

fn kind(phase: &Phase, told: Tell) {
    let phase = &phase.0;
    let name = phase.name.as_str();
    let Some(kind) = *phase.kind else {
        told(
            "kind",
            phase.name.place(),
            format!("is missing for the phase `{name}`"),
            "say whether it is a `warmup` or counts as `profiling`",
        );
        return;
    };
    if matches!(name, "warmup" | "profiling") && !kind.is(name) {
        told(
            "name",
            phase.name.place(),
            format!("`{name}` is no name for a phase of kind `{}`", kind.name()),
            "choose another name, or the kind that it says",
        );
    }
    if *phase.exclude_from_results != kind.is("warmup") {
        told(
            "excludeFromResults",
            phase.exclude_from_results.place(),
            format!(
                "cannot be {} for kind `{}`",
                *phase.exclude_from_results,
                kind.name()
            ),
            "warmups never count, and all others always do; leave it away",
        );
    }
}

fn end(phase: &Phase, told: Tell) {
    let has_end = phase.is("fixed_schedule");
    let phase = &phase.0;
    let is_bounded =
        phase.requests.is_some() || phase.duration.is_some() || phase.sessions.is_some();
    if !has_end && !is_bounded {
        told(
            "",
            phase.r#type.place(),
            format!("the phase `{}` has no end", *phase.name),
            "give at least one of `requests`, `duration` and `sessions`",
        );
    }
}

fn trajectory(phase: &Phase, told: Tell) {
    let phase = &phase.0;
    if *phase.trajectory_start_min_ratio > *phase.trajectory_start_max_ratio {
        told(
            "trajectoryStartMinRatio",
            phase.trajectory_start_min_ratio.place(),
            "is above `trajectoryStartMaxRatio`".into(),
            "swap them",
        );
    }
}

fn rate(phase: &Phase, told: Tell) {
    let is_rated = phase.has_rate() || phase.is("user_centric");
    let phase = &phase.0;
    if is_rated && phase.rate.is_none() && phase.rate_series.is_none() {
        told(
            "rate",
            phase.r#type.place(),
            format!("is missing for `type: {}`", phase.r#type.name()),
            "say how many requests start each second",
        );
    }
}

fn adaptive(phase: &Phase, told: Tell) {
    let has_schedule = phase.is("fixed_schedule");
    let phase = &phase.0;
    if !*phase.adaptive_scale {
        return;
    }
    let mark = phase.adaptive_scale.place();
    for (name, is_missing) in [
        ("duration", phase.duration.is_none()),
        (
            "adaptiveSustainDuration",
            phase.adaptive_sustain_duration.is_none(),
        ),
        ("sla", phase.sla.is_empty()),
    ] {
        if is_missing {
            told(name, mark, "is missing".into(), "`adaptiveScale` needs it");
        }
    }
    if has_schedule {
        told(
            "adaptiveScale",
            mark,
            "does not go with `type: fixed_schedule`".into(),
            "a schedule has nothing to scale",
        );
        return;
    }
    let variable = phase.adaptive_control_variable.name();
    let (target, ramp) = match variable {
        "prefill_concurrency" => (
            phase.prefill_concurrency.map(|count| count as f64),
            phase.prefill_ramp.is_some(),
        ),
        "request_rate" => (
            *phase.rate,
            phase.rate_ramp.is_some() || phase.rate_series.is_some(),
        ),
        "users" => (phase.users.map(|count| count as f64), false),
        _ => (
            phase.concurrency.map(|count| count as f64),
            phase.concurrency_ramp.is_some(),
        ),
    };
    if ramp {
        told(
            "adaptiveScale",
            mark,
            format!("`{variable}` cannot have a ramp or a series of its own"),
            "leave the ramp away",
        );
    }
    let needs_key = variable != "concurrency" && variable != "prefill_concurrency";
    if needs_key && target.is_none() {
        told(
            "adaptiveControlVariable",
            phase.adaptive_control_variable.place(),
            format!(
                "a phase of type `{}` has no `{variable}`",
                phase.r#type.name()
            ),
            "choose what the phase has",
        );
        return;
    }
    if variable == "prefill_concurrency" && phase.concurrency.is_none() {
        told(
            "concurrency",
            mark,
            "is missing".into(),
            "`prefill_concurrency` needs it",
        );
        return;
    }
    let least = *phase.adaptive_control_min;
    let Some(most) = phase.adaptive_control_max.or(target) else {
        told(
            "adaptiveControlMax",
            mark,
            "is missing".into(),
            "say where the search ends",
        );
        return;
    };
    let counts = variable != "request_rate";
    if most <= least {
        told(
            "adaptiveControlMax",
            phase.adaptive_control_max.place(),
            format!("{most} is not above `adaptiveControlMin`, which is {least}"),
            "a search needs room",
        );
    }
    if counts && (least.fract() != 0.0 || most.fract() != 0.0) {
        told(
            "adaptiveControlMin",
            phase.adaptive_control_min.place(),
            format!("bounds of `{variable}` are whole numbers"),
            "leave the fractions away",
        );
    }
    let sessions = phase.concurrency.map(|count| count as f64);
    if variable == "concurrency" && sessions.is_some_and(|sessions| least > sessions) {
        told(
            "adaptiveControlMin",
            phase.adaptive_control_min.place(),
            "is above `concurrency`".into(),
            "lower it",
        );
    }
    if variable == "prefill_concurrency" && sessions.is_some_and(|sessions| most > sessions) {
        told(
            "adaptiveControlMax",
            phase.adaptive_control_max.place(),
            "is above `concurrency`".into(),
            "lower it",
        );
    }
}
