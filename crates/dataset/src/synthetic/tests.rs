//! What made-up conversations are made of.

use std::collections::HashSet;

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;

use crate::media::{AudioPlan, ImagePlan};
use crate::plan::{PairedLengths, RankingsPlan, SessionIdStyle};
use crate::{
    CacheBust, CorpusStyle, DatasetError, DatasetPlan, Law, PromptCorpus, PromptPrefix, RangeRatio,
    SequenceDistribution, Source, SyntheticPlan, TemplateOverhead, open,
};

fn dataset(plan: &SyntheticPlan) -> DatasetPlan {
    DatasetPlan {
        session_ids: SessionIdStyle::Numbered,
        ..DatasetPlan::new(Source::Synthetic(plan.clone()))
    }
}

fn all_of(
    dataset: &DatasetPlan,
    tokenizer: Option<&Tokenizer>,
) -> Result<Vec<Conversation>, DatasetError> {
    let opened = open(dataset, tokenizer, RootSeed::fixed(3))?;
    (0..opened.len())
        .map(|index| Ok((*opened.conversation(index)?).clone()))
        .collect()
}

fn made(plan: &SyntheticPlan) -> Vec<Conversation> {
    all_of(&dataset(plan), Some(&Tokenizer::builtin())).unwrap()
}

fn plan(entries: usize, prompt_tokens: f64) -> SyntheticPlan {
    SyntheticPlan {
        entries,
        prompt_tokens: Some(Law::fixed(prompt_tokens)),
        ..SyntheticPlan::default()
    }
}

fn lengths_by(tokenizer: &Tokenizer, conversations: &[Conversation]) -> Vec<usize> {
    let turns = conversations
        .iter()
        .flat_map(|conversation| &conversation.turns);
    turns
        .flat_map(|turn| &turn.texts[0].contents)
        .map(|text| tokenizer.count(text))
        .collect()
}

fn lengths(conversations: &[Conversation]) -> Vec<usize> {
    lengths_by(&Tokenizer::builtin(), conversations)
}

fn tiny() -> Tokenizer {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/data/tiny");
    Tokenizer::from_path(folder.as_ref()).unwrap()
}

#[test]
fn defaults_are_one_turn_of_550_tokens_without_output_bound() {
    let conversations = made(&SyntheticPlan::default());
    assert_eq!(conversations.len(), 100);
    assert_eq!(lengths(&conversations), [550; 100]);
    for conversation in &conversations {
        let turn = &conversation.turns[0];
        assert_eq!(
            (turn.max_tokens, turn.delay_ms, turn.timestamp_ms),
            (None, None, None)
        );
    }
    assert_eq!(conversations[7].id, "session_000007");
}

#[test]
fn a_conversation_does_not_depend_on_how_many_others_there_are() {
    let plan = |entries| SyntheticPlan {
        turns: Law::normal(3.0, 1.0),
        images: Some(ImagePlan {
            width: Law::fixed(8.0),
            height: Law::fixed(8.0),
            ..ImagePlan::default()
        }),
        ..plan(entries, 40.0)
    };
    assert_eq!(made(&plan(3)), made(&plan(60))[..3]);
}

#[test]
fn conversations_are_the_same_in_any_order_and_outlines_agree_with_them() {
    let plan = SyntheticPlan {
        turns: Law::normal(3.0, 2.0),
        turn_delay_ms: Law::normal(50.0, 20.0),
        output_tokens: Some(Law::normal(100.0, 30.0)),
        ..plan(30, 20.0)
    };
    let opened = open(
        &dataset(&plan),
        Some(&Tokenizer::builtin()),
        RootSeed::fixed(3),
    )
    .unwrap();
    assert!(opened.is_assembled_on_demand());
    let expected = made(&plan);
    for index in (0..30).rev() {
        let conversation = opened.conversation(index).unwrap();
        assert_eq!(*conversation, expected[index]);
        let outline = opened.outline(index);
        assert_eq!(
            (outline.id.as_str(), outline.turns.len()),
            (conversation.id.as_str(), conversation.turns.len())
        );
        for (outline, turn) in outline.turns.iter().zip(&conversation.turns) {
            assert_eq!(
                (outline.max_tokens, outline.delay_ms),
                (turn.max_tokens, turn.delay_ms)
            );
        }
    }
}

