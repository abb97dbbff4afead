//! The public datasets: name, place, and what becomes of a row.

use crate::error::DatasetError;

/// A public dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicDataset {
    /// The name on the command line, in snake case.
    pub name: &'static str,
    /// Where its files are.
    pub origin: Origin,
    /// Too large to be read whole: a run reads as many rows as it needs.
    pub is_streamed: bool,
    /// What becomes of a row.
    pub mapping: Mapping,
}

/// Where files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A part of a dataset repository, found by its subset and split.
    Hub {
        /// `organisation/name`.
        repository: &'static str,
        /// Also called configuration.
        subset: Option<&'static str>,
        /// `train`, `test` …
        split: &'static str,
        /// A commit; the newest where absent.
        revision: Option<&'static str>,
    },
    /// One file of a dataset repository.
    HubFile {
        /// `organisation/name`.
        repository: &'static str,
        /// Path in the repository.
        path: &'static str,
    },
    /// One file anywhere.
    Url {
        /// Its address.
        url: &'static str,
        /// Its name in the cache.
        file_name: &'static str,
    },
}

/// What becomes of a row. Names are those of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapping {
    /// A prompt, with an image where a column is named.
    Prompt {
        /// Column of the text.
        prompt: &'static str,
        /// Column of the image.
        image: Option<&'static str>,
    },
    /// A list of prompts; each is a turn.
    PromptList {
        /// Column of the list.
        prompts: &'static str,
    },
    /// The first of a list of prompts.
    FirstPrompt {
        /// Column of the list.
        prompts: &'static str,
    },
    /// The first user message of a conversation, with an image.
    FirstMessage {
        /// Column of the messages.
        messages: &'static str,
        /// Key of a message's text.
        content: &'static str,
        /// Column of the image.
        image: &'static str,
    },
    /// A question with choices, about a video.
    VideoQuestion,
    /// Code and a change to make to it.
    CodeEdit,
    /// Speech to be written down.
    Speech,
    /// Recorded conversations in the ShareGPT format: every prompt is a turn, with an answer as
    /// long as the recorded one.
    ShareGpt,
    /// Recorded calls of agents.
    Exgentic {
        /// Whether rows name the benchmark that they come from.
        has_benchmarks: bool,
    },
}

impl Mapping {
    /// The columns that are read; none means all.
    pub(super) fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Prompt { prompt, image } => [Some(prompt), image].into_iter().flatten().collect(),
            Self::PromptList { prompts } | Self::FirstPrompt { prompts } => vec![prompts],
            Self::FirstMessage {
                messages, image, ..
            } => vec![messages, image],
            Self::VideoQuestion => vec!["question", "choices", "video"],
            Self::CodeEdit => vec!["code", "change_request"],
            Self::Speech => vec!["audio"],
            Self::ShareGpt => vec!["conversations"],
            Self::Exgentic { .. } => {
                vec!["harness", "session_id", "models", "spans", "benchmark"]
            }
        }
    }
}

const fn hub(
    name: &'static str,
    repository: &'static str,
    split: &'static str,
    mapping: Mapping,
) -> PublicDataset {
    PublicDataset {
        name,
        origin: Origin::Hub {
            repository,
            subset: None,
            split,
            revision: None,
        },
        is_streamed: false,
        mapping,
    }
}

impl PublicDataset {
    const fn subset(mut self, wanted: &'static str) -> Self {
        if let Origin::Hub { ref mut subset, .. } = self.origin {
            *subset = Some(wanted);
        }
        self
    }

    const fn revision(mut self, commit: &'static str) -> Self {
        if let Origin::Hub {
            ref mut revision, ..
        } = self.origin
        {
            *revision = Some(commit);
        }
        self
    }

    const fn streamed(mut self) -> Self {
        self.is_streamed = true;
        self
    }
}

const fn prompt(column: &'static str) -> Mapping {
    Mapping::Prompt {
        prompt: column,
        image: None,
    }
}

