//! A body template as it is given: the text itself, the name of one, or a file.

use std::path::Path;

/// The text of the file that is named, or what was given.
///
/// # Errors
/// The file cannot be read.
pub fn template_text(given: &str) -> std::io::Result<String> {
    let path = Path::new(given);
    if is_plain_file(path) {
        std::fs::read_to_string(path)
    } else {
        Ok(given.to_owned())
    }
}

/// A regular file that no symbolic link leads to: a template is text first, and must not become
/// another file by what someone else placed in a directory.
fn is_plain_file(path: &Path) -> bool {
    let is_link = |part: &Path| {
        std::fs::symlink_metadata(part).is_ok_and(|metadata| metadata.file_type().is_symlink())
    };
    path.is_file() && !path.ancestors().any(is_link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_a_link_to_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("body.json");
        std::fs::write(&path, "{\"file\": 1}").unwrap();
        assert_eq!(
            template_text(path.to_str().unwrap()).unwrap(),
            "{\"file\": 1}"
        );
        #[cfg(unix)]
        {
            let link = path.with_file_name("link.json");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            let name = link.to_str().unwrap();
            assert_eq!(template_text(name).unwrap(), name);
        }
    }
}
