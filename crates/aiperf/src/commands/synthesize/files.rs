//! The folder of a workload.

use std::io::Write;
use std::path::{Path, PathBuf};

use aiperf_export::write::{Access, PendingFile, write_text};
use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::cache::cache_structure;
use super::quality::{comparison, quality};
use super::report::{cache_page, report_page};
use super::sessions::{Session, Sessions};
use super::settings::Settings;
use super::statistics::rounded;

pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    /// A folder that is named after what it holds and after the time.
    pub(super) fn create(parent: &Path, name: &str, sessions: u64, seed: u64) -> Result<Self> {
        let now = Timestamp::from_nanosecond(i128::from(aiperf_clock::realtime_now()))?;
        let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S");
        let folder = parent.join(format!("{name}_{sessions}s_seed{seed}_{time}"));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("`--output`: `{}` cannot be made", folder.display()))?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(
        &self,
        sessions: &Sessions,
        settings: &Settings,
        name: &str,
        seed: u64,
    ) -> Result<()> {
        let write = |name: &str, text: &str| {
            let path = self.path(name);
            write_text(&path, text)
                .with_context(|| format!("`{}` cannot be written", path.display()))
        };
        let pretty = |value: &Value| serde_json::to_string_pretty(value);
        let (quality, cache) = (quality(sessions, settings), cache_structure(sessions));
        let mut rows = PendingFile::create(&self.path("dataset.jsonl"), Access::Usual)?;
        write_rows(sessions, &mut rows).with_context(|| {
            format!(
                "`{}` cannot be written",
                self.path("dataset.jsonl").display()
            )
        })?;
        rows.commit()?;
        write(
            "manifest.json",
            &pretty(&settings.manifest(name, seed, sessions.all.len()))?,
        )?;
        write("quality.json", &pretty(&quality)?)?;
        write("cache_structure.json", &pretty(&cache)?)?;
        write("comparison.txt", &comparison(sessions, settings))?;
        write("report.html", &report_page(sessions, settings))?;
        write("cache_explorer.html", &cache_page(&cache)?)?;
        Ok(())
    }

    /// What was written, for the console.
    pub(super) fn told(&self, sessions: &Sessions) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        let turns = sessions.turn_count();
        format!(
            "Run directory: {}\n  JSONL:           {} ({turns} turns)\n  Manifest:        {}\n  \
             Quality:         {}\n  Validation:      Mooncake trace ({turns} rows)\n  \
             Dashboard:       {}\n  Cache explorer:  {}\n",
            self.0.display(),
            path("dataset.jsonl"),
            path("manifest.json"),
            path("quality.json"),
            path("report.html"),
            path("cache_explorer.html"),
        )
    }
}

/// The rows of the trace: each brings what is new in its turn, and the first of a session all of its context.
fn write_rows(sessions: &Sessions, output: &mut impl Write) -> Result<()> {
    // Blocks of later turns are numbered through, as nothing is shared with them.
    let mut next_id = 0;
    for session in &sessions.all {
        for index in 0..session.turns.len() {
            let row = row(session, index, &mut next_id, sessions.blocks.size);
            serde_json::to_writer(&mut *output, &row)?;
            output.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn row(session: &Session, index: usize, next_id: &mut u64, block_size: u64) -> Map<String, Value> {
    let turn = session.turns[index];
    let ids: Vec<u64> = if index == 0 {
        let highest = session.first_ids.iter().max().map_or(0, |id| id + 1);
        *next_id = (*next_id).max(highest);
        session.first_ids.clone()
    } else {
        let first = *next_id;
        *next_id += turn.new.div_ceil(block_size);
        (first..*next_id).collect()
    };
    let mut row = Map::new();
    row.insert("session_id".to_owned(), session.id.clone().into());
    row.insert("input_length".to_owned(), turn.new.into());
    row.insert("output_length".to_owned(), turn.output.into());
    row.insert("hash_ids".to_owned(), ids.into());
    if index == 0 {
        row.insert("timestamp".to_owned(), 0.0.into());
        row.insert("group_id".to_owned(), session.group.into());
        if session.is_restart {
            row.insert("is_restart".to_owned(), true.into());
        }
    } else {
        row.insert("delay".to_owned(), rounded(turn.delay, 1).into());
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_bring_their_new_blocks_and_no_id_comes_twice_in_a_session() {
        let settings = Settings::default().checked().unwrap();
        let sessions = Sessions::make(&settings, 3, 10).unwrap();
        let mut text = Vec::new();
        write_rows(&sessions, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let rows: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(rows.len(), sessions.turn_count());
        let mut seen = std::collections::HashSet::new();
        for row in &rows {
            let ids: Vec<u64> = row["hash_ids"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_u64)
                .collect();
            let length = row["input_length"].as_u64().unwrap();
            assert_eq!(ids.len() as u64, length.div_ceil(512), "{row}");
            assert_eq!(row.get("timestamp").is_some(), row.get("delay").is_none());
            assert_eq!(
                row.get("timestamp").is_some(),
                row.get("group_id").is_some()
            );
            let is_fresh = ids
                .iter()
                .filter(|id| **id >= 200_063)
                .all(|id| seen.insert(*id));
            assert!(is_fresh, "{row}");
        }
    }
}
