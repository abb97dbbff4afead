//! Tokenizers: the built-in o200k_base, local files and Hugging Face names.
//!
//! [`resolve`] turns what the user asked for into a [`Tokenizer`]; everything after that only
//! sees the latter. A `Tokenizer` never adds special tokens, never cuts a text, and is shared
//! freely between threads.
//!
//! - [`tokenizer`](Tokenizer): count, encode, decode, whatever the origin;
//! - `builtin`: the encodings inside the program, as tables without start-up cost;
//! - `hugging_face`: `tokenizer.json` files;
//! - `chat_template`: how messages become the text that a model reads;
//! - `hub`: the cache that Python libraries share, and downloads into it;
//! - `resolve`: which of these a name means.

mod builtin;
mod chat_template;
mod error;
mod hub;
mod hugging_face;
mod resolve;
mod tokenizer;

pub use error::TokenizerError;
pub use hub::HubEnvironment;
pub use resolve::{ResolvedTokenizer, TokenizerChoice, is_placeholder_model, resolve};
pub use tokenizer::Tokenizer;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    /// A tokenizer of seven words.
    pub(crate) fn fixture_folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny")
    }
}
