//! What came of the laws: `quality.json`, and the table that is shown.

use aiperf_export::console::{Align, Cell, Column, Paints, Table};
use serde_json::{Map, Value, json};

use super::sessions::{End, Session, Sessions, Turn};
use super::settings::Settings;
use super::statistics::{Statistics, rounded};

/// The width of the table, whatever the terminal's.
const WIDTH: usize = 100;

/// One kind of value, what the laws want of it and what there is.
pub(super) struct Observed {
    /// In `quality.json`.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    /// Mean and median.
    pub(super) target: Option<(f64, f64)>,
    pub(super) values: Vec<f64>,
}

/// All kinds, in the order of the file. Those without values are left out.
pub(super) fn observed(sessions: &Sessions, settings: &Settings) -> Vec<Observed> {
    let shared = (settings.cache.layer1_tokens + settings.cache.layer1_5_tokens) as f64;
    let own = settings.cache.layer2;
    let output = settings.generation_length;
    let new = settings.new_tokens_per_turn.law;
    let of_first = |value: fn(&Turn) -> f64| -> Vec<f64> {
        let firsts = sessions
            .all
            .iter()
            .filter_map(|session| session.turns.first());
        firsts.map(value).collect()
    };
    let of_later = |value: fn(&Turn) -> f64| -> Vec<f64> {
        let later = sessions
            .all
            .iter()
            .flat_map(|session| session.turns.iter().skip(1));
        later.map(value).collect()
    };
    let outputs = sessions.all.iter().flat_map(|session| &session.turns);
    let all = [
        Observed {
            key: "initial_context",
            title: "Initial context (tokens)",
            target: Some((shared + own.mean, shared + own.median)),
            values: of_first(|turn| turn.context as f64),
        },
        Observed {
            key: "generation_length",
            title: "Answer (tokens)",
            target: Some((output.mean, output.median)),
            values: outputs.map(|turn| turn.output as f64).collect(),
        },
        Observed {
            key: "new_tokens_per_turn",
            title: "New tokens per turn",
            target: Some((new.mean, new.median)),
            values: of_later(|turn| turn.new as f64),
        },
        Observed {
            key: "inter_turn_delay_ms",
            title: "Delay between turns (ms)",
            target: None,
            values: of_later(|turn| turn.delay),
        },
        Observed {
            key: "turns_per_session",
            title: "Turns per session",
            target: settings
                .turns
                .map(|turns| (turns.mean as f64, turns.median as f64)),
            values: turns_per_session(sessions),
        },
    ];
    all.into_iter()
        .filter(|one| !one.values.is_empty())
        .collect()
}

fn turns_per_session(sessions: &Sessions) -> Vec<f64> {
    let turns = sessions
        .all
        .iter()
        .map(|session| session.turns.len() as f64);
    turns.collect()
}

/// By how many percent a value misses its target.
fn error_percent(target: f64, value: f64) -> f64 {
    if target == 0.0 {
        return 0.0;
    }
    (value - target).abs() / target * 100.0
}

impl Observed {
    fn json(&self) -> Value {
        let statistics = Statistics::of(&self.values);
        let error = |target: Option<f64>, value: f64| {
            // Of the value that is shown.
            target.map(|target| rounded(error_percent(target, rounded(value, 2)), 2))
        };
        let (mean, median) = (
            self.target.map(|target| target.0),
            self.target.map(|target| target.1),
        );
        json!({
            "target_mean": mean,
            "target_median": median,
            "observed": statistics.json(),
            "pct_error_mean": error(mean, statistics.mean),
            "pct_error_median": error(median, statistics.median),
        })
    }
}

/// `quality.json`.
pub(super) fn quality(sessions: &Sessions, settings: &Settings) -> Value {
    let observed: Map<String, Value> = observed(sessions, settings)
        .iter()
        .map(|one| (one.key.to_owned(), one.json()))
        .collect();
    json!({
        "config_summary": config_summary(settings),
        "observed_vs_target": observed,
        "session_stats": Statistics::of(&turns_per_session(sessions)).json(),
        "session_end_stats": ends(sessions, settings),
    })
}

fn config_summary(settings: &Settings) -> Value {
    let cache = &settings.cache;
    let shared = (cache.layer1_tokens + cache.layer1_5_tokens) as f64;
    let delays = &settings.inter_turn_delay;
    let mut summary = json!({
        "initial_context_mean": shared + cache.layer2.mean,
        "initial_context_median": shared + cache.layer2.median,
        "layer1_tokens": cache.layer1_tokens,
        "layer1_5_tokens": cache.layer1_5_tokens,
        "layer2_mean": cache.layer2.mean,
        "layer2_median": cache.layer2.median,
        "num_groups": cache.layer1_5_groups.num_groups,
        "zipf_alpha": cache.layer1_5_groups.zipf_alpha,
        "new_tokens_per_turn_mean": settings.new_tokens_per_turn.law.mean,
        "new_tokens_per_turn_median": settings.new_tokens_per_turn.law.median,
        "generation_length_mean": settings.generation_length.mean,
        "generation_length_median": settings.generation_length.median,
        "max_prompt_tokens": settings.max_prompt_tokens,
        "block_size": settings.block_size,
        "inter_turn_delay_agentic_fraction": delays.agentic_fraction,
        "inter_turn_delay_agentic_mean_ms": delays.agentic_delay.mean,
        "inter_turn_delay_human_mean_ms": delays.human_delay.mean,
        "turn_mode_enabled": u8::from(settings.turns.is_some()),
    });
    if let Some(reset) = &settings.reset {
        summary["reset_base_probability"] = reset.base_probability.into();
        summary["reset_context_scaling"] = reset.context_scaling.into();
    }
    if let Some(turns) = &settings.turns {
        summary["turns_mean"] = turns.mean.into();
        summary["turns_median"] = turns.median.into();
        summary["turns_min"] = turns.min.into();
        summary["turns_max"] = turns.max.into();
        summary["turns_allow_truncation"] = u8::from(turns.allow_truncation).into();
        if let Some(attempts) = turns.max_session_attempts {
            summary["turns_max_session_attempts"] = attempts.into();
        }
    }
    summary
}

