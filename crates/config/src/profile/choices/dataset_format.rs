//! The formats of input files.

use std::fmt;

use crate::command::Choice;

/// The format of an input file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatasetFormat {
    /// One JSON line for each request.
    SingleTurn,
    /// One JSON line for each conversation.
    MultiTurn,
    /// Files to draw from.
    RandomPool,
    /// Mooncake trace.
    MooncakeTrace,
    /// Bailian trace.
    BailianTrace,
    /// BurstGPT trace.
    BurstGptTrace,
    /// Baseten trace.
    BasetenTrace,
    /// Weka trace.
    WekaTrace,
    /// Tracelab trace.
    Tracelab,
    /// Conversations that branch.
    DagJsonl,
    /// Bodies as they are.
    RawPayload,
    /// The `inputs.json` of an earlier run.
    InputsJson,
    /// SageMaker data capture.
    SagemakerDataCapture,
    /// SPEED-Bench, or the part of it that the name says.
    SpeedBench(&'static str),
}

const COUNT: usize = FORMATS.len() + SPEED_BENCH.len();
const SUPPORTED_COUNT: usize = COUNT - DatasetFormat::NOT_YET.len();

const FORMATS: [(DatasetFormat, &str); 13] = [
    (DatasetFormat::SingleTurn, "single_turn"),
    (DatasetFormat::MultiTurn, "multi_turn"),
    (DatasetFormat::RandomPool, "random_pool"),
    (DatasetFormat::MooncakeTrace, "mooncake_trace"),
    (DatasetFormat::BailianTrace, "bailian_trace"),
    (DatasetFormat::BurstGptTrace, "burst_gpt_trace"),
    (DatasetFormat::RawPayload, "raw_payload"),
    (DatasetFormat::InputsJson, "inputs_json"),
    (
        DatasetFormat::SagemakerDataCapture,
        "sagemaker_data_capture",
    ),
    // Those that are not supported yet come last.
    (DatasetFormat::BasetenTrace, "baseten_trace"),
    (DatasetFormat::WekaTrace, "weka_trace"),
    (DatasetFormat::Tracelab, "tracelab"),
    (DatasetFormat::DagJsonl, "dag_jsonl"),
];

const SPEED_BENCH: [&str; 32] = [
    "speed_bench_qualitative",
    "speed_bench_coding",
    "speed_bench_humanities",
    "speed_bench_math",
    "speed_bench_multilingual",
    "speed_bench_qa",
    "speed_bench_rag",
    "speed_bench_reasoning",
    "speed_bench_roleplay",
    "speed_bench_stem",
    "speed_bench_summarization",
    "speed_bench_writing",
    "speed_bench_throughput_1k",
    "speed_bench_throughput_1k_low_entropy",
    "speed_bench_throughput_1k_mixed",
    "speed_bench_throughput_1k_high_entropy",
    "speed_bench_throughput_2k",
    "speed_bench_throughput_2k_low_entropy",
    "speed_bench_throughput_2k_mixed",
    "speed_bench_throughput_2k_high_entropy",
    "speed_bench_throughput_8k",
    "speed_bench_throughput_8k_low_entropy",
    "speed_bench_throughput_8k_mixed",
    "speed_bench_throughput_8k_high_entropy",
    "speed_bench_throughput_16k",
    "speed_bench_throughput_16k_low_entropy",
    "speed_bench_throughput_16k_mixed",
    "speed_bench_throughput_16k_high_entropy",
    "speed_bench_throughput_32k",
    "speed_bench_throughput_32k_low_entropy",
    "speed_bench_throughput_32k_mixed",
    "speed_bench_throughput_32k_high_entropy",
];

const ALL: [(DatasetFormat, &str); COUNT] = {
    let mut all = [FORMATS[0]; COUNT];
    let mut index = 0;
    while index < FORMATS.len() {
        all[index] = FORMATS[index];
        index += 1;
    }
    while index < COUNT {
        let name = SPEED_BENCH[index - FORMATS.len()];
        all[index] = (DatasetFormat::SpeedBench(name), name);
        index += 1;
    }
    all
};

const NAMES: [&str; COUNT] = {
    let mut names = [""; COUNT];
    let mut index = 0;
    while index < COUNT {
        names[index] = ALL[index].1;
        index += 1;
    }
    names
};

const SUPPORTED: [&str; SUPPORTED_COUNT] = {
    let mut names = [""; SUPPORTED_COUNT];
    let first_missing = FORMATS.len() - DatasetFormat::NOT_YET.len();
    let mut index = 0;
    while index < SUPPORTED_COUNT {
        let missing = if index < first_missing {
            0
        } else {
            DatasetFormat::NOT_YET.len()
        };
        names[index] = NAMES[index + missing];
        index += 1;
    }
    names
};

impl DatasetFormat {
    /// Formats of the reference that this version does not read; the last of the table.
    const NOT_YET: [Self; 4] = [
        Self::BasetenTrace,
        Self::WekaTrace,
        Self::Tracelab,
        Self::DagJsonl,
    ];

    /// The words that this version accepts.
    pub const SUPPORTED: &[&str] = &SUPPORTED;

    /// The word that stands for the value in flags, YAML and files.
    pub fn name(self) -> &'static str {
        let row = ALL.iter().find(|(format, _)| *format == self);
        row.map_or("", |(_, name)| name)
    }

    /// Whether it is a recording of traffic, which is replayed at its own times if it has any.
    pub const fn is_trace(self) -> bool {
        matches!(
            self,
            Self::MooncakeTrace
                | Self::BailianTrace
                | Self::BurstGptTrace
                | Self::BasetenTrace
                | Self::WekaTrace
                | Self::Tracelab
                | Self::SagemakerDataCapture
        )
    }

    /// Whether its rows may hold lengths in place of texts, which are then made of a corpus.
    pub const fn is_trace_with_corpus(self) -> bool {
        matches!(
            self,
            Self::MooncakeTrace
                | Self::BailianTrace
                | Self::BurstGptTrace
                | Self::SagemakerDataCapture
                | Self::WekaTrace
        )
    }

    /// Whether its rows name the text of their prompts by ids of blocks.
    pub const fn has_hash_ids(self) -> bool {
        matches!(
            self,
            Self::MooncakeTrace | Self::BailianTrace | Self::BasetenTrace | Self::Tracelab
        )
    }
}

impl Choice for DatasetFormat {
    const ALL: &'static [(Self, &'static str)] = &ALL;
    const NAMES: &'static [&'static str] = &NAMES;
}

impl fmt::Display for DatasetFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_of_the_reference_are_known_and_four_are_not_supported_yet() {
        assert_eq!(DatasetFormat::NAMES.len(), 45);
        let missing: Vec<_> = DatasetFormat::NAMES
            .iter()
            .filter(|name| !DatasetFormat::SUPPORTED.contains(name))
            .copied()
            .collect();
        let expected = DatasetFormat::NOT_YET.map(DatasetFormat::name);
        assert_eq!(missing, expected);
        assert!(!DatasetFormat::SUPPORTED.contains(&""));
    }

    #[test]
    fn the_dataset_crate_knows_every_supported_name() {
        for name in DatasetFormat::SUPPORTED {
            let format = aiperf_dataset::FileFormat::from_name(name).unwrap();
            assert_eq!(format.name(), *name);
        }
        for (format, name) in <DatasetFormat as Choice>::ALL {
            assert_eq!(DatasetFormat::named(name), Some(*format));
        }
    }
}
