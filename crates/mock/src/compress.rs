//! Content codings of answers.

use std::io::Write;

use flate2::write::{GzEncoder, ZlibEncoder};

use crate::options::Compression;

/// A body in the making. Everything that was fed can be decoded from what came out so far.
pub(crate) enum Compressor {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    /// The library could not be set up; nothing is compressed.
    None(Vec<u8>),
}

impl Compression {
    /// The value of `Content-Encoding`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    /// A whole body, compressed.
    pub(crate) fn compress(self, body: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(self);
        let mut compressed = compressor.feed(body);
        compressed.append(&mut compressor.finish());
        compressed
    }
}

impl Compressor {
    pub(crate) fn new(compression: Compression) -> Self {
        let level = flate2::Compression::fast();
        match compression {
            Compression::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), level)),
            Compression::Deflate => Self::Deflate(ZlibEncoder::new(Vec::new(), level)),
            Compression::Zstd => match zstd::stream::write::Encoder::new(Vec::new(), 1) {
                Ok(encoder) => Self::Zstd(encoder),
                Err(_) => Self::None(Vec::new()),
            },
        }
    }

    /// What `bytes` adds to the body.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        // Writing to a vector cannot fail, nor can flushing it.
        match self {
            Self::Gzip(encoder) => {
                let _ = encoder.write_all(bytes).and_then(|()| encoder.flush());
                std::mem::take(encoder.get_mut())
            }
            Self::Deflate(encoder) => {
                let _ = encoder.write_all(bytes).and_then(|()| encoder.flush());
                std::mem::take(encoder.get_mut())
            }
            Self::Zstd(encoder) => {
                let _ = encoder.write_all(bytes).and_then(|()| encoder.flush());
                std::mem::take(encoder.get_mut())
            }
            Self::None(out) => {
                out.extend_from_slice(bytes);
                std::mem::take(out)
            }
        }
    }

    /// What ends the body.
    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Gzip(encoder) => encoder.finish().unwrap_or_default(),
            Self::Deflate(encoder) => encoder.finish().unwrap_or_default(),
            Self::Zstd(encoder) => encoder.finish().unwrap_or_default(),
            Self::None(out) => out,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn decompress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        match compression {
            Compression::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text),
            Compression::Deflate => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut text),
            Compression::Zstd => zstd::stream::read::Decoder::new(bytes)
                .unwrap()
                .read_to_end(&mut text),
        }
        .unwrap();
        text
    }

    #[test]
    fn pieces_come_out_as_they_are_fed_and_the_whole_can_be_decoded() {
        for compression in [Compression::Gzip, Compression::Deflate, Compression::Zstd] {
            let mut compressor = Compressor::new(compression);
            let first = compressor.feed(b"one ");
            let second = compressor.feed(b"two");
            assert!(!first.is_empty() && !second.is_empty(), "{compression:?}");
            let whole = [first, second, compressor.finish()].concat();
            assert_eq!(decompress(compression, &whole), b"one two");
            assert_eq!(
                decompress(compression, &compression.compress(b"abc")),
                b"abc"
            );
        }
    }
}
