//! The body of an answer while it arrives, kept small.
//!
//! The events of a stream repeat each other but for a word. A piece of the body is therefore kept as
//! what differs from the piece before it: how many bytes at its start and at its end are the same,
//! and what stands between. Nothing is lost, nothing is understood, and an open stream needs a tenth
//! of the memory that its bytes would.

use aiperf_clock::{Nanos, ReadMark};
use serde::{Deserialize, Serialize};

/// Longer pieces are kept as they are: comparing them would cost more than it saves.
const LONGEST_COMPARED: usize = 4096;

/// The body of an answer, framing removed, and when which part of it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Piece after piece: nanoseconds since the piece before, bytes that are the same at the start,
    /// at the end, length of what differs (each a variable-length integer), what differs.
    pieces: Vec<u8>,
    /// The piece that the next one is compared with.
    latest: Vec<u8>,
    length: usize,
    reads: usize,
    first_at: Nanos,
    last_at: Nanos,
}

/// A body as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceivedBody {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// When which part of them arrived, in order. Bytes that came with one read share a mark.
    pub reads: Vec<ReadMark>,
}

impl Received {
    /// Bytes of the body.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing has arrived.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many reads brought the body.
    pub fn read_count(&self) -> usize {
        self.reads
    }

    /// When the first part arrived.
    pub fn first_at(&self) -> Option<Nanos> {
        (self.reads > 0).then_some(self.first_at)
    }

    /// When the last part arrived.
    pub fn last_at(&self) -> Option<Nanos> {
        (self.reads > 0).then_some(self.last_at)
    }

    /// Bytes that this holds in memory.
    pub fn memory(&self) -> usize {
        self.pieces.capacity() + self.latest.capacity()
    }

    /// Adds bytes that were read at `at`. Empty pieces leave no trace.
    pub fn append(&mut self, bytes: &[u8], at: Nanos) {
        if bytes.is_empty() {
            return;
        }
        if self.reads == 0 {
            (self.first_at, self.last_at, self.reads) = (at, at, 1);
        } else if at != self.last_at {
            self.reads += 1;
        }
        put_number(&mut self.pieces, at.wrapping_sub(self.last_at));
        self.last_at = at;
        self.length += bytes.len();

        let start = common_start(&self.latest, bytes);
        let end = common_end(&self.latest[start..], &bytes[start..]);
        let differing = &bytes[start..bytes.len() - end];
        for number in [start, end, differing.len()] {
            put_number(&mut self.pieces, number as u64);
        }
        self.pieces.extend_from_slice(differing);

        self.latest.clear();
        if bytes.len() <= LONGEST_COMPARED {
            self.latest.extend_from_slice(bytes);
        }
    }

    /// Gives back what only a body that still grows needs.
    pub fn finish(&mut self) {
        self.latest = Vec::new();
    }

    /// The body as it was sent.
    pub fn unfold(&self) -> ReceivedBody {
        let mut body = ReceivedBody::default();
        self.unfold_into(&mut body);
        body
    }

    /// The body as it was sent, written over another one: its memory is used again.
    pub fn unfold_into(&self, body: &mut ReceivedBody) {
        let ReceivedBody { bytes, reads } = body;
        bytes.clear();
        bytes.reserve(self.length);
        reads.clear();
        reads.reserve(self.reads);
        let mut rest = self.pieces.as_slice();
        let mut at = self.first_at;
        let mut latest = 0..0;
        while let Some((elapsed, start, end, differing)) = take_piece(&mut rest) {
            at = at.wrapping_add(elapsed);
            let begins_at = bytes.len();
            bytes.extend_from_within(latest.start..latest.start + start);
            bytes.extend_from_slice(differing);
            bytes.extend_from_within(latest.end - end..latest.end);
            // A piece that was not compared is followed by one that repeats nothing of it.
            latest = begins_at..bytes.len();
            let end = bytes.len();
            match reads.last_mut() {
                Some(last) if last.at == at => last.end = end,
                _ => reads.push(ReadMark { at, end }),
            }
        }
    }
}

impl<'a> FromIterator<(&'a [u8], Nanos)> for Received {
    fn from_iter<Pieces: IntoIterator<Item = (&'a [u8], Nanos)>>(pieces: Pieces) -> Self {
        let mut received = Self::default();
        for (bytes, at) in pieces {
            received.append(bytes, at);
        }
        received.finish();
        received
    }
}

