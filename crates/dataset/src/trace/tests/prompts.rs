//! The text of hash ids.

use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;

use super::{all, mooncake, open_plan, opened, text};
use crate::file::FileFormat::{BailianTrace, MooncakeTrace};
use crate::plan::{DatasetPlan, FilePlan, Source};
use crate::{CorpusStyle, PromptCorpus};

const SEPARATOR: &str = "<|endoftext|>";

fn blocks(text: &str) -> Vec<&str> {
    text.split(SEPARATOR).skip(1).collect()
}

#[test]
fn shared_blocks_are_the_same_bytes() {
    let loaded = mooncake(concat!(
        r#"{"input_length":1500,"hash_ids":[0,1,2]}"#,
        "\n",
        r#"{"input_length":1536,"hash_ids":[0,1,3]}"#,
        "\n",
        r#"{"input_length":1024,"hash_ids":[5,1]}"#,
        "\n",
        r#"{"input_length":1536,"hash_ids":[0,1,2]}"#,
    ));
    let texts: Vec<_> = loaded
        .iter()
        .map(|found| blocks(text(&found.turns[0])))
        .collect();
    assert_eq!(texts[0][..2], texts[1][..2]);
    assert_ne!(texts[0][2], texts[1][2]);
    assert_ne!(texts[2][0], texts[0][0]);
    assert_eq!(texts[2][1], texts[0][1]);
    // The shorter block is the start of the whole one.
    assert!(texts[3][2].starts_with(texts[0][2]) && texts[3][2].len() > texts[0][2].len());
}

