//! The picture: lanes above, curves below, one axis of time.

use std::convert::Infallible;
use std::io::Cursor;

use anyhow::Result;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_10X20;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Alignment, Text};
use image::{ImageFormat, Rgb, RgbImage};

use super::Chart;
use super::curves::Steps;

/// 20 inches at 150 dots.
const WIDTH: u32 = 3000;
const LEFT: f64 = 110.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 90.0;
/// Of a row, where there are few.
const ROW: f64 = 60.0;
/// Of all rows: many become thin.
const MOST_ROWS: f64 = 8_700.0;
/// Between lanes and curves, and of the curves.
const GAP: f64 = 30.0;
const CURVES: f64 = 320.0;
const BOTTOM: f64 = 90.0;

const BLACK: Colour = [0, 0, 0];
const GRAY: Colour = [150, 150, 150];
const PALE: Colour = [240, 240, 240];
const BLUE: Colour = [33, 118, 199];
const RED: Colour = [205, 50, 47];
const ORANGE: Colour = [240, 150, 30];
const GREEN: Colour = [46, 139, 70];

type Colour = [u8; 3];

/// The picture, encoded.
pub(super) fn png(chart: &Chart) -> Result<Vec<u8>> {
    let rows: usize = chart.lanes.slot_rows.iter().sum();
    let row_height = ROW.min(MOST_ROWS / rows as f64);
    let lanes_height = rows as f64 * row_height;
    let height = TOP + lanes_height + GAP + CURVES + BOTTOM;
    let mut drawing = Drawing {
        canvas: Canvas(RgbImage::from_pixel(WIDTH, height as u32, Rgb([255; 3]))),
        chart,
        seconds: (chart.sessions.end() * 1.01).max(f64::MIN_POSITIVE),
        row_height,
        lanes_end: TOP + lanes_height,
    };
    drawing.title();
    drawing.lanes();
    drawing.curves();
    drawing.axis();
    drawing.marks();
    let mut bytes = Cursor::new(Vec::new());
    drawing.canvas.0.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

struct Drawing<'c> {
    canvas: Canvas,
    chart: &'c Chart,
    /// The length of the axis of time.
    seconds: f64,
    row_height: f64,
    lanes_end: f64,
}

