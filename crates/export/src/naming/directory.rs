//! Directory names made from what was run.

use crate::json::float_text;

/// Where runs go that were not told where to go, each to a directory of its own.
pub const BASE_DIRECTORY: &str = "artifacts";

/// Where the files of single phases are, below the run's directory.
pub const PHASES_DIRECTORY: &str = "phases";

/// The load that names a run: that of its first phase that is not a warmup.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stimulus {
    /// Requests at the times of a trace.
    FixedSchedule,
    /// A number of users who together reach a rate.
    UserCentric {
        /// Users.
        users: u64,
        /// Requests per second of all users together.
        requests_per_second: f64,
    },
    /// A closed loop.
    Concurrency(u64),
    /// An open loop, possibly capped.
    Rate {
        /// Cap on requests in flight.
        concurrency: Option<u64>,
        /// Requests per second.
        requests_per_second: Option<f64>,
    },
}

/// The directory under [`BASE_DIRECTORY`] for a run whose directory was not chosen. `models` in the
/// order in which they were given; `endpoint_type` as in files (`nim_rankings`).
pub fn run_directory_name(models: &[&str], endpoint_type: &str, stimulus: Stimulus) -> String {
    let mut model = models.first().copied().unwrap_or_default().to_owned();
    if models.len() > 1 {
        model.push_str("_multi");
    }
    // All built-in endpoint types are of the service kind `openai`.
    format!(
        "{}-openai-{endpoint_type}-{}",
        model.replace('/', "_"),
        stimulus_name(stimulus)
    )
}

fn stimulus_name(stimulus: Stimulus) -> String {
    match stimulus {
        Stimulus::FixedSchedule => "fixed_schedule".to_owned(),
        Stimulus::UserCentric {
            users,
            requests_per_second,
        } => {
            format!(
                "user_centric-users{users}-qps{}",
                float_text(requests_per_second)
            )
        }
        Stimulus::Concurrency(concurrency) => format!("concurrency{concurrency}"),
        Stimulus::Rate {
            concurrency,
            requests_per_second,
        } => {
            let parts = [
                concurrency.map(|limit| format!("concurrency{limit}")),
                requests_per_second.map(|rate| format!("request_rate{}", float_text(rate))),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join("-")
        }
    }
}

/// The directory of a phase below `phases/`. A configured name may hold anything; what would lead
/// out of the directory is replaced.
pub fn phase_directory_name(phase_name: &str) -> String {
    let name = phase_name.replace(['/', '\\', '\0'], "_");
    if name.is_empty() || name.chars().all(|c| c == '.') {
        "_".repeat(name.len().max(1))
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_after_model_endpoint_and_load() {
        let open_loop = |concurrency, requests_per_second| Stimulus::Rate {
            concurrency,
            requests_per_second,
        };
        let cases: [(&[&str], &str, Stimulus, &str); 8] = [
            (
                &["m"],
                "chat",
                Stimulus::Concurrency(2),
                "m-openai-chat-concurrency2",
            ),
            (
                &["org/sub/x"],
                "chat",
                Stimulus::Concurrency(1),
                "org_sub_x-openai-chat-concurrency1",
            ),
            (
                &["org/mod-x"],
                "chat",
                open_loop(None, Some(20.0)),
                "org_mod-x-openai-chat-request_rate20.0",
            ),
            (
                &["m"],
                "completions",
                open_loop(Some(4), Some(0.5)),
                "m-openai-completions-concurrency4-request_rate0.5",
            ),
            (
                &["a/b", "c"],
                "nim_rankings",
                Stimulus::FixedSchedule,
                "a_b_multi-openai-nim_rankings-fixed_schedule",
            ),
            (
                &["m"],
                "chat",
                Stimulus::UserCentric {
                    users: 15,
                    requests_per_second: 1.0,
                },
                "m-openai-chat-user_centric-users15-qps1.0",
            ),
            (
                &["m"],
                "chat",
                open_loop(Some(3), None),
                "m-openai-chat-concurrency3",
            ),
            (
                &["m"],
                "chat",
                open_loop(None, Some(1e16)),
                "m-openai-chat-request_rate1e+16",
            ),
        ];
        for (models, endpoint_type, stimulus, expected) in cases {
            assert_eq!(
                run_directory_name(models, endpoint_type, stimulus),
                expected
            );
        }
    }

    #[test]
    fn a_phase_name_cannot_leave_its_directory() {
        let cases = [
            ("profiling", "profiling"),
            ("../x", ".._x"),
            ("..", "__"),
            ("", "_"),
            ("a\\b", "a_b"),
        ];
        for (name, expected) in cases {
            assert_eq!(phase_directory_name(name), expected);
        }
    }
}