#[test]
fn every_prompt_is_different() {
    for corpus in [
        PromptCorpus::Prose,
        PromptCorpus::Coding,
        PromptCorpus::Random(CorpusStyle::Vllm),
    ] {
        let conversations = made(&SyntheticPlan {
            corpus,
            ..plan(300, 12.0)
        });
        assert_eq!(lengths(&conversations), [12; 300]);
        let texts: HashSet<&str> = conversations
            .iter()
            .map(|conversation| conversation.turns[0].texts[0].contents[0].as_str())
            .collect();
        assert!(texts.len() >= 299, "{corpus:?} {}", texts.len());
    }
}

#[test]
fn input_and_output_lengths_follow_their_distributions() {
    let conversations = made(&SyntheticPlan {
        prompt_tokens: Some(Law::normal(60.0, 10.0)),
        output_tokens: Some(Law::normal(200.0, 20.0)),
        ..plan(800, 0.0)
    });
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let inputs: Vec<f64> = lengths(&conversations)
        .iter()
        .map(|&tokens| tokens as f64)
        .collect();
    let outputs: Vec<f64> = conversations
        .iter()
        .map(|conversation| f64::from(conversation.turns[0].max_tokens.unwrap()))
        .collect();
    // Four standard errors around the mean of the rounded-up draws.
    assert!((mean(&inputs) - 60.5).abs() < 1.5, "{}", mean(&inputs));
    assert!((mean(&outputs) - 200.5).abs() < 3.0, "{}", mean(&outputs));
}

#[test]
fn means_lose_their_fraction_before_anything_is_drawn() {
    let conversations = made(&SyntheticPlan {
        turns: Law::fixed(3.9),
        turn_delay_ms: Law::fixed(10.7),
        turn_delay_ratio: 0.5,
        output_tokens: Some(Law::fixed(4.9)),
        ..plan(1, 12.9)
    });
    assert_eq!(lengths(&conversations), [12; 3]);
    let turns = &conversations[0].turns;
    let delays: Vec<_> = turns.iter().map(|turn| turn.delay_ms).collect();
    assert_eq!(delays, [None, Some(5.0), Some(5.0)]);
    assert!(turns.iter().all(|turn| turn.max_tokens == Some(4)));
}

#[test]
fn delays_between_turns_follow_their_law() {
    let plan = dataset(&SyntheticPlan {
        turns: Law::fixed(5.0),
        turn_delay_ms: Law::normal(200.0, 40.0),
        turn_delay_ratio: 0.5,
        ..plan(500, 5.0)
    });
    let opened = open(&plan, Some(&Tokenizer::builtin()), RootSeed::fixed(3)).unwrap();
    let delays: Vec<f64> = (0..500)
        .flat_map(|index| opened.outline(index).turns)
        .filter_map(|turn| turn.delay_ms)
        .collect();
    assert_eq!(delays.len(), 2_000);
    // Four standard errors around mean and deviation of the rounded-up draws, halved.
    let average = delays.iter().sum::<f64>() / 2_000.0;
    assert!((average - 100.25).abs() < 1.8, "{average}");
    let squares = delays.iter().map(|delay| (delay - average).powi(2));
    let deviation = (squares.sum::<f64>() / 2_000.0).sqrt();
    assert!((deviation - 20.0).abs() < 1.3, "{deviation}");
}

#[test]
fn an_output_mean_of_zero_sends_no_bound() {
    let plan = SyntheticPlan {
        output_tokens: Some(Law::fixed(0.0)),
        ..plan(1, 5.0)
    };
    assert_eq!(made(&plan)[0].turns[0].max_tokens, None);
}

