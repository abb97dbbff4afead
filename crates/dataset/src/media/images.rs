//! Images of made-up turns.

use std::io::Cursor;

use aiperf_random::{RootSeed, Stream};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Resampling};
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use rand::{Rng, RngCore};

use super::folder::ImageFolder;
use super::pictures::PICTURES;
use super::plan::{ImageFormat, ImagePlan, ImageSampling, ImageSource};
use super::{encoded, refused};
use crate::error::DatasetError;
use crate::plan::SamplingStrategy;
use crate::sampler::Sampler;

const JPEG_QUALITY: u8 = 85;

/// Longest side in pixels: more is a mistake, and JPEG ends at four times as many.
const LONGEST_SIDE: u32 = 16_384;

/// Makes images.
#[derive(Debug)]
pub(super) struct ImageMaker {
    plan: ImagePlan,
    pictures: Pictures,
    sampler: Sampler,
    dimensions: Stream,
    formats: Stream,
    noise: Stream,
}

#[derive(Debug)]
enum Pictures {
    Noise,
    Assets,
    Folder(ImageFolder),
}

impl ImageMaker {
    pub(super) fn new(plan: &ImagePlan, seed: RootSeed) -> Result<Self, DatasetError> {
        for (option, side) in [
            ("--image-width-mean", &plan.width),
            ("--image-height-mean", &plan.height),
        ] {
            if !(0.0..=f64::from(LONGEST_SIDE)).contains(&side.mean()) {
                return Err(refused(format!(
                    "`{option}` must lie between 0 and {LONGEST_SIDE}, not at {}",
                    side.mean()
                )));
            }
        }
        let (pictures, count) = match &plan.source {
            ImageSource::Noise if plan.sampling != ImageSampling::default() => {
                return Err(refused(
                    "`--image-source-sampling` needs an `--image-source` with pictures, not `noise`",
                ));
            }
            ImageSource::Noise => (Pictures::Noise, 1),
            ImageSource::Assets => (Pictures::Assets, PICTURES.len()),
            ImageSource::Folder(path) => {
                let folder = ImageFolder::open(path)?;
                let count = folder.len();
                (Pictures::Folder(folder), count)
            }
        };
        let strategy = match plan.sampling {
            ImageSampling::RandomWithReplacement => SamplingStrategy::Random,
            ImageSampling::ShuffleCycle => SamplingStrategy::Shuffle,
            ImageSampling::SequentialCycle => SamplingStrategy::Sequential,
        };
        Ok(Self {
            plan: plan.clone(),
            pictures,
            sampler: Sampler::of_stream(strategy, count, seed.stream("dataset.image.source")),
            dimensions: seed.stream("dataset.image.dimensions"),
            formats: seed.stream("dataset.image.format"),
            noise: seed.stream("dataset.image.noise"),
        })
    }

    pub(super) fn batch_size(&self) -> usize {
        self.plan.batch_size
    }

    /// Image `number` of the dataset as a data URL.
    pub(super) fn image(&self, number: u64) -> Result<String, DatasetError> {
        let mut dimensions = self.dimensions.at(number);
        let width = self
            .plan
            .width
            .truncated()
            .positive_integer(&mut dimensions)
            .min(LONGEST_SIDE);
        let height = self
            .plan
            .height
            .truncated()
            .positive_integer(&mut dimensions)
            .min(LONGEST_SIDE);
        let image = self.pixels(number, width, height)?;
        let is_png = match self.plan.format {
            ImageFormat::Png => true,
            ImageFormat::Jpeg => false,
            ImageFormat::Random => self.formats.at(number).random(),
        };
        let bytes = file(&image, is_png)
            .map_err(|error| refused(format!("an image cannot be encoded: {error}")))?;
        Ok(encoded(
            if is_png {
                "data:image/png;base64,"
            } else {
                "data:image/jpeg;base64,"
            },
            &bytes,
        ))
    }

    fn pixels(&self, number: u64, width: u32, height: u32) -> Result<RgbImage, DatasetError> {
        let chosen = self.sampler.conversation_for(number);
        match &self.pictures {
            Pictures::Noise => {
                let mut image = RgbImage::new(width, height);
                self.noise.at(number).fill_bytes(&mut image);
                Ok(image)
            }
            Pictures::Assets => Ok(resized(&PICTURES[chosen], width, height)),
            Pictures::Folder(folder) => Ok(resized(&folder.image(chosen)?, width, height)),
        }
    }
}

fn resized(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(image, width, height, Resampling::Triangle)
}