impl Drawing<'_> {
    fn x(&self, at: f64) -> f64 {
        LEFT + at / self.seconds * (f64::from(WIDTH) - LEFT - RIGHT)
    }

    fn title(&mut self) {
        let subagents = self
            .chart
            .sessions
            .0
            .iter()
            .filter(|session| session.is_subagent());
        let subagents = subagents.count();
        let sessions = self.chart.sessions.0.len() - subagents;
        let told = match subagents {
            0 => format!("{sessions} sessions"),
            _ => format!("{sessions} sessions and {subagents} subagents"),
        };
        let slots = self.chart.lanes.slot_rows.len();
        let title = format!("{}: {told} in {slots} slots", self.chart.name);
        self.canvas.text(&title, LEFT, 30.0, BLACK, Alignment::Left);
        let legend =
            "full: a request   pale: between two turns   black: another session takes the slot";
        self.canvas.text(legend, LEFT, 62.0, GRAY, Alignment::Left);
    }

    fn lanes(&mut self) {
        let mut offsets = Vec::new();
        let mut rows = 0;
        for slot_rows in &self.chart.lanes.slot_rows {
            offsets.push(rows);
            rows += slot_rows;
        }
        let whole_width = (self.x(0.0), self.x(self.chart.sessions.end()));
        for (slot, slot_rows) in self.chart.lanes.slot_rows.iter().enumerate() {
            let (top, bottom) = self.rows(offsets[slot], *slot_rows);
            self.canvas.rectangle(whole_width, (top, bottom), PALE);
            let stride = match self.chart.lanes.slot_rows.len() {
                0..=30 => 1,
                31..=60 => 2,
                _ => 5,
            };
            if slot.is_multiple_of(stride) && (bottom - top) * stride as f64 > 16.0 {
                let middle = (top + bottom) / 2.0 + 7.0;
                self.canvas.text(
                    &slot.to_string(),
                    LEFT - 12.0,
                    middle,
                    BLACK,
                    Alignment::Right,
                );
            }
        }
        for (number, group) in self.chart.lanes.groups.iter().enumerate() {
            let colour = palette(number);
            for member in &group.members {
                let session = &self.chart.sessions.0[member.session];
                let is_subagent = session.is_subagent();
                let first = offsets[group.slot] + member.row;
                let idle = paler(colour, if is_subagent { 0.15 } else { 0.25 });
                for (start, end) in session.gaps() {
                    let across = (self.x(start), self.x(end));
                    self.canvas
                        .rectangle(across, self.rows(first, member.rows), idle);
                }
                let busy = if is_subagent {
                    paler(colour, 0.55)
                } else {
                    colour
                };
                for (turn, row) in session.turns.iter().zip(&member.turn_rows) {
                    let across = (self.x(turn.start), self.x(turn.end));
                    self.canvas
                        .rectangle(across, self.rows(first + row, 1), busy);
                }
            }
        }
        for (slot, at) in self.chart.lanes.reuses() {
            let x = self.x(at);
            let down = self.rows(offsets[slot], self.chart.lanes.slot_rows[slot]);
            self.canvas.rectangle((x - 1.0, x + 1.0), down, BLACK);
        }
    }

    /// Top and bottom of some rows, with a little room between them and the next.
    fn rows(&self, first: usize, count: usize) -> (f64, f64) {
        let margin = 0.15 * self.row_height;
        let top = TOP + first as f64 * self.row_height + margin;
        (top, top + count as f64 * self.row_height - 2.0 * margin)
    }

    fn curves(&mut self) {
        let slots = self.chart.lanes.slot_rows.len() as u64;
        let target = self.chart.marks.target;
        let most = self
            .chart
            .curves
            .peak_active
            .max(slots)
            .max(target.unwrap_or(0));
        let most = (most as f64 * 1.15).max(1.0);
        let base = self.lanes_end + GAP + CURVES;
        let y = |value: u64| base - value as f64 / most * CURVES;
        let chart = self.chart;
        for (at, until, value) in pieces(&chart.curves.active, chart.sessions.end()) {
            let across = (self.x(at), self.x(until));
            self.canvas
                .rectangle(across, (y(value), base), paler(BLUE, 0.3));
            self.canvas
                .rectangle(across, (y(value) - 1.0, y(value) + 1.0), BLUE);
        }
        for (at, until, value) in pieces(&chart.curves.idle, chart.sessions.end()) {
            let across = (self.x(at), self.x(until));
            self.canvas
                .rectangle(across, (y(value) - 1.0, y(value) + 1.0), GRAY);
        }
        let across = (LEFT, f64::from(WIDTH) - RIGHT);
        self.canvas.dashes(across, y(slots), 4.0, RED);
        if let Some(target) = target {
            self.canvas.dashes(across, y(target), 16.0, GREEN);
        }
        for value in [0, slots] {
            self.canvas.text(
                &value.to_string(),
                LEFT - 12.0,
                y(value) + 7.0,
                BLACK,
                Alignment::Right,
            );
        }
        let peak = chart.curves.peak_active;
        let mut legend = vec![
            (format!("active requests (peak {peak})"), BLUE),
            ("idle sessions".to_owned(), GRAY),
            (format!("slots ({slots})"), RED),
        ];
        legend.extend(target.map(|target| (format!("target concurrency ({target})"), GREEN)));
        let seconds = |name: &str, at: f64| format!("{name} ({at:.0} s)");
        legend.extend(
            chart
                .marks
                .ramp
                .map(|at| (seconds("ramp done", at), ORANGE)),
        );
        legend.extend(
            chart
                .marks
                .end
                .map(|at| (seconds("benchmark end", at), RED)),
        );
        let mut x = LEFT;
        for (text, colour) in legend {
            self.canvas
                .text(&text, x, base + 70.0, colour, Alignment::Left);
            x += 10.0 * (text.len() as f64 + 4.0);
        }
    }

    fn axis(&mut self) {
        let base = self.lanes_end + GAP + CURVES;
        let step = tick_step(self.seconds);
        let mut at = 0.0;
        while at <= self.seconds {
            let x = self.x(at);
            for down in [(TOP, self.lanes_end), (base - CURVES, base)] {
                self.canvas.tint((x - 0.5, x + 0.5), down);
            }
            let text = if step < 1.0 {
                format!("{at:.3} s")
            } else {
                format!("{at:.0} s")
            };
            self.canvas
                .text(&text, x, base + 30.0, BLACK, Alignment::Center);
            at += step;
        }
    }

    fn marks(&mut self) {
        let base = self.lanes_end + GAP + CURVES;
        for (at, colour) in [(self.chart.marks.ramp, ORANGE), (self.chart.marks.end, RED)] {
            if let Some(at) = at.filter(|at| *at <= self.seconds) {
                self.canvas.dashes_down(self.x(at), (TOP, base), colour);
            }
        }
    }
}

/// The steps as spans with a value.
fn pieces(steps: &Steps, end: f64) -> impl Iterator<Item = (f64, f64, u64)> {
    steps.iter().enumerate().map(move |(place, (at, value))| {
        let until = steps.get(place + 1).map_or(end.max(*at), |next| next.0);
        (*at, until, *value)
    })
}

/// 1, 2 or 5 of a power of ten, so that there are ten to twenty of them.
fn tick_step(seconds: f64) -> f64 {
    let power = 10f64.powf((seconds / 20.0).log10().ceil());
    let steps = [power / 5.0, power / 2.0, power];
    let fits = steps.into_iter().find(|step| seconds / step <= 20.0);
    fits.unwrap_or(power)
}

