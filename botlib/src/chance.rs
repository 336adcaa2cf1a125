//! Chance as a dependency: production draws it, tests and replays give it.

use uuid::Uuid;

/// Where chance comes from.
pub trait Chance: Send + Sync + 'static {
    /// A seed for the random functions of what runs at `place`.
    fn seed(&self, place: &str) -> u64;
}

/// Chance that nobody can foresee.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn seed(&self, _place: &str) -> u64 {
        // The half of the id that is chance, all but two bits of it.
        Uuid::now_v7().as_u64_pair().1
    }
}

/// Chance that is the same whenever the same happens at the same place.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedChance(
    /// Another number gives other chance.
    pub u64,
);

impl Chance for FixedChance {
    fn seed(&self, place: &str) -> u64 {
        // FNV-1a: whoever draws from the seed mixes it again, so that it need not be good, only always the same.
        let start = 0xcbf2_9ce4_8422_2325 ^ self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        place.bytes().fold(start, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_chance_depends_on_its_number_and_the_place_alone() {
        let seed = |number, place| FixedChance(number).seed(place);

        assert_eq!(seed(1, "here"), seed(1, "here"));
        assert_ne!(seed(1, "here"), seed(2, "here"));
        assert_ne!(seed(1, "here"), seed(1, "there"));
    }
}
