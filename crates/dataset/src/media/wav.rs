//! Samples as a WAV file of plain integers.

/// Size of the header, which has no optional parts.
#[cfg(test)]
pub(super) const HEADER_BYTES: usize = 44;

const PCM: u16 = 1;

/// Sample format of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct WavFormat {
    pub(super) hertz: u32,
    /// 8, 16, 24 or 32; one of 8 bits has no sign, as the format wants it.
    pub(super) depth: u16,
    pub(super) channels: u16,
}

impl WavFormat {
    /// Bytes of one sample of one channel.
    pub(super) fn sample_bytes(self) -> usize {
        usize::from(self.depth / 8)
    }

    /// Samples between -1 and 1, channel after channel for each instant.
    pub(super) fn file(self, samples: impl ExactSizeIterator<Item = f64>) -> Vec<u8> {
        let data_bytes = samples.len() * self.sample_bytes();
        let mut file = Vec::with_capacity(44 + data_bytes);
        let frame_bytes = self.channels * self.depth / 8;
        file.extend_from_slice(b"RIFF");
        file.extend_from_slice(&(36 + data_bytes as u32).to_le_bytes());
        file.extend_from_slice(b"WAVEfmt ");
        file.extend_from_slice(&16u32.to_le_bytes());
        file.extend_from_slice(&PCM.to_le_bytes());
        file.extend_from_slice(&self.channels.to_le_bytes());
        file.extend_from_slice(&self.hertz.to_le_bytes());
        file.extend_from_slice(&(self.hertz * u32::from(frame_bytes)).to_le_bytes());
        file.extend_from_slice(&frame_bytes.to_le_bytes());
        file.extend_from_slice(&self.depth.to_le_bytes());
        file.extend_from_slice(b"data");
        file.extend_from_slice(&(data_bytes as u32).to_le_bytes());
        let full_scale = ((1u64 << (self.depth - 1)) - 1) as f64;
        for sample in samples {
            let value = (sample.clamp(-1.0, 1.0) * full_scale).round() as i32;
            if self.depth == 8 {
                file.push((value + 128) as u8);
            } else {
                file.extend_from_slice(&value.to_le_bytes()[..self.sample_bytes()]);
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_depth_reaches_full_scale_in_its_own_bytes() {
        for (depth, expected) in [
            (8, vec![255, 128, 1]),
            (16, vec![0xff, 0x7f, 0, 0, 0x01, 0x80]),
            (24, vec![0xff, 0xff, 0x7f, 0, 0, 0, 0x01, 0x00, 0x80]),
            (
                32,
                vec![0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0x01, 0, 0, 0x80],
            ),
        ] {
            let format = WavFormat {
                hertz: 8000,
                depth,
                channels: 1,
            };
            let file = format.file([1.0, 0.0, -1.0].into_iter());
            assert_eq!(file[HEADER_BYTES..], expected, "{depth}");
        }
    }

    #[test]
    fn the_header_tells_the_format() {
        let file = WavFormat {
            hertz: 16_000,
            depth: 24,
            channels: 2,
        }
        .file([0.0; 8].into_iter());
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let short = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().unwrap());
        assert_eq!(
            (&file[..4], &file[8..16], &file[36..40]),
            (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..])
        );
        assert_eq!((number(4) as usize, number(40)), (file.len() - 8, 24));
        assert_eq!((short(20), short(22), number(24)), (1, 2, 16_000));
        assert_eq!((number(28), short(32), short(34)), (96_000, 6, 24));
    }
}