fn ended(sessions: &Sessions, end: End) -> usize {
    let has_ended = |session: &&Session| session.end == end;
    sessions.all.iter().filter(has_ended).count()
}

fn ends(sessions: &Sessions, settings: &Settings) -> Value {
    let total = sessions.all.len();
    let share = |count: usize| rounded(count as f64 / total.max(1) as f64, 4);
    let last = sessions
        .all
        .iter()
        .filter_map(|session| session.turns.last());
    let fullness: Vec<f64> = last
        .map(|turn| turn.context as f64 / settings.max_prompt_tokens as f64)
        .collect();
    let [full, reset, turns, split] =
        [End::ContextFull, End::Reset, End::Turns, End::Split].map(|end| ended(sessions, end));
    json!({
        "total_sessions": total,
        "forced_retires": full,
        "probabilistic_resets": reset,
        "target_turn_completions": turns,
        "restart_splits": split,
        "retire_fraction": share(full),
        "reset_fraction": share(reset),
        "target_turn_fraction": share(turns),
        "restart_split_fraction": share(split),
        "final_context_utilization": Statistics::of(&fullness).json(),
    })
}

/// `comparison.txt`.
pub(super) fn comparison(sessions: &Sessions, settings: &Settings) -> String {
    let headings = ["Mean", "Median", "p05", "p25", "p75", "p95", "p99"];
    let mut columns = vec![
        Column::new("Value", Align::Left),
        Column::new("Target mean", Align::Right),
        Column::new("Target median", Align::Right),
    ];
    columns.extend(headings.map(|heading| Column::new(heading, Align::Right)));
    let mut table = Table::new("Laws and Sessions", columns);
    for one in observed(sessions, settings) {
        let found = Statistics::of(&one.values);
        let target =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
        let mut row = vec![
            Cell::from(one.title),
            Cell::from(target(one.target.map(|target| target.0))),
            Cell::from(target(one.target.map(|target| target.1))),
        ];
        let values = [
            found.mean,
            found.median,
            found.p05,
            found.p25,
            found.p75,
            found.p95,
            found.p99,
        ];
        row.extend(values.map(|value| Cell::from(format!("{value:.1}"))));
        table.push(row);
    }
    format!(
        "\n{} sessions, {} turns, blocks of {} tokens, at most {} tokens of context\n\n{}\n\
         Sessions that ended because their context was full: {}; by chance: {}; broken off and taken up \
         again: {}; after the turns they were to have: {}\n",
        sessions.all.len(),
        sessions.turn_count(),
        settings.block_size,
        settings.max_prompt_tokens,
        table.render(WIDTH + 20, Paints::Plain),
        ended(sessions, End::ContextFull),
        ended(sessions, End::Reset),
        ended(sessions, End::Split),
        ended(sessions, End::Turns),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_has_the_keys_of_the_reference_in_its_order() {
        let settings = Settings::default().checked().unwrap();
        let sessions = Sessions::make(&settings, 1, 20).unwrap();
        let quality = quality(&sessions, &settings);
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            keys(&quality),
            [
                "config_summary",
                "observed_vs_target",
                "session_stats",
                "session_end_stats"
            ]
        );
        assert_eq!(
            keys(&quality["observed_vs_target"]),
            [
                "initial_context",
                "generation_length",
                "new_tokens_per_turn",
                "inter_turn_delay_ms",
                "turns_per_session"
            ]
        );
        let context = &quality["observed_vs_target"]["initial_context"];
        assert_eq!(context["target_mean"], 62_000.0);
        assert_eq!(context["observed"]["count"], 20);
        assert!(context["pct_error_mean"].is_number());
        let ends = &quality["session_end_stats"];
        assert_eq!(ends["total_sessions"], 20);
        let sum = ["forced_retires", "probabilistic_resets"].map(|key| ends[key].as_u64().unwrap());
        assert_eq!(sum.iter().sum::<u64>(), 20);
    }

    #[test]
    fn errors_are_shares_of_the_target() {
        assert_eq!(error_percent(200.0, 190.0), 5.0);
        assert_eq!(error_percent(0.0, 1.0), 0.0);
    }
}
