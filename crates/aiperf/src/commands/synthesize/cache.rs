//! Which blocks of each prompt a prefix cache would hold already: `cache_structure.json`.

use serde_json::{Value, json};

use super::blocks::Blocks;
use super::sessions::{Session, Sessions};

/// Sessions that are shown.
const MOST_SESSIONS: usize = 50;

/// The file.
pub(super) fn cache_structure(sessions: &Sessions) -> Value {
    let blocks = &sessions.blocks;
    let shown = sessions.all.iter().take(MOST_SESSIONS);
    json!({
        "block_size": blocks.size,
        "l1_blocks": blocks.layer1,
        "l15_blocks": blocks.layer1_5,
        "sessions": shown.map(|session| session_json(session, blocks)).collect::<Vec<_>>(),
    })
}

fn session_json(session: &Session, blocks: &Blocks) -> Value {
    let mut before = None;
    let turns = session.turns.iter().enumerate().map(|(index, turn)| {
        let count = blocks.count(turn.context);
        let segments = segments(count, before.replace(count), blocks);
        json!({
            "turn_index": index,
            "input_length": turn.new,
            "output_length": turn.output,
            "num_blocks": count,
            "segments": segments,
        })
    });
    json!({"session_id": session.id, "turns": turns.collect::<Vec<_>>()})
}

/// The blocks of a prompt as runs: what all share, what a group shares, what earlier turns of the session
/// brought (`before` blocks), what is new.
fn segments(count: u64, before: Option<u64>, blocks: &Blocks) -> Vec<Value> {
    let shared = blocks.layer1 + blocks.layer1_5;
    let (own_status, own_end) = match before {
        None => ("new", count),
        Some(before) => ("cached", before),
    };
    let runs = [
        (blocks.layer1, "L1", "cached"),
        (shared, "L1.5", "cached"),
        (own_end, "L2", own_status),
        (count, "L3", "new"),
    ];
    let mut start = 0;
    let mut segments = Vec::new();
    for (end, layer, status) in runs {
        let end = end.min(count);
        if end > start {
            segments.push(json!({
                "start": start, "count": end - start, "layer": layer, "status": status,
            }));
            start = end;
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart_by_who_brought_them() {
        let blocks = Blocks {
            size: 512,
            layer1: 63,
            layer1_5: 40,
        };
        let check = |count, before, expected: &[(u64, u64, &str, &str)]| {
            let found: Vec<Value> = segments(count, before, &blocks);
            let expected: Vec<Value> = expected
                .iter()
                .map(|(start, count, layer, status)| {
                    json!({"start": start, "count": count, "layer": layer, "status": status})
                })
                .collect();
            assert_eq!(found, expected, "{count} {before:?}");
        };
        let shared = [(0, 63, "L1", "cached"), (63, 40, "L1.5", "cached")];
        check(109, None, &[&shared[..], &[(103, 6, "L2", "new")]].concat());
        check(
            111,
            Some(109),
            &[
                &shared[..],
                &[(103, 6, "L2", "cached"), (109, 2, "L3", "new")],
            ]
            .concat(),
        );
        check(
            109,
            Some(109),
            &[&shared[..], &[(103, 6, "L2", "cached")]].concat(),
        );
        check(
            70,
            None,
            &[(0, 63, "L1", "cached"), (63, 7, "L1.5", "cached")],
        );
    }
}
