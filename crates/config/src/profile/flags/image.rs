//! Images in generated prompts.

use super::{chosen, not_blank};
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{ImageFormat, ImageSampling};

pub(super) static IMAGE: Group<ProfileArgs> = Group {
    title: "Image Input",
    flags: &[
        WIDTH_MEAN,
        WIDTH_STDDEV,
        HEIGHT_MEAN,
        HEIGHT_STDDEV,
        BATCH_SIZE,
        FORMAT,
        SOURCE,
        SAMPLING,
    ],
};

const WIDTH_MEAN: Flag<ProfileArgs> = Flag {
    names: &["image-width-mean"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.image.width_mean = Some(value),
    },
    value: "PIXELS",
    default: "512, once there are images",
    path: "benchmark.datasets[0].images.width.mean",
    help: "Mean width of generated images. Any of the sizes, --image-batch-size or --image-source adds images to prompts.",
};

const WIDTH_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["image-width-stddev"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.image.width_stddev = Some(value),
    },
    value: "PIXELS",
    default: "0",
    path: "benchmark.datasets[0].images.width.stddev",
    help: "Standard deviation of the width; needs --image-width-mean.",
};

const HEIGHT_MEAN: Flag<ProfileArgs> = Flag {
    names: &["image-height-mean"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.image.height_mean = Some(value),
    },
    value: "PIXELS",
    default: "512, once there are images",
    path: "benchmark.datasets[0].images.height.mean",
    help: "Mean height of generated images.",
};

const HEIGHT_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["image-height-stddev"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.image.height_stddev = Some(value),
    },
    value: "PIXELS",
    default: "0",
    path: "benchmark.datasets[0].images.height.stddev",
    help: "Standard deviation of the height; needs --image-height-mean.",
};

const BATCH_SIZE: Flag<ProfileArgs> = Flag {
    names: &["image-batch-size", "batch-size-image"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.image.batch_size = Some(value),
    },
    value: "COUNT",
    default: "1, once there are images",
    path: "benchmark.datasets[0].images.batch_size",
    help: "Images in each request. Of a random_pool, how many are drawn for each.",
};

const FORMAT: Flag<ProfileArgs> = Flag {
    names: &["image-format"],
    short: None,
    kind: Kind::Choice {
        names: ImageFormat::NAMES,
        later: &[],
        set: |args, word| {
            args.image.format = chosen(word)?;
            Ok(())
        },
    },
    value: "FORMAT",
    default: "jpeg",
    path: "benchmark.datasets[0].images.format",
    help: "How images are encoded. Does not add images by itself.",
};

const SOURCE: Flag<ProfileArgs> = Flag {
    names: &["image-source"],
    short: None,
    kind: Kind::Text(|args, source| {
        let word = source.to_ascii_lowercase();
        let is_word = matches!(word.as_str(), "noise" | "assets");
        args.image.source = not_blank(if is_word { word } else { source })?;
        Ok(())
    }),
    value: "noise|assets|DIRECTORY",
    default: "noise",
    path: "benchmark.datasets[0].images.source",
    help: "What images show: noise, pictures that are part of this program, or those of a directory.",
};

const SAMPLING: Flag<ProfileArgs> = Flag {
    names: &["image-source-sampling"],
    short: None,
    kind: Kind::Choice {
        names: ImageSampling::NAMES,
        later: &[],
        set: |args, word| {
            args.image.sampling = chosen(word)?;
            Ok(())
        },
    },
    value: "STRATEGY",
    default: "random-with-replacement",
    path: "benchmark.datasets[0].images.source_sampling",
    help: "Which picture of --image-source comes next.",
};
