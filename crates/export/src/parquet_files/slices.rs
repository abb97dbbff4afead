//! `profile_export_aiperf_timeslices.parquet`: one row per slice and metric.

use std::path::Path;

use aiperf_metrics::TimeSlice;
use aiperf_metrics::result::PERCENTILES;

use super::columns::{Column, ColumnFile};
use crate::timeslices::by_tag;
use crate::{ExportError, HiddenMetrics};

/// Writes the file.
///
/// # Errors
/// The file cannot be written; it then does not exist.
pub fn write_slices(
    path: &Path,
    slices: &[TimeSlice],
    hidden: HiddenMetrics,
) -> Result<(), ExportError> {
    let mut columns = vec![
        Column::int("timeslice"),
        Column::int("start_ns").in_unit("ns"),
        Column::int("end_ns").in_unit("ns"),
    ];
    columns.push(Column::flag("is_complete"));
    columns.extend(["tag", "metric", "unit"].map(Column::text));
    columns.push(Column::int("count"));
    columns.extend(["avg", "min", "max", "sum"].map(Column::float));
    columns.extend(PERCENTILES.map(|q| Column::float(&format!("p{q}"))));
    columns.push(Column::float("std"));

    let mut file = ColumnFile::create(path, &columns)?;
    for (index, slice) in slices.iter().enumerate() {
        for result in by_tag(slice, hidden) {
            let statistics = &result.statistics;
            let ints = [
                index as u64,
                slice.bounds.start_epoch_ns,
                slice.bounds.end_epoch_ns,
            ];
            let texts = [&*result.tag, &*result.header, result.unit];
            let ends = [
                statistics.avg,
                statistics.min,
                statistics.max,
                statistics.sum,
            ];
            let floats = ends
                .into_iter()
                .chain(statistics.percentiles)
                .chain([statistics.std]);
            let whole = |int: u64| i64::try_from(int).ok();

            let mut column = columns.iter_mut();
            ints.into_iter()
                .zip(column.by_ref().take(3))
                .for_each(|(int, to)| to.push_int(whole(int)));
            column
                .by_ref()
                .take(1)
                .for_each(|to| to.push_flag(slice.is_complete));
            texts
                .into_iter()
                .zip(column.by_ref().take(3))
                .for_each(|(text, to)| to.push_text(Some(text)));
            column
                .by_ref()
                .take(1)
                .for_each(|to| to.push_int(statistics.count.and_then(whole)));
            floats
                .zip(column)
                .for_each(|(float, to)| to.push_float(float.filter(|float| float.is_finite())));
        }
    }
    file.write_group(&mut columns)?;
    file.finish()
}
