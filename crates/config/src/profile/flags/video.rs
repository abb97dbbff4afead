//! Videos in generated prompts.

use super::audio::kilohertz;
use super::{chosen, not_blank};
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{VideoAudioCodec, VideoAudioDepth, VideoFormat, VideoKind};

pub(super) static VIDEO: Group<ProfileArgs> = Group {
    title: "Video Input",
    flags: &[
        BATCH_SIZE,
        DURATION,
        FPS,
        WIDTH,
        HEIGHT,
        KIND,
        FORMAT,
        CODEC,
        AUDIO_SAMPLE_RATE,
        AUDIO_CHANNELS,
        AUDIO_CODEC,
        AUDIO_DEPTH,
    ],
};

const BATCH_SIZE: Flag<ProfileArgs> = Flag {
    names: &["video-batch-size", "batch-size-video"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.video.batch_size = Some(value),
    },
    value: "COUNT",
    default: "1, once there is video",
    path: "benchmark.datasets[0].video.batch_size",
    help: "Videos in each request. Of a random_pool, how many are drawn for each.",
};

const DURATION: Flag<ProfileArgs> = Flag {
    names: &["video-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, value| args.video.duration = Some(value),
    },
    value: "SECONDS",
    default: "1",
    path: "benchmark.datasets[0].video.duration",
    help: "Length of each video.",
};

const FPS: Flag<ProfileArgs> = Flag {
    names: &["video-fps"],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.video.fps = Some(value),
    },
    value: "COUNT",
    default: "4",
    path: "benchmark.datasets[0].video.fps",
    help: "Frames each second.",
};

const WIDTH: Flag<ProfileArgs> = Flag {
    names: &["video-width"],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.video.width = Some(value),
    },
    value: "PIXELS",
    default: "",
    path: "benchmark.datasets[0].video.width",
    help: "Width of generated videos. With --video-height it adds videos to prompts; `ffmpeg` encodes them.",
};

const HEIGHT: Flag<ProfileArgs> = Flag {
    names: &["video-height"],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.video.height = Some(value),
    },
    value: "PIXELS",
    default: "",
    path: "benchmark.datasets[0].video.height",
    help: "Height of generated videos.",
};

const KIND: Flag<ProfileArgs> = Flag {
    names: &["video-synth-type"],
    short: None,
    kind: Kind::Choice {
        names: VideoKind::NAMES,
        later: &[],
        set: |args, word| {
            args.video.kind = chosen(word)?;
            Ok(())
        },
    },
    value: "TYPE",
    default: "moving_shapes",
    path: "benchmark.datasets[0].video.synth_type",
    help: "What videos show.",
};

const FORMAT: Flag<ProfileArgs> = Flag {
    names: &["video-format"],
    short: None,
    kind: Kind::Choice {
        names: VideoFormat::NAMES,
        later: &[],
        set: |args, word| {
            args.video.format = chosen(word)?;
            Ok(())
        },
    },
    value: "FORMAT",
    default: "webm",
    path: "benchmark.datasets[0].video.format",
    help: "The container.",
};

const CODEC: Flag<ProfileArgs> = Flag {
    names: &["video-codec"],
    short: None,
    kind: Kind::Text(|args, text| {
        args.video.codec = not_blank(text)?;
        Ok(())
    }),
    value: "NAME",
    default: "libvpx-vp9",
    path: "benchmark.datasets[0].video.codec",
    help: "The name of the encoder for `ffmpeg`; it must fit --video-format.",
};

const AUDIO_SAMPLE_RATE: Flag<ProfileArgs> = Flag {
    names: &["video-audio-sample-rate"],
    short: None,
    kind: Kind::Float {
        limits: Limits {
            least: 8.0,
            above: false,
            most: 96_000.0,
        },
        set: |args, rate| args.video.audio_sample_rate = Some(kilohertz(rate)),
    },
    value: "KILOHERTZ",
    default: "44.1",
    path: "benchmark.datasets[0].video.audio.sample_rate",
    help: "Samples of the sound each second. What is above 96 is taken for hertz.",
};

const AUDIO_CHANNELS: Flag<ProfileArgs> = Flag {
    names: &["video-audio-num-channels"],
    short: None,
    kind: Kind::Integer {
        within: 0..=2,
        set: |args, value| args.video.audio_channels = Some(value),
    },
    value: "COUNT",
    default: "0",
    path: "benchmark.datasets[0].video.audio.channels",
    help: "Adds sound to videos: 1 for mono, 2 for stereo.",
};

const AUDIO_CODEC: Flag<ProfileArgs> = Flag {
    names: &["video-audio-codec"],
    short: None,
    kind: Kind::Choice {
        names: VideoAudioCodec::NAMES,
        later: &[],
        set: |args, word| {
            args.video.audio_codec = chosen(word)?;
            Ok(())
        },
    },
    value: "NAME",
    default: "libvorbis, for mp4 aac",
    path: "benchmark.datasets[0].video.audio.codec",
    help: "How the sound is encoded; needs --video-audio-num-channels.",
};

const AUDIO_DEPTH: Flag<ProfileArgs> = Flag {
    names: &["video-audio-depth"],
    short: None,
    kind: Kind::Choice {
        names: VideoAudioDepth::NAMES,
        later: &[],
        set: |args, word| {
            args.video.audio_depth = chosen(word)?;
            Ok(())
        },
    },
    value: "BITS",
    default: "16",
    path: "benchmark.datasets[0].video.audio.depth",
    help: "Bits of each sample of the sound before it is encoded.",
};
