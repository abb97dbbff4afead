//! Images, audio, videos and rankings data, where flags ask for them.

use std::path::PathBuf;

use aiperf_dataset::media::{
    self, AudioPlan, ImagePlan, ImageSource, SampleRate, VideoAudioPlan, VideoPlan,
};
use aiperf_dataset::{Law, RankingsPlan};

use super::{count, small, tokens};
use crate::profile::args::{AudioArgs, ImageArgs, ProfileArgs, VideoArgs};
use crate::profile::choices::{
    AudioFormat, EndpointType, ImageFormat, ImageSampling, VideoFormat, VideoKind,
};
use crate::profile::resolve::endpoint;

/// Whether a flag asks for images; their format alone does not.
pub(crate) fn wants_images(asked: &ImageArgs) -> bool {
    asked.batch_size.is_some()
        || asked.width_mean.is_some()
        || asked.width_stddev.is_some()
        || asked.height_mean.is_some()
        || asked.height_stddev.is_some()
        || asked.source.is_some()
        || asked.sampling.is_some()
}

/// Whether a flag asks for audio; its format alone does not.
pub(crate) fn wants_audio(asked: &AudioArgs) -> bool {
    asked.batch_size.is_some() || asked.length_mean.is_some() || asked.length_stddev.is_some()
}

/// Whether a flag asks for videos; their format alone does not.
pub(crate) fn wants_video(asked: &VideoArgs) -> bool {
    asked.batch_size.is_some()
        || asked.duration.is_some()
        || asked.fps.is_some()
        || asked.width.is_some()
        || asked.height.is_some()
        || asked.kind.is_some()
}

/// Whether the protocol takes queries with passages.
pub(crate) fn ranks(args: &ProfileArgs) -> bool {
    matches!(
        endpoint::kind(args),
        EndpointType::NimRankings | EndpointType::CohereRankings | EndpointType::HfTeiRankings
    )
}

/// Images in each turn.
pub(super) fn images(args: &ProfileArgs) -> Option<ImagePlan> {
    let asked = &args.image;
    if !wants_images(asked) {
        return None;
    }
    let usual = ImagePlan::default();
    Some(ImagePlan {
        batch_size: asked.batch_size.map_or(usual.batch_size, count),
        width: normal(asked.width_mean, asked.width_stddev, &usual.width),
        height: normal(asked.height_mean, asked.height_stddev, &usual.height),
        format: asked.format.map_or(usual.format, |format| match format {
            ImageFormat::Png => media::ImageFormat::Png,
            ImageFormat::Jpeg => media::ImageFormat::Jpeg,
            ImageFormat::Random => media::ImageFormat::Random,
        }),
        source: match asked.source.as_deref() {
            None | Some("noise") => ImageSource::Noise,
            Some("assets") => ImageSource::Assets,
            Some(folder) => ImageSource::Folder(PathBuf::from(folder)),
        },
        sampling: asked
            .sampling
            .map_or(usual.sampling, |sampling| match sampling {
                ImageSampling::RandomWithReplacement => media::ImageSampling::RandomWithReplacement,
                ImageSampling::ShuffleCycle => media::ImageSampling::ShuffleCycle,
                ImageSampling::SequentialCycle => media::ImageSampling::SequentialCycle,
            }),
    })
}

/// Audio in each turn.
pub(super) fn audio(args: &ProfileArgs) -> Option<AudioPlan> {
    let asked = &args.audio;
    if !wants_audio(asked) {
        return None;
    }
    let usual = AudioPlan::default();
    let rates = asked.sample_rates.iter().copied();
    Some(AudioPlan {
        batch_size: asked.batch_size.map_or(usual.batch_size, count),
        seconds: normal(asked.length_mean, asked.length_stddev, &usual.seconds),
        format: asked.format.map_or(usual.format, |format| match format {
            AudioFormat::Wav => media::AudioFormat::Wav,
            AudioFormat::Mp3 => media::AudioFormat::Mp3,
        }),
        sample_rates: or_usual(
            rates.map(SampleRate::from_option).collect(),
            usual.sample_rates,
        ),
        depths: or_usual(asked.depths.clone(), usual.depths),
        channels: asked.channels.map_or(usual.channels, channels),
    })
}

/// Videos in each turn; they need a size.
pub(super) fn video(args: &ProfileArgs) -> Option<VideoPlan> {
    let asked = &args.video;
    let usual = VideoPlan::new(small(asked.width?), small(asked.height?));
    let sound = VideoAudioPlan::default();
    Some(VideoPlan {
        batch_size: asked.batch_size.map_or(usual.batch_size, count),
        seconds: asked.duration.unwrap_or(usual.seconds),
        frames_per_second: asked.fps.map_or(usual.frames_per_second, small),
        format: asked.format.map_or(usual.format, |format| match format {
            VideoFormat::Webm => media::VideoFormat::Webm,
            VideoFormat::Mp4 => media::VideoFormat::Mp4,
        }),
        codec: asked.codec.clone().unwrap_or(usual.codec),
        kind: asked.kind.map_or(usual.kind, |kind| match kind {
            VideoKind::MovingShapes => media::VideoKind::MovingShapes,
            VideoKind::GridClock => media::VideoKind::GridClock,
            VideoKind::Noise => media::VideoKind::Noise,
        }),
        audio: asked
            .audio_channels
            .filter(|channels| *channels > 0)
            .map(|count| VideoAudioPlan {
                channels: channels(count),
                depth: asked.audio_depth.map_or(sound.depth, |depth| depth.bits()),
                sample_rate: asked
                    .audio_sample_rate
                    .map_or(sound.sample_rate, SampleRate::from_option),
                codec: asked.audio_codec.map(|codec| codec.name().to_owned()),
            }),
        ..usual
    })
}

/// Queries with passages.
pub(super) fn rankings(args: &ProfileArgs) -> Option<RankingsPlan> {
    if !ranks(args) {
        return None;
    }
    let asked = &args.rankings;
    let usual = RankingsPlan::default();
    let whole = |mean: Option<u64>, stddev: Option<u64>, usual: &Law| {
        normal(mean.map(tokens), stddev.map(tokens), usual)
    };
    Some(RankingsPlan {
        passages: whole(asked.passages_mean, asked.passages_stddev, &usual.passages),
        passage_tokens: whole(
            asked.passage_tokens_mean,
            asked.passage_tokens_stddev,
            &usual.passage_tokens,
        ),
        query_tokens: whole(
            asked.query_tokens_mean,
            asked.query_tokens_stddev,
            &usual.query_tokens,
        ),
    })
}

/// The usual law has no deviation.
fn normal(mean: Option<f64>, stddev: Option<f64>, usual: &Law) -> Law {
    Law::normal(mean.unwrap_or(usual.mean()), stddev.unwrap_or(0.0))
}

fn or_usual<T>(asked: Vec<T>, usual: Vec<T>) -> Vec<T> {
    if asked.is_empty() { usual } else { asked }
}

/// 1 or 2.
fn channels(count: u64) -> u16 {
    if count > 1 { 2 } else { 1 }
}