const DATASETS: [PublicDataset; 25] = [
    PublicDataset {
        name: "sharegpt",
        origin: Origin::HubFile {
            repository: "anon8231489123/ShareGPT_Vicuna_unfiltered",
            path: "ShareGPT_V3_unfiltered_cleaned_split.json",
        },
        is_streamed: false,
        mapping: Mapping::ShareGpt,
    },
    hub("aimo", "AI-MO/NuminaMath-TIR", "train", prompt("problem")),
    hub(
        "aimo_aime",
        "AI-MO/aimo-validation-aime",
        "train",
        prompt("problem"),
    ),
    hub(
        "aimo_numina_cot",
        "AI-MO/NuminaMath-CoT",
        "train",
        prompt("problem"),
    ),
    hub(
        "aimo_numina_1_5",
        "AI-MO/NuminaMath-1.5",
        "train",
        prompt("problem"),
    ),
    hub(
        "mmstar",
        "Lin-Chen/MMStar",
        "val",
        Mapping::Prompt {
            prompt: "question",
            image: Some("image"),
        },
    ),
    hub(
        "mmvu",
        "yale-nlp/MMVU",
        "validation",
        Mapping::VideoQuestion,
    ),
    hub(
        "vision_arena",
        "lmarena-ai/VisionArena-Chat",
        "train",
        Mapping::FirstMessage {
            messages: "conversation",
            content: "content",
            image: "images",
        },
    )
    .streamed(),
    hub(
        "llava_onevision",
        "lmms-lab/LLaVA-OneVision-Data",
        "train",
        Mapping::FirstMessage {
            messages: "conversations",
            content: "value",
            image: "image",
        },
    )
    .subset("sharegpt4o")
    .streamed(),
    PublicDataset {
        name: "spec_bench",
        origin: Origin::Url {
            url: "https://raw.githubusercontent.com/hemingkx/Spec-Bench/\
                  fd2c1cd7d2201ef71db4c5f4e455008f017967bf/data/spec_bench/question.jsonl",
            file_name: "spec_bench_question.jsonl",
        },
        is_streamed: false,
        mapping: Mapping::FirstPrompt { prompts: "turns" },
    },
    hub("spec_al_gsm8k", "openai/gsm8k", "test", prompt("question")).subset("main"),
    hub(
        "spec_al_math500",
        "HuggingFaceH4/MATH-500",
        "test",
        prompt("problem"),
    ),
    hub(
        "spec_al_humaneval",
        "openai/openai_humaneval",
        "test",
        prompt("prompt"),
    ),
    hub(
        "spec_al_mbpp",
        "google-research-datasets/mbpp",
        "test",
        prompt("text"),
    )
    .subset("full"),
    hub(
        "spec_al_mtbench",
        "HuggingFaceH4/mt_bench_prompts",
        "train",
        Mapping::PromptList { prompts: "prompt" },
    ),
    hub(
        "instruct_coder",
        "likaixin/InstructCoder",
        "train",
        prompt("instruction"),
    ),
    hub(
        "blazedit_5k",
        "vdaita/edit_5k_char",
        "train",
        Mapping::CodeEdit,
    ),
    hub(
        "blazedit_10k",
        "vdaita/edit_10k_char",
        "train",
        Mapping::CodeEdit,
    ),
    hub(
        "librispeech",
        "openslr/librispeech_asr",
        "test",
        Mapping::Speech,
    )
    .subset("clean")
    .streamed(),
    hub("voxpopuli", "facebook/voxpopuli", "test", Mapping::Speech)
        .subset("en")
        .streamed(),
    hub(
        "gigaspeech",
        "speechcolab/gigaspeech",
        "test",
        Mapping::Speech,
    )
    .subset("xs")
    .streamed(),
    hub("ami", "edinburghcstr/ami", "test", Mapping::Speech)
        .subset("ihm")
        .streamed(),
    hub("spgispeech", "kensho/spgispeech", "test", Mapping::Speech)
        .subset("test")
        .streamed(),
    hub(
        "exgentic",
        "Exgentic/agent-llm-traces",
        "train",
        Mapping::Exgentic {
            has_benchmarks: false,
        },
    )
    .revision("70036b93a04e61b0ea2706a68b962f4f26774587")
    .streamed(),
    hub(
        "exgentic_v2",
        "Exgentic/agent-llm-traces-v2",
        "train",
        Mapping::Exgentic {
            has_benchmarks: true,
        },
    )
    .revision("4b8ad4ab198438e5a170f9171c19c6a2cf7c1814")
    .streamed(),
];

/// Names whose rows are traces of a format that is not read here.
const WEKA: &str = "semianalysis_cc_traces_weka";
const WEKA_HUB: &str = "weka_hf";

impl PublicDataset {
    /// All of them.
    pub fn all() -> &'static [Self] {
        &DATASETS
    }

    /// The dataset of this name, in snake or kebab case, whatever its letters' case.
    ///
    /// # Errors
    /// Nobody knows the name, or its rows cannot be read yet.
    pub fn from_name(name: &str) -> Result<&'static Self, DatasetError> {
        // Help texts may split a name at its digits: `gsm8-k`.
        let normal = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
        let wanted = normal(name);
        if let Some(found) = DATASETS
            .iter()
            .find(|dataset| normal(dataset.name) == wanted)
        {
            return Ok(found);
        }
        if wanted.starts_with(&normal(WEKA)) || wanted == normal(WEKA_HUB) {
            return Err(DatasetError::UnsupportedFormat {
                subject: format!("public dataset `{name}`"),
                format: "weka_trace".to_owned(),
            });
        }
        let known: Vec<String> = DATASETS
            .iter()
            .map(|dataset| format!("`{}`", dataset.name))
            .collect();
        Err(DatasetError::Public {
            name: name.to_owned(),
            reason: format!("there is none of this name; known are {}", known.join(", ")),
        })
    }
}
