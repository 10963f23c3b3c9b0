//! Randomness that can be asked for anywhere: the same seed, stream and slot give the same draws, in whatever order they are asked.
//!
//! That is what makes the market independent of how often it is looked at.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of draws belongs to. Each has its own, so that none disturbs another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    /// The factor all underlyings share.
    Market,
    /// End points of an underlying's blocks.
    Head(u32),
    /// The path inside an underlying's blocks.
    Path(u32),
    /// The book of one contract, by its number and the number of its exchange and segment.
    Book { segment: u8, id: u64 },
    /// What happens to one order: delays, rejection, passive fills.
    Order(u64),
    /// An underlying's minutes on days before the exchange began.
    Past(u32),
    /// An underlying's closes on such days.
    PastWalk(u32),
    /// The book of one contract beyond its best levels.
    Deep { segment: u8, id: u64 },
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Self::Market => 0,
            Self::Head(n) => (1 << 56) | u64::from(n),
            Self::Path(n) => (2 << 56) | u64::from(n),
            Self::Book { segment, id } => (3 << 56) | (u64::from(segment) << 48) | (id & 0xffff_ffff_ffff),
            Self::Order(n) => (4 << 56) | (n & 0x00ff_ffff_ffff_ffff),
            Self::Past(n) => (5 << 56) | u64::from(n),
            Self::PastWalk(n) => (6 << 56) | u64::from(n),
            Self::Deep { segment, id } => (7 << 56) | (u64::from(segment) << 48) | (id & 0xffff_ffff_ffff),
        }
    }
}

/// Words of random text kept for each slot of a stream; what draws more than that leaves slots free behind its own.
const WORDS_PER_SLOT: u128 = 256;

/// The source of all draws of one exchange.
#[derive(Clone)]
pub(super) struct Noise(ChaCha8Rng);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn at(&self, stream: Stream, slot: u64) -> Draw {
        let mut rng = self.0.clone();
        rng.set_stream(stream.number());
        rng.set_word_pos(u128::from(slot) * WORDS_PER_SLOT);
        Draw(rng)
    }
}

/// The draws at one slot.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// Uniform in the open interval (0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0
    }

    /// Uniform in 0..n; zero for an empty range.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// Two independent standard normal draws.
    pub(super) fn normals(&mut self) -> (f64, f64) {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        let angle = std::f64::consts::TAU * self.unit();
        (radius * libm::cos(angle), radius * libm::sin(angle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_where_it_is_taken_not_on_when() {
        let noise = Noise::new(7);
        let book = Stream::Book { segment: 2, id: 35_001 };
        let first = noise.at(book, 1_000_000).below(1_000_000);
        let _ = noise.at(Stream::Market, 3).unit();
        assert_eq!(noise.at(book, 1_000_000).below(1_000_000), first);
        assert_ne!(noise.at(book, 1_000_001).below(1_000_000), first);
        assert_ne!(Noise::new(8).at(book, 1_000_000).below(1_000_000), first);
    }
}
