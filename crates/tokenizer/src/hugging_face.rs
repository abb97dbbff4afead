//! Tokenizers in Hugging Face's `tokenizer.json` format.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::chat_template::ChatTemplate;
use crate::error::TokenizerError;

/// A loaded `tokenizer.json` with what the files beside it say.
pub(crate) struct HuggingFaceTokenizer {
    inner: tokenizers::Tokenizer,
    path: PathBuf,
    prompt_special_tokens: usize,
    separator_token: Option<u32>,
    chat_template: Option<ChatTemplate>,
    encodes_words_apart: bool,
}

/// Any text does: the number of added special tokens does not depend on it.
const PROBE: &str = "hello world";

impl HuggingFaceTokenizer {
    /// Loads a `tokenizer.json`, or the one in a folder.
    pub(crate) fn load(path: &Path) -> Result<Self, TokenizerError> {
        let file = if path.is_dir() {
            let file = path.join("tokenizer.json");
            if !file.exists() {
                return Err(TokenizerError::FileMissing {
                    folder: path.to_path_buf(),
                });
            }
            file
        } else {
            path.to_path_buf()
        };
        let unreadable = |reason: String| TokenizerError::Unreadable {
            path: file.clone(),
            reason,
        };

        let content = fs::read(&file).map_err(|error| unreadable(error.to_string()))?;
        let mut inner = tokenizers::Tokenizer::from_bytes(&content)
            .map_err(|error| unreadable(error.to_string()))?;
        // A file may ask for cut or padded sequences, meant for training. Counting and prompt
        // making need every token of a text and no other.
        inner
            .with_truncation(None)
            .map_err(|error| unreadable(error.to_string()))?;
        inner.with_padding(None);

        let count = |add_special_tokens| {
            inner
                .encode_fast(PROBE, add_special_tokens)
                .map(|encoding| encoding.len())
                .map_err(|error| unreadable(format!("it fails on a plain text: {error}")))
        };
        let prompt_special_tokens = count(true)?.saturating_sub(count(false)?);
        let separator_token = separator_text(&file).and_then(|text| inner.token_to_id(&text));
        Ok(Self {
            encodes_words_apart: encodes_words_apart(&inner),
            inner,
            chat_template: ChatTemplate::beside(&file),
            path: file,
            prompt_special_tokens,
            separator_token,
        })
    }

    pub(crate) fn count(&self, text: &str) -> usize {
        self.encoding(text).map_or(0, |encoding| encoding.len())
    }

    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        self.encoding(text)
            .map_or_else(Vec::new, |encoding| encoding.get_ids().to_vec())
    }

    pub(crate) fn decode(&self, tokens: &[u32]) -> String {
        self.inner.decode(tokens, false).unwrap_or_else(|error| {
            tracing::warn!(
                "`{}` cannot decode some tokens: {error}",
                self.path.display()
            );
            String::new()
        })
    }

    pub(crate) fn prompt_special_tokens(&self) -> usize {
        self.prompt_special_tokens
    }

    pub(crate) fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(false)
    }

    pub(crate) fn ordinary_tokens(&self) -> Vec<u32> {
        let added = self.inner.get_added_tokens_decoder();
        let is_special = |token: &u32| added.get(token).is_some_and(|token| token.special);
        let vocabulary = 0..self.vocabulary_size() as u32;
        vocabulary.filter(|token| !is_special(token)).collect()
    }

    pub(crate) fn separator_token(&self) -> Option<u32> {
        self.separator_token
    }

    pub(crate) fn encodes_words_apart(&self) -> bool {
        self.encodes_words_apart
    }

    pub(crate) fn has_chat_template(&self) -> bool {
        self.chat_template.is_some()
    }

    /// Tokens of the messages in the chat template; none without a template, or if it refuses them.
    pub(crate) fn count_chat(&self, messages: &[impl Serialize]) -> Option<usize> {
        let rendered = self.chat_template.as_ref()?.render(messages);
        let text = rendered
            .inspect_err(|error| {
                tracing::debug!(
                    "the chat template of `{}` refuses a request: {error}",
                    self.path.display()
                );
            })
            .ok()?;
        Some(self.count(&text))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn encoding(&self, text: &str) -> Option<tokenizers::Encoding> {
        // Only a vocabulary without unknown-token entry can fail here; loading has already
        // shown that ordinary text works.
        self.inner
            .encode_fast(text, false)
            .inspect_err(|error| {
                tracing::warn!("`{}` cannot encode some text: {error}", self.path.display());
            })
            .ok()
    }
}

