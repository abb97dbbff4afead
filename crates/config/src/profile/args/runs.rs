//! What was typed about several runs.

use serde_json::{Number, Value};

use super::ProfileArgs;
use crate::profile::choices::{ConvergenceMode, ConvergenceStat, SweepMode, SweepType};

/// What was typed about several runs.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct RunsArgs {
    pub num_runs: Option<u64>,
    pub cooldown_seconds: Option<f64>,
    pub confidence_level: Option<f64>,
    pub disable_warmup_after_first: Option<bool>,
    pub set_consistent_seed: Option<bool>,
    pub vary_seed_per_trial: Option<bool>,
    pub convergence_metric: Option<String>,
    pub convergence_stat: Option<ConvergenceStat>,
    pub convergence_threshold: Option<f64>,
    pub convergence_mode: Option<ConvergenceMode>,
    /// No flag says it.
    pub convergence_min_runs: Option<u64>,
    pub sweep_cooldown_seconds: Option<f64>,
    pub sweep_same_seed: Option<bool>,
    pub sweep_mode: Option<SweepMode>,
    pub sweep_type: Option<SweepType>,
    pub no_sweep_table: Option<bool>,
    /// Each as typed.
    pub variants: Vec<String>,
    /// Flags with several values, as they were typed.
    pub lists: Vec<ValueList>,
}

/// A flag with several values.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueList {
    /// Which.
    pub swept: Swept,
    /// At least two.
    pub values: Vec<Number>,
}

/// The flags that may have several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is named after the key that it stands for"
)]
pub enum Swept {
    Concurrency,
    PrefillConcurrency,
    Rate,
    Requests,
    Duration,
    Sessions,
    Users,
    IslMean,
    IslStddev,
    OslMean,
    OslStddev,
    Turns,
}

/// A value of a list.
pub(crate) trait ListValue {
    fn number(self) -> Number;
}

impl ListValue for u64 {
    fn number(self) -> Number {
        self.into()
    }
}

impl ListValue for f64 {
    /// `inf`, which JSON does not have, is as long as anyone can wait.
    fn number(self) -> Number {
        let finite = if self.is_finite() { self } else { f64::MAX };
        Number::from_f64(finite).unwrap_or_else(|| 0.into())
    }
}

impl RunsArgs {
    /// Stores several values of a flag.
    pub(crate) fn sweep<N: ListValue>(&mut self, swept: Swept, values: Vec<N>) {
        let values = values.into_iter().map(ListValue::number).collect();
        self.lists.push(ValueList { swept, values });
    }

    /// Whether several variations are asked for.
    pub(crate) fn has_sweep(&self) -> bool {
        !self.lists.is_empty() || !self.variants.is_empty()
    }
}

impl Swept {
    /// The flag, by the name that is typed most.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Concurrency => "--concurrency",
            Self::PrefillConcurrency => "--prefill-concurrency",
            Self::Rate => "--request-rate",
            Self::Requests => "--request-count",
            Self::Duration => "--benchmark-duration",
            Self::Sessions => "--num-conversations",
            Self::Users => "--num-users",
            Self::IslMean => "--isl",
            Self::IslStddev => "--isl-stddev",
            Self::OslMean => "--osl",
            Self::OslStddev => "--osl-stddev",
            Self::Turns => "--conversation-turn-mean",
        }
    }

    /// The path of the key below `benchmark`.
    pub(crate) fn path(self, phase: &str, dataset: &str) -> String {
        let of_phase = |key: &str| format!("phases.{phase}.{key}");
        let of_dataset = |key: &str| format!("datasets.{dataset}.{key}");
        match self {
            Self::Concurrency => of_phase("concurrency"),
            Self::PrefillConcurrency => of_phase("prefill_concurrency"),
            Self::Rate => of_phase("rate"),
            Self::Requests => of_phase("requests"),
            Self::Duration => of_phase("duration"),
            Self::Sessions => of_phase("sessions"),
            Self::Users => of_phase("users"),
            Self::IslMean => of_dataset("prompts.isl.mean"),
            Self::IslStddev => of_dataset("prompts.isl.stddev"),
            Self::OslMean => of_dataset("prompts.osl.mean"),
            Self::OslStddev => of_dataset("prompts.osl.stddev"),
            Self::Turns => of_dataset("turns.mean"),
        }
    }

    /// Gives the flag one of its values.
    pub(crate) fn set(self, args: &mut ProfileArgs, value: &Value) {
        let (whole, real) = (value.as_u64(), value.as_f64());
        match self {
            Self::Concurrency => args.concurrency = whole,
            Self::PrefillConcurrency => args.prefill_concurrency = whole,
            Self::Rate => args.request_rate = real,
            Self::Requests => args.request_count = whole,
            Self::Duration => args.benchmark_duration_seconds = real,
            Self::Sessions => args.conversation_num = whole,
            Self::Users => args.num_users = whole,
            Self::IslMean => args.isl_mean = whole,
            Self::IslStddev => args.isl_stddev = real,
            Self::OslMean => args.osl_mean = whole,
            Self::OslStddev => args.osl_stddev = real,
            Self::Turns => args.turn_mean = whole,
        }
    }

    /// Lets a warmup, which inherits, keep the first value: it is not what is swept.
    pub(crate) fn keep_for_warmup(self, args: &mut ProfileArgs) {
        match self {
            Self::Concurrency => {
                args.warmup_concurrency = args.warmup_concurrency.or(args.concurrency);
            }
            Self::PrefillConcurrency => {
                let own = args.warmup_prefill_concurrency;
                args.warmup_prefill_concurrency = own.or(args.prefill_concurrency);
            }
            Self::Rate => args.warmup_request_rate = args.warmup_request_rate.or(args.request_rate),
            _ => {}
        }
    }
}
