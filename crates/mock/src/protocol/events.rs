//! Events of a stream in the chunks of an HTTP body, in the styles that the options ask for.

use crate::compress::Compressor;
use crate::options::MockOptions;

/// The end of a body in chunks.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Collects what the next write hands to the socket: each event in an HTTP chunk of its own.
pub(crate) struct EventBuffer {
    pub(crate) out: Vec<u8>,
    style: Style,
    compressor: Option<Compressor>,
    /// The next event gets half a code point.
    spoil_next: bool,
    /// Whether events are written as they are most of the time.
    is_plain: bool,
}

/// How events look.
#[derive(Debug, Clone, Copy)]
struct Style {
    line_end: &'static str,
    comments: bool,
    two_data_lines: bool,
    no_final_blank_line: bool,
}

impl EventBuffer {
    pub(crate) fn new(options: &MockOptions) -> Self {
        let style = Style {
            line_end: if options.crlf { "\r\n" } else { "\n" },
            comments: options.comments,
            two_data_lines: options.two_data_lines,
            no_final_blank_line: options.no_final_blank_line,
        };
        Self {
            out: Vec::with_capacity(1024),
            is_plain: !(options.crlf
                || options.comments
                || options.two_data_lines
                || options.no_final_blank_line
                || options.compression.is_some()),
            style,
            compressor: options.compression.map(Compressor::new),
            spoil_next: false,
        }
    }

    /// Appends an event whose data is what `data` appends.
    pub(crate) fn event(&mut self, name: Option<&str>, data: impl FnOnce(&mut Vec<u8>)) {
        if self.is_plain {
            in_chunk(&mut self.out, |out| {
                if let Some(name) = name {
                    out.extend_from_slice(b"event: ");
                    out.extend_from_slice(name.as_bytes());
                    out.push(b'\n');
                }
                out.extend_from_slice(b"data: ");
                data(out);
                out.extend_from_slice(b"\n\n");
            });
        } else {
            self.styled_event(name, data, false);
        }
    }

    /// Like [`event`](Self::event), for the last one.
    pub(crate) fn last_event(&mut self, name: Option<&str>, data: impl FnOnce(&mut Vec<u8>)) {
        self.styled_event(name, data, true);
    }

    /// Puts half a code point into the text of the next event.
    pub(crate) fn spoil_next(&mut self) {
        self.spoil_next = true;
        self.is_plain = false;
    }

    /// Ends the body.
    pub(crate) fn end(&mut self) {
        if let Some(compressor) = self.compressor.take() {
            let rest = compressor.finish();
            if !rest.is_empty() {
                in_chunk(&mut self.out, |out| out.extend_from_slice(&rest));
            }
        }
        self.out.extend_from_slice(LAST_CHUNK);
    }

    fn styled_event(&mut self, name: Option<&str>, data: impl FnOnce(&mut Vec<u8>), is_last: bool) {
        let Style {
            line_end,
            comments,
            two_data_lines,
            no_final_blank_line,
        } = self.style;
        let line_end = line_end.as_bytes();
        let mut payload = Vec::new();
        data(&mut payload);
        if std::mem::take(&mut self.spoil_next) {
            spoil(&mut payload);
        }
        let mut text = Vec::with_capacity(payload.len() + 64);
        if comments {
            text.extend_from_slice(b": a comment");
            text.extend_from_slice(line_end);
            text.extend_from_slice(line_end);
        }
        if let Some(name) = name {
            text.extend_from_slice(b"event: ");
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(line_end);
        }
        let cut = two_data_lines.then(|| find(&payload, b",\"")).flatten();
        let (before, after) = payload.split_at(cut.map_or(payload.len(), |place| place + 1));
        for line in [before, after] {
            if !line.is_empty() {
                text.extend_from_slice(b"data: ");
                text.extend_from_slice(line);
                text.extend_from_slice(line_end);
            }
        }
        if !(is_last && no_final_blank_line) {
            text.extend_from_slice(line_end);
        }
        let text = match &mut self.compressor {
            Some(compressor) => compressor.feed(&text),
            None => text,
        };
        in_chunk(&mut self.out, |out| out.extend_from_slice(&text));
    }
}

/// Puts two of the three bytes of a code point at the beginning of the last text that begins with a
/// blank, as all tokens do.
fn spoil(payload: &mut Vec<u8>) {
    const TEXT: &[u8] = b":\" ";
    let place = payload
        .windows(TEXT.len())
        .rposition(|window| window == TEXT);
    if let Some(place) = place {
        let place = place + TEXT.len();
        payload.splice(place..place, [0xe4, 0xb8]);
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Appends what `payload` appends as one HTTP chunk. The size goes before data of unknown length,
/// so it always takes eight digits, the leading zeros that RFC 9112 permits included.
pub(crate) fn in_chunk(out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
    const DIGITS: usize = 8;
    let start = out.len();
    out.extend_from_slice(b"00000000\r\n");
    payload(out);
    let mut size = out.len() - start - DIGITS - 2;
    for place in (start..start + DIGITS).rev() {
        if size == 0 {
            break;
        }
        out[place] = b"0123456789abcdef"[size % 16];
        size /= 16;
    }
    out.extend_from_slice(b"\r\n");
}
