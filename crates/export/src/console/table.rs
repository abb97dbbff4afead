//! Tables with a heavy header: one blank left and right of every cell, no lines between rows.

use super::paint::{Paint, Paints};
use super::text::{Align, Overflow, lay_out, printable, widest_line};

/// A column: its heading and how its cells stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    heading: String,
    align: Align,
    overflow: Overflow,
    paint: Paint,
}

impl Column {
    /// A column whose words are cut when they are wider than the column can be.
    pub fn new(heading: &str, align: Align) -> Self {
        let heading = printable(heading);
        Self {
            heading,
            align,
            overflow: Overflow::Ellipsis,
            paint: Paint::Usual,
        }
    }

    /// The same column with another treatment of long words.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    pub(crate) fn paint(mut self, paint: Paint) -> Self {
        self.paint = paint;
        self
    }
}

/// The text of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    paint: Option<Paint>,
}

impl Cell {
    /// A value that does not exist.
    pub fn absent() -> Self {
        Self::from("N/A").paint(Paint::Absent)
    }

    /// The same text in a paint of its own instead of its column's.
    pub(crate) fn paint(mut self, paint: Paint) -> Self {
        self.paint = Some(paint);
        self
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: printable(text.as_ref()),
            paint: None,
        }
    }
}

/// Rows under a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    title: String,
    title_paint: Paint,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(title: &str, columns: Vec<Column>) -> Self {
        Self {
            title: printable(title),
            title_paint: Paint::Title,
            columns,
            rows: Vec::new(),
        }
    }

    pub(crate) fn title_paint(mut self, paint: Paint) -> Self {
        self.title_paint = paint;
        self
    }

    /// Appends a row; missing cells are blank.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Whether the table has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table alone, at a width of at most `width` columns.
    pub fn render(&self, width: usize, paints: Paints) -> String {
        let mut text = String::new();
        self.render_into(&mut text, width, paints);
        text
    }

    /// Appends the table at a width of at most `width` columns.
    pub(crate) fn render_into(&self, output: &mut String, width: usize, paints: Paints) {
        let widths = self.column_widths(width);
        // A line left of every column and one at the end.
        let total = widths.iter().sum::<usize>() + widths.len() + 1;
        for line in lay_out(&self.title, total, Align::Center, Overflow::Fold) {
            self.title_paint.push(output, &line, paints);
            output.push('\n');
        }
        push_rule(output, &widths, ['┏', '━', '┳', '┓']);
        let headings: Vec<(&str, Paint)> = self
            .columns
            .iter()
            .map(|column| (&*column.heading, Paint::Heading))
            .collect();
        self.push_row(
            output,
            &headings,
            &widths,
            &Sides {
                edge: '┃',
                stand: Stand::Bottom,
            },
            paints,
        );
        push_rule(output, &widths, ['┡', '━', '╇', '┩']);
        for row in &self.rows {
            let cells: Vec<(&str, Paint)> = self
                .columns
                .iter()
                .enumerate()
                .map(|(index, column)| match row.get(index) {
                    Some(cell) => (&*cell.text, cell.paint.unwrap_or(column.paint)),
                    None => ("", column.paint),
                })
                .collect();
            self.push_row(
                output,
                &cells,
                &widths,
                &Sides {
                    edge: '│',
                    stand: Stand::Top,
                },
                paints,
            );
        }
        push_rule(output, &widths, ['└', '─', '┴', '┘']);
    }

    /// One row of cells, as many lines as the tallest of them takes.
    fn push_row(
        &self,
        output: &mut String,
        cells: &[(&str, Paint)],
        widths: &[usize],
        sides: &Sides,
        paints: Paints,
    ) {
        let laid_out: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .zip(&self.columns)
            .map(|(((text, _), width), column)| {
                lay_out(text, width.saturating_sub(2), column.align, column.overflow)
            })
            .collect();
        let height = laid_out.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            for (((_, paint), lines), width) in cells.iter().zip(&laid_out).zip(widths) {
                let above = match sides.stand {
                    Stand::Top => 0,
                    Stand::Bottom => height - lines.len(),
                };
                output.push(sides.edge);
                output.push(' ');
                match line.checked_sub(above).and_then(|index| lines.get(index)) {
                    Some(text) => paint.push(output, text, paints),
                    None => output.extend(std::iter::repeat_n(' ', width.saturating_sub(2))),
                }
                output.push(' ');
            }
            output.push(sides.edge);
            output.push('\n');
        }
    }

    /// The width of each column including its two blanks.
    fn column_widths(&self, width: usize) -> Vec<usize> {
        let available = width.saturating_sub(self.columns.len() + 1);
        let natural: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(index));
                let widest = cells.map(|cell| widest_line(&cell.text)).max().unwrap_or(0);
                (widest.max(widest_line(&column.heading)) + 2).min(available)
            })
            .collect();
        shrunk(natural, available)
    }
}

struct Sides {
    edge: char,
    stand: Stand,
}

/// Where a cell stands that has fewer lines than its row.
enum Stand {
    Top,
    Bottom,
}

fn push_rule(output: &mut String, widths: &[usize], [left, line, cross, right]: [char; 4]) {
    output.push(left);
    for (index, width) in widths.iter().enumerate() {
        if index > 0 {
            output.push(cross);
        }
        output.extend(std::iter::repeat_n(line, *width));
    }
    output.push(right);
    output.push('\n');
}

/// Lowers the widest columns, like water levelling, until all fit into `available`. Columns of the
/// same width are lowered together; what does not divide evenly is taken by shares rounded to even.
fn shrunk(mut widths: Vec<usize>, available: usize) -> Vec<usize> {
    loop {
        let excess = widths.iter().sum::<usize>().saturating_sub(available);
        let widest = widths.iter().copied().max().unwrap_or(0);
        if excess == 0 || widest == 0 {
            return widths;
        }
        let second = widths
            .iter()
            .copied()
            .filter(|&width| width != widest)
            .max()
            .unwrap_or(0);
        let most = excess.min(widest - second);
        let mut sharing = widths.iter().filter(|&&width| width == widest).count();
        let mut remaining = excess;
        for width in widths.iter_mut().filter(|width| **width == widest) {
            let share = most.min(rounded_quotient(remaining, sharing));
            *width -= share;
            remaining -= share;
            sharing -= 1;
        }
    }
}

/// `dividend / divisor`, a half rounded to the even neighbour.
fn rounded_quotient(dividend: usize, divisor: usize) -> usize {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let round_up = 2 * rest > divisor || (2 * rest == divisor && quotient % 2 == 1);
    quotient + usize::from(round_up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_widest_columns_give_way_first() {
        assert_eq!(shrunk(vec![10, 50, 10], 60), [10, 40, 10]);
        assert_eq!(shrunk(vec![30, 50, 10], 60), [25, 25, 10]);
        assert_eq!(shrunk(vec![9, 9, 9], 25), [8, 9, 8]);
        assert_eq!(shrunk(vec![4, 5], 20), [4, 5]);
    }

    proptest! {
        #[test]
        fn shrinking_meets_the_width_exactly_and_widens_nothing(
            widths in proptest::collection::vec(1usize..80, 1..9),
            available in 10usize..200,
        ) {
            let result = shrunk(widths.clone(), available);
            let wanted = widths.iter().sum::<usize>().min(available);
            prop_assert_eq!(result.iter().sum::<usize>(), wanted);
            prop_assert!(result.iter().zip(&widths).all(|(new, old)| new <= old));
        }
    }
}
