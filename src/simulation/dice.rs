//! Chance, from a seed: each concern, and each disturbance, has its own stream, so that one more draw here changes nothing
//! there.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::disturbance::Disturbance;

/// Who draws, apart from disturbances.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    World,
    Trader,
}

/// Streams of disturbances begin here.
const DISTURBANCES: u64 = 1 << 63;

#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64, stream: Stream) -> Self {
        Self::of_stream(seed, stream as u64)
    }

    /// What becomes of one chance for a disturbance.
    pub fn of(seed: u64, what: Disturbance) -> Self {
        Self::of_stream(seed, DISTURBANCES | what.number())
    }

    fn of_stream(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform from 0 to `n` − 1; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        // The bias of a remainder is far below anything these runs could notice.
        if n == 0 { 0 } else { self.0.next_u64() % n }
    }

    /// Uniform between both ends, inclusive.
    pub fn between(&mut self, (low, high): (i64, i64)) -> i64 {
        low + self.below(u64::try_from(high - low).unwrap_or(0) + 1) as i64
    }

    /// True this often in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1_000) < u64::from(per_mille)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below(from.len() as u64);
        from.get(index as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_stream_draw_the_same_and_others_do_not() {
        let draw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..5).map(|_| dice.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, Stream::World), draw(1, Stream::World));
        assert_ne!(draw(1, Stream::World), draw(1, Stream::Trader));
        assert_ne!(draw(1, Stream::World), draw(2, Stream::World));
    }
}
