//! `random_pool`: conversations of one turn, drawn with replacement from the rows of a file or of
//! each file in a folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use aiperf_endpoint::conversation::{Conversation, Media, Turn};
use aiperf_random::{Generator, RootSeed};
use rand::Rng;
use serde_json::{Map, Value};

use super::fields::Flaw;
use super::kept_lines::KeptLines;
use super::{large, rows, sorted_entries, turn_row};
use crate::error::DatasetError;
use crate::plan::{FilePlan, PoolBatch};
use crate::session_ids::SessionIds;

/// The rows of one file.
struct Pool {
    rows: PoolRows,
    /// The name of contents that have none of their own.
    stem: String,
}

enum PoolRows {
    Turns(Vec<Turn>),
    /// Of a large file, of which a few rows are drawn: as they are written, and without media.
    Lines(KeptLines),
}

impl Pool {
    fn draw(&self, generator: &mut Generator) -> Turn {
        let count = match &self.rows {
            PoolRows::Turns(turns) => turns.len(),
            PoolRows::Lines(lines) => lines.len(),
        };
        let index = generator.random_range(0..count);
        match &self.rows {
            PoolRows::Turns(turns) => turns[index].clone(),
            PoolRows::Lines(lines) => {
                // What could be read when the file was opened can be read now.
                let row = rows::parse_object(lines.get(index)).and_then(read_row);
                let mut turn = row.unwrap_or_default();
                name_contents(&mut turn, &self.stem);
                turn
            }
        }
    }

    /// The turns, where they are at hand.
    fn turns(&self) -> &[Turn] {
        match &self.rows {
            PoolRows::Turns(turns) => turns,
            PoolRows::Lines(_) => &[],
        }
    }
}

/// The kinds of content, each with what the rows hold of it and how many a conversation gets.
type Kind = (fn(&Turn) -> &Vec<Media>, usize);

fn kinds(batch: PoolBatch) -> [Kind; 4] {
    [
        (|turn| &turn.texts, batch.texts),
        (|turn| &turn.images, batch.images),
        (|turn| &turn.audios, batch.audios),
        (|turn| &turn.videos, batch.videos),
    ]
}

/// Conversation `i` is a function of the seed, the pools and `i`.
pub(super) fn conversations(
    plan: &FilePlan,
    mut ids: SessionIds,
    seed: RootSeed,
) -> Result<Vec<Conversation>, DatasetError> {
    let pools = files_of(&plan.path)?
        .iter()
        .map(|file| read_pool(file, plan.pool_batch))
        .collect::<Result<Vec<_>, _>>()?;
    let draw = if asks_for_batches(&pools, plan.pool_batch) {
        Draw::Contents(batched_contents(plan, &pools)?)
    } else {
        Draw::Rows(&pools)
    };
    let stream = seed.stream("dataset.loader.random_pool");
    Ok((0..plan.pool_entries)
        .map(|index| Conversation {
            id: ids.next(&HashSet::new()),
            turns: vec![draw.turn(&mut stream.at(index as u64))],
            ..Conversation::default()
        })
        .collect())
}

/// A folder's files in order of their names; folders in it are left alone.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = sorted_entries(path)?;
    files.retain(|path| path.is_file());
    if files.is_empty() {
        return Err(DatasetError::Source {
            path: path.to_path_buf(),
            reason: "the folder has no files".to_owned(),
        });
    }
    Ok(files)
}

fn read_pool(file: &Path, batch: PoolBatch) -> Result<Pool, DatasetError> {
    let stem = file.file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy().into_owned();
    // Batches are drawn from all contents, which must then be at hand.
    let lines = if batch.texts == 1 {
        large::pool_lines(file)?
    } else {
        None
    };
    let rows = match lines {
        Some(lines) => PoolRows::Lines(lines),
        None => {
            let mut turns = rows::read(file, read_row)?;
            for turn in &mut turns {
                name_contents(turn, &stem);
            }
            PoolRows::Turns(turns)
        }
    };
    Ok(Pool { rows, stem })
}

