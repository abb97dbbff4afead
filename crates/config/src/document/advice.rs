//! What keys do less than they seem to. None of it prevents a run.
//!
//! Flags have advice of their own (`profile/resolve/advice`): a key with its default written out is
//! common in files, and most keys know where they stand.

mod dataset;
mod phases;
mod settings;

use super::fault::Fault;
use super::node::Mark;
use super::read::Field;
use super::sections::distribution::Distribution;
use super::sections::envelope::Envelope;

/// Tells of every key that has no effect in this company. Each run of a sweep is looked at by itself:
/// what one changes may be what another key waits for.
pub(super) fn give(envelope: &Envelope, warnings: &mut Vec<Fault>) {
    if envelope.sweep.is_some() {
        return;
    }
    let body = &envelope.benchmark;
    let mut idle = Idle(warnings);
    if *envelope.no_sweep_table {
        let hint = "one run has no table of runs; leave it away";
        idle.at(
            "noSweepTable",
            &envelope.no_sweep_table,
            "without a sweep",
            hint,
        );
    }
    settings::look(body, &mut idle);
    dataset::look(body, &mut idle);
    phases::look(body, &mut idle);
}

/// Collects keys that have no effect.
struct Idle<'a>(&'a mut Vec<Fault>);

impl Idle<'_> {
    /// A key below `benchmark`, if it was written.
    fn key<T>(&mut self, path: &str, field: &Field<T>, why: &str, hint: &str) {
        self.at(&format!("benchmark.{path}"), field, why, hint);
    }

    /// Any key, if it was written.
    fn at<T>(&mut self, path: &str, field: &Field<T>, why: &str, hint: &str) {
        if !matches!(field.mark, None | Some(Mark::Nowhere)) {
            let fault = Fault::new(format!("has no effect {why}")).hint(hint);
            self.0.push(fault.at(path, field.place()));
        }
    }

    /// Those of the keys below one path that were written.
    fn keys(&mut self, path: &str, written: &[(&str, Option<Mark>)], why: &str, hint: &str) {
        for (name, mark) in written {
            let field = Field {
                value: (),
                mark: *mark,
            };
            self.key(&format!("{path}.{name}"), &field, why, hint);
        }
    }
}

/// Whether every draw is nothing, or the one that there is without a distribution.
fn is_at_most(law: &Distribution, most: f64) -> bool {
    match law {
        Distribution::Fixed(law) => *law.value <= most,
        Distribution::Normal(law) => *law.mean <= most && *law.stddev == 0.0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
