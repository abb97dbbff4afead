//! Frame boundaries in one direction of an HTTP/2 connection (RFC 9113, section 4.1).

/// What begins a client's side of the connection, before the first frame.
pub(super) const PREFACE_LENGTH: usize = 24;

const HEADER_LENGTH: usize = 9;
const PADDED: u8 = 0x8;
const END_STREAM: u8 = 0x1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    /// Header fields: HEADERS or CONTINUATION.
    Head,
    Other,
}

/// A part of a frame that lies in one piece of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) stream: u32,
    /// Bytes of it, frame header and padding included.
    pub(super) length: usize,
    /// Of those, bytes of a body.
    pub(super) data: usize,
    /// The frame is complete.
    pub(super) is_complete: bool,
    /// The frame is the sender's last one of this stream.
    pub(super) ends_stream: bool,
}

/// Where in the sequence of frames a direction is.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes before the next frame that belong to none.
    skip: usize,
    header: [u8; HEADER_LENGTH],
    header_length: usize,
    /// Payload still to come, padding included.
    payload: usize,
    /// Whether the length of the padding comes next.
    pad_length_is_next: bool,
    /// Padding at the end of the payload.
    padding: usize,
}

impl Frames {
    /// Frames that begin after so many bytes.
    pub(super) fn after(skip: usize) -> Self {
        Self {
            skip,
            ..Self::default()
        }
    }

    /// Goes on by `bytes` and tells the parts of frames in them.
    pub(super) fn advance(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Part)) {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        bytes = &bytes[skipped..];
        while !bytes.is_empty() {
            let before = bytes.len();
            bytes = self.take_header(bytes);
            if self.header_length < HEADER_LENGTH {
                return;
            }
            let data = self.take_payload(&mut bytes);
            let is_complete = self.payload == 0;
            let [_, _, _, kind, flags, stream @ ..] = self.header;
            let kind = match kind {
                0 => Kind::Data,
                1 | 9 => Kind::Head,
                _ => Kind::Other,
            };
            tell(Part {
                kind,
                stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
                length: before - bytes.len(),
                data,
                is_complete,
                ends_stream: kind != Kind::Other && self.header[3] != 9 && flags & END_STREAM != 0,
            });
            if is_complete {
                self.header_length = 0;
            }
        }
    }

    fn take_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.header_length == HEADER_LENGTH {
            return bytes;
        }
        let (now, rest) = bytes.split_at(bytes.len().min(HEADER_LENGTH - self.header_length));
        self.header[self.header_length..][..now.len()].copy_from_slice(now);
        self.header_length += now.len();
        if self.header_length == HEADER_LENGTH {
            let [high, middle, low, kind, flags, ..] = self.header;
            self.payload = u32::from_be_bytes([0, high, middle, low]) as usize;
            self.pad_length_is_next = kind == 0 && flags & PADDED != 0 && self.payload > 0;
            self.padding = 0;
        }
        rest
    }

    /// Takes what belongs to the payload; gives how many bytes of a body are in it.
    fn take_payload(&mut self, bytes: &mut &[u8]) -> usize {
        if self.pad_length_is_next {
            let Some((pad_length, rest)) = bytes.split_first() else {
                return 0;
            };
            *bytes = rest;
            self.payload -= 1;
            self.padding = usize::from(*pad_length).min(self.payload);
            self.pad_length_is_next = false;
        }
        let taken = bytes.len().min(self.payload);
        *bytes = &bytes[taken..];
        let content = (self.payload - self.padding).min(taken);
        self.payload -= taken;
        self.padding = self.padding.min(self.payload);
        if self.header[3] == 0 { content } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn parts(bytes: &[u8]) -> Vec<Part> {
        let mut parts = Vec::new();
        Frames::default().advance(bytes, |part| parts.push(part));
        parts
    }

    #[test]
    fn frames_are_told_apart() {
        let wire = [
            frame(4, 0, 0, &[0; 6]),
            frame(1, 0x4, 3, b"head"),
            frame(0, 0, 3, b"body"),
            frame(0, 0x1, 3, b""),
        ]
        .concat();
        let found: Vec<_> = parts(&wire)
            .into_iter()
            .map(|part| (part.kind, part.stream, part.data, part.ends_stream))
            .collect();
        assert_eq!(
            found,
            [
                (Kind::Other, 0, 0, false),
                (Kind::Head, 3, 0, false),
                (Kind::Data, 3, 4, false),
                (Kind::Data, 3, 0, true),
            ]
        );
    }

    #[test]
    fn padding_is_no_part_of_a_body() {
        let wire = frame(0, 0x8, 1, b"\x03body...");
        assert_eq!(parts(&wire)[0].data, 4);
        // More padding than the frame holds, and a padded frame without any room.
        assert_eq!(parts(&frame(0, 0x8, 1, b"\xffbody"))[0].data, 0);
        assert!(parts(&frame(0, 0x8, 1, b""))[0].is_complete);
    }

    #[test]
    fn the_preface_is_skipped() {
        let wire = [vec![b'P'; PREFACE_LENGTH], frame(0, 1, 5, b"x")].concat();
        let mut streams = Vec::new();
        Frames::after(PREFACE_LENGTH).advance(&wire, |part| streams.push(part.stream));
        assert_eq!(streams, [5]);
    }

    proptest! {
        #[test]
        fn cutting_anywhere_loses_no_byte_and_no_frame(
            frames in proptest::collection::vec(
                (0..10_u8, any::<u8>(), 0..4_u32, proptest::collection::vec(any::<u8>(), 0..40)),
                1..10,
            ),
            step in 1..30_usize,
        ) {
            let wire: Vec<u8> = frames
                .iter()
                .flat_map(|(kind, flags, stream, payload)| frame(*kind, *flags, *stream, payload))
                .collect();
            let whole = parts(&wire);
            prop_assert_eq!(whole.len(), frames.len());
            prop_assert!(whole.iter().all(|part| part.is_complete));
            let mut cut = Frames::default();
            let (mut data, mut complete) = (0, 0);
            for piece in wire.chunks(step) {
                cut.advance(piece, |part| {
                    data += part.data;
                    complete += usize::from(part.is_complete);
                });
            }
            prop_assert_eq!(complete, whole.len());
            prop_assert_eq!(data, whole.iter().map(|part| part.data).sum::<usize>());
        }
    }
}