fn common_start(left: &[u8], right: &[u8]) -> usize {
    let (left_blocks, _) = left.as_chunks::<16>();
    let (right_blocks, _) = right.as_chunks::<16>();
    let equal_blocks = left_blocks.iter().zip(right_blocks);
    let start = 16 * equal_blocks.take_while(|(a, b)| a == b).count();
    let rest = left[start..].iter().zip(&right[start..]);
    start + rest.take_while(|(a, b)| a == b).count()
}

fn common_end(left: &[u8], right: &[u8]) -> usize {
    let (_, left_blocks) = left.as_rchunks::<16>();
    let (_, right_blocks) = right.as_rchunks::<16>();
    let equal_blocks = left_blocks.iter().rev().zip(right_blocks.iter().rev());
    let end = 16 * equal_blocks.take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[..left.len() - end], &right[..right.len() - end]);
    let rest = left.iter().rev().zip(right.iter().rev());
    end + rest.take_while(|(a, b)| a == b).count()
}

/// Appends a number, seven bits to a byte, the lowest first.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Some(number)
}

fn take_piece<'a>(rest: &mut &'a [u8]) -> Option<(Nanos, usize, usize, &'a [u8])> {
    let elapsed = take_number(rest)?;
    let start = take_number(rest)? as usize;
    let end = take_number(rest)? as usize;
    let length = take_number(rest)? as usize;
    let (differing, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some((elapsed, start, end, differing))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn bytes_of_one_read_share_a_mark() {
        let pieces: [(&[u8], _); 3] = [(b"ab", 10), (b"cd", 10), (b"e", 20)];
        let received = Received::from_iter(pieces);
        let body = received.unfold();
        assert_eq!(body.bytes, b"abcde");
        assert_eq!(
            body.reads,
            [ReadMark { at: 10, end: 4 }, ReadMark { at: 20, end: 5 }]
        );
        assert_eq!((received.len(), received.read_count()), (5, 2));
        assert_eq!(
            (received.first_at(), received.last_at()),
            (Some(10), Some(20))
        );
    }

    #[test]
    fn an_open_stream_needs_a_tenth_of_its_bytes() {
        let mut received = Received::default();
        for (index, word) in ["a", "stream", "of", "many", "words"]
            .iter()
            .cycle()
            .take(500)
            .enumerate()
        {
            let event = format!(
                "data: {{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\
                 \"created\":1700000000,\"model\":\"meta-llama/Llama-3.1-8B-Instruct\",\"choices\":\
                 [{{\"index\":0,\"delta\":{{\"content\":\" {word}\"}},\"logprobs\":null,\
                 \"finish_reason\":null}}]}}\n\n"
            );
            received.append(event.as_bytes(), 50_000_000 * index as u64);
        }
        assert!(10 * received.pieces.len() < received.len());
    }

    #[test]
    fn a_long_piece_is_kept_and_compared_with_nothing() {
        let long = vec![b'x'; LONGEST_COMPARED + 1];
        let received = Received::from_iter([(&long[..], 1), (&long[..], 2), (b"x", 3)]);
        assert_eq!(received.unfold().bytes, vec![b'x'; 2 * long.len() + 1]);
    }

    proptest! {
        #[test]
        fn every_body_comes_back_as_it_was(
            pieces in vec((vec(0..3_u8, 0..60), 0..3_u64, any::<bool>()), 0..40),
        ) {
            let mut at = 5;
            let (mut received, mut bytes, mut marks) = (Received::default(), vec![], vec![]);
            for (piece, elapsed, is_much) in &pieces {
                at += elapsed * if *is_much { u64::from(u32::MAX) * 5 } else { 1 };
                received.append(piece, at);
                if piece.is_empty() {
                    continue;
                }
                bytes.extend_from_slice(piece);
                let end = bytes.len();
                match marks.last_mut() {
                    Some(ReadMark { at: last, end: last_end }) if *last == at => *last_end = end,
                    _ => marks.push(ReadMark { at, end }),
                }
            }
            let body = received.unfold();
            prop_assert_eq!(received.len(), bytes.len());
            prop_assert_eq!(received.read_count(), marks.len());
            prop_assert_eq!(body.bytes, bytes);
            prop_assert_eq!(body.reads, marks);
        }
    }
}