#[test]
fn a_batch_puts_several_texts_into_one_turn() {
    let conversations = made(&SyntheticPlan {
        prompt_batch_size: 3,
        ..plan(2, 9.0)
    });
    assert_eq!(conversations[0].turns[0].texts.len(), 1);
    assert_eq!(lengths(&conversations), [9; 6]);
}

#[test]
fn special_tokens_of_the_server_count_into_the_length() {
    let made = all_of(&dataset(&plan(1, 20.0)), Some(&tiny())).unwrap();
    assert_eq!(lengths_by(&tiny(), &made), [19]);
}

#[test]
fn pairs_of_lengths_stay_together_and_special_tokens_do_not_count() {
    let pairs = SequenceDistribution::parse("30,3:50;60,6:50").unwrap();
    let plan = SyntheticPlan {
        paired_lengths: Some(PairedLengths::Sequences(pairs)),
        turns: Law::fixed(2.0),
        ..plan(30, 1.0)
    };
    let conversations = all_of(&dataset(&plan), Some(&tiny())).unwrap();
    let turns: Vec<_> = conversations
        .iter()
        .flat_map(|conversation| &conversation.turns)
        .collect();
    let found: HashSet<(usize, u32)> = turns
        .iter()
        .map(|turn| {
            (
                tiny().count(&turn.texts[0].contents[0]),
                turn.max_tokens.unwrap(),
            )
        })
        .collect();
    assert_eq!(found, HashSet::from([(30, 3), (60, 6)]));
}

#[test]
fn lengths_in_a_window_around_the_mean_or_below_it() {
    for (style, low, high) in [(CorpusStyle::Vllm, 20, 60), (CorpusStyle::Sglang, 20, 40)] {
        let plan = SyntheticPlan {
            paired_lengths: Some(PairedLengths::Range(
                RangeRatio::new(0.5, 0.5, style).unwrap(),
            )),
            output_tokens: Some(Law::fixed(10.0)),
            ..plan(200, 40.0)
        };
        let found = lengths(&made(&plan));
        let (least, most) = (found.iter().min().unwrap(), found.iter().max().unwrap());
        assert!(
            (low..low + 4).contains(least) && (high - 3..=high).contains(most),
            "{style:?} {least} {most}"
        );
    }
}

#[test]
fn a_window_that_reaches_zero_needs_a_prefix() {
    let plan = |prefix| SyntheticPlan {
        paired_lengths: Some(PairedLengths::Range(
            RangeRatio::new(0.9, 0.0, CorpusStyle::Vllm).unwrap(),
        )),
        output_tokens: Some(Law::fixed(10.0)),
        prefix,
        ..plan(60, 3.0)
    };
    let refused = all_of(
        &dataset(&plan(PromptPrefix::None)),
        Some(&Tokenizer::builtin()),
    )
    .unwrap_err();
    assert!(
        refused.to_string().contains("--random-range-ratio"),
        "{refused}"
    );
    let found = lengths(&made(&plan(PromptPrefix::Pool {
        size: 1,
        tokens: 10,
    })));
    assert_eq!(found.iter().min(), Some(&10));
    let unbounded = SyntheticPlan {
        output_tokens: None,
        ..plan(PromptPrefix::None)
    };
    let refused = all_of(&dataset(&unbounded), Some(&Tokenizer::builtin())).unwrap_err();
    assert!(
        refused.to_string().contains("needs `--isl` and `--osl`"),
        "{refused}"
    );
}

#[test]
fn a_chat_template_takes_its_tokens_off_every_turn() {
    let plan = SyntheticPlan {
        turns: Law::fixed(2.0),
        template_overhead: TemplateOverhead {
            fixed: 4,
            each_message: 5,
        },
        ..plan(2, 64.0)
    };
    assert_eq!(lengths(&made(&plan)), [55, 59, 55, 59]);
}

