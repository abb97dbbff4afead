//! The categories. Their entries are what the flags of `aiperf profile` accept and what the tables of the
//! other crates hold, so nothing is listed that cannot be chosen.

use aiperf_config::PROFILE;
use aiperf_dataset::FileFormat;
use aiperf_dataset::public::{Origin, PublicDataset};
use aiperf_endpoint::kind::Capabilities;
use aiperf_metrics::catalog::catalog;

/// Things of one kind.
pub(super) struct Category {
    /// In kebab case.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The flag of `aiperf profile` that chooses an entry.
    pub(super) flag: Option<&'static str>,
    kind: Kind,
}

/// One of them.
pub(super) struct Entry {
    /// As it is typed.
    pub(super) name: String,
    pub(super) about: String,
}

enum Kind {
    /// What the flag accepts, with a word about each.
    Choices(fn(&str) -> String),
    Metrics,
}

pub(super) const CATEGORIES: &[Category] = &[
    Category {
        name: "arrival-pattern",
        about: "The law of the gaps between requests under a rate.",
        flag: Some("arrival-pattern"),
        kind: Kind::Choices(arrival_pattern),
    },
    Category {
        name: "convergence-criterion",
        about: "When repeated runs have said enough.",
        flag: Some("convergence-mode"),
        kind: Kind::Choices(convergence),
    },
    Category {
        name: "custom-dataset-loader",
        about: "The formats of files with data.",
        flag: Some("custom-dataset-type"),
        kind: Kind::Choices(file_format),
    },
    Category {
        name: "dataset-sampler",
        about: "The order in which the conversations of a dataset are played.",
        flag: Some("dataset-sampling-strategy"),
        kind: Kind::Choices(sampler),
    },
    Category {
        name: "endpoint",
        about: "The protocols that a server is spoken to in.",
        flag: Some("endpoint-type"),
        kind: Kind::Choices(endpoint),
    },
    Category {
        name: "metric",
        about: "What is computed of requests and of a run, in the order of the catalog.",
        flag: None,
        kind: Kind::Metrics,
    },
    Category {
        name: "public-dataset-loader",
        about: "Datasets of a hub that are downloaded when they are asked for.",
        flag: Some("public-dataset"),
        kind: Kind::Choices(public_dataset),
    },
    Category {
        name: "transport",
        about: "How requests travel.",
        flag: Some("transport"),
        kind: Kind::Choices(|_| "HTTP/1.1 and HTTP/2, over TCP, TLS and Unix sockets.".to_owned()),
    },
    Category {
        name: "ui",
        about: "What is shown while a run lasts.",
        flag: Some("ui"),
        kind: Kind::Choices(ui),
    },
    Category {
        name: "url-selection-strategy",
        about: "How sessions are spread over several servers.",
        flag: Some("url-strategy"),
        kind: Kind::Choices(|_| "In turn; a session stays where its first turn went.".to_owned()),
    },
];

/// Categories of AIPerf's plugins that have nothing in them here: parts of a program that is made of many
/// processes, or what this version cannot do.
pub(super) const ONLY_OF_THE_REFERENCE: &[&str] = &[
    "accumulator",
    "accuracy-benchmark",
    "accuracy-grader",
    "analyzer",
    "api-router",
    "communication",
    "communication-client",
    "console-exporter",
    "data-exporter",
    "dataset-backing-store",
    "dataset-client-store",
    "dataset-composer",
    "gpu-telemetry-collector",
    "plot",
    "ramp",
    "record-observer",
    "record-processor",
    "search-planner",
    "search-recipe",
    "search-recipe-post-process",
    "service",
    "service-manager",
    "spec-decode-adapter",
    "stream-exporter",
    "timing-strategy",
    "zmq-proxy",
];

impl Category {
    /// What is in it.
    pub(super) fn entries(&self) -> Vec<Entry> {
        match self.kind {
            Kind::Choices(describe) => self.choices(describe),
            Kind::Metrics => catalog()
                .iter()
                .map(|metric| Entry {
                    name: metric.tag.to_owned(),
                    about: format!("{}: {}", metric.header, metric.explanation),
                })
                .collect(),
        }
    }

    fn choices(&self, describe: fn(&str) -> String) -> Vec<Entry> {
        let summary = PROFILE.summary();
        let flag = self.flag.and_then(|name| summary.flag(name));
        let mut names: Vec<&str> = flag.map_or(&[][..], |flag| flag.choices).to_vec();
        if names.is_empty() && self.name == "public-dataset-loader" {
            names = PublicDataset::all()
                .iter()
                .map(|dataset| dataset.name)
                .collect();
        }
        let entry = |name: &str| Entry {
            name: name.to_owned(),
            about: describe(name),
        };
        names.into_iter().map(entry).collect()
    }
}

