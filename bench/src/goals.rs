//! What each measure should reach.

use crate::number::median;

/// A limit for a measure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Our figure is at least so many times the baseline.
    Reaches(f64),
    /// Our figure is at most so many times the baseline.
    Within(f64),
    /// Our figure is at most so many times the baseline and a fixed amount more.
    WithinAnd(f64, f64),
    /// Our figure is at most this.
    Under(f64),
}

impl Goal {
    /// Whether `ours` beside `baseline` reaches it: the median of the rounds counts.
    pub(crate) fn is_reached(self, ours: &[f64], baseline: &[f64]) -> bool {
        let each = |limit: &dyn Fn(f64) -> f64| -> f64 {
            let margins: Vec<f64> = ours
                .iter()
                .zip(baseline)
                .map(|(ours, base)| ours - limit(*base))
                .collect();
            median(&margins)
        };
        match self {
            Self::Reaches(times) => each(&|base| base * times) >= 0.0,
            Self::Within(times) => each(&|base| base * times) <= 0.0,
            Self::WithinAnd(times, more) => each(&|base| base.mul_add(times, more)) <= 0.0,
            Self::Under(limit) => median(ours) <= limit,
        }
    }
}

/// The three limits of a measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goals {
    /// What it must not fall below.
    pub(crate) floor: Goal,
    /// What it should reach.
    pub(crate) target: Goal,
    /// What would leave others behind.
    pub(crate) lead: Goal,
}

/// How far a measure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Not even the floor.
    Nothing,
    /// The floor.
    Floor,
    /// The target.
    Target,
    /// The lead.
    Lead,
}

impl Goals {
    /// Three limits of one kind.
    pub(crate) fn new(make: impl Fn(f64) -> Goal, [floor, target, lead]: [f64; 3]) -> Self {
        Self {
            floor: make(floor),
            target: make(target),
            lead: make(lead),
        }
    }

    /// The highest limit that is reached.
    pub(crate) fn reached(&self, ours: &[f64], baseline: &[f64]) -> Reached {
        let is_reached = |goal: Goal| goal.is_reached(ours, baseline);
        match () {
            () if ours.is_empty() => Reached::Nothing,
            () if is_reached(self.lead) => Reached::Lead,
            () if is_reached(self.target) => Reached::Target,
            () if is_reached(self.floor) => Reached::Floor,
            () => Reached::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_limit_that_the_median_reaches_counts() {
        let rates = Goals::new(Goal::Reaches, [0.08, 0.15, 0.30]);
        assert_eq!(
            rates.reached(&[10.0, 20.0, 16.0], &[100.0, 100.0, 100.0]),
            Reached::Target
        );
        assert_eq!(rates.reached(&[1.0], &[100.0]), Reached::Nothing);

        let times = Goals {
            floor: Goal::WithinAnd(4.0, 2.0),
            target: Goal::WithinAnd(2.0, 1.0),
            lead: Goal::WithinAnd(1.3, 1.0),
        };
        assert_eq!(times.reached(&[3.1], &[1.0]), Reached::Floor);
        assert_eq!(times.reached(&[3.0], &[1.0]), Reached::Target);

        let memory = Goals::new(Goal::Under, [400.0, 200.0, 100.0]);
        assert_eq!(memory.reached(&[401.0], &[]), Reached::Nothing);
        assert_eq!(memory.reached(&[99.0], &[]), Reached::Lead);
        assert_eq!(memory.reached(&[], &[]), Reached::Nothing);
    }
}
