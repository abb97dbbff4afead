//! Requests made of recorded ones: with longer or shorter shared prefixes and own parts, with
//! more prefixes, faster, with longer or shorter answers.
//!
//! Ids that occur in several places of the trace are shared; a row's leading shared ids are its
//! prefix, the rest is its own part. Own parts get ids that occur nowhere else.

use std::collections::HashMap;

use aiperf_random::RootSeed;
use rand::Rng;

use super::rows::{RowHead, Rows};
use super::{RowFlaw, TracePlan};
use crate::sessions::Sessions;

/// Factors on what was recorded; all 1 changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synthesis {
    /// Divides times: 2 sends twice as fast.
    pub speedup: f64,
    /// Factor on the length of shared prefixes.
    pub prefix_length: f64,
    /// Number of copies of the tree of prefixes; each row draws one.
    pub prefix_roots: u32,
    /// Factor on the length of a row's own part.
    pub prompt_length: f64,
    /// Factor on the length of answers.
    pub output_length: f64,
}

impl Default for Synthesis {
    fn default() -> Self {
        Self {
            speedup: 1.0,
            prefix_length: 1.0,
            prefix_roots: 1,
            prompt_length: 1.0,
            output_length: 1.0,
        }
    }
}

impl Synthesis {
    /// Whether anything is to be changed.
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    fn changes_prompts(&self) -> bool {
        self.prefix_length != 1.0 || self.prompt_length != 1.0 || self.prefix_roots > 1
    }
}

/// The rows of the sessions, changed, in the order of the sessions.
pub(super) fn apply(
    rows: &Rows,
    sessions: &mut Sessions,
    plan: &TracePlan,
    block_size: u32,
    seed: RootSeed,
) -> Result<Rows, RowFlaw> {
    let synthesis = plan.synthesis;
    let prompts = if synthesis.changes_prompts() {
        Some(Prompts::make(rows, sessions, plan, block_size, seed)?)
    } else {
        None
    };
    let mut made = Rows::default();
    for (place, &row) in sessions.rows().iter().enumerate() {
        let mut head = rows.head(row as usize);
        if synthesis.speedup != 1.0 && synthesis.speedup > 0.0 {
            head.timestamp_ms = head
                .timestamp_ms
                .map(|time| (time / synthesis.speedup).trunc());
        }
        head.output_tokens = head
            .output_tokens
            .map(|tokens| output_length(tokens, synthesis.output_length, plan.max_osl));
        match &prompts {
            Some(prompts) if head.has_ids() => {
                head.input_tokens = prompts.lengths[place];
                made.push_copy(rows, row as usize, head, &prompts.ids[place]);
            }
            _ => {
                let ids: Vec<u64> = rows.hash_ids(row as usize).collect();
                made.push_copy(rows, row as usize, head, &ids);
            }
        }
    }
    sessions.rows_are_in_order();
    Ok(made)
}

fn output_length(recorded: u32, factor: f64, max_osl: Option<u32>) -> u32 {
    let scaled = (f64::from(recorded) * factor).round_ties_even() as u32;
    scaled.min(max_osl.unwrap_or(u32::MAX)).max(1)
}

/// New ids and lengths of every row that has ids.
struct Prompts {
    ids: Vec<Vec<u64>>,
    lengths: Vec<u32>,
}

