//! Showing an answer while it comes.
//!
//! On a thread of its own: a terminal that is slow, or that somebody has stopped, must not keep the next
//! read waiting, whose instant is what is measured.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use aiperf_endpoint::reply::all_text;
use aiperf_endpoint::{EndpointType, Transcript, parse};
use anyhow::{Context, Result, anyhow};

enum Piece {
    Data(Option<String>, Vec<u8>),
    /// The answer is complete; whether it was a good one.
    End(bool),
}

pub(super) struct LivePrinter {
    pieces: Sender<Piece>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl LivePrinter {
    pub(super) fn start() -> Result<Self> {
        let (pieces, arriving) = channel();
        let thread = std::thread::Builder::new()
            .name("chat-output".to_owned())
            .spawn(move || show(&arriving))
            .context("no thread for output")?;
        Ok(Self { pieces, thread })
    }

    /// Takes a piece of the answer's body.
    pub(super) fn take(&self, content_type: Option<&str>, data: &[u8]) {
        let piece = Piece::Data(content_type.map(str::to_owned), data.to_vec());
        // A thread that is gone has its reason, which `finish` tells.
        let _ = self.pieces.send(piece);
    }

    /// Waits until all is shown, and ends its line. Of an answer that is no stream the text is shown now,
    /// if it is a good one.
    pub(super) fn finish(self, is_good: bool) -> Result<()> {
        let _ = self.pieces.send(Piece::End(is_good));
        drop(self.pieces);
        match self.thread.join() {
            Ok(Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            Ok(_) => Ok(()),
            Err(_) => Err(anyhow!("the answer could not be shown")),
        }
    }
}

fn show(arriving: &Receiver<Piece>) -> std::io::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    let mut output = std::io::stdout();
    let mut reader = StreamReader::default();
    let mut is_good = false;
    let mut has_shown = false;
    for piece in arriving {
        let text = match piece {
            Piece::Data(content_type, data) => reader.take(content_type, &data),
            Piece::End(good) => {
                is_good = good;
                break;
            }
        };
        has_shown |= !text.is_empty();
        write(&mut output, &text, is_terminal)?;
    }
    if is_good {
        write(&mut output, &reader.rest(), is_terminal)?;
    }
    if is_good || has_shown {
        output.write_all(b"\n")?;
    }
    output.flush()
}

/// What a server says is not to move the cursor or to set a terminal's title.
fn write(output: &mut impl std::io::Write, text: &str, is_terminal: bool) -> std::io::Result<()> {
    if is_terminal {
        let plain = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
        let text: String = text.chars().filter(plain).collect();
        output.write_all(text.as_bytes())?;
    } else {
        output.write_all(text.as_bytes())?;
    }
    output.flush()
}

/// Cuts what arrives into whole events and reads those.
#[derive(Default)]
struct StreamReader {
    content_type: Option<String>,
    /// What belongs to no whole event yet.
    pending: Vec<u8>,
}

impl StreamReader {
    /// The text of the events that are complete now.
    fn take(&mut self, content_type: Option<String>, data: &[u8]) -> String {
        self.content_type = content_type;
        self.pending.extend_from_slice(data);
        let is_stream = self
            .content_type
            .as_deref()
            .is_some_and(|kind| kind.trim_start().starts_with("text/event-stream"));
        if !is_stream {
            return String::new();
        }
        let end = end_of_events(&self.pending);
        let rest = self.pending.split_off(end);
        let events = std::mem::replace(&mut self.pending, rest);
        self.text_of(&events)
    }

    /// The text of what is left when the answer is complete.
    fn rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.pending);
        self.text_of(&rest)
    }

    fn text_of(&self, body: &[u8]) -> String {
        let transcript = Transcript {
            content_type: self.content_type.as_deref(),
            body,
            // When it came does not matter here.
            reads: &[],
            ended_at: 1,
            method_is_post: true,
        };
        all_text(&parse(EndpointType::Chat, &transcript))
    }
}

/// Where the last whole event ends: after the last blank line.
fn end_of_events(bytes: &[u8]) -> usize {
    let ends = |end: &usize| {
        let head = &bytes[..*end];
        head.ends_with(b"\n\n") || head.ends_with(b"\n\r\n")
    };
    (1..=bytes.len()).rev().find(ends).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm. \"}}]}\r\n\r\n\
        data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"Grüße\"}}]}\n\n\
        : keep\n\n\
        data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"!\"}}]}\n\ndata: [DONE]\n\n";

    #[test]
    fn a_stream_is_shown_alike_wherever_it_is_cut() {
        for cut in 0..=STREAM.len() {
            let mut reader = StreamReader::default();
            let mut text = String::new();
            for part in [&STREAM.as_bytes()[..cut], &STREAM.as_bytes()[cut..]] {
                text += &reader.take(Some("text/event-stream".to_owned()), part);
            }
            text += &reader.rest();
            assert_eq!(text, "Hm. Grüße!", "cut at {cut}");
        }
    }

    #[test]
    fn an_event_is_shown_as_soon_as_it_is_whole() {
        let mut reader = StreamReader::default();
        let first = STREAM.find("data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"Gr").unwrap();
        let text = reader.take(
            Some("text/event-stream".to_owned()),
            &STREAM.as_bytes()[..first],
        );
        assert_eq!(text, "Hm. ");
    }

    #[test]
    fn an_answer_that_is_no_stream_is_shown_at_its_end() {
        let body = r#"{"object":"chat.completion","choices":[{"message":{"content":"Whole."}}]}"#;
        let mut reader = StreamReader::default();
        let json = || Some("application/json".to_owned());
        assert_eq!(reader.take(json(), body.as_bytes()), "");
        assert_eq!(reader.rest(), "Whole.");
    }

    #[test]
    fn a_terminal_gets_no_control_characters() {
        let shown = |is_terminal| {
            let mut output = Vec::new();
            write(&mut output, "a\u{1b}[2Jb\n\tc\u{9b}d\r", is_terminal).unwrap();
            String::from_utf8(output).unwrap()
        };
        assert_eq!(shown(true), "a[2Jb\n\tcd");
        assert_eq!(shown(false), "a\u{1b}[2Jb\n\tc\u{9b}d\r");
    }
}
