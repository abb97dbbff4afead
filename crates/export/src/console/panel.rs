//! Panels: lines of text in a rounded box with a title in its upper edge.

use super::paint::{Paint, Paints};
use super::text::{Align, Overflow, cut, lay_out, printable, widest_line, width_of};

/// Where the title stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TitleSide {
    /// At the left corner.
    Left,
    /// In the middle.
    Center,
}

/// Text in a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    title: String,
    title_side: TitleSide,
    text: String,
    /// Blanks left and right of the text.
    padding: usize,
    /// Whether the box takes the whole width, whatever its text needs.
    full_width: bool,
    edge: Paint,
}

impl Panel {
    /// A box around a warning, as wide as its text.
    pub fn warning(title: &str, text: &str) -> Self {
        Self {
            title: printable(title),
            title_side: TitleSide::Center,
            text: printable(text),
            padding: 2,
            full_width: false,
            edge: Paint::Warning,
        }
    }

    /// A box around failures that takes the whole width.
    pub fn failure(title: &str, text: &str) -> Self {
        Self {
            title: printable(title),
            title_side: TitleSide::Left,
            text: printable(text),
            padding: 1,
            full_width: true,
            edge: Paint::Alarm,
        }
    }

    /// Appends the panel at a width of at most `width` columns.
    pub(crate) fn render_into(&self, output: &mut String, width: usize, paints: Paints) {
        let title = format!(" {} ", self.title);
        let available = width.saturating_sub(2);
        let inner = if self.full_width {
            available
        } else {
            let text_width = widest_line(&self.text) + 2 * self.padding;
            text_width.max(width_of(&title) + 2).min(available)
        };
        self.edge
            .push(output, &self.upper_edge(&title, inner), paints);
        output.push('\n');
        let text_width = inner.saturating_sub(2 * self.padding);
        for line in lay_out(&self.text, text_width, Align::Left, Overflow::Fold) {
            self.edge.push(output, "│", paints);
            output.push_str(&format!(
                "{:padding$}{line}{:padding$}",
                "",
                "",
                padding = self.padding
            ));
            self.edge.push(output, "│", paints);
            output.push('\n');
        }
        let lower_edge = format!("╰{}╯", "─".repeat(inner));
        self.edge.push(output, &lower_edge, paints);
        output.push('\n');
    }

    fn upper_edge(&self, title: &str, inner: usize) -> String {
        let room = inner.saturating_sub(2);
        let title = cut(title, room, Overflow::Fold);
        let missing = room - width_of(&title);
        let before = match self.title_side {
            TitleSide::Left => 0,
            TitleSide::Center => missing / 2,
        };
        format!(
            "╭─{}{title}{}─╮",
            "─".repeat(before),
            "─".repeat(missing - before)
        )
    }
}