fn arrival_pattern(name: &str) -> String {
    match name {
        "poisson" => "Exponential gaps: requests that know nothing of each other.",
        "constant" => "Equal gaps.",
        "gamma" => "Gaps of a gamma law, burstier or smoother than Poisson's by its shape.",
        "concurrency_burst" => "No gaps: as many requests as the concurrency allows, at once.",
        _ => "",
    }
    .to_owned()
}

fn convergence(name: &str) -> String {
    match name {
        "ci_width" => "When the confidence interval of the mean is narrow enough.",
        "cv" => "When the runs scatter little around their mean.",
        "distribution" => "When the requests of the newest run are distributed like those before.",
        _ => "",
    }
    .to_owned()
}

fn sampler(name: &str) -> String {
    match name {
        "sequential" => "In the order of the dataset, from the beginning again after its end.",
        "random" => "Each drawn from all of them.",
        "shuffle" => "Each once, in a new order for every round.",
        _ => "",
    }
    .to_owned()
}

fn ui(name: &str) -> String {
    match name {
        "dashboard" => "Progress, figures and log on the whole screen of a terminal.",
        "simple" => "A line of progress.",
        "none" => "Log lines alone.",
        _ => "",
    }
    .to_owned()
}

fn endpoint(name: &str) -> String {
    let rows = Capabilities::all();
    let Some(row) = rows.iter().find(|row| row.name == name) else {
        return String::new();
    };
    let mut text = match row.path {
        Some(path) => format!("POST {path}"),
        None => "POST to the address as it is given".to_owned(),
    };
    if let Some(path) = row.streaming_path {
        text.push_str(&format!(", {path} for streams"));
    }
    text.push_str(if row.streams {
        "; streams"
    } else {
        "; no streams"
    });
    let media = [
        (row.media.images, "images"),
        (row.media.audio, "audio"),
        (row.media.video, "videos"),
    ];
    let taken: Vec<&str> = media
        .into_iter()
        .filter_map(|(takes, what)| takes.then_some(what))
        .collect();
    if !taken.is_empty() {
        text.push_str(&format!("; takes {}", taken.join(", ")));
    }
    let made = [
        (row.produces_tokens, "tokens"),
        (row.media.produces_images, "images"),
        (row.media.produces_video, "a video"),
    ];
    let made: Vec<&str> = made
        .into_iter()
        .filter_map(|(makes, what)| makes.then_some(what))
        .collect();
    if !made.is_empty() {
        text.push_str(&format!("; answers with {}", made.join(", ")));
    }
    text.push('.');
    text
}

fn file_format(name: &str) -> String {
    let text = match FileFormat::from_name(name) {
        Err(_) => "",
        Ok(FileFormat::SpeedBench(part)) => {
            return match part.category {
                Some(category) => {
                    format!(
                        "Prompts of SPEED-Bench's `{}`, of `{category}` alone.",
                        part.file_name
                    )
                }
                None => format!("Prompts of SPEED-Bench's `{}`.", part.file_name),
            };
        }
        Ok(FileFormat::SingleTurn) => "JSON Lines: a prompt each, with its media.",
        Ok(FileFormat::MultiTurn) => "JSON Lines: a conversation each, turn by turn.",
        Ok(FileFormat::RandomPool) => "Files of texts and media of which every turn is drawn.",
        Ok(FileFormat::RawPayload) => "JSON Lines: bodies that are sent as they are.",
        Ok(FileFormat::InputsJson) => "The `inputs.json` of an earlier run.",
        Ok(FileFormat::MooncakeTrace) => {
            "JSON Lines: lengths, hash ids of shared blocks and times."
        }
        Ok(FileFormat::BailianTrace) => {
            "JSON Lines: the same with links between the turns of a chat."
        }
        Ok(FileFormat::BurstGptTrace) => "CSV: lengths and times.",
        Ok(FileFormat::SageMakerDataCapture) => "Requests as Amazon SageMaker records them.",
    };
    text.to_owned()
}

fn public_dataset(name: &str) -> String {
    let Ok(dataset) = PublicDataset::from_name(name) else {
        return String::new();
    };
    let mut text = match dataset.origin {
        Origin::Hub {
            repository,
            subset,
            split,
            ..
        } => {
            let subset = subset.map(|subset| format!(", subset {subset}"));
            format!("{repository}{}, split {split}", subset.unwrap_or_default())
        }
        Origin::HubFile { repository, path } => format!("{repository}, {path}"),
        Origin::Url { url, .. } => url.to_owned(),
    };
    if dataset.is_streamed {
        text.push_str("; read as far as it is needed");
    }
    text.push('.');
    text
}