#[test]
fn prompts_have_the_recorded_number_of_tokens() {
    let tokenizer = Tokenizer::builtin();
    for (row, tokens) in [
        (r#"{"input_length":1024,"hash_ids":[7,8]}"#, 1024),
        (r#"{"input_length":2000,"hash_ids":[7,8]}"#, 2000),
        (r#"{"input_length":700,"hash_ids":[]}"#, 700),
        (r#"{"input_length":700}"#, 700),
        (r#"{"input_length":0}"#, 1),
    ] {
        let loaded = mooncake(row);
        assert_eq!(tokenizer.count(text(&loaded[0].turns[0])), tokens, "{row}");
    }
    let row = r#"{"chat_id":1,"timestamp":0,"input_length":160,"output_length":1,"hash_ids":[1,2,3,4,5,6,7,8,9,10]}"#;
    let loaded = all(&opened(row, BailianTrace, |_| {}).unwrap());
    assert_eq!(tokenizer.count(text(&loaded[0].turns[0])), 160);
}

#[test]
fn whole_blocks_are_exact_for_many_ids() {
    let tokenizer = Tokenizer::builtin();
    let ids: Vec<String> = (0..400).map(|id| (id * 7919).to_string()).collect();
    let row = format!(
        r#"{{"input_length":{},"hash_ids":[{}]}}"#,
        400 * 64,
        ids.join(",")
    );
    let opened = opened(&row, MooncakeTrace, |plan| plan.trace.block_size = Some(64)).unwrap();
    let prompt = opened.conversation(0).unwrap();
    let wrong = blocks(text(&prompt.turns[0]))
        .iter()
        .filter(|block| tokenizer.count(block) != 63)
        .count();
    assert!(wrong <= 2, "{wrong} of 400");
}

#[test]
fn text_depends_on_seed_file_and_id_and_on_nothing_else() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let tokenizer = Tokenizer::builtin();
    let first_blocks = |content: &str, seed, adjust: &dyn Fn(&mut FilePlan)| {
        std::fs::write(file.path(), content).unwrap();
        let mut plan = FilePlan::new(file.path());
        adjust(&mut plan);
        let opened = open_plan(&plan, Some(&tokenizer), seed).unwrap();
        // The last one first: the order of asking must not matter.
        let mut texts: Vec<String> = (0..opened.len())
            .rev()
            .map(|index| text(&opened.conversation(index).unwrap().turns[0]).to_owned())
            .collect();
        texts.reverse();
        assert_eq!(text(&opened.conversation(0).unwrap().turns[0]), texts[0]);
        texts
    };
    let content = concat!(
        r#"{"timestamp":0,"input_length":512,"hash_ids":[1]}"#,
        "\n",
        r#"{"timestamp":9,"input_length":1024,"hash_ids":[18446744073709551615,1]}"#,
    );
    let whole = first_blocks(content, 1, &|_| {});
    assert_eq!(whole, first_blocks(content, 1, &|_| {}));
    let filtered = first_blocks(content, 1, &|plan| plan.trace.window.start_ms = Some(5.0));
    assert_eq!(filtered, whole[1..]);
    assert!(whole[1].ends_with(&whole[0]));
    assert_ne!(whole, first_blocks(content, 2, &|_| {}));
    let other_file = format!("{content}\n");
    assert_ne!(whole, first_blocks(&other_file, 1, &|_| {}));
}

#[test]
fn tokenizers_whose_tokens_do_not_make_the_text_again_share_blocks_all_the_same() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/data/tiny");
    let tokenizer = Tokenizer::from_path(folder.as_ref()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let rows = "{\"input_length\":32,\"hash_ids\":[1,2]}\n{\"input_length\":32,\"hash_ids\":[1,3]}";
    std::fs::write(file.path(), rows).unwrap();
    let mut plan = FilePlan::new(file.path());
    plan.trace.block_size = Some(16);
    let opened = open_plan(&plan, Some(&tokenizer), 1).unwrap();
    let texts = all(&opened);
    let (first, second) = (text(&texts[0].turns[0]), text(&texts[1].turns[0]));
    let shared = first
        .bytes()
        .zip(second.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    assert!(shared >= first.len() / 3, "{shared} of {}", first.len());
    assert_ne!(first, second);
    // Words are counted by themselves here, which is right for all but a few.
    assert!((30..=34).contains(&tokenizer.count(first)), "{first}");
}

#[test]
fn outlines_agree_with_conversations() {
    let content = concat!(
        r#"{"session_id":"s","timestamp":5,"input_length":10,"output_length":7}"#,
        "\n",
        r#"{"session_id":"s","delay":9,"input_length":10}"#,
        "\n",
        r#"{"text_input":"x"}"#,
    );
    let opened = opened(content, MooncakeTrace, |plan| {
        plan.output_tokens = Some(crate::Law::normal(100.0, 30.0));
    })
    .unwrap();
    assert!(opened.is_assembled_on_demand());
    for index in 0..opened.len() {
        let (outline, whole) = (opened.outline(index), opened.conversation(index).unwrap());
        assert_eq!(outline.id, whole.id);
        assert_eq!(outline.context_mode, whole.context_mode);
        for (outline, turn) in outline.turns.iter().zip(&whole.turns) {
            assert_eq!(outline.max_tokens, turn.max_tokens);
            assert_eq!(outline.delay_ms, turn.delay_ms);
            assert_eq!(outline.timestamp_ms, turn.timestamp_ms);
            assert_eq!(outline.model, turn.model);
        }
    }
    assert_eq!(opened.outline(0).turns[0].max_tokens, Some(7));
    assert!(opened.outline(0).turns[1].max_tokens.is_some());
}

#[test]
fn models_and_system_prompt_reach_conversations_that_are_assembled_on_demand() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let rows = [
        r#"{"session_id":"s","text_input":"1"}"#,
        r#"{"text_input":"2"}"#,
        r#"{"session_id":"s","text_input":"3"}"#,
    ];
    std::fs::write(file.path(), rows.join("\n")).unwrap();
    let plan = DatasetPlan {
        models: vec!["a".to_owned(), "b".to_owned()],
        system_prompt: Some("be brief".to_owned()),
        ..DatasetPlan::new(Source::File(FilePlan::new(file.path())))
    };
    let opened = crate::open(&plan, None, RootSeed::fixed(1)).unwrap();
    let models = |index: usize| -> Vec<Option<String>> {
        let outline = opened.outline(index).turns.into_iter();
        let whole = opened.conversation(index).unwrap();
        assert_eq!(whole.system_message.as_deref(), Some("be brief"));
        outline
            .zip(&whole.turns)
            .map(|(outline, turn)| {
                assert_eq!(outline.model, turn.model);
                outline.model
            })
            .collect()
    };
    let name = |model: &str| Some(model.to_owned());
    assert_eq!(models(1), [name("a")]);
    assert_eq!(models(0), [name("a"), name("b")]);
}

#[test]
fn prompts_can_be_made_of_code_and_not_of_random_tokens() {
    let rows = concat!(
        r#"{"input_length":1500,"hash_ids":[0,1,2]}"#,
        "\n",
        r#"{"input_length":1024,"hash_ids":[0,1]}"#,
        "\n",
        r#"{"input_length":300}"#,
    );
    let of_corpus = |corpus| opened(rows, MooncakeTrace, |plan| plan.trace.corpus = corpus);
    let loaded = all(&of_corpus(PromptCorpus::Coding).unwrap());
    let texts: Vec<&str> = loaded.iter().map(|found| text(&found.turns[0])).collect();
    assert_eq!(blocks(texts[0])[..2], blocks(texts[1])[..2]);
    let tokenizer = Tokenizer::builtin();
    for (text, tokens) in texts.iter().zip([1500, 1024, 300]) {
        assert!(
            tokenizer.count(text).abs_diff(tokens) <= 15,
            "{tokens}: {}",
            tokenizer.count(text)
        );
        assert!(text.contains("\n\n"));
    }
    let refused = of_corpus(PromptCorpus::Random(CorpusStyle::Vllm)).unwrap_err();
    assert!(
        refused.to_string().contains("--prompt-corpus random"),
        "{refused}"
    );
}
