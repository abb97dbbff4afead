//! The reference page of environment variables, as Markdown.

use super::foreign::FOREIGN;
use super::table;

/// The page; ends in a newline.
pub(crate) fn reference_markdown() -> String {
    let mut page = "# Environment variables\n\n\
        Read once, before a run starts. A value that cannot be used ends the run with a message that \
        names the variable; an empty one counts as none. Names are upper case. Flags go before \
        variables where both say something. A variable that begins with `AIPERF_` and does nothing is \
        pointed out in the log.\n\n\
        ## Of this program\n\n\
        | Variable | Values | Default | What it says |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for row in table::rows() {
        let default = cell(&row.default);
        page.push_str(&format!(
            "| `{}` | {} | {default} | {} |\n",
            row.name, row.values, row.meaning
        ));
    }
    page.push_str(
        "\n## Of others\n\n| Variable | Known from | What it says |\n| --- | --- | --- |\n",
    );
    for variable in FOREIGN {
        page.push_str(&format!(
            "| `{}` | {} | {} |\n",
            variable.name, variable.of, variable.meaning
        ));
    }
    page
}

/// A default as code, where it is a value rather than an explanation.
fn cell(text: &str) -> String {
    if text.contains(' ') && !text.starts_with('[') {
        text.to_owned()
    } else {
        format!("`{text}`")
    }
}