impl Prompts {
    fn make(
        rows: &Rows,
        sessions: &Sessions,
        plan: &TracePlan,
        block_size: u32,
        seed: RootSeed,
    ) -> Result<Self, RowFlaw> {
        let order = sessions.rows();
        let occurrences = count_ids(rows, order);
        let is_shared = |id: &u64| occurrences.get(id).is_some_and(|count| *count > 1);
        let largest_shared = occurrences.keys().copied().filter(is_shared).max();
        let mut stretch = Stretch::new(&plan.synthesis, block_size, largest_shared.unwrap_or(0));

        let mut made = Self {
            ids: Vec::with_capacity(order.len()),
            lengths: Vec::with_capacity(order.len()),
        };
        for &row in order {
            let head = rows.head(row as usize);
            let ids: Vec<u64> = rows.hash_ids(row as usize).collect();
            let shared = ids.iter().take_while(|id| is_shared(id)).count();
            let (mut ids, mut length) = if ids.is_empty() {
                (ids, u64::from(head.input_tokens))
            } else {
                stretch.row(&head, &ids[..shared])?
            };
            if let Some(limit) = plan.max_isl.map(u64::from).filter(|limit| *limit < length) {
                length = limit;
                ids.truncate(limit.div_ceil(u64::from(block_size)) as usize);
            }
            made.ids.push(ids);
            made.lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
        }
        if plan.synthesis.prefix_roots > 1 {
            let tree_size = stretch.last_id.wrapping_add(1);
            let draws = seed.stream("dataset.synthesis.synthesizer");
            for (place, ids) in made.ids.iter_mut().enumerate() {
                let roots = u64::from(plan.synthesis.prefix_roots);
                let tree = draws.at(place as u64).random_range(0..roots);
                for id in ids {
                    *id = id.wrapping_add(tree.wrapping_mul(tree_size));
                }
            }
        }
        Ok(made)
    }
}

fn count_ids(rows: &Rows, order: &[u32]) -> HashMap<u64, u32> {
    let mut occurrences = HashMap::new();
    for &row in order {
        for id in rows.hash_ids(row as usize) {
            *occurrences.entry(id).or_insert(0) += 1;
        }
    }
    occurrences
}

/// Makes the ids of one row after the other; fresh ids count up.
struct Stretch {
    prefix_length: f64,
    prompt_length: f64,
    block_size: u64,
    /// Ids that each shared id becomes.
    copies: u64,
    last_id: u64,
}

impl Stretch {
    fn new(synthesis: &Synthesis, block_size: u32, largest_shared: u64) -> Self {
        let copies = synthesis.prefix_length.max(1.0) as u64;
        Self {
            prefix_length: synthesis.prefix_length,
            prompt_length: synthesis.prompt_length,
            block_size: u64::from(block_size.max(1)),
            copies,
            last_id: largest_shared.wrapping_add(1).wrapping_mul(copies),
        }
    }

    /// The ids and the length in tokens.
    fn row(&mut self, head: &RowHead, prefix: &[u64]) -> Result<(Vec<u64>, u64), RowFlaw> {
        let prefix_tokens = prefix.len() as u64 * self.block_size;
        let recorded = u64::from(head.input_tokens);
        let own_tokens = recorded.checked_sub(prefix_tokens).ok_or_else(|| RowFlaw {
            line: head.line,
            reason: format!(
                "`input_length`: {recorded} tokens are fewer than its {} shared blocks of {} \
                     tokens hold; set the block size with `--isl-block-size`",
                prefix.len(),
                self.block_size
            ),
        })?;
        let mut ids = self.prefix(prefix);
        let own_tokens = (own_tokens as f64 * self.prompt_length) as u64;
        let length = ids.len() as u64 * self.block_size + own_tokens;
        self.extend(&mut ids, own_tokens.div_ceil(self.block_size));
        Ok((ids, length))
    }

    fn prefix(&mut self, prefix: &[u64]) -> Vec<u64> {
        let blocks = prefix.len() as f64 * self.prefix_length;
        if self.prefix_length > 1.0 {
            let copies = self.copies;
            let mut ids: Vec<u64> = prefix
                .iter()
                .flat_map(|id| (0..copies).map(move |copy| id.wrapping_mul(copies) + copy))
                .collect();
            let missing = (blocks.ceil() as u64).saturating_sub(ids.len() as u64);
            self.extend(&mut ids, missing);
            ids
        } else if self.prefix_length < 1.0 && !prefix.is_empty() {
            prefix[..(blocks as usize).max(1)].to_vec()
        } else {
            prefix.to_vec()
        }
    }

    fn extend(&mut self, ids: &mut Vec<u64>, count: u64) {
        for _ in 0..count {
            self.last_id = self.last_id.wrapping_add(1);
            ids.push(self.last_id);
        }
    }
}
