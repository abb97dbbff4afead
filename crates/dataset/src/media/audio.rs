//! Noise as audio clips.

use aiperf_random::{Generator, RootSeed, Stream};
use rand::Rng;
use rand_distr::StandardNormal;

use super::plan::{AudioFormat, AudioPlan, SampleRate};
use super::wav::WavFormat;
use super::{encoded, ffmpeg, refused};
use crate::error::DatasetError;

const SHORTEST_SECONDS: f64 = 0.01;
const LONGEST_SECONDS: f64 = 3600.0;

/// Standard deviation of the samples; those beyond full scale are cut.
const LOUDNESS: f64 = 0.3;

/// The rates that the standard of MP3 knows, in hertz.
const MP3_RATES: [u32; 9] = [
    8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
];

/// Makes audio clips.
#[derive(Debug)]
pub(super) struct AudioMaker {
    plan: AudioPlan,
    durations: Stream,
    formats: Stream,
    noise: Stream,
}

/// A clip, ready for a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clip {
    pub(super) content: String,
    pub(super) seconds: f64,
}

impl AudioMaker {
    pub(super) fn new(plan: &AudioPlan, seed: RootSeed) -> Result<Self, DatasetError> {
        if !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&plan.seconds.mean()) {
            return Err(refused(format!(
                "`--audio-length-mean` must lie between {SHORTEST_SECONDS} and {LONGEST_SECONDS} seconds, not at {}",
                plan.seconds.mean()
            )));
        }
        if plan.sample_rates.is_empty() || plan.depths.is_empty() {
            return Err(refused(
                "`--audio-sample-rates` and `--audio-depths` need at least one value each",
            ));
        }
        for depth in &plan.depths {
            check_format("--audio-depths", *depth, plan.channels)?;
        }
        for rate in &plan.sample_rates {
            check_rate(*rate, plan.format)?;
        }
        if plan.format == AudioFormat::Mp3 {
            ffmpeg::require("libmp3lame", "`--audio-format mp3`")?;
        }
        Ok(Self {
            plan: plan.clone(),
            durations: seed.stream("dataset.audio.duration"),
            formats: seed.stream("dataset.audio.format"),
            noise: seed.stream("dataset.audio.data"),
        })
    }

    pub(super) fn batch_size(&self) -> usize {
        self.plan.batch_size
    }

    /// Clip `number` of the dataset.
    pub(super) fn clip(&self, number: u64) -> Result<Clip, DatasetError> {
        let drawn = self
            .plan
            .seconds
            .at_least(SHORTEST_SECONDS, &mut self.durations.at(number));
        let seconds = drawn.min(2.0 * LONGEST_SECONDS);
        let mut choices = self.formats.at(number);
        let rate = self.plan.sample_rates[choices.random_range(0..self.plan.sample_rates.len())];
        let depth = self.plan.depths[choices.random_range(0..self.plan.depths.len())];
        let format = WavFormat {
            hertz: rate.hertz,
            depth,
            channels: self.plan.channels,
        };
        let wav = noise(format, seconds, &mut self.noise.at(number));
        let content = match self.plan.format {
            AudioFormat::Wav => encoded("wav,", &wav),
            AudioFormat::Mp3 => encoded("mp3,", &as_mp3(&wav)?),
        };
        Ok(Clip { content, seconds })
    }
}

/// Whether samples can be written so; the complaint names the option.
pub(super) fn check_format(option: &str, depth: u16, channels: u16) -> Result<(), DatasetError> {
    if ![8, 16, 24, 32].contains(&depth) {
        return Err(refused(format!(
            "`{option}`: {depth} bits are not supported; take 8, 16, 24 or 32"
        )));
    }
    if !(1..=2).contains(&channels) {
        return Err(refused(format!(
            "audio has 1 or 2 channels, not {channels}"
        )));
    }
    Ok(())
}

fn check_rate(rate: SampleRate, format: AudioFormat) -> Result<(), DatasetError> {
    let known = MP3_RATES.map(|rate| rate.to_string()).join(", ");
    match format {
        AudioFormat::Mp3 if !MP3_RATES.contains(&rate.hertz) => Err(refused(format!(
            "`--audio-sample-rates`: MP3 has no rate of {} Hz; it has {known}",
            rate.hertz
        ))),
        AudioFormat::Wav if rate.hertz == 0 || rate.hertz > 768_000 => Err(refused(format!(
            "`--audio-sample-rates`: {} Hz cannot be written",
            rate.hertz
        ))),
        _ => Ok(()),
    }
}

/// A WAV file of noise.
pub(super) fn noise(format: WavFormat, seconds: f64, generator: &mut Generator) -> Vec<u8> {
    let instants = (seconds * f64::from(format.hertz)) as usize;
    let samples = (0..instants * usize::from(format.channels))
        .map(|_| LOUDNESS * generator.sample::<f64, _>(StandardNormal));
    format.file(samples)
}

