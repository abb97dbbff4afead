//! A system prompt in the user's own words (`--system-prompt`, `--system-prompt-file`).

use std::fs;
use std::path::Path;

use crate::error::DatasetError;

/// The text of a file, unchanged.
///
/// # Errors
/// The file is missing, not plain UTF-8 text, blank, or is reached through a symbolic link (a
/// prompt that goes to a server shall be the file that was named).
pub fn read_system_prompt(path: &Path) -> Result<String, DatasetError> {
    let flaw = |reason: String| DatasetError::Settings {
        reason: format!("`--system-prompt-file {}`: {reason}", path.display()),
    };
    for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
        let metadata =
            fs::symlink_metadata(part).map_err(|error| flaw(format!("cannot be read: {error}")))?;
        if metadata.is_symlink() {
            return Err(flaw(format!(
                "`{}` is a symbolic link; name the file itself",
                part.display()
            )));
        }
        if part == path && !metadata.is_file() {
            return Err(flaw("is not a regular file".into()));
        }
    }
    let bytes = fs::read(path).map_err(|error| flaw(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| flaw("is not UTF-8 text".into()))?;
    if text.trim().is_empty() {
        return Err(flaw(
            "is blank; leave the option out to send no system prompt".into(),
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_comes_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prompt.txt");
        fs::write(&file, " be brief\n").unwrap();
        assert_eq!(read_system_prompt(&file).unwrap(), " be brief\n");
    }

    #[test]
    fn files_that_cannot_be_sent_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let blank = write("blank", b" \n\t");
        let binary = write("binary", &[0xff, 0xfe]);
        let missing = folder.path().join("missing");
        for (path, reason) in [
            (blank.as_path(), "is blank"),
            (binary.as_path(), "is not UTF-8"),
            (missing.as_path(), "cannot be read"),
            (folder.path(), "not a regular file"),
        ] {
            let error = read_system_prompt(path).unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains("--system-prompt-file"),
                "{error}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_on_the_way_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        fs::create_dir(&real).unwrap();
        fs::write(real.join("prompt"), "hello").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let error = read_system_prompt(&link.join("prompt"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert!(read_system_prompt(&real.join("prompt")).is_ok());
    }
}
