//! What the catalog says about one metric.

use crate::context::Thresholds;
use crate::facts::RecordFacts;
use crate::flags::{ERROR_ONLY, EXPERIMENTAL, FAILURE_INFLATED, Flags, INTERNAL, NOT_PER_RECORD};
use crate::result::{ConsoleGroup, Visibility};
use crate::unit::Unit;
use crate::value::{Absence, Outcome, Value};

/// One row of the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The name in files.
    pub tag: &'static str,
    /// The name in tables.
    pub header: &'static str,
    /// The name where space is short.
    pub short_header: Option<&'static str>,
    /// Whether the unit is left out beside the short name.
    pub short_hides_unit: bool,
    /// The unit of computed and stored values.
    pub unit: Unit,
    /// The unit of everything that leaves the program.
    pub display_unit: Unit,
    /// Record, aggregate or derived.
    pub kind: Kind,
    /// Integers, floats or lists.
    pub value_type: ValueType,
    /// What it needs and how it is treated.
    pub flags: Flags,
    /// The console table that shows it.
    pub group: ConsoleGroup,
    /// Position in that table.
    pub order: Option<u32>,
    /// Metrics without which it has no value, in the order in which the formula reads them.
    pub requires: &'static [&'static str],
    /// Metrics that the formula reads if they are there; they follow the required ones.
    pub uses: &'static [&'static str],
    /// How a value comes about.
    pub formula: Formula,
    /// The formula in words.
    pub explanation: &'static str,
    /// When there is no value, in words; empty if there always is one.
    pub absent_when: &'static str,
}

/// When a metric is computed, and what becomes of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value per record; the run reports their distribution.
    Record,
    /// One value per record; the run reports them folded into one number.
    Aggregate(Fold),
    /// One value per window, from the numbers of the window.
    Derived,
}

/// How an aggregate becomes one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// The sum.
    Sum,
    /// The smallest value.
    Minimum,
    /// The largest value.
    Maximum,
}

/// The type of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Integers.
    Int,
    /// Floats.
    Float,
    /// A list of integers per record.
    IntList,
}