fn as_mp3(wav: &[u8]) -> Result<Vec<u8>, DatasetError> {
    let words = [
        "-f",
        "wav",
        "-i",
        "pipe:0",
        "-codec:a",
        "libmp3lame",
        "-map_metadata",
        "-1",
        "-f",
        "mp3",
    ];
    ffmpeg::run(&words, |input| input.write_all(wav))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use crate::media::wav::HEADER_BYTES;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    fn maker(plan: &AudioPlan) -> AudioMaker {
        AudioMaker::new(plan, RootSeed::fixed(4)).unwrap()
    }

    fn bytes(clip: &Clip) -> Vec<u8> {
        BASE64_STANDARD
            .decode(clip.content.split_once(',').unwrap().1)
            .unwrap()
    }

    #[test]
    fn half_a_second_at_16_khz_has_16000_bytes_of_samples() {
        let plan = AudioPlan {
            seconds: Law::fixed(0.5),
            ..AudioPlan::default()
        };
        let clip = maker(&plan).clip(0).unwrap();
        assert!(clip.content.starts_with("wav,"));
        assert_eq!(
            (bytes(&clip).len(), clip.seconds),
            (HEADER_BYTES + 16_000, 0.5)
        );
    }

    #[test]
    fn noise_is_as_loud_at_24_bits_as_at_16() {
        for (depth, unit) in [(16, 32_767.0), (24, 8_388_607.0), (32, 2_147_483_647.0)] {
            let plan = AudioPlan {
                seconds: Law::fixed(1.0),
                depths: vec![depth],
                ..AudioPlan::default()
            };
            let file = bytes(&maker(&plan).clip(0).unwrap());
            let width = usize::from(depth / 8);
            let samples: Vec<f64> = file[HEADER_BYTES..]
                .chunks(width)
                .map(|chunk| {
                    let mut word = [0; 4];
                    word[4 - width..].copy_from_slice(chunk);
                    f64::from(i32::from_le_bytes(word) >> (32 - depth)) / unit
                })
                .collect();
            let power =
                samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len() as f64;
            assert!(
                (power.sqrt() - 0.3).abs() < 0.02,
                "{depth}: {}",
                power.sqrt()
            );
        }
    }

    #[test]
    fn clips_depend_on_seed_and_number_and_take_all_rates_and_depths() {
        let plan = AudioPlan {
            seconds: Law::normal(0.05, 0.03),
            sample_rates: vec![
                SampleRate::from_option(8.0),
                SampleRate::from_option(16_000.0),
            ],
            depths: vec![8, 32],
            channels: 2,
            ..AudioPlan::default()
        };
        let maker = maker(&plan);
        assert_eq!(maker.clip(3).unwrap(), maker.clip(3).unwrap());
        assert_ne!(maker.clip(3).unwrap(), maker.clip(4).unwrap());
        let clips: Vec<Clip> = (0..60).map(|number| maker.clip(number).unwrap()).collect();
        assert!(clips.iter().all(|clip| clip.seconds >= 0.01));
        let formats: std::collections::HashSet<(u32, u16)> = clips
            .iter()
            .map(|clip| {
                let file = bytes(clip);
                (
                    u32::from_le_bytes(file[24..28].try_into().unwrap()),
                    u16::from_le_bytes(file[34..36].try_into().unwrap()),
                )
            })
            .collect();
        assert_eq!(formats.len(), 4);
    }

    #[test]
    fn rates_above_96_are_hertz() {
        for (value, hertz) in [
            (16.0, 16_000),
            (16_000.0, 16_000),
            (44.1, 44_100),
            (96.0, 96_000),
            (97.0, 97),
        ] {
            assert_eq!(SampleRate::from_option(value).hertz, hertz);
        }
    }

    #[test]
    fn what_cannot_be_made_is_refused_by_option() {
        let plan = AudioPlan::default;
        for (plan, complaint) in [
            (
                AudioPlan {
                    seconds: Law::fixed(0.0),
                    ..plan()
                },
                "--audio-length-mean",
            ),
            (
                AudioPlan {
                    depths: vec![12],
                    ..plan()
                },
                "12 bits",
            ),
            (
                AudioPlan {
                    depths: vec![],
                    ..plan()
                },
                "at least one value",
            ),
            (
                AudioPlan {
                    channels: 3,
                    ..plan()
                },
                "not 3",
            ),
            (
                AudioPlan {
                    format: AudioFormat::Mp3,
                    sample_rates: vec![SampleRate::from_option(96.0)],
                    ..plan()
                },
                "MP3 has no rate of 96000 Hz",
            ),
        ] {
            let error = AudioMaker::new(&plan, RootSeed::fixed(1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn mp3_is_made_by_ffmpeg_or_refused_with_a_hint() {
        let plan = AudioPlan {
            seconds: Law::fixed(0.3),
            format: AudioFormat::Mp3,
            ..AudioPlan::default()
        };
        match AudioMaker::new(&plan, RootSeed::fixed(1)) {
            Ok(maker) => {
                let clip = maker.clip(0).unwrap();
                assert!(clip.content.starts_with("mp3,") && bytes(&clip).len() > 500);
                assert_eq!(maker.clip(0).unwrap(), clip);
            }
            Err(error) => assert!(error.to_string().contains("install"), "{error}"),
        }
    }
}