/// Twenty colours that are told apart well where they follow each other.
fn palette(number: usize) -> Colour {
    let hue = (number % 20) as f64 * 137.508 % 360.0;
    let (saturation, value) = if number.is_multiple_of(2) {
        (0.65, 0.75)
    } else {
        (0.5, 0.9)
    };
    let part = |offset: f64| {
        let k = (offset + hue / 60.0) % 6.0;
        let share = value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0);
        (share * 255.0) as u8
    };
    [part(5.0), part(3.0), part(1.0)]
}

/// The colour as it looks on white.
fn paler(colour: Colour, share: f64) -> Colour {
    colour.map(|part| (255.0 - (255.0 - f64::from(part)) * share) as u8)
}

struct Canvas(RgbImage);

impl Canvas {
    /// Pixels from the first to before the last, one at least.
    fn span((from, to): (f64, f64), most: u32) -> std::ops::Range<u32> {
        let first = (from.max(0.0) as u32).min(most);
        let last = (to.max(0.0) as u32).max(first + 1).min(most);
        first..last
    }

    fn change(&mut self, across: (f64, f64), down: (f64, f64), change: impl Fn(Colour) -> Colour) {
        let (width, height) = self.0.dimensions();
        for y in Self::span(down, height) {
            for x in Self::span(across, width) {
                let pixel = self.0.get_pixel_mut(x, y);
                pixel.0 = change(pixel.0);
            }
        }
    }

    fn rectangle(&mut self, across: (f64, f64), down: (f64, f64), colour: Colour) {
        self.change(across, down, |_| colour);
    }

    /// A line that lets what is below shine through.
    fn tint(&mut self, across: (f64, f64), down: (f64, f64)) {
        self.change(across, down, |below| {
            below.map(|part| (f64::from(part) * 0.88) as u8)
        });
    }

    fn dashes(&mut self, (from, to): (f64, f64), y: f64, length: f64, colour: Colour) {
        let mut x = from;
        while x < to {
            self.rectangle((x, (x + length).min(to)), (y - 1.0, y + 1.0), colour);
            x += 2.0 * length;
        }
    }

    fn dashes_down(&mut self, x: f64, (from, to): (f64, f64), colour: Colour) {
        const LENGTH: f64 = 16.0;
        let mut y = from;
        while y < to {
            self.rectangle((x - 1.0, x + 2.0), (y, (y + LENGTH).min(to)), colour);
            y += 2.0 * LENGTH;
        }
    }

    fn text(&mut self, text: &str, x: f64, y: f64, [red, green, blue]: Colour, align: Alignment) {
        let style = MonoTextStyle::new(&FONT_10X20, Rgb888::new(red, green, blue));
        let place = Point::new(x as i32, y as i32);
        match Text::with_alignment(text, place, style, align).draw(self) {
            Ok(_) => {}
            Err(never) => match never {},
        }
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<Pixels>(&mut self, pixels: Pixels) -> Result<(), Infallible>
    where
        Pixels: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(place, colour) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(place.x), u32::try_from(place.y))
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                pixel.0 = [colour.r(), colour.g(), colour.b()];
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_not_too_many() {
        for (seconds, expected) in [
            (1.0, 0.05),
            (10.0, 0.5),
            (19.0, 1.0),
            (21.0, 2.0),
            (60.0, 5.0),
            (3_600.0, 200.0),
        ] {
            let step = tick_step(seconds);
            assert!((step / expected - 1.0).abs() < 1e-9, "{seconds}: {step}");
        }
    }

    #[test]
    fn neighbours_differ_in_colour_and_paler_ones_are_nearer_to_white() {
        let colours: std::collections::HashSet<_> = (0..20).map(palette).collect();
        assert_eq!(colours.len(), 20);
        assert_eq!(palette(3), palette(23));
        assert_eq!(paler([55, 155, 255], 0.5), [155, 205, 255]);
    }

    #[test]
    fn a_step_lasts_until_the_next_one_or_the_end() {
        let steps = vec![(0.0, 1), (2.0, 0)];
        let found: Vec<_> = pieces(&steps, 5.0).collect();
        assert_eq!(found, [(0.0, 2.0, 1), (2.0, 5.0, 0)]);
    }

    #[test]
    fn what_lies_outside_is_not_drawn() {
        let mut canvas = Canvas(RgbImage::new(4, 4));
        canvas.rectangle((-5.0, 2.0), (3.0, 99.0), [9; 3]);
        let drawn = canvas.0.pixels().filter(|pixel| pixel.0 == [9; 3]).count();
        assert_eq!(drawn, 2);
        canvas.text("WWW", -3.0, 2.0, [1; 3], Alignment::Left);
        canvas.rectangle((50.0, 60.0), (50.0, 60.0), [9; 3]);
    }
}
