//! Pictures that are drawn by formulas: smooth, with edges and textures, as photographs have.

use std::sync::LazyLock;

use image::{Rgb, RgbImage};

const WIDTH: u32 = 768;
const HEIGHT: u32 = 512;

/// The pictures, drawn when the first is asked for.
pub(super) static PICTURES: LazyLock<[RgbImage; 4]> =
    LazyLock::new(|| [drawn(sunset), drawn(hills), drawn(fractal), drawn(tiles)]);

/// Red, green and blue between 0 and 1 at a place, both of whose coordinates run from 0 to 1.
type Formula = fn(f64, f64) -> [f64; 3];

fn drawn(formula: Formula) -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let colour = formula(
            f64::from(x) / f64::from(WIDTH),
            f64::from(y) / f64::from(HEIGHT),
        );
        Rgb(colour.map(|part| (part.clamp(0.0, 1.0) * 255.0) as u8))
    })
}

/// A sun above water.
fn sunset(x: f64, y: f64) -> [f64; 3] {
    let distance = ((x - 0.62) * 1.5).hypot(y - 0.45);
    if y > 0.6 {
        let wave = (x * 60.0 + (y * 90.0).sin() * 3.0).sin() * (y * 240.0).sin();
        let glow = (1.0 - (x - 0.62).abs() * 3.0).max(0.0) * (0.5 + 0.5 * wave);
        return [0.15 + 0.8 * glow, 0.15 + 0.4 * glow, 0.35 - 0.1 * wave];
    }
    if distance < 0.12 {
        return [1.0, 0.9 - distance * 2.0, 0.5];
    }
    [
        0.95 - 0.5 * y,
        0.35 + 0.4 * y - 0.2 * distance,
        0.6 - 0.5 * y,
    ]
}

/// Ridges one behind the other, with grain.
fn hills(x: f64, y: f64) -> [f64; 3] {
    for layer in (0..5).map(f64::from) {
        let ridge = 0.85 - layer * 0.12
            + 0.05 * (x * (7.0 + layer * 3.0) + layer * 1.7).sin()
            + 0.02 * (x * (23.0 + layer * 5.0)).sin();
        if y > ridge {
            let grain = ((x * 913.0).sin() * (y * 711.0).sin()).abs() * 0.12;
            let haze = layer * 0.13;
            return [
                0.10 + haze + grain,
                0.32 + haze * 0.8 + grain,
                0.12 + haze * 1.2,
            ];
        }
    }
    [0.55 + 0.3 * y, 0.7 + 0.2 * y, 0.95]
}

/// A part of the Mandelbrot set.
fn fractal(x: f64, y: f64) -> [f64; 3] {
    let (real, imaginary) = (x * 1.2 - 1.35, y * 0.8 - 0.1);
    let (mut a, mut b) = (0.0, 0.0);
    for step in 0..96 {
        (a, b) = (a * a - b * b + real, 2.0 * a * b + imaginary);
        if a * a + b * b > 4.0 {
            let part = f64::from(step) / 96.0;
            return [part.sqrt(), part, 0.4 + 0.6 * (part * 20.0).sin().abs()];
        }
    }
    [0.02, 0.02, 0.08]
}

/// A floor of worn tiles.
fn tiles(x: f64, y: f64) -> [f64; 3] {
    let (column, row) = ((x * 12.0).floor(), (y * 8.0).floor());
    let (inside_x, inside_y) = ((x * 12.0).fract(), (y * 8.0).fract());
    if inside_x < 0.06 || inside_y < 0.06 {
        return [0.25, 0.24, 0.22];
    }
    let shade = ((column * 12.9 + row * 78.2).sin() * 43_758.5)
        .fract()
        .abs();
    let wear = ((x * 300.0).sin() * (y * 270.0).cos() * 0.08).abs();
    [
        0.5 + 0.4 * shade - wear,
        0.4 + 0.25 * shade - wear,
        0.35 + 0.15 * shade,
    ]
}
