//! Videos of made-up turns: frames are drawn one by one into `ffmpeg`.

use std::io::Write;
use std::sync::OnceLock;

use aiperf_random::{RootSeed, Stream};

use super::audio::{check_format, noise};
use super::frames::Frame;
use super::plan::{VideoAudioPlan, VideoFormat, VideoKind, VideoPlan};
use super::wav::WavFormat;
use super::{encoded, ffmpeg, refused};
use crate::error::DatasetError;

const LONGEST_SIDE: u32 = 16_384;
const MOST_FRAMES: f64 = 1_000_000.0;

/// Makes video clips.
#[derive(Debug)]
pub(super) struct VideoMaker {
    plan: VideoPlan,
    frames: usize,
    /// The clip, where all are the same.
    only: OnceLock<String>,
    noise: Stream,
    sound: Stream,
}

impl VideoMaker {
    pub(super) fn new(plan: &VideoPlan, seed: RootSeed) -> Result<Self, DatasetError> {
        for (option, side) in [
            ("--video-width", plan.width),
            ("--video-height", plan.height),
        ] {
            if !(1..=LONGEST_SIDE).contains(&side) {
                return Err(refused(format!(
                    "`{option}` must lie between 1 and {LONGEST_SIDE}, not at {side}"
                )));
            }
        }
        let frames = plan.seconds * f64::from(plan.frames_per_second);
        if !(1.0..=MOST_FRAMES).contains(&frames) {
            return Err(refused(format!(
                "`--video-duration {}` at `--video-fps {}` makes {} frames; it must be between 1 and {MOST_FRAMES}",
                plan.seconds,
                plan.frames_per_second,
                frames.floor()
            )));
        }
        ffmpeg::require(
            &plan.codec,
            &format!("video (`--video-codec {}`)", plan.codec),
        )?;
        if let Some(audio) = &plan.audio {
            check_format("--video-audio-depth", audio.depth, audio.channels)?;
            if !(8000..=96_000).contains(&audio.sample_rate.hertz) {
                return Err(refused(format!(
                    "`--video-audio-sample-rate` must lie between 8 and 96 kHz, not at {} Hz",
                    audio.sample_rate.hertz
                )));
            }
            let codec = audio_codec(plan.format, audio);
            ffmpeg::require(
                codec,
                &format!("the sound of videos (`--video-audio-codec {codec}`)"),
            )?;
        }
        Ok(Self {
            plan: plan.clone(),
            frames: frames as usize,
            only: OnceLock::new(),
            noise: seed.stream("dataset.video.noise"),
            sound: seed.stream("dataset.video.audio"),
        })
    }

    pub(super) fn batch_size(&self) -> usize {
        self.plan.batch_size
    }

    /// Clip `number` of the dataset as a data URL.
    pub(super) fn clip(&self, number: u64) -> Result<String, DatasetError> {
        let all_the_same = self.plan.kind != VideoKind::Noise && self.plan.audio.is_none();
        if !all_the_same {
            return self.encoded_clip(number);
        }
        if let Some(clip) = self.only.get() {
            return Ok(clip.clone());
        }
        let clip = self.encoded_clip(0)?;
        Ok(self.only.get_or_init(|| clip).clone())
    }

    fn encoded_clip(&self, number: u64) -> Result<String, DatasetError> {
        let plan = &self.plan;
        let size = format!("{}x{}", plan.width, plan.height);
        let rate = plan.frames_per_second.to_string();
        let sound = self.sound_file(number)?;
        let sound_path = sound
            .as_ref()
            .map(|file| file.path().to_string_lossy().into_owned());

        let mut words = vec![
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &size, "-r", &rate, "-i", "pipe:0",
        ];
        if let (Some(path), Some(audio)) = (&sound_path, &plan.audio) {
            words.extend([
                "-i",
                path,
                "-acodec",
                audio_codec(plan.format, audio),
                "-shortest",
            ]);
        }
        words.extend([
            "-f",
            plan.format.name(),
            "-vcodec",
            &plan.codec,
            "-pix_fmt",
            "yuv420p",
            "-map_metadata",
            "-1",
        ]);
        if plan.format == VideoFormat::Mp4 {
            words.extend(["-movflags", "faststart"]);
        }
        let bytes = ffmpeg::run(&words, |input| self.write_frames(number, input))?;
        Ok(encoded(
            &format!("data:video/{};base64,", plan.format.name()),
            &bytes,
        ))
    }

