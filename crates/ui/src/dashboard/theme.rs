//! Colours, the reference's.

use ratatui::style::{Color, Modifier, Style};

use crate::logs::Severity;

const BACKGROUND: Color = Color::Rgb(0x1a, 0x1a, 0x1a);
const PANEL: Color = Color::Rgb(0x25, 0x25, 0x25);
const STRIPE: Color = Color::Rgb(0x2d, 0x2d, 0x2d);
const TRACK: Color = Color::Rgb(0x44, 0x44, 0x44);
const DIM: Color = Color::Rgb(0x8a, 0x8a, 0x8a);
const TEXT: Color = Color::Rgb(0xe8, 0xe8, 0xe8);
const PRIMARY: Color = Color::Rgb(0x76, 0xb9, 0x00);
const ACCENT: Color = Color::Rgb(0x00, 0xd4, 0xff);
const BLUE: Color = Color::Rgb(0x5c, 0x9c, 0xff);
const WARNING: Color = Color::Rgb(0xff, 0xa5, 0x00);
const ERROR: Color = Color::Rgb(0xff, 0x44, 0x44);

pub(super) fn screen() -> Style {
    Style::new().fg(TEXT).bg(BACKGROUND)
}

pub(super) fn panel() -> Style {
    Style::new().fg(TEXT).bg(PANEL)
}

pub(super) fn stripe() -> Style {
    Style::new().bg(STRIPE)
}

pub(super) fn border() -> Style {
    Style::new().fg(PRIMARY)
}

/// Titles and the names of keys.
pub(super) fn title() -> Style {
    bold(PRIMARY)
}

pub(super) fn text() -> Style {
    Style::new().fg(TEXT)
}

pub(super) fn dim() -> Style {
    Style::new().fg(DIM)
}

/// What is not filled of a bar.
pub(super) fn track() -> Style {
    Style::new().fg(TRACK)
}

/// A bar, or what stands beside it.
pub(super) fn of_stage(is_warmup: bool) -> Style {
    Style::new().fg(if is_warmup { WARNING } else { PRIMARY })
}

/// The name of a figure.
pub(super) fn key() -> Style {
    bold(ACCENT)
}

/// A figure.
pub(super) fn value() -> Style {
    bold(TEXT)
}

pub(super) fn number() -> Style {
    Style::new().fg(PRIMARY)
}

pub(super) fn good() -> Style {
    bold(PRIMARY)
}

pub(super) fn middling() -> Style {
    bold(WARNING)
}

pub(super) fn bad() -> Style {
    bold(ERROR)
}

pub(super) fn waiting() -> Style {
    Style::new().fg(WARNING).add_modifier(Modifier::ITALIC)
}

/// Where in the program a line of the log comes from.
pub(super) fn place() -> Style {
    dim().add_modifier(Modifier::ITALIC)
}

pub(super) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Trace | Severity::Debug => dim(),
        Severity::Info => Style::new().fg(ACCENT),
        Severity::Notice => Style::new().fg(BLUE),
        Severity::Warning => Style::new().fg(WARNING),
        Severity::Error => Style::new().fg(ERROR),
    }
}

fn bold(color: Color) -> Style {
    Style::new().fg(color).add_modifier(Modifier::BOLD)
}
