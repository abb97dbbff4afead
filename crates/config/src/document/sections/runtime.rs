//! How the program itself runs, and what it judges answers by.

use serde_json::{Value, json};

use super::communication::Communication;
use crate::document::limits::{from_one, port};
use crate::document::node::Node;
use crate::document::read::{Definitions, Dump, Read, Reader, section};
use crate::document::values::{OneOf, TextList, words};
use crate::profile::Ui;

words! {
    /// The least severity of log lines that are shown.
    LogLevelName = "TRACE", "DEBUG", "INFO", "NOTICE", "WARNING", "SUCCESS", "ERROR", "CRITICAL";
    /// How the reference's services run; this program is one process.
    ServiceRunType = "multiprocessing", "kubernetes";
    /// Questions with known answers.
    AccuracyBenchmark = "mmlu", "mmlu_pro", "aime", "hellaswag", "bigbench", "aime24", "aime25",
        "math_500", "gsm8k", "gpqa_diamond", "lcb_codegeneration";
    /// Who judges answers.
    AccuracyGrader = "exact_match", "math", "multiple_choice", "code_execution", "lighteval_expr",
        "lighteval_latex", "lighteval_gpqa", "lighteval_gsm8k", "mmlu_pro";
}

section! {
    /// How the program itself runs.
    pub(crate) struct RuntimeSection {
        ui: OneOf<Ui> = OneOf::word("dashboard");
        workers: Option<u64> = None, from_one;
        record_processors: Option<u64> = None, from_one;
        service_run_type: OneOf<ServiceRunType> = OneOf::word("multiprocessing");
        communication: Option<Communication> = None;
        api_port: Option<u64> = None, port;
        api_host: Option<String> = None;
        dataset_api_base_url: Option<String> = None;
        workers_per_pod: Option<u64> = None, from_one_to_hundred;
        record_processors_per_pod: Option<u64> = None, from_one_to_hundred;
        workers_min: Option<u64> = None, from_one;
        stats_interval: Option<f64> = None, |seconds| match seconds {
            Some(seconds) if !(0.0..=1000.0).contains(seconds) => {
                Some("is not from 0 to 1000".to_owned())
            }
            _ => None,
        };
    }
}

section! {
    /// What is logged.
    pub(crate) struct LoggingSection {
        level: OneOf<LogLevelName> = OneOf::word("INFO");
    }
}

section! {
    /// How tokens are counted.
    pub(crate) struct TokenizerSection {
        name: Option<String> = None;
        revision: String = "main".to_owned();
        trust_remote_code: bool = false;
        apply_chat_template: bool = false;
    }
}

/// Reserved: there are no keys yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MetricsSection;

impl Read for MetricsSection {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        reader.open(node, &[]).map(|_| Self)
    }

    fn dump(&self, _: Dump) -> Value {
        json!({})
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "object", "maxProperties": 0 })
    }
}

section! {
    /// Judging answers.
    pub(crate) struct AccuracySection {
        benchmark: Option<OneOf<AccuracyBenchmark>> = None;
        tasks: Option<TextList> = None;
        n_shots: Option<u64> = None, |shots| {
            shots.filter(|shots| *shots > 32).map(|_| "is above 32".to_owned())
        };
        enable_cot: Option<bool> = None;
        grader: Option<OneOf<AccuracyGrader>> = None;
        system_prompt: Option<String> = None;
        verbose: bool = false;
    }
}

fn from_one_to_hundred(count: &Option<u64>) -> Option<String> {
    count
        .filter(|count| !(1..=100).contains(count))
        .map(|_| "is not from 1 to 100".to_owned())
}
