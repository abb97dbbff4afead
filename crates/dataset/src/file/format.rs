//! The formats of prompt files, by name.

use crate::error::DatasetError;
use crate::trace::TraceFormat;

/// A format of prompt files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Each row is one request.
    SingleTurn,
    /// Each row is a conversation.
    MultiTurn,
    /// Rows from which conversations are drawn.
    RandomPool,
    /// Each row is a body that is sent as it is.
    RawPayload,
    /// One document with the bodies of every session, as this program writes it.
    InputsJson,
    /// Rows of the SPEED-Bench files, all or those of one category.
    SpeedBench(SpeedBench),
    /// Lengths, hash ids and times.
    MooncakeTrace,
    /// Lengths, hash ids and times, linked to chats.
    BailianTrace,
    /// Lengths and times as CSV.
    BurstGptTrace,
    /// Requests as Amazon SageMaker records them.
    SageMakerDataCapture,
}

/// A part of SPEED-Bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeedBench {
    /// The name that selects it.
    pub name: &'static str,
    /// The file that it belongs to; looked at only where the format is guessed.
    pub file_name: &'static str,
    /// Rows of other categories are left out.
    pub category: Option<&'static str>,
}

/// Formats that have one name.
const NAMED: [(&str, FileFormat); 9] = [
    ("single_turn", FileFormat::SingleTurn),
    ("multi_turn", FileFormat::MultiTurn),
    ("random_pool", FileFormat::RandomPool),
    ("raw_payload", FileFormat::RawPayload),
    ("inputs_json", FileFormat::InputsJson),
    ("mooncake_trace", FileFormat::MooncakeTrace),
    ("bailian_trace", FileFormat::BailianTrace),
    ("burst_gpt_trace", FileFormat::BurstGptTrace),
    ("sagemaker_data_capture", FileFormat::SageMakerDataCapture),
];

const fn speed_bench(
    name: &'static str,
    file_name: &'static str,
    category: Option<&'static str>,
) -> SpeedBench {
    SpeedBench {
        name,
        file_name,
        category,
    }
}

macro_rules! qualitative {
    ($($category:literal),*) => {
        [
            speed_bench("speed_bench_qualitative", "qualitative.jsonl", None),
            $(speed_bench(
                concat!("speed_bench_", $category),
                "qualitative.jsonl",
                Some($category),
            ),)*
        ]
    };
}

macro_rules! throughput {
    ($size:literal) => {
        [
            speed_bench(
                concat!("speed_bench_throughput_", $size),
                concat!("throughput_", $size, ".jsonl"),
                None,
            ),
            throughput!($size, "low_entropy"),
            throughput!($size, "mixed"),
            throughput!($size, "high_entropy"),
        ]
    };
    ($size:literal, $category:literal) => {
        speed_bench(
            concat!("speed_bench_throughput_", $size, "_", $category),
            concat!("throughput_", $size, ".jsonl"),
            Some($category),
        )
    };
}

const QUALITATIVE: [SpeedBench; 12] = qualitative!(
    "coding",
    "humanities",
    "math",
    "multilingual",
    "qa",
    "rag",
    "reasoning",
    "roleplay",
    "stem",
    "summarization",
    "writing"
);

const THROUGHPUT: [[SpeedBench; 4]; 5] = [
    throughput!("1k"),
    throughput!("2k"),
    throughput!("8k"),
    throughput!("16k"),
    throughput!("32k"),
];

/// Formats of the reference that are not read here.
const NOT_YET_SUPPORTED: [&str; 4] = ["dag_jsonl", "weka_trace", "tracelab", "baseten_trace"];

impl SpeedBench {
    /// All parts, with and without category.
    pub fn all() -> impl Iterator<Item = Self> {
        QUALITATIVE
            .into_iter()
            .chain(THROUGHPUT.into_iter().flatten())
    }
}

impl FileFormat {
    /// The format of this name, in snake or kebab case, whatever its letters' case.
    ///
    /// # Errors
    /// Nobody knows the name, or the format is not read here.
    pub fn from_name(name: &str) -> Result<Self, DatasetError> {
        let normal = name.to_ascii_lowercase().replace('-', "_");
        if let Some((_, format)) = NAMED.iter().find(|(known, _)| *known == normal) {
            return Ok(*format);
        }
        if let Some(set) = SpeedBench::all().find(|set| set.name == normal) {
            return Ok(Self::SpeedBench(set));
        }
        if is_not_yet_supported(&normal) {
            return Err(DatasetError::UnsupportedFormat {
                subject: format!("dataset type `{name}`"),
                format: normal,
            });
        }
        Err(DatasetError::UnknownFormat {
            name: name.to_owned(),
        })
    }

    /// The name on the command line, in snake case.
    pub fn name(self) -> &'static str {
        match self {
            Self::SpeedBench(set) => set.name,
            other => NAMED
                .iter()
                .find(|(_, format)| *format == other)
                .map_or("", |(name, _)| name),
        }
    }

    /// The format as that of a trace, which has requests rather than texts.
    pub fn as_trace(self) -> Option<TraceFormat> {
        match self {
            Self::MooncakeTrace => Some(TraceFormat::Mooncake),
            Self::BailianTrace => Some(TraceFormat::Bailian),
            Self::BurstGptTrace => Some(TraceFormat::BurstGpt),
            Self::SageMakerDataCapture => Some(TraceFormat::SageMaker),
            Self::SingleTurn
            | Self::MultiTurn
            | Self::RandomPool
            | Self::RawPayload
            | Self::InputsJson
            | Self::SpeedBench(_) => None,
        }
    }
}

pub(super) fn is_not_yet_supported(name: &str) -> bool {
    NOT_YET_SUPPORTED.contains(&name)
}

/// The names that [`FileFormat::from_name`] takes, for messages.
pub(crate) fn known_formats() -> String {
    let names: Vec<String> = NAMED
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .chain(["`speed_bench_…`".to_owned()])
        .collect();
    names.join(", ")
}
