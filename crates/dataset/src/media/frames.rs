//! Frames of made-up videos.

use std::f64::consts::TAU;

use aiperf_random::Generator;
use rand::RngCore;

use super::plan::VideoKind;

type Colour = [u8; 3];

const BLACK: Colour = [0, 0, 0];
const RED: Colour = [255, 0, 0];
const GREEN: Colour = [0, 255, 0];
const BLUE: Colour = [0, 0, 255];
const WHITE: Colour = [255, 255, 255];
const YELLOW: Colour = [255, 255, 0];
const GROUND: Colour = [32, 32, 32];
const GRID: Colour = [64, 64, 64];
const GRID_STEP: usize = 32;

/// Rows of the digits 0 to 9, three bits each, the left one highest.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];
const DIGIT_SCALE: usize = 4;

/// A picture of three bytes for each pixel, drawn anew for each frame.
pub(super) struct Frame {
    width: usize,
    height: usize,
    pub(super) pixels: Vec<u8>,
}

impl Frame {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self {
            width,
            height,
            pixels: vec![0; width * height * 3],
        }
    }

    /// Draws frame `index` of `count`.
    pub(super) fn draw(
        &mut self,
        kind: VideoKind,
        index: usize,
        count: usize,
        generator: &mut Generator,
    ) {
        match kind {
            VideoKind::Noise => generator.fill_bytes(&mut self.pixels),
            VideoKind::MovingShapes => self.moving_shapes(index as f64 / count.max(1) as f64),
            VideoKind::GridClock => self.grid_clock(index, index as f64 / count.max(1) as f64),
        }
    }

    /// `part` is how much of the clip is over.
    fn moving_shapes(&mut self, part: f64) {
        self.fill(BLACK);
        let (width, height) = (self.width as f64, self.height as f64);
        self.disc((part * 2.0 * width) % width, height / 2.0, 15.0, RED);
        let top = (part * 2.0 * height) % height;
        self.rectangle(width / 2.0 - 12.5, top, 25.0, 25.0, GREEN);
        let from_corner = |side: f64| (side - part * 1.5 * side).rem_euclid(side);
        self.disc(from_corner(width), from_corner(height), 10.0, BLUE);
    }

    fn grid_clock(&mut self, index: usize, part: f64) {
        self.fill(GROUND);
        for y in 0..self.height {
            for x in 0..self.width {
                if x % GRID_STEP == 0 || y % GRID_STEP == 0 {
                    self.set(x as i64, y as i64, GRID);
                }
            }
        }
        let (middle_x, middle_y) = (self.width as f64 / 2.0, self.height as f64 / 2.0);
        let radius = self.width.min(self.height) as f64 / 4.0;
        for step in 0..720 {
            let (sine, cosine) = (f64::from(step) / 720.0 * TAU).sin_cos();
            self.set(
                (middle_x + radius * cosine) as i64,
                (middle_y + radius * sine) as i64,
                WHITE,
            );
        }
        self.hand(part, radius * 0.9, WHITE);
        self.hand(part / 12.0, radius * 0.6, YELLOW);
        self.number(index);
    }

    /// A line from the middle; `turn` 0 points up.
    fn hand(&mut self, turn: f64, length: f64, colour: Colour) {
        let (sine, cosine) = (turn * TAU).sin_cos();
        let (middle_x, middle_y) = (self.width as f64 / 2.0, self.height as f64 / 2.0);
        for step in 0..=length as i64 {
            let along = step as f64;
            self.rectangle(
                middle_x + along * sine - 1.0,
                middle_y - along * cosine - 1.0,
                2.0,
                2.0,
                colour,
            );
        }
    }

    fn number(&mut self, number: usize) {
        for (place, digit) in number.to_string().bytes().enumerate() {
            let rows = DIGITS[usize::from(digit - b'0') % 10];
            for (row, bits) in rows.iter().enumerate() {
                for column in (0..3).filter(|column| bits >> (2 - column) & 1 == 1) {
                    let left = (4 + (place * 4 + column) * DIGIT_SCALE) as f64;
                    let top = (4 + row * DIGIT_SCALE) as f64;
                    self.rectangle(left, top, DIGIT_SCALE as f64, DIGIT_SCALE as f64, WHITE);
                }
            }
        }
    }

    fn fill(&mut self, colour: Colour) {
        self.pixels
            .chunks_exact_mut(3)
            .for_each(|pixel| pixel.copy_from_slice(&colour));
    }

    fn rectangle(&mut self, left: f64, top: f64, width: f64, height: f64, colour: Colour) {
        for y in top as i64..(top + height) as i64 {
            for x in left as i64..(left + width) as i64 {
                self.set(x, y, colour);
            }
        }
    }

    fn disc(&mut self, x: f64, y: f64, radius: f64, colour: Colour) {
        for row in (y - radius) as i64..=(y + radius) as i64 {
            for column in (x - radius) as i64..=(x + radius) as i64 {
                if (column as f64 - x).hypot(row as f64 - y) <= radius {
                    self.set(column, row, colour);
                }
            }
        }
    }

    /// What lies outside is not drawn.
    fn set(&mut self, x: i64, y: i64, colour: Colour) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 3;
            self.pixels[at..at + 3].copy_from_slice(&colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;

    fn frame(kind: VideoKind, index: usize, size: (u32, u32)) -> Frame {
        let mut frame = Frame::new(size.0, size.1);
        frame.draw(
            kind,
            index,
            8,
            &mut RootSeed::fixed(1).stream("frames").at(index as u64),
        );
        frame
    }

    fn pixel(frame: &Frame, x: usize, y: usize) -> &[u8] {
        &frame.pixels[(y * frame.width + x) * 3..][..3]
    }

    #[test]
    fn every_kind_changes_from_frame_to_frame_at_every_size() {
        for kind in [
            VideoKind::MovingShapes,
            VideoKind::GridClock,
            VideoKind::Noise,
        ] {
            for size in [(1, 1), (7, 300), (64, 48), (320, 240)] {
                let (first, second) = (frame(kind, 0, size), frame(kind, 1, size));
                assert_eq!(first.pixels.len(), (size.0 * size.1 * 3) as usize);
                if size.0 > 32 {
                    assert_ne!(first.pixels, second.pixels, "{kind:?}");
                }
            }
        }
    }

    #[test]
    fn shapes_are_where_the_time_puts_them() {
        let frame = frame(VideoKind::MovingShapes, 1, (320, 240));
        // An eighth of the clip: the red disc crossed a quarter of the width.
        assert_eq!(pixel(&frame, 80, 120), RED);
        assert_eq!(pixel(&frame, 160, 70), GREEN);
        assert_eq!(pixel(&frame, 5, 5), BLACK);
    }

    #[test]
    fn the_clock_shows_the_number_of_the_frame() {
        let (first, second) = (
            frame(VideoKind::GridClock, 0, (320, 240)),
            frame(VideoKind::GridClock, 1, (320, 240)),
        );
        assert_eq!(pixel(&first, 5, 5), WHITE);
        assert_eq!(pixel(&second, 5, 5), GROUND);
        assert_eq!(pixel(&first, 1, 32), GRID);
    }
}
