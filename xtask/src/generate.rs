//! generate.

use anyhow::Result;

pub(crate) fn run(_words: &[String]) -> Result<()> {
    Ok(())
}
