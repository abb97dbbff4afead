//! Audio in generated prompts.

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::AudioFormat;

pub(super) static AUDIO: Group<ProfileArgs> = Group {
    title: "Audio Input",
    flags: &[
        BATCH_SIZE,
        LENGTH_MEAN,
        LENGTH_STDDEV,
        FORMAT,
        DEPTHS,
        SAMPLE_RATES,
        CHANNELS,
    ],
};

const BATCH_SIZE: Flag<ProfileArgs> = Flag {
    names: &["audio-batch-size", "batch-size-audio"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.audio.batch_size = Some(value),
    },
    value: "COUNT",
    default: "1, once there is audio",
    path: "benchmark.datasets[0].audio.batch_size",
    help: "Audio clips in each request. Of a random_pool, how many are drawn for each.",
};

const LENGTH_MEAN: Flag<ProfileArgs> = Flag {
    names: &["audio-length-mean"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.audio.length_mean = Some(value),
    },
    value: "SECONDS",
    default: "10, once there is audio",
    path: "benchmark.datasets[0].audio.length.mean",
    help: "Mean length of generated clips. This or --audio-batch-size adds audio to prompts.",
};

const LENGTH_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["audio-length-stddev"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.audio.length_stddev = Some(value),
    },
    value: "SECONDS",
    default: "0",
    path: "benchmark.datasets[0].audio.length.stddev",
    help: "Standard deviation of the length; needs --audio-length-mean.",
};

const FORMAT: Flag<ProfileArgs> = Flag {
    names: &["audio-format"],
    short: None,
    kind: Kind::Choice {
        names: AudioFormat::NAMES,
        later: &[],
        set: |args, word| {
            args.audio.format = chosen(word)?;
            Ok(())
        },
    },
    value: "FORMAT",
    default: "wav",
    path: "benchmark.datasets[0].audio.format",
    help: "How clips are encoded; mp3 needs `ffmpeg`. Does not add audio by itself.",
};

const DEPTHS: Flag<ProfileArgs> = Flag {
    names: &["audio-depths"],
    short: None,
    kind: Kind::List(|args, items| {
        for item in items {
            let depth = item
                .parse()
                .ok()
                .filter(|bits| DEPTHS_OF_WAV.contains(bits));
            args.audio
                .depths
                .push(depth.ok_or("the depths are 8, 16, 24 and 32")?);
        }
        Ok(())
    }),
    value: "BITS",
    default: "16",
    path: "benchmark.datasets[0].audio.depths",
    help: "Bits of each sample; each clip takes one of the list.",
};

const SAMPLE_RATES: Flag<ProfileArgs> = Flag {
    names: &["audio-sample-rates"],
    short: None,
    kind: Kind::List(|args, items| {
        for item in items {
            let rate = item
                .parse()
                .ok()
                .filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
            args.audio
                .sample_rates
                .push(kilohertz(rate.ok_or("must be numbers above 0")?));
        }
        Ok(())
    }),
    value: "KILOHERTZ",
    default: "16",
    path: "benchmark.datasets[0].audio.sample_rates",
    help: "Samples each second; each clip takes one of the list. What is above 96 is taken for hertz.",
};

const CHANNELS: Flag<ProfileArgs> = Flag {
    names: &["audio-num-channels"],
    short: None,
    kind: Kind::Integer {
        within: 1..=2,
        set: |args, value| args.audio.channels = Some(value),
    },
    value: "COUNT",
    default: "1",
    path: "benchmark.datasets[0].audio.channels",
    help: "1 for mono, 2 for stereo.",
};

const DEPTHS_OF_WAV: [u16; 4] = [8, 16, 24, 32];

/// No sound needs more than 96 kHz, so larger numbers mean hertz.
pub(super) fn kilohertz(rate: f64) -> f64 {
    if rate > 96.0 { rate / 1000.0 } else { rate }
}