/// How a value comes about. The variants tell what a formula reads, which decides what has to be
/// kept of a record: values that follow from other values are not stored but computed again.
#[derive(Debug, Clone, Copy)]
pub enum Formula {
    /// From the facts of the request.
    Facts(fn(&RecordFacts<'_>) -> Outcome),
    /// From the facts and other metrics of the record.
    FactsAndValues(fn(&RecordFacts<'_>, &Inputs<'_>) -> Outcome),
    /// From other metrics of the record alone.
    Values(fn(&Inputs<'_>) -> Outcome),
    /// A list from the facts, appended to the given buffer.
    List(fn(&RecordFacts<'_>, &mut Vec<i64>) -> Result<(), Absence>),
    /// 1 if the record meets every service level objective, else 0.
    Objectives,
    /// From the numbers of a window.
    Window(fn(&WindowInputs<'_>) -> Option<Value>),
    /// From the values of all records of a run, by [`crate::aggregate`].
    Injected(Injection),
}

/// A figure of a run that a derived formula cannot give: it needs more than sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// The round trip of the network.
    NetworkRoundTrip,
    /// The distribution of the latency with this tag, minus the round trip.
    WithoutRoundTrip(&'static str),
    /// This percentile of the time behind the schedule.
    ScheduleLag(u8),
    /// Whether the run is too far behind its schedule.
    ScheduleDegraded,
}

/// The metrics that a per-record formula reads, by their position in `requires` then `uses`.
#[derive(Debug)]
pub struct Inputs<'a> {
    pub(crate) values: &'a [Option<Value>],
    pub(crate) slots: &'a [u16],
    pub(crate) start_epoch_ns: u64,
    pub(crate) thresholds: &'a Thresholds,
}

impl Inputs<'_> {
    /// The integer at `position`; its absence is the absence of the result.
    pub fn int(&self, position: usize) -> Result<i64, Absence> {
        match self.value(position) {
            Some(Value::Int(int)) => Ok(int),
            _ => Err(Absence::NoInput),
        }
    }

    /// The number at `position`; its absence is the absence of the result.
    pub fn number(&self, position: usize) -> Result<f64, Absence> {
        self.value(position)
            .and_then(Value::as_f64)
            .ok_or(Absence::NoInput)
    }

    /// Wall time of the request's start.
    pub fn start_epoch_ns(&self) -> u64 {
        self.start_epoch_ns
    }

    /// The limits of the run.
    pub fn thresholds(&self) -> &Thresholds {
        self.thresholds
    }

    fn value(&self, position: usize) -> Option<Value> {
        // A metric that is only used if present may not be active: it then has no slot.
        self.slots
            .get(position)
            .and_then(|&slot| *self.values.get(usize::from(slot))?)
    }
}

/// The numbers that a derived formula reads: of a record metric the sum, of an aggregate or
/// derived metric the value.
#[derive(Debug)]
pub struct WindowInputs<'a> {
    pub(crate) values: &'a [Option<Value>],
    pub(crate) slots: &'a [u16],
    pub(crate) window_ns: Option<u64>,
}

impl WindowInputs<'_> {
    /// The integer at `position`.
    pub fn int(&self, position: usize) -> Option<i64> {
        match self.value(position)? {
            Value::Int(int) => Some(int),
            _ => None,
        }
    }

    /// The number at `position`.
    pub fn number(&self, position: usize) -> Option<f64> {
        self.value(position)?.as_f64()
    }

    /// The sum at `position`, as it is.
    pub fn value(&self, position: usize) -> Option<Value> {
        self.slots
            .get(position)
            .and_then(|&slot| *self.values.get(usize::from(slot))?)
    }

    /// `amount` per second of the observation window. Without a window the benchmark duration
    /// takes its place, which must be the first input.
    pub fn per_second(&self, amount: f64) -> Option<Value> {
        let seconds = match self.window_ns {
            Some(window_ns) => window_ns as f64 / 1e9,
            None => self.number(0)? * 1e-09,
        };
        let rate = amount / seconds;
        rate.is_finite().then_some(Value::Float(rate))
    }
}

impl Metric {
    /// A metric with one value per record.
    pub(crate) const fn record(
        tag: &'static str,
        header: &'static str,
        value_type: ValueType,
        formula: Formula,
    ) -> Self {
        Self {
            tag,
            header,
            short_header: None,
            short_hides_unit: false,
            unit: Unit::Count,
            display_unit: Unit::Count,
            kind: Kind::Record,
            value_type,
            flags: Flags::all_of(&[]),
            group: ConsoleGroup::None,
            order: None,
            requires: &[],
            uses: &[],
            formula,
            explanation: "",
            absent_when: "",
        }
    }

    /// A metric whose values are folded into one number; summed unless [`Self::folded`] says
    /// otherwise.
    pub(crate) const fn aggregate(
        tag: &'static str,
        header: &'static str,
        value_type: ValueType,
        formula: Formula,
    ) -> Self {
        let mut metric = Self::record(tag, header, value_type, formula);
        metric.kind = Kind::Aggregate(Fold::Sum);
        metric
    }

    /// A metric of a window.
    pub(crate) const fn derived(
        tag: &'static str,
        header: &'static str,
        value_type: ValueType,
        formula: Formula,
    ) -> Self {
        let mut metric = Self::record(tag, header, value_type, formula);
        metric.kind = Kind::Derived;
        metric
    }

    pub(crate) const fn folded(mut self, fold: Fold) -> Self {
        self.kind = Kind::Aggregate(fold);
        self
    }

    pub(crate) const fn short(mut self, header: &'static str) -> Self {
        self.short_header = Some(header);
        self
    }

    pub(crate) const fn short_without_unit(mut self, header: &'static str) -> Self {
        self.short_header = Some(header);
        self.short_hides_unit = true;
        self
    }

    pub(crate) const fn without_unit(mut self) -> Self {
        self.short_hides_unit = true;
        self
    }

    pub(crate) const fn unit(self, unit: Unit) -> Self {
        self.units(unit, unit)
    }

    pub(crate) const fn units(mut self, internal: Unit, display: Unit) -> Self {
        self.unit = internal;
        self.display_unit = display;
        self
    }

    pub(crate) const fn flags(mut self, flags: &[Flags]) -> Self {
        self.flags = Flags::all_of(flags);
        self
    }

    pub(crate) const fn console(mut self, group: ConsoleGroup, order: Option<u32>) -> Self {
        self.group = group;
        self.order = order;
        self
    }

    pub(crate) const fn requires(mut self, tags: &'static [&'static str]) -> Self {
        self.requires = tags;
        self
    }

    pub(crate) const fn uses(mut self, tags: &'static [&'static str]) -> Self {
        self.uses = tags;
        self
    }

    pub(crate) const fn explained(
        mut self,
        formula: &'static str,
        absent_when: &'static str,
    ) -> Self {
        self.explanation = formula;
        self.absent_when = absent_when;
        self
    }

    /// What internal values are multiplied with for display; `None` if they are left as they are.
    pub fn display_factor(&self) -> Option<f64> {
        self.unit.factor_to(self.display_unit)
    }

    /// Whether it is computed from failed records instead of valid ones.
    pub fn is_error_only(&self) -> bool {
        self.flags.has(ERROR_ONLY)
    }

    /// Whether it has an error-adjusted twin.
    pub fn has_inflated_twin(&self) -> bool {
        self.flags.has(FAILURE_INFLATED) && self.kind == Kind::Record
    }

    /// The audience of the metric.
    pub fn visibility(&self) -> Visibility {
        Visibility {
            error_only: self.is_error_only(),
            internal: self.flags.has(INTERNAL),
            experimental: self.flags.has(EXPERIMENTAL),
            no_individual_records: self.flags.has(NOT_PER_RECORD),
        }
    }

    /// Whether a service level objective can be set for it: it needs one number per valid record,
    /// and must not itself count objectives.
    pub fn can_be_objective(&self) -> bool {
        let per_record = !matches!(self.kind, Kind::Derived);
        let is_number = self.value_type != ValueType::IntList;
        let counts_objectives = matches!(self.formula, Formula::Objectives);
        per_record && is_number && !counts_objectives && !self.is_error_only()
    }
}
