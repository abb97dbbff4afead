//! `images`, `audio` and `video` of generated requests.

use super::distribution::Distribution;
use crate::document::limits::{above_zero, from_one, from_zero};
use crate::document::read::{Field, section};
use crate::document::values::OneOf;
use crate::profile::{
    AudioFormat, ImageFormat, ImageSampling, VideoAudioCodec, VideoFormat, VideoKind,
};

section! {
    /// Images in each turn.
    pub(crate) struct ImagesSection {
        batch_size: u64 = 0;
        width: Distribution = Distribution::fixed(512.0);
        height: Distribution = Distribution::fixed(512.0);
        format: OneOf<ImageFormat> = OneOf::word("jpeg");
        source: String = "noise".to_owned();
        source_sampling: OneOf<ImageSampling> = OneOf::word("random-with-replacement");
    }
}

section! {
    /// Audio in each turn.
    pub(crate) struct AudioSection {
        batch_size: u64 = 0;
        length: Distribution = Distribution::fixed(10.0);
        format: OneOf<AudioFormat> = OneOf::word("wav");
        sample_rates: Vec<f64> = vec![16.0];
        depths: Vec<u64> = vec![16];
        channels: u64 = 1, one_or_two;
    }
}

section! {
    /// Videos in each turn.
    pub(crate) struct VideoSection {
        batch_size: u64 = 0;
        duration: f64 = 1.0, above_zero;
        fps: u64 = 4, from_one;
        width: Option<u64> = None, from_one;
        height: Option<u64> = None, from_one;
        format: OneOf<VideoFormat> = OneOf::word("webm");
        codec: String = "libvpx-vp9".to_owned();
        synth_type: OneOf<VideoKind> = OneOf::word("moving_shapes");
        audio: VideoAudioSection = VideoAudioSection::silent();
    }
}

section! {
    /// The sound of videos.
    pub(crate) struct VideoAudioSection {
        sample_rate: f64 = 44.1, |rate| {
            (!(8.0..=96.0).contains(rate)).then(|| "is not from 8 to 96 kHz".to_owned())
        };
        channels: u64 = 0, up_to_two;
        codec: Option<OneOf<VideoAudioCodec>> = None;
        depth: u64 = 16, |depth| {
            (![8, 16, 24, 32].contains(depth)).then(|| "is none of 8, 16, 24 and 32".to_owned())
        };
    }
}

impl VideoAudioSection {
    /// No sound.
    fn silent() -> Self {
        Self {
            sample_rate: Field::default_of(44.1),
            channels: Field::default_of(0),
            codec: Field::default_of(None),
            depth: Field::default_of(16),
        }
    }
}

fn one_or_two(channels: &u64) -> Option<String> {
    from_one(channels).or_else(|| up_to_two(channels))
}

fn up_to_two(channels: &u64) -> Option<String> {
    from_zero(channels).or_else(|| (*channels > 2).then(|| "is above 2".to_owned()))
}
