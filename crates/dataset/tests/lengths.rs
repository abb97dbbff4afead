//! Synthetic prompts have exactly the length that was asked for, whatever kind of tokenizer counts
//! them. The tokenizers here are small; they join, split and normalise text as the large ones of
//! their kind do.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;

use aiperf_dataset::{
    CorpusStyle, DatasetPlan, Law, PromptCorpus, PromptPrefix, Source, SyntheticPlan, open,
};
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;
use serde_json::{Value, json};

/// Words that get tokens of their own; the rest is put together from letters.
const WORDS: &[&str] = &[
    "the", "every", "one", "this", "that", "another", "her", "his", "our", "their", "garden",
    "river", "lamp", "station", "letter", "old", "new", "quiet", "bright", "carried", "found",
    "opened", "def", "return", "self", "and", "when", "because", "ed", "ing", "er",
];

fn load(document: &Value) -> Tokenizer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenizer.json");
    std::fs::write(&file, document.to_string()).unwrap();
    Tokenizer::from_path(&file).unwrap()
}

fn document(model: &Value, parts: &Value) -> Value {
    let mut document = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": model,
    });
    for (key, value) in parts.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

/// As BERT: lower case, pieces that continue a word marked by `##`, two special tokens around.
fn word_piece() -> Tokenizer {
    let mut tokens: Vec<String> = ["[UNK]", "[CLS]", "[SEP]"].map(str::to_owned).into();
    for character in (b'!'..=b'~')
        .map(char::from)
        .filter(|character| !character.is_ascii_uppercase())
    {
        tokens.push(character.to_string());
        if character.is_ascii_alphanumeric() {
            tokens.push(format!("##{character}"));
        }
    }
    tokens.extend(WORDS.iter().map(|word| (*word).to_owned()));
    tokens.extend(
        ["##ed", "##ing", "##er", "##s"]
            .map(str::to_owned)
            .into_iter()
            .filter(|token| token.len() > 3),
    );
    let vocabulary: serde_json::Map<String, Value> = tokens
        .into_iter()
        .collect::<BTreeSet<String>>()
        .into_iter()
        .enumerate()
        .map(|(id, token)| (token, json!(id)))
        .collect();
    let special = |token: &str| json!({"id": token, "ids": [vocabulary[token]], "tokens": [token]});
    let parts = json!({
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": special("[CLS]"), "[SEP]": special("[SEP]")}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    });
    let model = json!({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": vocabulary});
    load(&document(&model, &parts))
}

/// As SentencePiece: a space before the text, spaces as part of the tokens, the likeliest split,
/// and one token for spaces in a row.
fn sentence_piece() -> Tokenizer {
    let mut pieces = vec![
        json!(["<unk>", 0.0]),
        json!(["\u{2581}", -3.0]),
        json!(["\u{2581}\u{2581}", -3.5]),
    ];
    pieces.push(json!(["\n", -4.0]));
    pieces.extend((b'!'..=b'~').map(|byte| json!([char::from(byte).to_string(), -6.0])));
    pieces.extend(
        WORDS
            .iter()
            .map(|word| json!([format!("\u{2581}{word}"), -7.0])),
    );
    pieces.extend([".\u{2581}the", "ed\u{2581}", ",\u{2581}"].map(|piece| json!([piece, -5.0])));
    let parts = json!({
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u{2581}"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u{2581}"}]},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    });
    load(&document(
        &json!({"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": pieces}),
        &parts,
    ))
}

/// As GPT-2: bytes that are merged in pairs.
fn byte_level_bpe() -> Tokenizer {
    let space = '\u{120}';
    let printable = (b'!'..=b'~').map(char::from);
    let mut tokens: Vec<String> = printable
        .chain([space, '\u{10a}', '\u{109}'])
        .map(String::from)
        .collect();
    let mut merges = Vec::new();
    for word in WORDS {
        let mut left = String::from(space);
        for letter in word.chars() {
            let joined = format!("{left}{letter}");
            if !tokens.contains(&joined) {
                merges.push(format!("{left} {letter}"));
                tokens.push(joined.clone());
            }
            left = joined;
        }
    }
    let vocabulary: serde_json::Map<String, Value> = tokens
        .into_iter()
        .enumerate()
        .map(|(id, token)| (token, json!(id)))
        .collect();
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let model = json!({"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": merges});
    load(&document(
        &model,
        &json!({"pre_tokenizer": byte_level, "decoder": byte_level}),
    ))
}

fn assert_exact(
    name: &str,
    tokenizer: &Tokenizer,
    corpus: PromptCorpus,
    lengths: impl Iterator<Item = usize>,
) {
    for tokens in lengths {
        let plan = DatasetPlan::new(Source::Synthetic(SyntheticPlan {
            entries: 2,
            prompt_tokens: Some(Law::fixed(
                (tokens + tokenizer.prompt_special_tokens()) as f64,
            )),
            prefix: PromptPrefix::Messages {
                shared_system_tokens: Some(tokens),
                user_context_tokens: None,
            },
            corpus,
            ..SyntheticPlan::default()
        }));
        let conversations = open(&plan, Some(tokenizer), RootSeed::fixed(tokens as u64)).unwrap();
        for index in 0..2 {
            let conversation = conversations.conversation(index).unwrap();
            let prompt = &conversation.turns[0].texts[0].contents[0];
            assert_eq!(
                tokenizer.count(prompt),
                tokens,
                "{name} {corpus:?}: {prompt:?}"
            );
            let system = conversation.system_message.as_deref().unwrap_or_default();
            assert_eq!(
                tokenizer.count(system),
                tokens,
                "{name} {corpus:?}: {system:?}"
            );
        }
    }
}

/// Bodies behind prefixes of a pool.
fn assert_exact_after_prefixes(name: &str, tokenizer: &Tokenizer, corpus: PromptCorpus) {
    for tokens in [5, 23, 111] {
        let plan = DatasetPlan::new(Source::Synthetic(SyntheticPlan {
            entries: 6,
            prompt_tokens: Some(Law::fixed(
                (tokens + tokenizer.prompt_special_tokens()) as f64,
            )),
            prefix: PromptPrefix::Pool {
                size: 3,
                tokens: 40,
            },
            corpus,
            ..SyntheticPlan::default()
        }));
        let conversations = open(&plan, Some(tokenizer), RootSeed::fixed(tokens as u64)).unwrap();
        for index in 0..6 {
            let prompt =
                conversations.conversation(index).unwrap().turns[0].texts[0].contents[0].clone();
            assert_eq!(
                tokenizer.count(&prompt),
                40 + tokens,
                "{name} {corpus:?}: {prompt:?}"
            );
        }
    }
}

fn check(name: &str, tokenizer: &Tokenizer) {
    for corpus in [PromptCorpus::Prose, PromptCorpus::Coding] {
        assert_exact(
            name,
            tokenizer,
            corpus,
            [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 700].into_iter(),
        );
        assert_exact_after_prefixes(name, tokenizer, corpus);
    }
}

#[test]
fn the_built_in_tokenizer_is_met_exactly() {
    check("o200k", &Tokenizer::builtin());
}

#[test]
fn a_word_piece_tokenizer_is_met_exactly() {
    let tokenizer = word_piece();
    assert_eq!(tokenizer.prompt_special_tokens(), 2);
    assert_eq!(tokenizer.count("The gardens"), 3);
    check("word piece", &tokenizer);
}

#[test]
fn a_sentence_piece_tokenizer_is_met_exactly() {
    let tokenizer = sentence_piece();
    assert_eq!(tokenizer.count("the river"), 2);
    // Tokens reach across the end of a sentence, so sums of sentences are wrong by themselves.
    assert_ne!(
        tokenizer.count("x. the"),
        tokenizer.count("x.") + tokenizer.count("the")
    );
    check("sentence piece", &tokenizer);
}

#[test]
fn a_byte_level_tokenizer_is_met_exactly() {
    let tokenizer = byte_level_bpe();
    assert_eq!(tokenizer.count("a river"), 2);
    check("byte-level BPE", &tokenizer);
}

#[test]
fn random_tokens_are_met_exactly() {
    for (name, tokenizer) in [
        ("o200k", Tokenizer::builtin()),
        ("word piece", word_piece()),
        ("byte level", byte_level_bpe()),
    ] {
        for style in [CorpusStyle::Vllm, CorpusStyle::Sglang] {
            assert_exact(
                name,
                &tokenizer,
                PromptCorpus::Random(style),
                [3, 20, 150].into_iter(),
            );
        }
    }
}

#[test]
#[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
fn published_tokenizers_are_met_exactly() {
    let folder = std::env::var("AIPERF_TEST_TOKENIZERS").expect("it names a folder of folders");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let tokenizer = Tokenizer::from_path(&path).unwrap();
        let name = path.display().to_string();
        check(&name, &tokenizer);
        for corpus in [
            PromptCorpus::Prose,
            PromptCorpus::Coding,
            PromptCorpus::Random(CorpusStyle::Vllm),
        ] {
            assert_exact(&name, &tokenizer, corpus, [64, 200, 4096].into_iter());
        }
    }
}
