//! Recorded speech as WAV.

use std::io::Cursor;

use claxon::FlacReader;

/// Longer clips are left out, as is the habit of speech benchmarks.
const LONGEST_SECONDS: f64 = 30.0;

const HEADER_BYTES: u32 = 36;

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clip {
    pub(super) wav: Vec<u8>,
    pub(super) seconds: f64,
}

/// The clip as a WAV file; none for clips that are too long or cannot be read. WAV stays as it is,
/// FLAC is decoded.
pub(super) fn as_wav(bytes: &[u8]) -> Option<Clip> {
    let clip = if bytes.starts_with(b"fLaC") {
        decode_flac(bytes)?
    } else {
        Clip {
            wav: bytes.to_vec(),
            seconds: wav_seconds(bytes)?,
        }
    };
    (clip.seconds <= LONGEST_SECONDS).then_some(clip)
}

/// The length that a WAV file's chunks tell.
fn wav_seconds(bytes: &[u8]) -> Option<f64> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    let mut at = 12;
    let mut bytes_per_second = 0;
    loop {
        let name = bytes.get(at..at + 4)?;
        let size = number(at + 4)?;
        match name {
            b"fmt " => bytes_per_second = number(at + 16)?,
            b"data" if bytes_per_second > 0 => {
                // Streamed files announce more than they have.
                let size = (size as usize).min(bytes.len() - (at + 8).min(bytes.len()));
                return Some(size as f64 / f64::from(bytes_per_second));
            }
            _ => {}
        }
        at = at.checked_add(8)?.checked_add(size as usize)?;
        at += at % 2;
    }
}

/// The samples as 16-bit WAV.
fn decode_flac(bytes: &[u8]) -> Option<Clip> {
    let mut reader = FlacReader::new(Cursor::new(bytes)).ok()?;
    let info = reader.streaminfo();
    let samples = reader.samples().collect::<Result<Vec<i32>, _>>().ok()?;
    let frames = samples.len() as f64 / f64::from(info.channels.max(1));
    let seconds = frames / f64::from(info.sample_rate.max(1));
    let shift = i64::from(info.bits_per_sample) - 16;
    let to_16_bits = |sample: i32| {
        let sample = if shift >= 0 {
            i64::from(sample) >> shift
        } else {
            i64::from(sample) << -shift
        };
        sample.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
    };
    let data: Vec<u8> = samples
        .into_iter()
        .flat_map(|sample| to_16_bits(sample).to_le_bytes())
        .collect();
    let size = u32::try_from(data.len()).ok()?;
    let channels = u16::try_from(info.channels).ok()?;
    let mut wav = Vec::with_capacity(data.len() + 44);
    wav.extend(b"RIFF");
    wav.extend((HEADER_BYTES + size).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend(1u16.to_le_bytes());
    wav.extend(channels.to_le_bytes());
    wav.extend(info.sample_rate.to_le_bytes());
    wav.extend((info.sample_rate * u32::from(channels) * 2).to_le_bytes());
    wav.extend((channels * 2).to_le_bytes());
    wav.extend(16u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(size.to_le_bytes());
    wav.extend(data);
    Some(Clip { wav, seconds })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A WAV file of silence: 16 kHz, 16 bits, mono.
    pub(in crate::public) fn silence(seconds: f64) -> Vec<u8> {
        let data = vec![0; (seconds * 32_000.0) as usize];
        let mut wav = Vec::new();
        wav.extend(b"RIFF");
        wav.extend((36 + data.len() as u32).to_le_bytes());
        wav.extend(b"WAVEfmt ");
        for number in [16u32, 0x0001_0001, 16_000, 32_000, 0x0010_0002] {
            wav.extend(number.to_le_bytes());
        }
        wav.extend(b"data");
        wav.extend((data.len() as u32).to_le_bytes());
        wav.extend(data);
        wav
    }

    #[test]
    fn clips_up_to_thirty_seconds_are_taken() {
        assert_eq!(wav_seconds(&silence(1.5)), Some(1.5));
        let clip = as_wav(&silence(2.0)).unwrap();
        assert_eq!((clip.wav, clip.seconds), (silence(2.0), 2.0));
        assert!(as_wav(&silence(30.0)).is_some());
        assert!(as_wav(&silence(30.1)).is_none());
        assert!(as_wav(b"not audio at all").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = as_wav(&bytes);
            let _ = as_wav(&[b"fLaC", &bytes[..]].concat());
            let _ = as_wav(&[b"RIFF\0\0\0\0WAVE", &bytes[..]].concat());
        }
    }
}
