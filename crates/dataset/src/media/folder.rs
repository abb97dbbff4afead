//! Image files of a folder.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use image::{ImageFormat, ImageReader, RgbImage};

use super::refused;
use crate::error::DatasetError;

/// The image files of a folder, sorted by path.
#[derive(Debug)]
pub(super) struct ImageFolder {
    files: Vec<PathBuf>,
    /// Those that turned out to be unreadable, each of which is complained about once.
    unreadable: Mutex<HashSet<usize>>,
}

impl ImageFolder {
    pub(super) fn open(folder: &Path) -> Result<Self, DatasetError> {
        let flaw =
            |reason: &str| refused(format!("`--image-source {}`: {reason}", folder.display()));
        if !folder.exists() {
            return Err(flaw("does not exist"));
        }
        if !folder.is_dir() {
            return Err(flaw("is not a folder"));
        }
        let entries =
            fs::read_dir(folder).map_err(|error| flaw(&format!("cannot be read: {error}")))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.is_file()
                    && ImageFormat::from_path(path).is_ok_and(|format| format.reading_enabled())
            })
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(flaw("holds no images (PNG, JPEG, GIF, WebP or BMP files)"));
        }
        let has_size =
            |path: &PathBuf| reader(path).is_some_and(|reader| reader.into_dimensions().is_ok());
        if !files.iter().any(has_size) {
            return Err(flaw("holds image files, but none of them can be read"));
        }
        Ok(Self {
            files,
            unreadable: Mutex::default(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// File `index`, or the next one that can be read.
    pub(super) fn image(&self, index: usize) -> Result<RgbImage, DatasetError> {
        for step in 0..self.files.len() {
            let index = (index + step) % self.files.len();
            if self.is_unreadable(index) {
                continue;
            }
            match reader(&self.files[index]).map(ImageReader::decode) {
                Some(Ok(image)) => return Ok(image.into_rgb8()),
                Some(Err(error)) => self.retire(index, &error.to_string()),
                None => self.retire(index, "it cannot be opened"),
            }
        }
        Err(refused("no file of `--image-source` can be read"))
    }

    fn is_unreadable(&self, index: usize) -> bool {
        self.unreadable
            .lock()
            .is_ok_and(|unreadable| unreadable.contains(&index))
    }

    fn retire(&self, index: usize, reason: &str) {
        if self
            .unreadable
            .lock()
            .is_ok_and(|mut unreadable| unreadable.insert(index))
        {
            tracing::warn!("`{}` is left out: {reason}", self.files[index].display());
        }
    }
}

fn reader(path: &Path) -> Option<ImageReader<std::io::BufReader<fs::File>>> {
    ImageReader::open(path).ok()?.with_guessed_format().ok()
}
