//! Plain text tables for the examples: first column to the left, the others to the right.

/// Lays out a header and rows in columns that are as wide as their longest cell.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(|name| name.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let header = header.map(str::to_owned);
    let lines: Vec<String> = std::iter::once(&header)
        .chain(rows)
        .map(|row| line(row, &widths))
        .collect();
    lines.concat()
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let mut cells = Vec::with_capacity(N);
    for (index, (cell, &width)) in row.iter().zip(widths).enumerate() {
        cells.push(if index == 0 {
            format!("{cell:<width$}")
        } else {
            format!("{cell:>width$}")
        });
    }
    let line = cells.join("  ");
    format!("{}\n", line.trim_end())
}
