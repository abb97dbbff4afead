//! Which run comes next, and after which pause.

/// Which loop is the outer one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IterationOrder {
    /// All variations once, then all of them again: slow drifts of the server touch all alike.
    #[default]
    Repeated,
    /// All trials of a variation, then those of the next.
    Independent,
}

impl IterationOrder {
    /// The word of flags and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Independent => "independent",
        }
    }
}

/// A run that is to be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Position among the variations.
    pub variation: usize,
    /// Repetition, from 0.
    pub trial: usize,
    /// How long to wait before it, in seconds.
    pub pause_seconds: f64,
    /// No later step has the same variation.
    pub is_last_of_variation: bool,
}

/// How many runs there are, and the pauses between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Number of variations.
    pub variations: usize,
    /// Runs of each variation, at most.
    pub trials: usize,
    /// Which loop is the outer one.
    pub order: IterationOrder,
    /// Between variations, in seconds.
    pub variation_pause_seconds: f64,
    /// Between trials, in seconds.
    pub trial_pause_seconds: f64,
}

impl Schedule {
    /// All runs in their order.
    pub fn steps(&self) -> Vec<Step> {
        let cells: Vec<(usize, usize)> = match self.order {
            IterationOrder::Repeated => (0..self.trials)
                .flat_map(|trial| (0..self.variations).map(move |variation| (variation, trial)))
                .collect(),
            IterationOrder::Independent => (0..self.variations)
                .flat_map(|variation| (0..self.trials).map(move |trial| (variation, trial)))
                .collect(),
        };
        let mut before: Option<(usize, usize)> = None;
        let mut steps = Vec::with_capacity(cells.len());
        for (variation, trial) in cells {
            let pause_seconds = match (before, self.order) {
                (None, _) => 0.0,
                // The outer loop steps on: its pause is what there is.
                (Some(last), IterationOrder::Repeated) if last.1 != trial => {
                    self.trial_pause_seconds
                }
                (Some(last), IterationOrder::Independent) if last.0 == variation => {
                    self.trial_pause_seconds
                }
                (Some(_), _) => self.variation_pause_seconds,
            };
            steps.push(Step {
                variation,
                trial,
                pause_seconds,
                is_last_of_variation: trial + 1 == self.trials,
            });
            before = Some((variation, trial));
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(order: IterationOrder) -> Vec<(usize, usize, f64, bool)> {
        let schedule = Schedule {
            variations: 3,
            trials: 2,
            order,
            variation_pause_seconds: 1.0,
            trial_pause_seconds: 5.0,
        };
        schedule
            .steps()
            .iter()
            .map(|step| {
                (
                    step.variation,
                    step.trial,
                    step.pause_seconds,
                    step.is_last_of_variation,
                )
            })
            .collect()
    }

    #[test]
    fn trials_are_the_outer_loop_and_pauses_stand_between_runs() {
        assert_eq!(
            shown(IterationOrder::Repeated),
            [
                (0, 0, 0.0, false),
                (1, 0, 1.0, false),
                (2, 0, 1.0, false),
                (0, 1, 5.0, true),
                (1, 1, 1.0, true),
                (2, 1, 1.0, true),
            ]
        );
    }

    #[test]
    fn variations_are_the_outer_loop_where_that_is_asked_for() {
        assert_eq!(
            shown(IterationOrder::Independent),
            [
                (0, 0, 0.0, false),
                (0, 1, 5.0, true),
                (1, 0, 1.0, false),
                (1, 1, 5.0, true),
                (2, 0, 1.0, false),
                (2, 1, 5.0, true),
            ]
        );
    }
}
