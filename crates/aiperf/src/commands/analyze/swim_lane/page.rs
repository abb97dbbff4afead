//! The page: the same lanes to zoom into, each request with its figures.

use std::io::Write as _;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::Chart;
use super::curves::Steps;
use super::lanes::{Group, Member};
use super::sessions::Turn;

const TEMPLATE: &str = include_str!("page.html");
const DATA: &str = "@DATA@";

pub(super) fn page(chart: &Chart) -> Result<String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&serde_json::to_vec(&payload(chart))?)?;
    Ok(TEMPLATE.replace(DATA, &STANDARD.encode(packed.finish()?)))
}

fn payload(chart: &Chart) -> Value {
    let groups = chart.lanes.groups.iter().enumerate();
    let sessions: Vec<Value> = groups
        .flat_map(|(number, group)| {
            let members = group.members.iter();
            members.map(move |member| session(chart, number, group, member))
        })
        .collect();
    json!({
        "run": chart.name,
        "tMax": rounded(chart.sessions.end(), 4),
        "nSlots": chart.lanes.slot_rows.len(),
        "slotRows": chart.lanes.slot_rows,
        "target": chart.marks.target,
        "rampS": chart.marks.ramp,
        "benchEnd": chart.marks.end,
        "peakActive": chart.curves.peak_active,
        "peakTotal": chart.curves.peak_total,
        "sessions": sessions,
        "active": steps(&chart.curves.active),
        "idle": steps(&chart.curves.idle),
    })
}

fn session(chart: &Chart, number: usize, group: &Group, member: &Member) -> Value {
    let session = &chart.sessions.0[member.session];
    let new_tokens = session.new_tokens();
    let turns = session.turns.iter().zip(&member.turn_rows).zip(new_tokens);
    let turns: Vec<Value> = turns
        .map(|((turn, row), new)| turn_json(turn, *row, new))
        .collect();
    let gaps = session.gaps().into_iter();
    let gaps: Vec<_> = gaps
        .map(|(start, end)| [rounded(start, 4), rounded(end, 4)])
        .collect();
    let mut value = json!({
        "id": session.id,
        "conv": session.conversation,
        "slot": group.slot,
        "ci": number,
        "row0": member.row,
        "rows": member.rows,
        "turns": turns,
        "gaps": gaps,
    });
    if session.is_subagent() {
        value["sub"] = true.into();
    }
    if session.id != group.root {
        value["root"] = group.root.clone().into();
    }
    value
}

/// Start, end, time to first token, latency, input and output tokens, row, depth, new input tokens, and
/// whether it went well (0), failed (1) or was left out because its context was too long (2).
fn turn_json(turn: &Turn, row: usize, new_tokens: f64) -> Value {
    let tokens = |count: Option<f64>| count.map(|count| count as u64);
    let status = match (turn.has_failed, turn.is_overflow) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    };
    json!([
        rounded(turn.start, 4),
        rounded(turn.end, 4),
        turn.first_token.map(|value| rounded(value, 1)),
        turn.latency.map(|value| rounded(value, 1)),
        tokens(turn.input_tokens),
        tokens(turn.output_tokens),
        row,
        turn.depth,
        new_tokens.round() as u64,
        status,
    ])
}

fn steps(steps: &Steps) -> Value {
    let at: Vec<f64> = steps.iter().map(|step| rounded(step.0, 3)).collect();
    let values: Vec<u64> = steps.iter().map(|step| step.1).collect();
    json!({"t": at, "v": values})
}

fn rounded(value: f64, decimals: usize) -> f64 {
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_and_has_one_place_for_its_data() {
        for loading in ["http:", "https:", "src=", "<link", "import("] {
            assert!(!TEMPLATE.contains(loading), "{loading}");
        }
        assert_eq!(TEMPLATE.matches(DATA).count(), 1);
    }

    #[test]
    fn a_turn_has_its_figures_in_order() {
        let turn = Turn {
            start: 1.00004,
            end: 2.5,
            first_token: Some(12.34),
            input_tokens: Some(100.0),
            depth: 1,
            is_overflow: true,
            ..Turn::default()
        };
        assert_eq!(
            turn_json(&turn, 3, 60.0),
            json!([1.0, 2.5, 12.3, null, 100, null, 3, 1, 60, 2])
        );
    }
}
