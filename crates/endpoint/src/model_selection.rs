//! Which of several models a turn asks.
//!
//! A pure function of the turn's index: the same turn asks the same model, whichever thread builds
//! it and whatever other turns exist. Only [`ModelSelection::random`] needs a random number, which
//! the caller draws for the index from the seeded stream `composer.turn.model_selection`.

use crate::error::EndpointError;

/// The sum of weights may miss 1 by this much, for the sake of thirds.
const SUM_TOLERANCE: f64 = 0.01;

/// How turns are spread over the run's models.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSelection {
    strategy: Strategy,
    models: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Strategy {
    RoundRobin,
    Random,
    /// Of each model, the upper bound of its share of 0..=1.
    Weighted(Vec<f64>),
}

impl ModelSelection {
    /// Turn n asks model n mod `models`. No model at all is taken for one.
    pub fn round_robin(models: usize) -> Self {
        Self::new(Strategy::RoundRobin, models)
    }

    /// Every turn asks any of the models, all with the same probability.
    pub fn random(models: usize) -> Self {
        Self::new(Strategy::Random, models)
    }

    /// Each model is asked in proportion to its weight.
    ///
    /// Shares hold for every stretch of turns and not only in the long run: turns are laid out by
    /// the golden ratio (an additive recurrence, the sequence of lowest discrepancy in one
    /// dimension), so that no model comes in clumps and no pattern of the dataset meets one of the
    /// models.
    ///
    /// Fails unless every weight lies in 0..=1 and they sum up to 1, give or take 0.01.
    pub fn weighted(weights: &[f64]) -> Result<Self, EndpointError> {
        let refused = |reason: String| EndpointError::ModelWeights { reason };
        if let Some(weight) = weights.iter().find(|weight| !(0.0..=1.0).contains(*weight)) {
            return Err(refused(format!("{weight} is not between 0 and 1")));
        }
        let sum = weights.iter().fold(0.0, |sum, weight| sum + weight);
        // Half the tolerance's last digit more, because 0.99 has no exact form.
        if (sum - 1.0).abs() > SUM_TOLERANCE + 1e-9 {
            return Err(refused(format!("their sum is {sum}, not 1")));
        }
        let bounds = weights.iter().scan(0.0, |bound, weight| {
            *bound += weight / sum;
            Some(*bound)
        });
        Ok(Self::new(
            Strategy::Weighted(bounds.collect()),
            weights.len(),
        ))
    }

    fn new(strategy: Strategy, models: usize) -> Self {
        Self {
            strategy,
            models: models.max(1),
        }
    }

    /// The place, in the list of models, of the one that turn `index` asks. `draw` gives 64 random
    /// bits that belong to the index; only random selection calls it.
    pub fn model_of(&self, index: u64, draw: impl FnOnce() -> u64) -> usize {
        match &self.strategy {
            Strategy::RoundRobin => (index % self.models as u64) as usize,
            // The high half of the product is the draw scaled to 0..models.
            Strategy::Random => ((u128::from(draw()) * self.models as u128) >> 64) as usize,
            Strategy::Weighted(bounds) => {
                let point = golden_point(index);
                let model = bounds.iter().position(|bound| point < *bound);
                // Rounding may leave the last bound a little below 1.
                model.unwrap_or(self.models - 1)
            }
        }
    }
}

/// Point `index` of the golden-ratio sequence on 0..1.
fn golden_point(index: u64) -> f64 {
    /// 2^64 divided by the golden ratio.
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    index.wrapping_mul(STEP) as f64 / 2f64.powi(64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy as _, any, prop, prop_assert, proptest};

    use super::*;

    fn no_draw() -> u64 {
        panic!("only random selection draws")
    }

    #[test]
    fn round_robin_takes_the_models_in_turn() {
        let selection = ModelSelection::round_robin(3);
        let chosen: Vec<_> = (0..7)
            .map(|index| selection.model_of(index, no_draw))
            .collect();
        assert_eq!(chosen, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(ModelSelection::round_robin(0).model_of(5, no_draw), 0);
    }

    #[test]
    fn random_selection_splits_the_range_of_the_draw_evenly() {
        let selection = ModelSelection::random(4);
        for (draw, model) in [
            (0, 0),
            (u64::MAX / 4, 0),
            (u64::MAX / 4 + 1, 1),
            (u64::MAX / 2 + 1, 2),
            (u64::MAX, 3),
        ] {
            assert_eq!(selection.model_of(9, || draw), model, "{draw}");
        }
    }

    #[test]
    fn weights_that_are_no_shares_are_refused_by_value() {
        for (weights, reason) in [
            (&[0.5, -0.1][..], "-0.1 is not between 0 and 1"),
            (&[1.5], "1.5 is not between 0 and 1"),
            (&[f64::NAN], "NaN is not between 0 and 1"),
            (&[0.5, 0.25], "their sum is 0.75, not 1"),
            (&[], "their sum is 0, not 1"),
        ] {
            let error = ModelSelection::weighted(weights).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
        for weights in [[0.33, 0.33, 0.33], [0.34, 0.33, 0.34]] {
            assert!(ModelSelection::weighted(&weights).is_ok(), "{weights:?}");
        }
    }

    #[test]
    fn a_model_without_weight_is_never_asked() {
        let selection = ModelSelection::weighted(&[0.0, 1.0, 0.0]).unwrap();
        assert!((0..10_000).all(|index| selection.model_of(index, no_draw) == 1));
    }

    proptest! {
        /// Wherever a stretch of turns begins, each model gets its share of it within a few turns:
        /// the discrepancy of the sequence grows with the logarithm of the length.
        #[test]
        fn every_stretch_of_turns_holds_the_shares(
            first in any::<u32>(),
            weights in prop::collection::vec(0.0..1.0f64, 1..6).prop_filter("a weight", |weights| weights.iter().sum::<f64>() > 0.01),
        ) {
            let sum: f64 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            let selection = ModelSelection::weighted(&shares).unwrap();
            const TURNS: u64 = 2000;
            let mut counts = vec![0.0; shares.len()];
            for index in 0..TURNS {
                counts[selection.model_of(u64::from(first) + index, no_draw)] += 1.0;
            }
            for (count, share) in counts.iter().zip(&shares) {
                prop_assert!((count - share * TURNS as f64).abs() < 12.0, "{count} of {share}");
            }
        }
    }
}
