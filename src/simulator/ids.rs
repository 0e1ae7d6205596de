//! Numbers that look random and are the same for the same seed: ids, etags, the content of rows.

use uuid::{Builder, Uuid};

/// A stream of numbers (SplitMix64) that a seed and a label determine.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, label: &str) -> Self {
        // FNV-1a: labels that differ in one letter give streams that have nothing in common after the first step.
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut dice = Self(seed ^ hash);
        dice.roll();
        dice
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Another stream, which this one's seed and a label determine.
    pub fn beside(&self, label: &str) -> Self {
        Self::new(self.0, label)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap_or(0)
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.roll().to_le_bytes());
        bytes[8..].copy_from_slice(&self.roll().to_le_bytes());
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// The id that a label has under a seed.
pub(crate) fn id_of(seed: u64, label: &str) -> String {
    Dice::new(seed, label).uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_label_give_the_same_numbers() {
        assert_eq!(id_of(7, "a"), id_of(7, "a"));
        assert_ne!(id_of(7, "a"), id_of(7, "b"));
        assert_ne!(id_of(7, "a"), id_of(8, "a"));
        assert_eq!(id_of(7, "a").len(), 36);
    }
}
