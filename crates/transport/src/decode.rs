//! Bodies that a server has compressed.
//!
//! What is decoded of a piece is given out at once, so that every part of a body keeps the instant of
//! the read that brought it.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use zstd::stream::raw::Decoder as RawZstd;
use zstd::stream::zio::Writer as ZstdWriter;

/// Bytes that the brotli decoder gives out at a time.
const BLOCK: usize = 16 * 1024;

/// Undoes the encoding of one body.
pub(crate) struct BodyDecoder {
    encoding: &'static str,
    codec: Codec,
    /// What was decoded last.
    decoded: Vec<u8>,
}

enum Codec {
    /// No bytes yet. `deflate` comes in two forms, and the first byte tells which; a body of no bytes
    /// is whole in every encoding.
    Untouched,
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
    Deflate(DeflateDecoder<Vec<u8>>),
    Zstd(ZstdWriter<Vec<u8>, RawZstd<'static>>),
    Brotli(Box<DecompressorWriter<Vec<u8>>>),
}

impl BodyDecoder {
    /// A decoder for an answer with these header fields; `None` where its body is not compressed, or
    /// in a way that is not known, in which case it is kept as it comes.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Box<Self>> {
        let value = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
        let encoding = match value.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => "gzip",
            "deflate" => "deflate",
            "br" => "br",
            "zstd" => "zstd",
            _ => return None,
        };
        Some(Box::new(Self {
            encoding,
            codec: Codec::Untouched,
            decoded: Vec::new(),
        }))
    }

    /// What the header named.
    pub(crate) fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// Takes bytes of the wire and gives what can be decoded by now.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> io::Result<&[u8]> {
        self.decoded.clear();
        if let (Codec::Untouched, Some(first)) = (&self.codec, bytes.first()) {
            self.codec = Codec::begin(self.encoding, *first)?;
        }
        match &mut self.codec {
            Codec::Untouched => {}
            Codec::Gzip(codec) => {
                push(codec, bytes)?;
                self.decoded.append(codec.get_mut());
            }
            Codec::Zlib(codec) => {
                push(codec, bytes)?;
                self.decoded.append(codec.get_mut());
            }
            Codec::Deflate(codec) => {
                push(codec, bytes)?;
                self.decoded.append(codec.get_mut());
            }
            Codec::Zstd(codec) => {
                push(codec, bytes)?;
                self.decoded.append(codec.writer_mut());
            }
            Codec::Brotli(codec) => {
                push(codec, bytes)?;
                self.decoded.append(codec.get_mut());
            }
        }
        Ok(&self.decoded)
    }

    /// Takes the end of the body and gives what is left.
    ///
    /// # Errors
    /// The body is not whole.
    pub(crate) fn finish(&mut self) -> io::Result<&[u8]> {
        self.decoded.clear();
        match &mut self.codec {
            Codec::Untouched => {}
            Codec::Gzip(codec) => {
                codec.try_finish()?;
                self.decoded.append(codec.get_mut());
            }
            Codec::Zlib(codec) => {
                codec.try_finish()?;
                self.decoded.append(codec.get_mut());
            }
            Codec::Deflate(codec) => {
                codec.try_finish()?;
                self.decoded.append(codec.get_mut());
            }
            Codec::Zstd(codec) => {
                codec.finish()?;
                self.decoded.append(codec.writer_mut());
            }
            Codec::Brotli(codec) => {
                codec.close()?;
                self.decoded.append(codec.get_mut());
            }
        }
        Ok(&self.decoded)
    }
}

impl Codec {
    fn begin(encoding: &str, first: u8) -> io::Result<Self> {
        Ok(match encoding {
            "gzip" => Self::Gzip(MultiGzDecoder::new(Vec::new())),
            "br" => Self::Brotli(Box::new(DecompressorWriter::new(Vec::new(), BLOCK))),
            "zstd" => Self::Zstd(ZstdWriter::new(Vec::new(), RawZstd::new()?)),
            // The method in the first byte of the zlib form is always 8; many servers leave that form out.
            _ if first & 0x0f == 8 => Self::Zlib(ZlibDecoder::new(Vec::new())),
            _ => Self::Deflate(DeflateDecoder::new(Vec::new())),
        })
    }
}

