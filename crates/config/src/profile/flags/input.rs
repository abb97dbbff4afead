//! What goes into requests besides generated prompts.

use aiperf_dataset::public::{Filters, PublicDataset};

use super::{chosen, not_blank};
use crate::command::{Choice, Flag, Group, Kind};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{CapturedBody, DatasetFormat, Sampling};
use crate::profile::config::Header;

pub(super) static INPUT: Group<ProfileArgs> = Group {
    title: "Input",
    flags: &[
        EXTRA_INPUTS,
        HEADER,
        INPUT_FILE,
        PUBLIC_DATASET,
        HF_SUBSET,
        DATASET_FILTER,
        DATASET_TYPE,
        IGNORE_TRACE_DELAYS,
        CAPTURED_BODY,
        SAMPLING,
        RANDOM_SEED,
        CONFIG,
    ],
};

const CONFIG: Flag<ProfileArgs> = Flag {
    names: &["config"],
    short: Some("f"),
    kind: Kind::Path(|args, path| {
        args.config = Some(path);
        Ok(())
    }),
    value: "FILE",
    default: "",
    path: "",
    help: "A YAML configuration. Other flags are written over what it says; see `aiperf config`.",
};

const EXTRA_INPUTS: Flag<ProfileArgs> = Flag {
    names: &["extra-inputs"],
    short: None,
    kind: Kind::Pairs(|args, items| {
        args.extra_inputs.extend(items);
        Ok(())
    }),
    value: "KEY:VALUE",
    default: "",
    path: "benchmark.endpoint.extra",
    help: "Fields to add to every request's body, such as `temperature:0.5,ignore_eos:true`, or one JSON object. Numbers, \
           true, false and null become what they look like. `payload_template` is a body of your own, as a file or as text, \
           and `response_field` says where its answers are (JMESPath).",
};

const HEADER: Flag<ProfileArgs> = Flag {
    names: &["header"],
    short: Some("H"),
    kind: Kind::TextPairs(|args, items| {
        for (name, value) in items {
            check_header(&name, &value)?;
            // A later value for the same name wins, as in the reference.
            match args
                .headers
                .iter_mut()
                .find(|header| header.name.eq_ignore_ascii_case(&name))
            {
                Some(header) => header.value = value,
                None => args.headers.push(Header { name, value }),
            }
        }
        Ok(())
    }),
    value: "NAME:VALUE",
    default: "",
    path: "benchmark.endpoint.headers",
    help: "A header to send with every request. A value with a comma needs the form '{\"name\": \"value\"}'.",
};

const INPUT_FILE: Flag<ProfileArgs> = Flag {
    names: &["input-file"],
    short: None,
    kind: Kind::Path(|args, path| {
        if !path.exists() {
            return Err("no such file or directory".into());
        }
        args.input_file = Some(path);
        Ok(())
    }),
    value: "PATH",
    default: "",
    path: "benchmark.datasets[0].path",
    help: "A file of prompts or a directory of files, to send instead of generated ones.",
};

const DATASET_TYPE: Flag<ProfileArgs> = Flag {
    names: &["custom-dataset-type"],
    short: None,
    kind: Kind::Choice {
        names: DatasetFormat::SUPPORTED,
        later: DatasetFormat::NAMES,
        set: |args, word| {
            args.custom_dataset_type = chosen(word)?;
            Ok(())
        },
    },
    value: "TYPE",
    default: "found out from the content",
    path: "benchmark.datasets[0].format",
    help: "The format of --input-file.",
};

const CAPTURED_BODY: Flag<ProfileArgs> = Flag {
    names: &["captured-body"],
    short: None,
    kind: Kind::Choice {
        names: CapturedBody::NAMES,
        later: &[],
        set: |args, word| {
            args.captured_body = chosen(word)?;
            Ok(())
        },
    },
    value: "PART",
    default: "parameters",
    path: "",
    help: "What of a request in a sagemaker_data_capture is sent again: everything but the model and whether to stream, \
           only messages, tools and the bound of the answer, or the body as it was recorded.",
};

const SAMPLING: Flag<ProfileArgs> = Flag {
    names: &["dataset-sampling-strategy"],
    short: None,
    kind: Kind::Choice {
        names: Sampling::NAMES,
        later: &[],
        set: |args, word| {
            args.sampling = chosen(word)?;
            Ok(())
        },
    },
    value: "STRATEGY",
    default: "sequential",
    path: "benchmark.datasets[0].sampling",
    help: "The order in which the conversations of the dataset are played.",
};

const RANDOM_SEED: Flag<ProfileArgs> = Flag {
    names: &["random-seed"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, seed| args.random_seed = Some(seed),
    },
    value: "SEED",
    default: "",
    path: "random_seed",
    help: "Two runs with the same seed send the same requests at the same planned instants.",
};

/// A name must be a token of RFC 9110.
pub(super) fn check_header_name(name: &str) -> Result<(), String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(format!("`{name}` is not a header name"));
    }
    Ok(())
}

/// A name must be a token of RFC 9110, and a value must not end its line: what passes here cannot
/// break the request apart.
fn check_header(name: &str, value: &str) -> Result<(), String> {
    check_header_name(name)?;
    if value
        .chars()
        .any(|letter| letter.is_control() && letter != '\t')
    {
        return Err(format!("the value of `{name}` holds a control character"));
    }
    Ok(())
}

const PUBLIC_DATASET: Flag<ProfileArgs> = Flag {
    names: &["public-dataset"],
    short: None,
    kind: Kind::Text(|args, name| {
        let found = PublicDataset::from_name(&name);
        args.public_dataset = Some(found.map_err(|error| error.to_string())?);
        Ok(())
    }),
    value: "NAME",
    default: "",
    path: "benchmark.datasets[0].dataset",
    help: "A dataset from Hugging Face in place of generated prompts, such as `sharegpt`, `aimo`, `spec_bench` or `librispeech`.",
};

const HF_SUBSET: Flag<ProfileArgs> = Flag {
    names: &["hf-subset"],
    short: None,
    kind: Kind::Text(|args, text| {
        args.hf_subset = not_blank(text)?;
        Ok(())
    }),
    value: "NAME",
    default: "that of the dataset",
    path: "benchmark.datasets[0].hf_subset",
    help: "Another subset of --public-dataset.",
};

const DATASET_FILTER: Flag<ProfileArgs> = Flag {
    names: &["dataset-filter"],
    short: None,
    kind: Kind::GreedyList(|args, words| {
        args.dataset_filters.extend(words);
        Filters::from_words(args.dataset_filters.iter().map(String::as_str)).map(drop)
    }),
    value: "KEY=VALUE",
    default: "",
    path: "benchmark.datasets[0].filters",
    help: "Take the matching sessions of --public-dataset exgentic or exgentic_v2 only, by `harness`, `source_model` or `benchmark`.",
};

const IGNORE_TRACE_DELAYS: Flag<ProfileArgs> = Flag {
    names: &["ignore-trace-delays"],
    short: None,
    kind: Kind::Switch(|args, on| args.ignore_trace_delays = Some(on)),
    value: "",
    default: "",
    path: "benchmark.datasets[0].ignore_trace_delays",
    help: "Replay a trace without its times and pauses.",
};
