//! Requests that a server once got: lengths, hash ids and times, or whole recorded requests.
//!
//! A trace is kept as compact rows; prompts are assembled when they are asked for.
//!
//! - `rows`: the compact rows;
//! - `plain_row`: rows that can be read fast;
//! - `mooncake`, `bailian`, `burst_gpt`, `sagemaker`: the formats;
//! - `select`: which rows are replayed: time window, longest prompt;
//! - `mixed`: rows of one conversation that do not go together;
//! - `synthesis`: longer, shorter, more or faster requests made of the recorded ones;
//! - `blocks`: the text of hash ids;
//! - `replay`: rows become conversations;
//! - [`analysis`]: figures about a trace.

pub mod analysis;
mod bailian;
mod blocks;
mod burst_gpt;
pub mod check;
mod mixed;
mod mooncake;
mod plain_row;
mod replay;
mod rows;
mod sagemaker;
mod select;
mod synthesis;

use std::io::Read;
use std::path::Path;
use std::thread;

use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;
use sha2::{Digest, Sha256};

use crate::error::DatasetError;
use crate::file::lines::Lines;
use crate::law::Law;
use crate::plan::FilePlan;
use crate::prompt::PromptCorpus;
use crate::session_ids::SessionIds;
use crate::sessions::{NamedSessions, Sessions};
use blocks::BlockText;
pub(crate) use replay::TraceReplay;
use rows::Rows;
use select::Selection;
pub use synthesis::Synthesis;

/// A format of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceFormat {
    /// JSON Lines with lengths and hash ids of 512 tokens, or with literal requests.
    Mooncake,
    /// JSON Lines with lengths and hash ids of 16 tokens, linked to chats.
    Bailian,
    /// CSV with lengths.
    BurstGpt,
    /// JSON Lines of recorded requests and answers.
    SageMaker,
}

impl TraceFormat {
    /// Tokens that one hash id stands for where nothing else is said.
    pub fn default_block_size(self) -> u32 {
        match self {
            Self::Bailian => 16,
            Self::Mooncake | Self::BurstGpt | Self::SageMaker => 512,
        }
    }
}

/// What is done with the rows of a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TracePlan {
    /// Tokens that one hash id stands for; the format's own number where absent.
    pub block_size: Option<u32>,
    /// Rows that are due outside of it are left out.
    pub window: Window,
    /// Rows with longer prompts, in tokens, are left out.
    pub max_isl: Option<u32>,
    /// Longer answers, in tokens, are cut to this.
    pub max_osl: Option<u32>,
    /// Changes to what was recorded.
    pub synthesis: Synthesis,
    /// Rows lose their times and their delays.
    pub ignore_delays: bool,
    /// What of a recorded request is sent again.
    pub captured_body: CapturedBody,
    /// What prompts are made of. Random tokens have no text that a hash id could stand for.
    pub corpus: PromptCorpus,
}

impl TracePlan {
    /// Whether any setting changes or drops rows, which only traces can have done to them.
    pub(crate) fn changes_rows(&self) -> bool {
        self.synthesis.is_active() || self.max_isl.is_some() || self.max_osl.is_some()
    }
}

/// A span of a trace's clock; both ends belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Window {
    /// In milliseconds; absent means from the start.
    pub start_ms: Option<f64>,
    /// In milliseconds; absent means to the end.
    pub end_ms: Option<f64>,
}

/// What of a recorded request is sent again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CapturedBody {
    /// Messages, tools and the bound on the answer's length, as the reference does it.
    MessagesOnly,
    /// Everything but the model and whether to stream, which the run decides: `temperature`,
    /// `stop` and whatever else was recorded stay, each under the name that it had.
    #[default]
    WithParameters,
    /// The body as it was recorded, including model and streaming.
    Verbatim,
}

/// A trace as its loader hands it over.
struct Loaded {
    rows: Rows,
    sessions: Sessions,
}

