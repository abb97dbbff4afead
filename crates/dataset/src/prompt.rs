//! Text of an exact number of tokens.
//!
//! `prose` writes plain English sentences without end, `words` holds what they are made of, and
//! `exact` cuts and mends them until a tokenizer counts what was asked for.

mod exact;
mod prose;
mod words;

pub use exact::PromptWriter;
