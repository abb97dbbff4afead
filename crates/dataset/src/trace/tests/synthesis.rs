//! Requests made of recorded ones.

use super::super::Synthesis;
use super::super::mooncake;
use super::super::rows::Rows;
use super::super::synthesis::apply;
use super::super::{RowFlaw, TracePlan};
use super::{mooncake as conversations, opened, text};
use crate::file::FileFormat::{MooncakeTrace, SingleTurn};
use crate::file::rows::parse_object;
use crate::sessions::SessionBuilder;
use aiperf_random::RootSeed;

/// Ids and length of each row after synthesis.
fn made(content: &str, plan: &TracePlan, block_size: u32) -> Result<Vec<(Vec<u64>, u32)>, RowFlaw> {
    let mut rows = Rows::default();
    let mut sessions = SessionBuilder::default();
    for (line, row) in content.lines().enumerate() {
        let (row, session) = mooncake::read_row(parse_object(row.as_bytes()).unwrap()).unwrap();
        sessions.push(session.map(Into::into));
        rows.push(line + 1, row);
    }
    let mut sessions = sessions.finish();
    let made = apply(&rows, &mut sessions, plan, block_size, RootSeed::fixed(1))?;
    Ok((0..made.len())
        .map(|index| {
            let head = made.head(index);
            (made.hash_ids(index).collect(), head.input_tokens)
        })
        .collect())
}

fn plan(synthesis: Synthesis) -> TracePlan {
    TracePlan {
        synthesis,
        ..TracePlan::default()
    }
}

const ROWS: &str = concat!(
    "{\"input_length\":24,\"hash_ids\":[1,2,3]}\n",
    "{\"input_length\":30,\"hash_ids\":[1,2,4,5]}",
);

#[test]
fn prefixes_and_own_parts_grow_as_in_the_reference() {
    let longer_prefix = plan(Synthesis {
        prefix_length: 2.0,
        ..Synthesis::default()
    });
    assert_eq!(
        made(ROWS, &longer_prefix, 8).unwrap(),
        [(vec![2, 3, 4, 5, 7], 40), (vec![2, 3, 4, 5, 8, 9], 46)]
    );
    let longer_prompt = plan(Synthesis {
        prompt_length: 2.0,
        ..Synthesis::default()
    });
    assert_eq!(
        made(ROWS, &longer_prompt, 8).unwrap(),
        [(vec![1, 2, 4, 5], 32), (vec![1, 2, 6, 7, 8, 9], 44)]
    );
}

#[test]
fn prefixes_shrink_to_one_block_and_stay_absent_where_they_were() {
    let rows = format!("{ROWS}\n{{\"input_length\":8,\"hash_ids\":[90]}}\n{{\"input_length\":5}}");
    let shorter = plan(Synthesis {
        prefix_length: 0.1,
        ..Synthesis::default()
    });
    let made = made(&rows, &shorter, 8).unwrap();
    let shapes: Vec<_> = made
        .iter()
        .map(|(ids, length)| (ids.len(), *length))
        .collect();
    assert_eq!(shapes, [(2, 16), (3, 22), (1, 8), (0, 5)]);
    assert_eq!(made[0].0[0], 1);
}

#[test]
fn the_longest_prompt_cuts_ids_too() {
    let mut cut = plan(Synthesis {
        prompt_length: 2.0,
        ..Synthesis::default()
    });
    cut.max_isl = Some(20);
    let lengths: Vec<_> = made(ROWS, &cut, 8)
        .unwrap()
        .iter()
        .map(|(ids, length)| (ids.len(), *length))
        .collect();
    assert_eq!(lengths, [(3, 20), (3, 20)]);
}

#[test]
fn several_roots_move_whole_rows_to_trees_of_their_own() {
    let rows = vec!["{\"input_length\":16,\"hash_ids\":[1,2]}"; 40].join("\n");
    let two = plan(Synthesis {
        prefix_roots: 2,
        ..Synthesis::default()
    });
    let made = made(&rows, &two, 8).unwrap();
    let trees: std::collections::BTreeMap<Vec<u64>, usize> =
        made.into_iter()
            .fold(Default::default(), |mut trees, (ids, _)| {
                *trees.entry(ids).or_default() += 1;
                trees
            });
    let trees: Vec<_> = trees.into_iter().collect();
    assert_eq!(trees.len(), 2);
    assert_eq!(trees[0].0, [1, 2]);
    assert_eq!(trees[1].0[1] - trees[1].0[0], 1);
    // 40 fair draws.
    assert!((8..=32).contains(&trees[0].1), "{trees:?}");
}

#[test]
fn ids_stay_where_only_times_and_answers_change() {
    let content = concat!(
        "{\"timestamp\":1001,\"input_length\":24,\"hash_ids\":[100,2,3],\"output_length\":5}\n",
        "{\"timestamp\":3,\"text_input\":\"a\",\"output_length\":1}",
    );
    let synthesis = Synthesis {
        speedup: 2.0,
        output_length: 2.5,
        ..Synthesis::default()
    };
    assert_eq!(
        made(content, &plan(synthesis), 8).unwrap()[0].0,
        [100, 2, 3]
    );
    let opened = opened(content, MooncakeTrace, |file| {
        file.trace.synthesis = synthesis;
        file.trace.max_osl = Some(11);
        file.trace.block_size = Some(8);
    })
    .unwrap();
    let turn = |index: usize| opened.outline(index).turns[0].clone();
    // Times lose their fraction; 12.5 rounds half to even and is then cut.
    assert_eq!(
        (turn(0).timestamp_ms, turn(0).max_tokens),
        (Some(500.0), Some(11))
    );
    assert_eq!(
        (turn(1).timestamp_ms, turn(1).max_tokens),
        (Some(1.0), Some(2))
    );
    assert_eq!(text(&opened.conversation(1).unwrap().turns[0]), "a");
    assert_eq!(conversations(content.lines().last().unwrap()).len(), 1);
}

#[test]
fn prefixes_that_do_not_fit_are_refused_with_their_line() {
    let rows = "{\"input_length\":9,\"hash_ids\":[1,2]}\n{\"input_length\":16,\"hash_ids\":[1,2]}";
    let changed = plan(Synthesis {
        prompt_length: 2.0,
        ..Synthesis::default()
    });
    let flaw = made(rows, &changed, 8).unwrap_err();
    assert_eq!(flaw.line, 1);
    assert!(
        flaw.reason
            .contains("9 tokens are fewer than its 2 shared blocks")
    );
}

#[test]
fn other_files_cannot_be_changed() {
    let error = opened(r#"{"text":"a"}"#, SingleTurn, |plan| {
        plan.trace.max_osl = Some(5);
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("work on traces only"), "{error}");
}
