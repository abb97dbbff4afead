//! Byte pair encoding of one piece: merge the adjacent pair with the lowest rank, the leftmost
//! first, until no pair is a token.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Above this many bytes the quadratic scan costs more than a heap.
const SCAN_LIMIT: usize = 128;
const NO_RANK: u32 = u32::MAX;

/// Buffers kept between pieces, so that a text costs few allocations.
#[derive(Default)]
pub(super) struct Merger {
    parts: Vec<Part>,
}

#[derive(Clone, Copy)]
struct Part {
    start: usize,
    /// Rank of the token that this part and the next would form.
    pair_rank: u32,
}

impl Merger {
    /// Calls `emit` with the bytes of each resulting token, in order. `rank` tells whether bytes
    /// are a token; every single byte is one.
    pub(super) fn merge(
        &mut self,
        piece: &[u8],
        rank: impl Fn(&[u8]) -> Option<u32>,
        mut emit: impl FnMut(&[u8]),
    ) {
        if piece.len() <= SCAN_LIMIT {
            self.merge_by_scan(piece, rank, &mut emit);
        } else {
            merge_by_heap(piece, rank, &mut emit);
        }
    }

    fn merge_by_scan(
        &mut self,
        piece: &[u8],
        rank: impl Fn(&[u8]) -> Option<u32>,
        emit: &mut impl FnMut(&[u8]),
    ) {
        let parts = &mut self.parts;
        parts.clear();
        // Two parts past the end, so that a pair's end is always `parts[index + 2].start`.
        for start in 0..piece.len() + 2 {
            parts.push(Part {
                start: start.min(piece.len()),
                pair_rank: NO_RANK,
            });
        }
        let pair_rank = |parts: &[Part], index: usize| match parts.get(index + 2) {
            Some(end) if parts[index + 1].start < piece.len() => {
                rank(&piece[parts[index].start..end.start]).unwrap_or(NO_RANK)
            }
            _ => NO_RANK,
        };
        for index in 0..piece.len() {
            parts[index].pair_rank = pair_rank(parts, index);
        }
        loop {
            let mut lowest = 0;
            for index in 1..parts.len() {
                if parts[index].pair_rank < parts[lowest].pair_rank {
                    lowest = index;
                }
            }
            if parts[lowest].pair_rank == NO_RANK {
                break;
            }
            parts.remove(lowest + 1);
            parts[lowest].pair_rank = pair_rank(parts, lowest);
            if lowest > 0 {
                parts[lowest - 1].pair_rank = pair_rank(parts, lowest - 1);
            }
        }
        for pair in parts.windows(2) {
            if pair[0].start < pair[1].start {
                emit(&piece[pair[0].start..pair[1].start]);
            }
        }
    }
}

fn merge_by_heap(piece: &[u8], rank: impl Fn(&[u8]) -> Option<u32>, emit: &mut impl FnMut(&[u8])) {
    let length = piece.len();
    // Parts are known by their first byte: where the next starts, where the previous starts.
    let mut next: Vec<usize> = (1..=length).collect();
    let mut previous: Vec<usize> = (0..length).map(|start| start.wrapping_sub(1)).collect();
    let mut alive = vec![true; length];
    let mut heap = BinaryHeap::new();
    let pair_end = |next: &[usize], start: usize| next.get(next[start]).copied();
    let push = |heap: &mut BinaryHeap<_>, next: &[usize], start: usize| {
        if let Some(end) = pair_end(next, start)
            && let Some(rank) = rank(&piece[start..end])
        {
            heap.push(Reverse((rank, start, end)));
        }
    };
    for start in 0..length {
        push(&mut heap, &next, start);
    }
    while let Some(Reverse((_, start, end))) = heap.pop() {
        // An entry is stale once either of its parts has been merged with another.
        if !alive[start] || pair_end(&next, start) != Some(end) {
            continue;
        }
        let absorbed = next[start];
        alive[absorbed] = false;
        next[start] = end;
        if end < length {
            previous[end] = start;
        }
        push(&mut heap, &next, start);
        if start > 0 {
            push(&mut heap, &next, previous[start]);
        }
    }
    let mut start = 0;
    while start < length {
        emit(&piece[start..next[start]]);
        start = next[start];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::rank_table::O200K;
    use proptest::prelude::*;

    fn by_scan(piece: &[u8]) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        Merger::default().merge_by_scan(piece, |bytes| O200K.rank(bytes), &mut |token: &[u8]| {
            parts.push(token.to_vec());
        });
        parts
    }

    fn by_heap(piece: &[u8]) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        merge_by_heap(piece, |bytes| O200K.rank(bytes), &mut |token: &[u8]| {
            parts.push(token.to_vec());
        });
        parts
    }

    proptest! {
        #[test]
        fn the_scan_and_the_heap_agree(piece in "[ -~a-e]{1,200}") {
            prop_assert_eq!(by_scan(piece.as_bytes()), by_heap(piece.as_bytes()));
        }
    }
}
