//! What a finished run reports about one metric.

/// The percentiles that every distribution reports, in the order in which files list them.
pub const PERCENTILES: [u8; 9] = [1, 5, 10, 25, 50, 75, 90, 95, 99];

/// One metric of one window (a run, a phase, a time slice), in its display unit.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricResult {
    /// The name in files, for example `time_to_first_token`.
    pub tag: String,
    /// The name for people, for example `Time to First Token`.
    pub header: String,
    /// Display unit, for example `ms`.
    pub unit: &'static str,
    /// The console table that shows it.
    pub group: ConsoleGroup,
    /// Position in that table; rows without one come last.
    pub order: Option<u32>,
    /// Which audience and files it is for.
    pub visibility: Visibility,
    /// In what way the figures are not exact; absent, as nearly always, where they are.
    pub approximation: Option<&'static str>,
    /// The statistics, already in the display unit.
    pub statistics: Statistics,
}

/// The console table in which a metric stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConsoleGroup {
    /// The main table.
    Default,
    /// Files only, never the console.
    None,
    /// `…: Usage`.
    Usage,
    /// `…: Effective`.
    Effective,
    /// `…: Active`.
    Active,
    /// `…: Spec Decode`.
    SpecDecode,
}

/// The audience of a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visibility {
    /// Computed from failed requests; never on the console.
    pub error_only: bool,
    /// Hidden unless internal metrics are switched on.
    pub internal: bool,
    /// Hidden unless experimental metrics are switched on.
    pub experimental: bool,
    /// Never in the per-request file.
    pub no_individual_records: bool,
}

/// The statistics of one metric. What does not exist is absent, never NaN and never infinite.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// Arithmetic mean; for scalar metrics the value itself.
    pub avg: Option<f64>,
    /// In the order of [`PERCENTILES`].
    pub percentiles: [Option<f64>; 9],
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Population standard deviation.
    pub std: Option<f64>,
    /// Number of values; absent for scalar metrics.
    pub count: Option<u64>,
    /// Sum of the values; absent for scalar metrics.
    pub sum: Option<f64>,
}

impl Statistics {
    /// A metric that is one number.
    pub fn scalar(value: f64) -> Self {
        Self {
            avg: value.is_finite().then_some(value),
            ..Self::default()
        }
    }

    /// The percentile `q`, one of [`PERCENTILES`].
    pub fn percentile(&self, q: u8) -> Option<f64> {
        PERCENTILES
            .iter()
            .position(|&known| known == q)
            .and_then(|index| self.percentiles[index])
    }

    /// Whether any percentile exists: decides the section of the summary CSV.
    pub fn is_distribution(&self) -> bool {
        self.percentiles.iter().any(Option::is_some)
    }
}
