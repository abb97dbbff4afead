//! How long a clip is, from its header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// As much of a clip as is decoded, in base64 characters: the header of a WAV file lies in it.
const HEADER: usize = 4096;

/// Length in seconds of a WAV file that is given in base64; none if it is no WAV file.
///
/// The format chunk says how many bytes a second takes, the data chunk how many bytes there are
/// (RIFF: Multimedia Programming Interface and Data Specifications 1.0). A writer that did not know
/// its length leaves zero or all ones; the rest of the file counts then.
pub(super) fn wav_seconds(base64: &str) -> Option<f64> {
    let file_bytes = decoded_length(base64);
    let head = base64.as_bytes();
    let head = head.get(..HEADER).unwrap_or(head);
    let header = STANDARD.decode(head).ok()?;
    if header.get(..4)? != b"RIFF" || header.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut bytes_per_second = None;
    let mut at = 12_usize;
    loop {
        let id = header.get(at..)?.get(..4)?;
        let length = number(&header, at + 4)? as usize;
        let content = at + 8;
        match id {
            b"fmt " => bytes_per_second = number(&header, content + 8).filter(|rate| *rate > 0),
            b"data" => {
                let rest = file_bytes.saturating_sub(content);
                let bytes = if length == 0 { rest } else { length.min(rest) };
                return Some(bytes as f64 / f64::from(bytes_per_second?));
            }
            _ => {}
        }
        // Chunks are padded to even lengths.
        at = content.checked_add(length)?.checked_add(length % 2)?;
    }
}

/// A 32-bit number, little-endian.
fn number(header: &[u8], at: usize) -> Option<u32> {
    let bytes = header.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

fn decoded_length(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file whose data chunk claims `claimed` bytes and has `samples` 16-bit samples.
    fn wav(claimed: u32, samples: usize, rate: u32) -> String {
        let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
        file.extend(b"LIST\x03\0\0\0abc\0");
        file.extend(b"fmt \x10\0\0\0\x01\0\x01\0");
        file.extend(rate.to_le_bytes());
        file.extend((rate * 2).to_le_bytes());
        file.extend([2, 0, 16, 0]);
        file.extend(b"data");
        file.extend(claimed.to_le_bytes());
        file.extend(vec![0; samples * 2]);
        STANDARD.encode(file)
    }

    #[test]
    fn the_length_of_a_wav_file_is_its_data_over_its_byte_rate() {
        for (claimed, samples, seconds) in [
            (16_000, 8_000, 0.5),
            (0, 8_000, 0.5),
            (u32::MAX, 8_000, 0.5),
            (8_000, 8_000, 0.25),
            (0, 0, 0.0),
        ] {
            assert_eq!(
                wav_seconds(&wav(claimed, samples, 16_000)),
                Some(seconds),
                "{claimed} {samples}"
            );
        }
    }

    #[test]
    fn what_is_no_whole_wav_header_has_no_length() {
        let whole = wav(16_000, 8_000, 16_000);
        for length in (0..72).step_by(4) {
            assert_eq!(wav_seconds(&whole[..length]), None, "{length}");
        }
        assert_eq!(wav_seconds(&wav(16_000, 8_000, 0)), None);
        assert_eq!(wav_seconds(&STANDARD.encode(b"ID3 mp3")), None);
        assert_eq!(wav_seconds("no base64!"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reading(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
            file.extend(bytes);
            let seconds = wav_seconds(&STANDARD.encode(file));
            proptest::prop_assert!(seconds.is_none_or(|seconds| seconds >= 0.0));
        }
    }
}
