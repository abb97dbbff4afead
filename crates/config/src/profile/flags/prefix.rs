//! Text in front of prompts.

use super::not_blank;
use crate::command::{Flag, Group, Kind};
use crate::profile::args::ProfileArgs;

pub(super) static PREFIX: Group<ProfileArgs> = Group {
    title: "Prefix Prompt",
    flags: &[
        SYSTEM_PROMPT,
        SYSTEM_PROMPT_FILE,
        POOL_SIZE,
        LENGTH,
        SHARED_SYSTEM,
        USER_CONTEXT,
    ],
};

const SYSTEM_PROMPT: Flag<ProfileArgs> = Flag {
    names: &["system-prompt"],
    short: None,
    kind: Kind::Text(|args, text| {
        args.prefix.system_prompt = not_blank(text)?;
        Ok(())
    }),
    value: "TEXT",
    default: "",
    path: "benchmark.datasets[0].system_prompt",
    help: "The system message of every conversation, before one that the dataset has.",
};

const SYSTEM_PROMPT_FILE: Flag<ProfileArgs> = Flag {
    names: &["system-prompt-file"],
    short: None,
    kind: Kind::Path(|args, path| {
        if path.as_os_str().is_empty() {
            return Err("must not be empty".into());
        }
        args.prefix.system_prompt_file = Some(path);
        Ok(())
    }),
    value: "PATH",
    default: "",
    path: "benchmark.datasets[0].system_prompt_file",
    help: "A text file with the system message of every conversation.",
};

const POOL_SIZE: Flag<ProfileArgs> = Flag {
    names: &[
        "prompt-prefix-pool-size",
        "prefix-prompt-pool-size",
        "num-prefix-prompts",
    ],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.prefix.pool_size = Some(value),
    },
    value: "COUNT",
    default: "0",
    path: "benchmark.datasets[0].prefix_prompts.pool_size",
    help: "How many texts there are to begin first prompts with. Servers that cache prefixes gain by them.",
};

const LENGTH: Flag<ProfileArgs> = Flag {
    names: &["prompt-prefix-length", "prefix-prompt-length"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.prefix.length = Some(value),
    },
    value: "TOKENS",
    default: "0",
    path: "benchmark.datasets[0].prefix_prompts.length",
    help: "Length of each of these texts, on top of --isl; needs --num-prefix-prompts.",
};

const SHARED_SYSTEM: Flag<ProfileArgs> = Flag {
    names: &["shared-system-prompt-length"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, value| args.prefix.shared_system_length = Some(value),
    },
    value: "TOKENS",
    default: "",
    path: "benchmark.datasets[0].prefix_prompts.shared_system_length",
    help: "Length of a generated system message that all conversations share.",
};

const USER_CONTEXT: Flag<ProfileArgs> = Flag {
    names: &["user-context-prompt-length"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, value| args.prefix.user_context_length = Some(value),
    },
    value: "TOKENS",
    default: "",
    path: "benchmark.datasets[0].prefix_prompts.user_context_length",
    help: "Length of a generated first message that each conversation has for itself.",
};