/// Opens a trace for replay.
pub(crate) fn open(
    plan: &FilePlan,
    format: TraceFormat,
    tokenizer: Option<&Tokenizer>,
    ids: SessionIds,
    seed: RootSeed,
) -> Result<TraceReplay, DatasetError> {
    if tokenizer.is_none() && certainly_needs_text(format, &plan.path) {
        return Err(DatasetError::NoTokenizer);
    }
    let mut selection = Selection::new(plan);
    // A large file takes as long to digest as to parse.
    let (loaded, trace_id) = thread::scope(|scope| {
        let trace_id = scope.spawn(|| trace_id(&plan.path));
        let loaded = load(plan, format, &mut selection);
        let trace_id = trace_id
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (loaded, trace_id)
    });
    let Loaded {
        mut rows,
        mut sessions,
    } = loaded?;
    selection.report();
    mixed::refuse(&sessions, &rows, &plan.path)?;
    if sessions.is_empty() {
        return Err(DatasetError::Source {
            path: plan.path.clone(),
            reason: "no row is left to replay: all are outside of the time window or longer than \
                     the longest prompt allowed"
                .to_owned(),
        });
    }
    let block_size = plan
        .trace
        .block_size
        .unwrap_or_else(|| format.default_block_size());
    if plan.trace.synthesis.is_active() {
        rows = synthesis::apply(&rows, &mut sessions, &plan.trace, block_size, seed)
            .map_err(|flaw| flaw.in_file(&plan.path))?;
    } else if let Some(max_osl) = plan.trace.max_osl {
        rows.cap_output(max_osl);
    }
    rows.refuse_bad_blocks(block_size)
        .map_err(|flaw| flaw.in_file(&plan.path))?;
    if let Some(limit) = plan.limit {
        sessions.truncate(limit);
    }
    let text = match (rows.need_text(), tokenizer) {
        (false, _) => None,
        (true, None) => return Err(DatasetError::NoTokenizer),
        (true, Some(tokenizer)) => Some(BlockText::new(
            tokenizer,
            &trace_id?,
            block_size,
            plan.trace.corpus,
            seed,
        )?),
    };
    let output_fallback = plan.output_tokens.as_ref().map(Law::truncated);
    let replay = TraceReplay::new(
        rows,
        NamedSessions::new(sessions, ids),
        text,
        output_fallback.filter(|length| length.mean() > 0.0),
        seed,
    );
    Ok(match format {
        TraceFormat::SageMaker => replay.with_bounds_in_parameters(),
        _ => replay,
    })
}

fn load(
    plan: &FilePlan,
    format: TraceFormat,
    selection: &mut Selection,
) -> Result<Loaded, DatasetError> {
    match format {
        TraceFormat::Mooncake => mooncake::load(&plan.path, selection),
        TraceFormat::Bailian => bailian::load(&plan.path, selection),
        TraceFormat::BurstGpt => burst_gpt::load(&plan.path, selection),
        TraceFormat::SageMaker => sagemaker::load(&plan.path, plan.trace.captured_body, selection),
    }
}

/// Whether it is plain before a trace is read that its prompts are to be written. Whoever opens it
/// without tokenizer then has not read it for nothing.
fn certainly_needs_text(format: TraceFormat, path: &Path) -> bool {
    let first_is_length = || {
        let first = Lines::open(path).ok()?.next()?.ok()?;
        plain_row::read(&first.1).map(|_| ())
    };
    match format {
        TraceFormat::Bailian | TraceFormat::BurstGpt => true,
        TraceFormat::Mooncake => first_is_length().is_some(),
        TraceFormat::SageMaker => false,
    }
}

/// Bytes of a file that are digested together.
const DIGESTED_AT_ONCE: usize = 256 << 10;

/// Names a trace by its content, so that equal hash ids of different traces are different text.
fn trace_id(path: &Path) -> Result<String, DatasetError> {
    let unreadable = |error: std::io::Error| DatasetError::Unreadable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    };
    let mut digest = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = vec![0; DIGESTED_AT_ONCE];
    loop {
        match file.read(&mut bytes).map_err(unreadable)? {
            0 => break,
            read => digest.update(&bytes[..read]),
        }
    }
    let digest = digest.finalize();
    Ok(digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// What is wrong with a row that was read, found when it is used.
#[derive(Debug)]
struct RowFlaw {
    line: u32,
    reason: String,
}

impl RowFlaw {
    fn in_file(self, path: &Path) -> DatasetError {
        DatasetError::Row {
            path: path.to_path_buf(),
            line: self.line as usize,
            flaw: self.reason,
            further_lines: 0,
        }
    }
}

#[cfg(test)]
mod tests;
