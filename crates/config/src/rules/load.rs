//! Rules about when requests start, and when a phase ends.

use super::{PhaseView, Rule, Said, Source, Timing, Told};
use crate::profile::{DatasetFormat, Sampling};

pub(super) const RULES: &[Rule] =
    &[
        Rule {
            name: "a fixed schedule plays its file in order",
            check: |view, told| {
                let is_other =
                    view.source == Source::File && !view.sampling.is(Sampling::Sequential);
                for phase in &view.phases {
                    if phase.timing == Timing::FixedSchedule
                        && is_other
                        && view.sampling.value().is_some()
                    {
                        told.tell(
                        &[view.sampling.mark(), phase.timing_mark],
                        format!("{} does not go with {}", view.sampling.whole(), phase.timing_name),
                        format!(
                            "a schedule plays each conversation once, at its time; leave {} away",
                            view.sampling.name()
                        ),
                    );
                    }
                }
            },
        },
        Rule {
            name: "a schedule begins at one place",
            check: |view, told| {
                for PhaseView {
                    auto_offset: auto,
                    start_offset: start,
                    ..
                } in &view.phases
                {
                    if !auto.is(true) || !start.is_given() {
                        continue;
                    }
                    let message = if auto.is_given() {
                        format!("{} does not go with {}", auto.name(), start.name())
                    } else {
                        format!("{} needs {}", start.name(), auto.asked(false))
                    };
                    told.tell(
                        &[start.mark(), auto.mark()],
                        message,
                        "both say where the schedule begins; leave one of them away",
                    );
                }
            },
        },
        Rule {
            name: "a schedule does not end before it begins",
            check: |view, told| {
                for phase in &view.phases {
                    let (start, end) = (&phase.start_offset, &phase.end_offset);
                    if let (Some(from), Some(to)) = (start.value(), end.value())
                        && from > to
                    {
                        told.tell(
                            &[start.mark(), end.mark()],
                            format!("{} is after {}", start.whole(), end.whole()),
                            "give the earlier one as start",
                        );
                    }
                }
            },
        },
        Rule {
            name: "users play conversations of a file",
            check: |view, told| {
                let is_single = view.source == Source::File
                    && view
                        .format
                        .value()
                        .is_some_and(|format| *format != DatasetFormat::MultiTurn);
                for phase in &view.phases {
                    if phase.timing == Timing::UserCentric && is_single {
                        told.tell(
                            &[view.format.mark(), phase.timing_mark],
                            format!(
                                "{} does not go with {}",
                                phase.timing_name,
                                view.format.whole()
                            ),
                            format!(
                                "users need conversations of several turns: {}",
                                view.format.asked(DatasetFormat::MultiTurn)
                            ),
                        );
                    }
                }
            },
        },
        Rule {
            name: "each user has a request",
            check: |view, told| {
                for phase in &view.phases {
                    more_users_than(phase, &phase.requests, told);
                }
            },
        },
        Rule {
            name: "each user has a session",
            check: |view, told| {
                for phase in &view.phases {
                    more_users_than(phase, &phase.sessions, told);
                }
            },
        },
        Rule {
            name: "a rate is either steady or a series",
            check: |view, told| {
                for PhaseView { rate, series, .. } in &view.phases {
                    if rate.is_given() && series.is_given() {
                        told.tell(
                        &[rate.mark(), series.mark()],
                        format!("{} does not go with {}", rate.name(), series.name()),
                        view.words.choose(
                            "leave one of them away; a warmup has its own `--warmup-request-rate`",
                            "leave one of them away",
                        ),
                    );
                    }
                }
            },
        },
        Rule {
            name: "users have no series of rates",
            check: |view, told| {
                for phase in &view.phases {
                    if phase.timing == Timing::UserCentric && phase.series.is_given() {
                        told.tell(
                            &[phase.series.mark(), phase.timing_mark],
                            format!(
                                "{} does not go with {}",
                                phase.series.name(),
                                phase.timing_name
                            ),
                            "users keep one pace; leave the series away, and give a steady rate",
                        );
                    }
                }
            },
        },
        Rule {
            name: "a prefill limit needs streaming",
            check: |view, told| {
                if view.streams() {
                    return;
                }
                let mut names: Vec<String> = Vec::new();
                let mut marks = Vec::new();
                for prefill in view.phases.iter().map(|phase| &phase.prefill) {
                    if prefill.is_given() && !names.contains(&prefill.name()) {
                        names.push(prefill.name());
                        marks.push(prefill.mark());
                    }
                }
                if names.is_empty() {
                    return;
                }
                let verb = if names.len() > 1 { "need" } else { "needs" };
                let advice = if view.kind().capabilities().streams {
                    format!("add {}", view.streaming.on())
                } else {
                    format!("{} cannot stream", view.kind_name())
                };
                told.tell(
                    &marks,
                    format!("{} {verb} {}", names.join(", "), view.streaming.on()),
                    format!("only a stream shows when the first token comes; {advice}"),
                );
            },
        },
        Rule {
            name: "a prefill limit is not above the limit of sessions",
            check: |view, told| {
                for PhaseView {
                    prefill,
                    concurrency,
                    ..
                } in &view.phases
                {
                    let (Some(first), Some(all)) = (prefill.value(), concurrency.value()) else {
                        continue;
                    };
                    if first <= all {
                        continue;
                    }
                    let limit = if concurrency.is_given() {
                        concurrency.whole()
                    } else {
                        format!(
                            "{}, which is {all} where it is not given",
                            concurrency.name()
                        )
                    };
                    told.tell(
                        &[prefill.mark(), concurrency.mark()],
                        format!("{} is more than {limit}", prefill.whole()),
                        format!(
                            "raise {} to at least {first}, or lower {}",
                            concurrency.name(),
                            prefill.name()
                        ),
                    );
                }
            },
        },
        Rule {
            name: "a grace period needs a duration",
            check: |view, told| {
                for PhaseView {
                    grace, duration, ..
                } in &view.phases
                {
                    if grace.is_given() && duration.value().is_none() {
                        told.tell(
                            &[grace.mark()],
                            format!("{} needs {}", grace.name(), duration.name()),
                            "without a duration all requests are waited for",
                        );
                    }
                }
            },
        },
    ];

fn more_users_than(phase: &PhaseView, bound: &Said<u64>, told: &mut Told) {
    let (Some(users), Some(most)) = (phase.users.value(), bound.value()) else {
        return;
    };
    if phase.timing != Timing::UserCentric || users <= most {
        return;
    }
    let described = if bound.is_given() {
        bound.whole()
    } else {
        format!("the {most} requests of a run that nothing bounds")
    };
    told.tell(
        &[phase.users.mark(), bound.mark()],
        format!("{} is more than {described}", phase.users.whole()),
        format!(
            "raise {} to at least {users}, or bound the run by {} alone",
            bound.name(),
            phase.duration.name()
        ),
    );
}
