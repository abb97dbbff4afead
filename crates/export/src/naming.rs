//! Names of directories and files. Scripts find results by them, so every rule is the reference's.

mod directory;
mod files;

pub use directory::{
    BASE_DIRECTORY, PHASES_DIRECTORY, Stimulus, phase_directory_name, run_directory_name,
};
pub use files::{FileNames, OutputFile};
