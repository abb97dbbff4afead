//! How tokens are counted.

use super::not_blank;
use crate::command::{Flag, Group, Kind};
use crate::profile::args::ProfileArgs;

pub(super) static TOKENIZER: Group<ProfileArgs> = Group {
    title: "Tokenizer",
    flags: &[NAME, REVISION, APPLY_CHAT_TEMPLATE],
};

const NAME: Flag<ProfileArgs> = Flag {
    names: &["tokenizer"],
    short: None,
    kind: Kind::Text(|args, name| {
        args.tokenizer = not_blank(name)?;
        Ok(())
    }),
    value: "NAME",
    default: "the model's name",
    path: "benchmark.tokenizer.name",
    help: "A Hugging Face name, a directory or file, or `builtin`, which needs no network.",
};

const REVISION: Flag<ProfileArgs> = Flag {
    names: &["tokenizer-revision"],
    short: None,
    kind: Kind::Text(|args, revision| {
        args.tokenizer_revision = not_blank(revision)?;
        Ok(())
    }),
    value: "REVISION",
    default: "main",
    path: "benchmark.tokenizer.revision",
    help: "Branch, tag or commit of the tokenizer on Hugging Face.",
};

const APPLY_CHAT_TEMPLATE: Flag<ProfileArgs> = Flag {
    names: &["apply-chat-template"],
    short: None,
    kind: Kind::Switch(|args, on| args.apply_chat_template = Some(on)),
    value: "",
    default: "",
    path: "benchmark.tokenizer.apply_chat_template",
    help: "Count prompts as the server sees them, with the tokenizer's chat template around the messages, and shorten \
           generated prompts so that the whole has the length asked for.",
};