fn file(image: &RgbImage, is_png: bool) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let (width, height) = image.dimensions();
    if is_png {
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
            .write_image(image, width, height, ExtendedColorType::Rgb8)?;
    } else {
        JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).write_image(
            image,
            width,
            height,
            ExtendedColorType::Rgb8,
        )?;
    }
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use std::fs;

    fn small(source: ImageSource) -> ImagePlan {
        ImagePlan {
            width: Law::fixed(40.0),
            height: Law::fixed(24.0),
            source,
            ..ImagePlan::default()
        }
    }

    fn maker(plan: &ImagePlan) -> ImageMaker {
        ImageMaker::new(plan, RootSeed::fixed(2)).unwrap()
    }

    fn decoded(url: &str) -> RgbImage {
        let bytes = BASE64_STANDARD
            .decode(url.split_once(";base64,").unwrap().1)
            .unwrap();
        image::load_from_memory(&bytes).unwrap().into_rgb8()
    }

    /// Three files of one colour each and one that is no image.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, red) in [("a.png", 50), ("b.PNG", 150), ("d.bmp", 250)] {
            let image = RgbImage::from_pixel(8, 8, image::Rgb([red, 0, 0]));
            image
                .save_with_format(folder.path().join(name), format_of(name))
                .unwrap();
        }
        fs::write(folder.path().join("c.jpg"), "no image").unwrap();
        fs::write(folder.path().join("notes.txt"), "no image either").unwrap();
        folder
    }

    fn format_of(name: &str) -> image::ImageFormat {
        if name.ends_with("bmp") {
            image::ImageFormat::Bmp
        } else {
            image::ImageFormat::Png
        }
    }

    #[test]
    fn images_have_their_format_and_size_and_depend_on_seed_and_number() {
        for (format, head) in [
            (ImageFormat::Png, "data:image/png;base64,"),
            (ImageFormat::Jpeg, "data:image/jpeg;base64,"),
        ] {
            for source in [ImageSource::Noise, ImageSource::Assets] {
                let maker = maker(&ImagePlan {
                    format,
                    ..small(source)
                });
                let url = maker.image(5).unwrap();
                assert!(url.starts_with(head));
                assert_eq!(decoded(&url).dimensions(), (40, 24));
                assert_eq!(maker.image(5).unwrap(), url);
            }
            let noise = maker(&ImagePlan {
                format,
                ..small(ImageSource::Noise)
            });
            assert_ne!(noise.image(5).unwrap(), noise.image(6).unwrap());
        }
    }

    #[test]
    fn formats_and_sizes_can_be_drawn() {
        let maker = maker(&ImagePlan {
            width: Law::normal(30.0, 5.0),
            format: ImageFormat::Random,
            ..small(ImageSource::Noise)
        });
        let urls: Vec<String> = (0..40).map(|number| maker.image(number).unwrap()).collect();
        let png = urls
            .iter()
            .filter(|url| url.starts_with("data:image/png"))
            .count();
        assert!((8..=32).contains(&png), "{png}");
        let widths: std::collections::HashSet<u32> =
            urls.iter().map(|url| decoded(url).width()).collect();
        assert!(widths.len() > 5, "{widths:?}");
    }

    #[test]
    fn noise_in_png_is_what_was_drawn() {
        let maker = maker(&ImagePlan {
            format: ImageFormat::Png,
            ..small(ImageSource::Noise)
        });
        let image = decoded(&maker.image(0).unwrap());
        let mean = image.iter().map(|byte| f64::from(*byte)).sum::<f64>() / image.len() as f64;
        // Standard error of the mean of 2880 uniform bytes: 73.9 / sqrt(2880) = 1.4.
        assert!((mean - 127.5).abs() < 7.0, "{mean}");
    }

    #[test]
    fn a_folder_is_walked_in_order_and_unreadable_files_are_passed_over() {
        let folder = folder();
        let maker = maker(&ImagePlan {
            format: ImageFormat::Png,
            sampling: ImageSampling::SequentialCycle,
            ..small(ImageSource::Folder(folder.path().into()))
        });
        let reds: Vec<u8> = (0..5)
            .map(|number| decoded(&maker.image(number).unwrap()).get_pixel(3, 3)[0])
            .collect();
        // a.png, b.PNG, c.jpg (no image, so d.bmp), d.bmp, and from the start.
        assert_eq!(reds, [50, 150, 250, 250, 50]);
    }

    #[test]
    fn a_shuffled_cycle_shows_all_assets_before_any_comes_again() {
        let maker = maker(&ImagePlan {
            sampling: ImageSampling::ShuffleCycle,
            ..small(ImageSource::Assets)
        });
        for round in 0..5 {
            let images: std::collections::HashSet<String> = (round * 4..round * 4 + 4)
                .map(|number| maker.image(number).unwrap())
                .collect();
            assert_eq!(images.len(), 4);
        }
    }

    #[test]
    fn sources_that_cannot_be_used_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.png");
        let open = |source: ImageSource| {
            ImageMaker::new(&small(source), RootSeed::fixed(1))
                .unwrap_err()
                .to_string()
        };
        let of = |path: &std::path::Path| ImageSource::Folder(path.into());
        assert!(open(of(&folder.path().join("none"))).contains("does not exist"));
        assert!(open(of(folder.path())).contains("holds no images"));
        fs::write(&file, "no image").unwrap();
        assert!(open(of(&file)).contains("is not a folder"));
        assert!(open(of(folder.path())).contains("none of them can be read"));
        let sampled_noise = ImagePlan {
            sampling: ImageSampling::ShuffleCycle,
            ..small(ImageSource::Noise)
        };
        let error = ImageMaker::new(&sampled_noise, RootSeed::fixed(1))
            .unwrap_err()
            .to_string();
        assert!(error.contains("--image-source-sampling"), "{error}");
    }
}
