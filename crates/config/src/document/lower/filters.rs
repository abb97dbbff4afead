//! What a public dataset is filtered by.

use aiperf_dataset::public::Filters;

use crate::document::fault::Fault;
use crate::document::sections::dataset::DatasetSection;
use crate::document::sections::envelope::BenchmarkSection;

/// Tells which filters nothing can be filtered by.
pub(super) fn check(body: &BenchmarkSection, faults: &mut Vec<Fault>) {
    let Some(DatasetSection::Public(public)) = body.dataset() else {
        return;
    };
    for (key, value) in &public.filters.0 {
        let word = format!("{key}={value}");
        let Err(reason) = Filters::from_words([word.as_str()]) else {
            continue;
        };
        // It begins with the flag that says the same.
        let reason = reason.split_once("`: ").map_or(&*reason, |(_, rest)| rest);
        let path = format!("benchmark.datasets.0.filters.{key}");
        faults.push(Fault::new(format!("`{value}`: {reason}")).at(path, public.filters.place()));
    }
}
