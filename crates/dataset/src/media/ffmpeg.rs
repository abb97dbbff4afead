//! Runs the program `ffmpeg`.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::refused;
use crate::error::DatasetError;

const PROGRAM: &str = "ffmpeg";

/// Makes sure that `ffmpeg` is installed and has an encoder. `purpose` says which option needs it.
pub(super) fn require(encoder: &str, purpose: &str) -> Result<(), DatasetError> {
    let listed = Command::new(PROGRAM)
        .args(["-hide_banner", "-loglevel", "error", "-encoders"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let listed = match listed {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(refused(format!(
                "{purpose} needs the program `ffmpeg`, which is not installed; install it (`apt install ffmpeg`, \
                 `dnf install ffmpeg`, `brew install ffmpeg`) and see that it is in `PATH`"
            )));
        }
        Err(error) => {
            return Err(refused(format!(
                "{purpose} needs `ffmpeg`, which cannot be started: {error}"
            )));
        }
    };
    let has_encoder = listed
        .lines()
        .any(|line| line.split_whitespace().nth(1) == Some(encoder));
    if has_encoder {
        return Ok(());
    }
    Err(refused(format!(
        "{purpose} needs the encoder `{encoder}`, which the installed `ffmpeg` lacks; `ffmpeg -encoders` lists \
         those it has"
    )))
}

/// Runs `ffmpeg` with these words and gives back the file that it writes. Equal words and input
/// give equal files.
pub(super) fn run(
    words: &[&str],
    write_input: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Vec<u8>, DatasetError> {
    let failed = |error: io::Error| refused(format!("`ffmpeg` cannot be run: {error}"));
    // Containers are completed by going back in the file, which a pipe does not allow.
    let output = tempfile::NamedTempFile::new().map_err(failed)?;
    let complaints = tempfile::tempfile().map_err(failed)?;
    let mut read_back = complaints.try_clone().map_err(failed)?;
    let mut child = Command::new(PROGRAM)
        .args(["-y", "-hide_banner", "-loglevel", "error"])
        .args(words)
        .args([
            "-fflags",
            "+bitexact",
            "-flags:v",
            "+bitexact",
            "-flags:a",
            "+bitexact",
        ])
        .arg(output.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(complaints)
        .spawn()
        .map_err(failed)?;
    // A program that gives up closes its input; its own words say more than the broken pipe.
    let written = child
        .stdin
        .take()
        .map_or(Ok(()), |mut input| write_input(&mut input));
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        let mut said = Vec::new();
        let _ = io::Seek::rewind(&mut read_back)
            .and_then(|()| io::Read::read_to_end(&mut read_back, &mut said));
        let said = String::from_utf8_lossy(&said);
        let last = said
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .unwrap_or("without a word");
        return Err(refused(format!("`ffmpeg` failed ({status}): {last}")));
    }
    written.map_err(failed)?;
    fs::read(output.path()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_that_nobody_has_is_refused_with_the_purpose() {
        let error = require("no-such-encoder", "`--video-codec no-such-encoder`")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`--video-codec no-such-encoder` needs"),
            "{error}"
        );
    }
}
