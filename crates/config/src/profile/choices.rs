//! The words that flags choose from. All names of the reference are here, also those that this
//! version refuses (they are missing in `SUPPORTED`), so that the refusal can say "not yet" instead
//! of "never heard of it".

mod dataset;
mod dataset_format;
mod media;
mod runs;

pub use aiperf_endpoint::EndpointType;
pub use dataset::{CacheBustTarget, CapturedBody};
pub use dataset_format::DatasetFormat;
pub use media::{
    AudioFormat, ImageFormat, ImageSampling, VideoAudioCodec, VideoAudioDepth, VideoFormat,
    VideoKind,
};

pub use runs::{ConvergenceMode, ConvergenceStat, SweepMode, SweepType};

use crate::command::{Choice, choices};

impl Choice for EndpointType {
    const ALL: &'static [(Self, &'static str)] = &Self::NAMED;
    const NAMES: &'static [&'static str] = &{
        let mut names = [""; Self::NAMED.len()];
        let mut index = 0;
        while index < names.len() {
            names[index] = Self::NAMED[index].1;
            index += 1;
        }
        names
    };
}

choices! {
    /// Which model a request names, where there are several.
    pub enum ModelSelection {
        /// One after the other.
        RoundRobin = "round_robin",
        /// Each with the same probability.
        Random = "random",
        /// By weights.
        Weighted = "weighted",
    }
}

choices! {
    /// When a connection is used again.
    pub enum ConnectionReuse {
        /// Any idle connection serves any request.
        Pooled = "pooled",
        /// Each request opens its own.
        Never = "never",
        /// Each session keeps its own from its first turn to its last.
        StickyUserSessions = "sticky-user-sessions",
    }
}

choices! {
    /// Which address a session goes to, where there are several.
    pub enum UrlStrategy {
        /// One after the other.
        RoundRobin = "round_robin",
    }
}

choices! {
    /// How requests travel.
    pub enum TransportKind {
        /// HTTP.
        Http = "http",
    }
}

choices! {
    /// The format of a request's body, which the endpoint type settles.
    pub enum RequestContentType {
        /// A JSON document.
        Json = "application/json",
        /// A form with files.
        Multipart = "multipart/form-data",
    }
}

choices! {
    /// Which version of HTTP is spoken.
    pub enum HttpVersion {
        /// HTTP/1.1.
        Http1 = "1.1",
        /// HTTP/2 where a TLS server agrees to it, else HTTP/1.1.
        Auto = "auto",
        /// HTTP/2 only.
        Http2 = "2",
    }
}

choices! {
    /// What generated prompts are made of.
    pub enum PromptCorpus {
        /// English sentences. The name is that of the reference's text.
        Sonnet = "sonnet",
        /// Programs and what goes with them.
        Coding = "coding",
        /// Random tokens of the vocabulary.
        Random = "random",
    }
}

choices! {
    /// Whose meaning `--random-range-ratio` and the `random` corpus have.
    pub enum RandomCorpusStyle {
        /// The benchmark of vLLM.
        Vllm = "vllm",
        /// The benchmark of SGLang.
        Sglang = "sglang",
    }
}

choices! {
    /// How it is found out before a run whether a server is ready.
    pub enum ReadinessMode {
        /// Its list of models holds the model.
        Models = "models",
        /// It answers a small request.
        Inference = "inference",
        /// First the one, then the other.
        Both = "both",
    }
}

choices! {
    /// What becomes of an arrival that finds all sessions in use.
    pub enum ArrivalOverflow {
        /// It is lost, and counted.
        Drop = "drop",
        /// It waits until a session ends.
        Queue = "queue",
    }
}

choices! {
    /// The law of the gaps between requests.
    pub enum ArrivalPattern {
        /// Exponential gaps.
        Poisson = "poisson",
        /// Equal gaps.
        Constant = "constant",
        /// Gamma-distributed gaps.
        Gamma = "gamma",
        /// As fast as slots get free; with a rate the reference treats it as `poisson`.
        ConcurrencyBurst = "concurrency_burst",
    }
}

choices! {
    /// The order in which conversations of a dataset are played.
    pub enum Sampling {
        /// The dataset's own order, over and over.
        Sequential = "sequential",
        /// An independent draw each time.
        Random = "random",
        /// A random order, and another one for each round.
        Shuffle = "shuffle",
    }
}

choices! {
    /// How much is written about each request.
    pub enum ExportLevel {
        /// Nothing: only the summary.
        Summary = "summary",
        /// One line of metrics for each request.
        Records = "records",
        /// The same, and requests and responses in full.
        Raw = "raw",
    }
}

choices! {
    /// A format in which records and time slices are written besides the usual ones.
    pub enum ExportFormat {
        /// Columns with types and units.
        Parquet = "parquet",
    }
}

choices! {
    /// A format in which the server's own metrics are written.
    pub enum ServerMetricsFormat {
        /// Statistics of the measured phases.
        Json = "json",
        /// The same as a table.
        Csv = "csv",
        /// Every scrape as it came, one line each.
        Jsonl = "jsonl",
        /// The samples of the measured phases, in columns.
        Parquet = "parquet",
    }
}

impl ServerMetricsFormat {
    /// Those that are written unless told otherwise.
    pub const USUAL: [Self; 2] = [Self::Json, Self::Csv];
}

choices! {
    /// What is drawn during a run.
    pub enum Ui {
        /// A full-screen display.
        Dashboard = "dashboard",
        /// A progress bar.
        Simple = "simple",
        /// Nothing.
        None = "none",
    }
}

choices! {
    /// The least severity of log lines that are shown.
    pub enum LogLevel {
        /// Everything.
        Trace = "trace",
        /// For people who look for a mistake.
        Debug = "debug",
        /// What happens.
        Info = "info",
        /// What happens and matters.
        Notice = "notice",
        /// What may spoil the result.
        Warning = "warning",
        /// That something succeeded. More severe than a warning, as in the reference.
        Success = "success",
        /// What failed.
        Error = "error",
        /// What ended the run.
        Critical = "critical",
    }
}

choices! {
    /// Who takes the time of an arriving byte.
    pub enum TimestampSource {
        /// The kernel where it can, else the program.
        Auto = "auto",
        /// The kernel; the run says so where it cannot.
        Kernel = "kernel",
        /// The program, when the read system call returns.
        User = "user",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_type_of_the_reference_is_known_by_name() {
        assert_eq!(<EndpointType as Choice>::NAMES.len(), 19);
        assert_eq!(
            EndpointType::named("NIM-rankings"),
            Some(EndpointType::NimRankings)
        );
    }
}