#[test]
fn a_mark_takes_its_tokens_off_the_text_that_gets_it() {
    let cost = CacheBust::FirstTurnPrefix.mark_tokens(&Tokenizer::builtin());
    let cost_behind = CacheBust::SystemSuffix.mark_tokens(&Tokenizer::builtin());
    let with_target = |target, prefix, system: Option<&str>| {
        let plan = SyntheticPlan {
            turns: Law::fixed(2.0),
            prefix,
            ..plan(1, 64.0)
        };
        let dataset = DatasetPlan {
            cache_bust: Some(target),
            system_prompt: system.map(str::to_owned),
            ..dataset(&plan)
        };
        let made = all_of(&dataset, Some(&Tokenizer::builtin())).unwrap();
        let system = made[0]
            .system_message
            .as_ref()
            .map(|text| Tokenizer::builtin().count(text));
        (lengths(&made), system)
    };
    let shared = PromptPrefix::Messages {
        shared_system_tokens: Some(40),
        user_context_tokens: None,
    };
    assert_eq!(
        with_target(CacheBust::FirstTurnPrefix, shared, None),
        (vec![64 - cost, 64], Some(40))
    );
    assert_eq!(
        with_target(CacheBust::SystemPrefix, shared, None),
        (vec![64, 64], Some(40 - cost))
    );
    assert_eq!(
        with_target(CacheBust::SystemSuffix, PromptPrefix::None, None).0,
        [64 - cost_behind, 64]
    );
    assert_eq!(
        with_target(
            CacheBust::SystemPrefix,
            PromptPrefix::None,
            Some("be brief")
        )
        .0,
        [64, 64]
    );
    assert_eq!(
        with_target(
            CacheBust::WarmupIsolationFirstTurn,
            PromptPrefix::None,
            None
        )
        .0,
        [64, 64]
    );
}

#[test]
fn a_prefix_pool_is_shared_by_first_turns_and_adds_to_their_length() {
    for corpus in [PromptCorpus::Prose, PromptCorpus::Coding] {
        let conversations = made(&SyntheticPlan {
            turns: Law::fixed(2.0),
            prefix: PromptPrefix::Pool {
                size: 2,
                tokens: 30,
            },
            corpus,
            ..plan(40, 10.0)
        });
        let beginnings: HashSet<&str> = conversations
            .iter()
            .map(|conversation| &conversation.turns[0].texts[0].contents[0][..40])
            .collect();
        assert_eq!(beginnings.len(), 2);
        assert_eq!(lengths(&conversations), [40, 10].repeat(40));
    }
}

#[test]
fn a_prefix_length_without_a_pool_is_an_error_and_a_pool_without_length_is_nothing() {
    let with_prefix = |prefix| SyntheticPlan {
        prefix,
        ..plan(1, 10.0)
    };
    let no_pool = with_prefix(PromptPrefix::Pool { size: 0, tokens: 5 });
    let error = all_of(&dataset(&no_pool), Some(&Tokenizer::builtin())).unwrap_err();
    assert!(matches!(
        error,
        DatasetError::PrefixWithoutPool { tokens: 5 }
    ));
    let no_length = with_prefix(PromptPrefix::Pool { size: 5, tokens: 0 });
    assert_eq!(lengths(&made(&no_length)), [10]);
}

#[test]
fn system_messages_are_shared_and_context_messages_are_not() {
    let tokenizer = Tokenizer::builtin();
    let conversations = made(&SyntheticPlan {
        prefix: PromptPrefix::Messages {
            shared_system_tokens: Some(25),
            user_context_tokens: Some(15),
        },
        ..plan(2, 10.0)
    });
    let [first, second] = &conversations[..] else {
        panic!()
    };
    assert_eq!(first.system_message, second.system_message);
    assert_ne!(first.user_context_message, second.user_context_message);
    for conversation in &conversations {
        assert_eq!(
            tokenizer.count(conversation.system_message.as_ref().unwrap()),
            25
        );
        assert_eq!(
            tokenizer.count(conversation.user_context_message.as_ref().unwrap()),
            15
        );
    }
    assert_eq!(lengths(&conversations), [10, 10]);
}

