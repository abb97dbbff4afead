//! The one type that the rest of the program uses, whatever the tokenizer's origin.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::builtin::{self, BuiltinEncoding};
use crate::error::TokenizerError;
use crate::hugging_face::HuggingFaceTokenizer;

/// A tokenizer. Clones share one vocabulary; any number of threads may use it at once.
#[derive(Clone)]
pub struct Tokenizer {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Builtin(&'static BuiltinEncoding),
    HuggingFace(Arc<HuggingFaceTokenizer>),
}

impl Tokenizer {
    /// o200k_base, which is part of the program: no file, no network, no start-up work.
    pub fn builtin() -> Self {
        Self::from_encoding_name("builtin").expect("`builtin` is in the table of encodings")
    }

    /// An encoding inside the program: `builtin`, `o200k_base`, `o200k_harmony`, `cl100k_base`,
    /// `p50k_base`, `p50k_edit`, `r50k_base`.
    pub fn from_encoding_name(name: &str) -> Option<Self> {
        builtin::find(name).map(|encoding| Self {
            kind: Kind::Builtin(encoding),
        })
    }

    /// A Hugging Face tokenizer on disk: a `tokenizer.json`, or a folder that holds one.
    pub fn from_path(path: &Path) -> Result<Self, TokenizerError> {
        let tokenizer = HuggingFaceTokenizer::load(path)?;
        Ok(Self {
            kind: Kind::HuggingFace(Arc::new(tokenizer)),
        })
    }

    /// Number of tokens of the text, without any that a model adds around it.
    pub fn count(&self, text: &str) -> usize {
        match &self.kind {
            Kind::Builtin(encoding) => {
                let mut count = 0;
                encoding.encode_each(text, |_| count += 1);
                count
            }
            Kind::HuggingFace(tokenizer) => tokenizer.count(text),
        }
    }

    /// Whether the tokenizer's files hold a chat template. The encodings inside the program have
    /// none.
    pub fn has_chat_template(&self) -> bool {
        match &self.kind {
            Kind::Builtin(_) => false,
            Kind::HuggingFace(tokenizer) => tokenizer.has_chat_template(),
        }
    }

    /// Number of tokens of a conversation as the model reads it: the messages (objects with `role`
    /// and `content`) in the tokenizer's chat template, with the opening of an answer. None where
    /// there is no template, or where it refuses the messages.
    pub fn count_chat(&self, messages: &[impl Serialize]) -> Option<usize> {
        match &self.kind {
            Kind::Builtin(_) => None,
            Kind::HuggingFace(tokenizer) => tokenizer.count_chat(messages),
        }
    }

    /// The text's tokens. No special token is added; the text of one is encoded as that token.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        match &self.kind {
            Kind::Builtin(encoding) => {
                let mut tokens = Vec::with_capacity(text.len() / 4);
                encoding.encode_each(text, |token| tokens.push(token));
                tokens
            }
            Kind::HuggingFace(tokenizer) => tokenizer.encode(text),
        }
    }

    /// The tokens' text, special tokens included. Bytes that are no valid UTF-8 become U+FFFD.
    pub fn decode(&self, tokens: &[u32]) -> String {
        match &self.kind {
            Kind::Builtin(encoding) => {
                let mut bytes = Vec::with_capacity(tokens.len() * 5);
                for &token in tokens {
                    encoding.decode_into(token, &mut bytes);
                }
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
            }
            Kind::HuggingFace(tokenizer) => tokenizer.decode(tokens),
        }
    }

    /// How many special tokens a server adds around one sequence: 1 for Llama 3, 2 for BERT,
    /// 0 for the encodings inside the program.
    pub fn prompt_special_tokens(&self) -> usize {
        match &self.kind {
            Kind::Builtin(_) => 0,
            Kind::HuggingFace(tokenizer) => tokenizer.prompt_special_tokens(),
        }
    }

    /// Whether words are encoded apart from each other: the tokens of a text are those of its
    /// parts, if it is parted before the space, or behind the line ends, that follow a word or a
    /// full stop. True for the encodings inside the program, and for files that cut texts by
    /// patterns like theirs, as those of Llama 3 and Qwen do.
    pub fn encodes_words_apart(&self) -> bool {
        match &self.kind {
            Kind::Builtin(_) => true,
            Kind::HuggingFace(tokenizer) => tokenizer.encodes_words_apart(),
        }
    }

    /// All tokens of the vocabulary but the special ones, in ascending order.
    pub fn ordinary_tokens(&self) -> Vec<u32> {
        match &self.kind {
            Kind::Builtin(encoding) => encoding.ordinary_tokens().collect(),
            Kind::HuggingFace(tokenizer) => tokenizer.ordinary_tokens(),
        }
    }

    /// All tokens, in ascending order: for Hugging Face tokenizers the vocabulary without added
    /// tokens, for the encodings inside the program also their special tokens.
    pub fn all_tokens(&self) -> Vec<u32> {
        match &self.kind {
            Kind::Builtin(encoding) => encoding.all_tokens(),
            Kind::HuggingFace(tokenizer) => (0..tokenizer.vocabulary_size() as u32).collect(),
        }
    }

    /// Size of the vocabulary: without added tokens for Hugging Face tokenizers, one more than
    /// the largest token number for the encodings inside the program.
    pub fn vocabulary_size(&self) -> usize {
        match &self.kind {
            Kind::Builtin(encoding) => encoding.vocabulary_size,
            Kind::HuggingFace(tokenizer) => tokenizer.vocabulary_size(),
        }
    }

    /// The token that separates unrelated blocks of text: begin of sequence where the tokenizer
    /// has one, else end of sequence.
    pub fn separator_token(&self) -> Option<u32> {
        match &self.kind {
            Kind::Builtin(encoding) => Some(encoding.end_of_text),
            Kind::HuggingFace(tokenizer) => tokenizer.separator_token(),
        }
    }
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Kind::Builtin(encoding) => write!(formatter, "Tokenizer({})", encoding.name),
            Kind::HuggingFace(tokenizer) => {
                write!(formatter, "Tokenizer({})", tokenizer.path().display())
            }
        }
    }
}
