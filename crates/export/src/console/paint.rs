//! Colours, by meaning.

use anstyle::{AnsiColor, Style};

/// Whether text carries terminal colours. The caller knows the terminal and `NO_COLOR`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paints {
    /// Text alone.
    #[default]
    Plain,
    /// With ANSI sequences.
    Ansi,
}

/// What a piece of text means; a terminal shows it as a colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    /// The terminal's own colour.
    #[default]
    Usual,
    /// Title of a table.
    Title,
    /// Title that speaks of failures.
    AlarmTitle,
    /// Title of a table that is normally hidden.
    HiddenTitle,
    /// Heading of a column.
    Heading,
    /// Name of a metric, path of a file.
    Name,
    /// Figure.
    Figure,
    /// Something to look at.
    Warning,
    /// Something that went wrong.
    Alarm,
    /// Value that does not exist.
    Absent,
    /// Label in front of a value.
    Label,
    /// Remark at the end.
    Remark,
}

impl Paint {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Usual => Style::new(),
            Self::Title => Style::new().italic(),
            Self::AlarmTitle => colour(AnsiColor::Red).italic(),
            Self::HiddenTitle => colour(AnsiColor::Yellow).italic(),
            Self::Heading => Style::new().bold(),
            Self::Name => colour(AnsiColor::Cyan),
            Self::Figure => colour(AnsiColor::Green),
            Self::Warning => colour(AnsiColor::Yellow),
            Self::Alarm => colour(AnsiColor::Red).bold(),
            Self::Absent => Style::new().dimmed(),
            Self::Label => colour(AnsiColor::Green).bold(),
            Self::Remark => colour(AnsiColor::Yellow).italic(),
        }
    }

    /// Appends `text` in this paint.
    pub(crate) fn push(self, output: &mut String, text: &str, paints: Paints) {
        if paints == Paints::Plain || self == Self::Usual || text.is_empty() {
            output.push_str(text);
        } else {
            let style = self.style();
            output.push_str(&format!("{style}{text}{style:#}"));
        }
    }
}