    fn write_frames(&self, number: u64, input: &mut dyn Write) -> std::io::Result<()> {
        let mut generator = self.noise.at(number);
        let mut frame = Frame::new(self.plan.width, self.plan.height);
        for index in 0..self.frames {
            frame.draw(self.plan.kind, index, self.frames, &mut generator);
            input.write_all(&frame.pixels)?;
        }
        Ok(())
    }

    fn sound_file(&self, number: u64) -> Result<Option<tempfile::NamedTempFile>, DatasetError> {
        let Some(audio) = &self.plan.audio else {
            return Ok(None);
        };
        let format = WavFormat {
            hertz: audio.sample_rate.hertz,
            depth: audio.depth,
            channels: audio.channels,
        };
        let samples = noise(format, self.plan.seconds, &mut self.sound.at(number));
        let failed = |error: std::io::Error| {
            refused(format!("the sound of a video cannot be written: {error}"))
        };
        let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
        file.write_all(&samples).map_err(failed)?;
        Ok(Some(file))
    }
}

fn audio_codec(format: VideoFormat, audio: &VideoAudioPlan) -> &str {
    audio.codec.as_deref().unwrap_or(match format {
        VideoFormat::Webm => "libvorbis",
        VideoFormat::Mp4 => "libopus",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    /// The clips of a plan, or none where `ffmpeg` is not installed (and then with a hint).
    fn maker(plan: &VideoPlan) -> Option<VideoMaker> {
        match VideoMaker::new(plan, RootSeed::fixed(6)) {
            Ok(maker) => Some(maker),
            Err(error) => {
                assert!(error.to_string().contains("install"), "{error}");
                None
            }
        }
    }

    fn bytes(url: &str) -> Vec<u8> {
        BASE64_STANDARD
            .decode(url.split_once(";base64,").unwrap().1)
            .unwrap()
    }

    #[test]
    fn clips_are_webm_or_mp4_and_the_same_each_time() {
        let webm = VideoPlan::new(64, 48);
        let mp4 = VideoPlan {
            format: VideoFormat::Mp4,
            codec: "libx264".into(),
            ..webm.clone()
        };
        for (plan, head, magic, at) in [
            (
                webm,
                "data:video/webm;base64,",
                &[0x1a, 0x45, 0xdf, 0xa3][..],
                0,
            ),
            (mp4, "data:video/mp4;base64,", &b"ftyp"[..], 4),
        ] {
            let Some(first) = maker(&plan) else { return };
            let url = first.clip(3).unwrap();
            assert!(url.starts_with(head));
            assert_eq!(bytes(&url)[at..at + 4], *magic);
            assert_eq!(maker(&plan).unwrap().clip(7).unwrap(), url);
        }
    }

    #[test]
    fn clips_of_noise_and_clips_with_sound_are_functions_of_their_number() {
        let noise = VideoPlan {
            kind: VideoKind::Noise,
            ..VideoPlan::new(32, 32)
        };
        let sound = VideoPlan {
            kind: VideoKind::GridClock,
            audio: Some(VideoAudioPlan::default()),
            ..VideoPlan::new(64, 64)
        };
        for plan in [noise, sound] {
            let Some(maker) = maker(&plan) else { return };
            assert_eq!(maker.clip(1).unwrap(), maker.clip(1).unwrap());
            assert_ne!(maker.clip(1).unwrap(), maker.clip(2).unwrap());
        }
    }

    #[test]
    fn what_cannot_be_made_is_refused_by_option_before_anything_is_run() {
        let plan = || VideoPlan::new(64, 64);
        for (plan, complaint) in [
            (VideoPlan { width: 0, ..plan() }, "--video-width"),
            (
                VideoPlan {
                    seconds: 0.1,
                    ..plan()
                },
                "--video-duration 0.1",
            ),
            (
                VideoPlan {
                    seconds: f64::NAN,
                    ..plan()
                },
                "--video-duration NaN",
            ),
            (
                VideoPlan {
                    codec: "nonsense".into(),
                    ..plan()
                },
                "--video-codec nonsense",
            ),
        ] {
            let error = VideoMaker::new(&plan, RootSeed::fixed(1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn the_complaint_of_ffmpeg_is_passed_on() {
        // This encoder takes even sizes only.
        let plan = VideoPlan {
            codec: "libx264".into(),
            format: VideoFormat::Mp4,
            ..VideoPlan::new(63, 64)
        };
        let Some(maker) = maker(&plan) else { return };
        let error = maker.clip(0).unwrap_err().to_string();
        assert!(error.starts_with("`ffmpeg` failed"), "{error}");
    }
}
