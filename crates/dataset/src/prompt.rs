//! Text of an exact number of tokens.
//!
//! - `corpus`: what kinds of text there are;
//! - `prose` writes plain English sentences without end, `words` holds what they are made of;
//! - `code` writes pieces of programs, logs and documents, from the patterns in `code_patterns`;
//! - `phrasebook` makes prompts of phrases whose tokens were counted before;
//! - `random_tokens` makes prompts of tokens as such, of the parts that `segments` finds;
//! - `exact` writes afresh, cuts and mends until a tokenizer counts what was asked for;
//! - `prompts` chooses among them;
//! - `template_overhead`: what a chat template adds around a text.

mod code;
mod code_patterns;
mod corpus;
mod exact;
mod phrasebook;
mod prompts;
mod prose;
mod random_tokens;
mod segments;
mod template_overhead;
mod words;

pub use corpus::PromptCorpus;
pub use exact::PromptWriter;
pub(crate) use prompts::Prompts;
pub use template_overhead::TemplateOverhead;