#[test]
fn rankings_have_a_query_and_passages_by_name() {
    let tokenizer = Tokenizer::builtin();
    let plan = SyntheticPlan {
        rankings: Some(RankingsPlan {
            passages: Law::normal(6.0, 2.0),
            passage_tokens: Law::fixed(20.0),
            query_tokens: Law::fixed(7.0),
        }),
        ..plan(20, 10.0)
    };
    let conversations = made(&plan);
    let mut passages = HashSet::new();
    for conversation in &conversations {
        let [turn] = &conversation.turns[..] else {
            panic!()
        };
        let names: Vec<&str> = turn.texts.iter().map(|text| text.name.as_str()).collect();
        assert_eq!(names, ["query", "passages"]);
        assert_eq!(turn.texts[0].contents.len(), 1);
        assert_eq!(tokenizer.count(&turn.texts[0].contents[0]), 7);
        assert!(
            turn.texts[1]
                .contents
                .iter()
                .all(|text| tokenizer.count(text) == 20)
        );
        passages.insert(turn.texts[1].contents.len());
    }
    assert!(passages.len() > 2, "{passages:?}");
}

#[test]
fn media_come_beside_the_text_and_each_turn_has_its_own() {
    let plan = SyntheticPlan {
        turns: Law::fixed(2.0),
        images: Some(ImagePlan {
            batch_size: 2,
            width: Law::fixed(8.0),
            height: Law::fixed(8.0),
            ..ImagePlan::default()
        }),
        audio: Some(AudioPlan {
            seconds: Law::fixed(0.02),
            ..AudioPlan::default()
        }),
        ..plan(3, 10.0)
    };
    let conversations = made(&plan);
    let turns: Vec<_> = conversations
        .iter()
        .flat_map(|conversation| &conversation.turns)
        .collect();
    let images: HashSet<&str> = turns
        .iter()
        .flat_map(|turn| &turn.images[0].contents)
        .map(String::as_str)
        .collect();
    assert_eq!(images.len(), 3 * 2 * 2);
    for turn in turns {
        assert_eq!(
            (turn.images[0].name.as_str(), turn.audios[0].name.as_str()),
            ("image_url", "input_audio")
        );
        assert_eq!(turn.audio_duration_seconds, Some(0.02));
        assert_eq!(turn.texts.len(), 1);
    }
}

#[test]
fn text_without_tokenizer_is_an_error_that_says_what_to_do() {
    let error = all_of(&dataset(&plan(1, 10.0)), None).unwrap_err();
    assert!(error.to_string().contains("--tokenizer"));
    let no_text = SyntheticPlan {
        prompt_tokens: None,
        ..plan(1, 10.0)
    };
    let error = all_of(&dataset(&no_text), None).unwrap_err();
    assert!(error.to_string().contains("empty"), "{error}");
    let images = SyntheticPlan {
        images: Some(ImagePlan {
            batch_size: 0,
            ..ImagePlan::default()
        }),
        ..no_text
    };
    let conversations = all_of(&dataset(&images), None).unwrap();
    assert!(conversations[0].turns[0].texts.is_empty());
    assert!(conversations[0].turns[0].images[0].contents.is_empty());
}

#[test]
fn a_million_conversations_are_there_at_once() {
    let opened = open(
        &dataset(&plan(1_000_000, 500.0)),
        Some(&Tokenizer::builtin()),
        RootSeed::fixed(3),
    )
    .unwrap();
    let last = opened.conversation(999_999).unwrap();
    assert_eq!(
        (last.id.as_str(), lengths(&[(*last).clone()])),
        ("session_999999", vec![500])
    );
}