fn push(codec: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    codec.write_all(bytes)?;
    codec.flush()
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    /// `data: hello\n\n` twice, made with the reference encoder.
    const BROTLI: &[u8] = b"\x8b\x0c\x80data: hello\n\ndata: hello\n\n\x03";

    fn decoder(encoding: &'static str) -> Option<Box<BodyDecoder>> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        BodyDecoder::of(&headers)
    }

    /// Each piece, flushed as a server that streams flushes it.
    fn encode(encoding: &str, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        fn run<W: Write>(
            mut encoder: W,
            pieces: &[&[u8]],
            take: impl Fn(&mut W) -> Vec<u8>,
            end: impl FnOnce(W) -> Vec<u8>,
        ) -> Vec<Vec<u8>> {
            let mut encoded = Vec::new();
            for piece in pieces {
                push(&mut encoder, piece).unwrap();
                encoded.push(take(&mut encoder));
            }
            encoded.push(end(encoder));
            encoded
        }
        let (sink, level) = (Vec::new(), Compression::default());
        match encoding {
            "gzip" => run(
                GzEncoder::new(sink, level),
                pieces,
                |encoder| std::mem::take(encoder.get_mut()),
                |encoder| encoder.finish().unwrap(),
            ),
            "zlib" => run(
                ZlibEncoder::new(sink, level),
                pieces,
                |encoder| std::mem::take(encoder.get_mut()),
                |encoder| encoder.finish().unwrap(),
            ),
            "raw" => run(
                DeflateEncoder::new(sink, level),
                pieces,
                |encoder| std::mem::take(encoder.get_mut()),
                |encoder| encoder.finish().unwrap(),
            ),
            _ => run(
                zstd::stream::write::Encoder::new(sink, 3).unwrap(),
                pieces,
                |encoder| std::mem::take(encoder.get_mut()),
                |encoder| encoder.finish().unwrap(),
            ),
        }
    }

    const FORMS: [(&str, &str); 4] = [
        ("gzip", "gzip"),
        ("deflate", "zlib"),
        ("deflate", "raw"),
        ("zstd", "zstd"),
    ];

    #[test]
    fn each_piece_of_a_stream_is_decoded_when_it_comes() {
        let pieces: [&[u8]; 3] = [b"data: one\n\n", b"data: two\n\n", b"data: [DONE]\n\n"];
        for (encoding, form) in FORMS {
            let mut decoder = decoder(encoding).unwrap();
            let encoded = encode(form, &pieces);
            for (piece, encoded) in pieces.iter().zip(&encoded) {
                assert_eq!(decoder.decode(encoded).unwrap(), *piece, "{form}");
            }
            assert_eq!(decoder.decode(encoded.last().unwrap()).unwrap(), b"");
            assert_eq!(decoder.finish().unwrap(), b"", "{form}");
        }
    }

    #[test]
    fn brotli_is_decoded_byte_by_byte() {
        let mut decoder = decoder("br").unwrap();
        let mut body = Vec::new();
        for byte in BROTLI {
            body.extend_from_slice(decoder.decode(&[*byte]).unwrap());
        }
        body.extend_from_slice(decoder.finish().unwrap());
        assert_eq!(body, b"data: hello\n\ndata: hello\n\n");
    }

    #[test]
    fn a_body_that_is_cut_or_no_such_encoding_is_an_error() {
        let text = b"a text that is long enough to be cut somewhere".repeat(20);
        let bodies = FORMS.map(|(encoding, form)| (encoding, encode(form, &[&text]).concat()));
        for (encoding, whole) in bodies.into_iter().chain([("br", BROTLI.to_vec())]) {
            for cut in [1, whole.len() / 2, whole.len() - 1] {
                let mut decoder = decoder(encoding).unwrap();
                let ok = decoder.decode(&whole[..cut]).is_ok() && decoder.finish().is_ok();
                assert!(!ok, "{encoding} cut at {cut} of {}", whole.len());
            }
        }
        for encoding in ["gzip", "deflate", "zstd", "br"] {
            let mut decoder = decoder(encoding).unwrap();
            let ok = decoder.decode(b"this is plain text").is_ok() && decoder.finish().is_ok();
            assert!(!ok, "{encoding}");
        }
    }

    #[test]
    fn a_body_of_no_bytes_is_whole_and_other_encodings_are_left_alone() {
        for encoding in ["gzip", "x-gzip", "deflate", "zstd", "br"] {
            let mut decoder = decoder(encoding).unwrap();
            assert_eq!(decoder.finish().unwrap(), b"");
        }
        assert!(decoder("identity").is_none() && decoder("gzip, br").is_none());
    }

    proptest! {
        #[test]
        fn cutting_the_wire_at_any_byte_changes_no_body(
            text in proptest::collection::vec(any::<u8>(), 1..3000),
            step in 1..200_usize,
        ) {
            for (encoding, form) in FORMS {
                let wire = encode(form, &[&text]).concat();
                let mut decoder = decoder(encoding).unwrap();
                let mut body = Vec::new();
                for piece in wire.chunks(step) {
                    body.extend_from_slice(decoder.decode(piece).unwrap());
                }
                body.extend_from_slice(decoder.finish().unwrap());
                prop_assert_eq!(&body, &text);
            }
        }
    }
}