/// Whether a text is cut into words before anything else is done with it, by rules that look at no
/// more than the place itself, so that each word's tokens are its own.
fn encodes_words_apart(inner: &tokenizers::Tokenizer) -> bool {
    let keeps_plain_text = inner.get_normalizer().is_none_or(|normalizer| {
        let kind = serde_json::to_value(normalizer).unwrap_or_default();
        matches!(kind["type"].as_str(), Some("NFC" | "NFD" | "NFKC" | "NFKD"))
    });
    let cuts = inner
        .get_pre_tokenizer()
        .and_then(|rule| serde_json::to_value(rule).ok());
    if !keeps_plain_text || !cuts.is_some_and(|rule| cuts_locally(&rule)) {
        return false;
    }
    // A published rule could still be an odd one.
    let tokens = |text: &str| {
        let encoding = inner.encode_fast(text, false).ok();
        encoding.map_or_else(Vec::new, |encoding| encoding.get_ids().to_vec())
    };
    SEAMS.iter().all(|(before, after)| {
        let apart = [tokens(before), tokens(after)].concat();
        !apart.is_empty() && tokens(&format!("{before}{after}")) == apart
    })
}

/// Texts and what may follow them.
const SEAMS: [(&str, &str); 8] = [
    ("The harbour is quiet", " this morning"),
    ("of the old lamp.", " The door, which"),
    ("Anna found 12", " boxes; then she"),
    ("near the river, and", " 7 men"),
    ("a plain line.", " Seven"),
    ("quietly,", " when"),
    ("    return x\n\n", "def f(a):"),
    ("ok\n\n", "Traceback (most recent call last)"),
];

/// Whether a rule, as the file has it, splits by patterns alone and adds nothing to the text.
fn cuts_locally(rule: &Value) -> bool {
    match rule["type"].as_str() {
        Some("Split" | "Digits" | "Punctuation") => true,
        Some("ByteLevel") => rule["add_prefix_space"] == false,
        Some("Sequence") => rule["pretokenizers"]
            .as_array()
            .is_some_and(|rules| rules.iter().all(cuts_locally) && cuts_words(rules)),
        _ => false,
    }
}

/// Whether a sequence of rules has one that cuts between words.
fn cuts_words(rules: &[Value]) -> bool {
    let cuts = |rule: &Value| match rule["type"].as_str() {
        Some("ByteLevel") => rule["use_regex"] != false,
        Some("Split" | "Punctuation") => true,
        _ => false,
    };
    rules.iter().any(cuts)
}

/// The text of the begin-of-sequence token, else of the end-of-sequence token, as the files
/// beside `tokenizer.json` name them.
fn separator_text(file: &Path) -> Option<String> {
    let folder = file.parent()?;
    let documents: Vec<Value> = ["tokenizer_config.json", "special_tokens_map.json"]
        .iter()
        .filter_map(|name| fs::read(folder.join(name)).ok())
        .filter_map(|content| serde_json::from_slice(&content).ok())
        .collect();
    ["bos_token", "eos_token"].iter().find_map(|key| {
        documents.iter().find_map(|document| {
            let token = document.get(key)?;
            let text = token.as_str().or_else(|| token.get("content")?.as_str())?;
            Some(text.to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture_folder;

    #[test]
    fn a_folder_gives_its_tokenizer_with_the_special_tokens_around_a_prompt() {
        let tokenizer = HuggingFaceTokenizer::load(&fixture_folder()).unwrap();
        assert_eq!(tokenizer.prompt_special_tokens(), 1);
        assert_eq!(tokenizer.encode("hello world"), [4, 5]);
        assert_eq!(tokenizer.count("hello hello"), 2);
        assert_eq!(tokenizer.decode(&[1, 4, 5, 2]), "<s> hello world </s>");
        assert_eq!(tokenizer.separator_token(), Some(1));
        assert_eq!(tokenizer.vocabulary_size(), 7);
    }

    #[test]
    fn a_truncation_in_the_file_is_not_applied() {
        let tokenizer = HuggingFaceTokenizer::load(&fixture_folder()).unwrap();
        assert_eq!(tokenizer.count(&"hello ".repeat(50)), 50);
    }

    #[test]
    fn failures_name_the_file_and_the_cause() {
        let folder = tempfile::tempdir().unwrap();
        let error = HuggingFaceTokenizer::load(folder.path()).err().unwrap();
        assert!(
            error.to_string().contains("holds no `tokenizer.json`"),
            "{error}"
        );

        fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
        let error = HuggingFaceTokenizer::load(folder.path()).err().unwrap();
        assert!(
            error.to_string().starts_with("cannot load tokenizer `"),
            "{error}"
        );
        assert!(error.to_string().contains("tokenizer.json`"), "{error}");
        assert!(error.hint().contains("--tokenizer builtin"));
    }
}