/// Contents without a name of their own are named after their file: `queries.jsonl` holds queries.
fn name_contents(turn: &mut Turn, stem: &str) {
    let all = [
        &mut turn.texts,
        &mut turn.images,
        &mut turn.audios,
        &mut turn.videos,
    ];
    for item in all.into_iter().flatten() {
        if item.name.is_empty() {
            item.name = stem.to_owned();
        }
    }
}

pub(super) fn read_row(mut row: Map<String, Value>) -> Result<Turn, Flaw> {
    // Only contents count here; a type of its own would be taken for that of another format.
    if let Some(name) = row.shift_remove("type")
        && name != "random_pool"
    {
        return Err(Flaw::at(
            "type",
            format!("expected `random_pool`, found {name}"),
        ));
    }
    for ignored in [
        "timestamp",
        "delay",
        "role",
        "output_length",
        "extra",
        "session_id",
    ] {
        row.shift_remove(ignored);
    }
    Ok(turn_row::read(row)?.turn)
}

enum Draw<'a> {
    /// A row of each pool, together.
    Rows(&'a [Pool]),
    /// So many contents of each kind, each drawn by itself.
    Contents([(Vec<String>, usize); 4]),
}

impl Draw<'_> {
    fn turn(&self, generator: &mut Generator) -> Turn {
        match self {
            Self::Rows(pools) => {
                let mut merged = Turn::default();
                for pool in *pools {
                    let drawn = pool.draw(generator);
                    merged.texts.extend(drawn.texts);
                    // Identifiers stay beside their images, also where others have none.
                    if !drawn.image_uuids.is_empty() || !merged.image_uuids.is_empty() {
                        merged.image_uuids.resize(merged.images.len(), Vec::new());
                        merged.image_uuids.extend(drawn.image_uuids);
                    }
                    merged.images.extend(drawn.images);
                    merged.audios.extend(drawn.audios);
                    merged.videos.extend(drawn.videos);
                }
                merged
            }
            Self::Contents(kinds) => {
                let [texts, images, audios, videos] = kinds.each_ref().map(|(contents, count)| {
                    let mut drawn = Media::default();
                    if !contents.is_empty() {
                        let draws = (0..*count).map(|_| generator.random_range(0..contents.len()));
                        drawn.contents = draws.map(|index| contents[index].clone()).collect();
                    }
                    let is_empty = drawn.contents.is_empty();
                    (!is_empty).then_some(drawn).into_iter().collect()
                });
                Turn {
                    texts,
                    images,
                    audios,
                    videos,
                    ..Turn::default()
                }
            }
        }
    }
}

/// A batch size of a kind that no row has means nothing.
fn asks_for_batches(pools: &[Pool], batch: PoolBatch) -> bool {
    let turns = || pools.iter().flat_map(Pool::turns);
    kinds(batch)
        .iter()
        .any(|(items, size)| *size != 1 && turns().any(|turn| !items(turn).is_empty()))
}

fn batched_contents(
    plan: &FilePlan,
    pools: &[Pool],
) -> Result<[(Vec<String>, usize); 4], DatasetError> {
    let refuse = |reason: &str| DatasetError::Source {
        path: plan.path.clone(),
        reason: reason.to_owned(),
    };
    let [pool] = pools else {
        return Err(refuse(
            "batch sizes other than 1 draw from one file, not from a folder",
        ));
    };
    let stem = plan.path.file_stem().unwrap_or_default();
    let is_named = |item: &Media| *item.name != *stem.to_string_lossy();
    let all_items = |turn: &Turn| {
        let items = [&turn.texts, &turn.images, &turn.audios, &turn.videos];
        items.into_iter().flatten().any(is_named)
    };
    if pool
        .turns()
        .iter()
        .any(|turn| all_items(turn) || !turn.image_uuids.is_empty())
    {
        return Err(refuse(
            "batch sizes other than 1 would lose the names and identifiers that rows carry",
        ));
    }
    let contents = kinds(plan.pool_batch).map(|(items, size)| {
        let contents = pool.turns().iter().flat_map(items);
        let contents: Vec<String> = contents.flat_map(|item| item.contents.clone()).collect();
        (contents, size)
    });
    if contents
        .iter()
        .all(|(contents, size)| contents.is_empty() || *size == 0)
    {
        return Err(refuse(
            "the batch sizes leave conversations without content",
        ));
    }
    Ok(contents)
}
