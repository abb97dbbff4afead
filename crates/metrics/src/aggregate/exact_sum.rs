//! Sums of floats that do not depend on the order of the addends.

const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const EXPONENTS: usize = 2048;

/// The mantissas of all addends, added as integers, by exponent. Only the reading rounds.
#[derive(Debug)]
pub(super) struct ExactSum {
    mantissas: Vec<i128>,
    low: usize,
    high: usize,
}

impl ExactSum {
    pub(super) fn new() -> Self {
        Self {
            mantissas: vec![0; EXPONENTS],
            low: EXPONENTS,
            high: 0,
        }
    }

    /// Adds a finite value.
    pub(super) fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let exponent = (bits >> MANTISSA_BITS) as usize % EXPONENTS;
        let fraction = (bits & ((1 << MANTISSA_BITS) - 1)).cast_signed();
        // Below the least exponent the leading bit is not implied.
        let leading = i64::from(exponent > 0) << MANTISSA_BITS;
        let magnitude = i128::from(fraction | leading);
        self.mantissas[exponent] += if value.is_sign_negative() {
            -magnitude
        } else {
            magnitude
        };
        self.low = self.low.min(exponent);
        self.high = self.high.max(exponent);
    }

    /// The sum, rounded.
    pub(super) fn value(&self) -> f64 {
        let mut sum = 0.0;
        for exponent in (self.low..=self.high).rev() {
            let mantissas = self.mantissas[exponent];
            if mantissas != 0 {
                let power = exponent.max(1) as i32 - 1075;
                // In two steps: the whole power may be too small for a float.
                let (half, rest) = (power / 2, power - power / 2);
                sum += mantissas as f64 * 2.0_f64.powi(half) * 2.0_f64.powi(rest);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::new();
        values.iter().for_each(|&value| sum.add(value));
        sum.value()
    }

    #[test]
    fn what_ordinary_adding_loses_stays() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]), 1.0);
        assert_eq!(sum(&[0.5, 0.25, -0.75]), 0.0);
        assert_eq!(sum(&[f64::MIN_POSITIVE / 4.0]), f64::MIN_POSITIVE / 4.0);
        assert_eq!(sum(&[]), 0.0);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter_and_the_sum_is_near(
            mut values in proptest::collection::vec(-1e9..1e9_f64, 0..100)
        ) {
            let forwards = sum(&values);
            let plain: f64 = values.iter().sum();
            values.reverse();
            prop_assert_eq!(forwards, sum(&values));
            prop_assert!((forwards - plain).abs() <= 1e-3);
        }
    }
}
