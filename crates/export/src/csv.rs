//! Rows of comma-separated values with CRLF line ends and quotes only where a cell needs them.

/// Appends one row.
pub(crate) fn push_row<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_need_quotes_get_them() {
        let mut text = String::new();
        push_row(&mut text, ["a b", "", "c,d", "say \"hi\"", "two\nlines"]);
        assert_eq!(text, "a b,,\"c,d\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n");
    }
}
