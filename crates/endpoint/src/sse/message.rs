//! Framing: the messages of a stream and the instant at which each was complete.

use std::borrow::Cow;

use memchr::memchr;

use crate::sse::fields::trim;
use crate::transcript::{ReadMark, Transcript};

/// The messages of a stream, in order.
///
/// A blank line ends a message: `\n\n`, `\r\n\r\n`, or a mixture of the two line ends, whichever
/// comes first. Bytes left at the end of the stream are a message too.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    body: &'a [u8],
    position: usize,
    /// Reads that may still bring the end of a message.
    reads: &'a [ReadMark],
    ended_at: u64,
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// When the read returned that brought the last byte of the blank line after the message. All
    /// messages of one read share it. For a message that no blank line ends: when the stream ended.
    pub at: u64,
    bytes: &'a [u8],
}

impl<'a> Messages<'a> {
    pub(crate) fn new(transcript: &Transcript<'a>) -> Self {
        // A byte order mark belongs to the stream, not to its first field's name.
        let has_mark = transcript.body.starts_with(b"\xef\xbb\xbf");
        Self {
            body: transcript.body,
            position: if has_mark { 3 } else { 0 },
            reads: transcript.reads,
            ended_at: transcript.ended_at,
        }
    }

    /// When the read returned that brought the byte before `end`.
    fn read_at(&mut self, end: usize) -> u64 {
        while let [first, rest @ ..] = self.reads {
            if first.end >= end {
                return first.at;
            }
            self.reads = rest;
        }
        self.ended_at
    }

    /// Where the message that starts at `start` ends, and where the blank line after it ends.
    fn frame(&self, start: usize) -> Option<(usize, usize)> {
        let mut search = start;
        loop {
            let newline = search + memchr(b'\n', &self.body[search..])?;
            match &self.body[newline + 1..] {
                [b'\n', ..] => return Some((newline, newline + 2)),
                [b'\r', b'\n', ..] => return Some((newline, newline + 3)),
                _ => search = newline + 1,
            }
        }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        loop {
            let rest = self.body.get(self.position..)?.trim_ascii_start();
            if rest.is_empty() {
                return None;
            }
            let start = self.body.len() - rest.len();
            let (end, at) = match self.frame(start) {
                Some((end, next)) => {
                    self.position = next;
                    (end, self.read_at(next))
                }
                None => {
                    self.position = self.body.len();
                    (self.body.len(), self.ended_at)
                }
            };
            let message = Message {
                at,
                bytes: self.body[start..end].trim_ascii_end(),
            };
            // White space beyond ASCII is blank too; a message that starts with a letter is not.
            let starts_plain = message.bytes.first().is_some_and(u8::is_ascii_graphic);
            if starts_plain || !message.text().is_empty() {
                return Some(message);
            }
        }
    }
}

impl<'a> Message<'a> {
    /// The message as text, trimmed. Bytes that are no UTF-8 become replacement characters.
    pub fn text(&self) -> Cow<'a, str> {
        // The strict check is much the faster one, and nearly always enough.
        match std::str::from_utf8(self.bytes) {
            Ok(text) => Cow::Borrowed(trim(text)),
            Err(_) => Cow::Owned(trim(&String::from_utf8_lossy(self.bytes)).to_owned()),
        }
    }
}
