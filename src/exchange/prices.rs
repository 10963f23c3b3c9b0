//! Where the underlyings' prices come from: a seeded random walk that can be jumped over.
//!
//! Time is cut into blocks of 128 price steps. The end points of the blocks follow one another (volatility reverts to its
//! mean, the price is pulled weakly to where it started, jumps happen now and then, all underlyings share a factor); the
//! path inside a block is a Brownian bridge between its end points and is made only when somebody looks. So an idle
//! hour costs a few microseconds, and the path is the same however often anyone looks.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use super::config::Behaviour;
use super::noise::{Noise, Stream};

/// Price steps in a block.
pub(super) const BLOCK: u64 = 128;
const POINTS: usize = BLOCK as usize + 1;

/// Seconds of trading in a year: 252 days of 385 minutes.
const TRADING_YEAR_SECONDS: f64 = 252.0 * 385.0 * 60.0;
const TRADING_DAY_SECONDS: f64 = 385.0 * 60.0;
/// Half-life of a deviation from the starting price, in trading days.
const PULL_DAYS: f64 = 2.0;
/// Half-life of a deviation of volatility, in seconds of trading, and the size of its wanderings.
const VOL_HALF_LIFE: f64 = 7_200.0;
const VOL_OF_VOL: f64 = 0.12;

/// The constants of one exchange's price processes, from its behaviour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Trading years per block, after the pace.
    block_years: f64,
    pull: f64,
    vol_revert: f64,
    vol_shock: f64,
    jump_chance: f64,
    correlation: f64,
}

impl Rules {
    pub(super) fn new(b: &Behaviour) -> Self {
        let block_seconds = f64::from(b.step_ms.max(1)) / 1000.0 * BLOCK as f64 * b.pace.max(0.0);
        let half_life = |seconds: f64| 1.0 - libm::exp2(-block_seconds / seconds);
        let vol_revert = half_life(VOL_HALF_LIFE);
        Self {
            block_years: block_seconds / TRADING_YEAR_SECONDS,
            pull: half_life(PULL_DAYS * TRADING_DAY_SECONDS),
            vol_revert,
            vol_shock: VOL_OF_VOL * libm::sqrt(vol_revert * (2.0 - vol_revert)),
            jump_chance: (b.jumps * block_seconds / TRADING_DAY_SECONDS).clamp(0.0, 1.0),
            correlation: b.correlation.clamp(0.0, 1.0),
        }
    }
}

/// What the head of a block fixes: everything but the path inside.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// Logarithm of price over anchor at the end, without the jump.
    end: f64,
    vol_end: f64,
    /// Bounds of the path without the jump.
    high: f64,
    low: f64,
    /// Sum of the jump and the step it happens at; zero when there is none.
    jump: f64,
    jump_at: u64,
    /// Standard deviation of one step.
    step_sd: f64,
}

/// High, low and open since the trading day began, and the close before it; in paise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Day {
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub previous_close: i64,
}

/// The price of one underlying.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Process {
    /// Number of its random stream: its place in the exchange's list.
    stream: u32,
    /// The price everything is relative to, in paise.
    anchor: i64,
    #[serde(with = "super::bits")]
    vol: f64,
    /// At the start of `block`: logarithm of price over anchor, and of volatility over its mean.
    #[serde(with = "super::bits")]
    x: f64,
    #[serde(with = "super::bits")]
    v: f64,
    block: u64,
    day: Day,
    #[serde(skip)]
    head: OnceCell<Head>,
    #[serde(skip)]
    path: OnceCell<Box<[f64; POINTS]>>,
}

impl Process {
    pub(super) fn new(stream: u32, anchor: i64, vol: f64, block: u64) -> Self {
        let day = Day { open: anchor, high: anchor, low: anchor, previous_close: anchor };
        Self { stream, anchor, vol, x: 0.0, v: 0.0, block, day, head: OnceCell::new(), path: OnceCell::new() }
    }

    /// The same process around another price, at which it now stands.
    pub(super) fn starting_at(&self, anchor: i64) -> Self {
        Self { v: self.v, ..Self::new(self.stream, anchor, self.vol, self.block) }
    }

    /// The same process, at this price (paise) at a step of the current block, and pulled back to it from now on.
    pub(super) fn moved_to(&self, paise: i64, step: u64, noise: &Noise, rules: &Rules) -> Self {
        let before = self.day(step, noise, rules);
        let mut moved = Self { day: before, ..self.starting_at(paise) };
        // The path inside the block depends a little on where it starts: a few rounds bring it to the very price.
        for _ in 0..4 {
            moved.x -= moved.log_at(step, noise, rules);
            moved.head = OnceCell::new();
            moved.path = OnceCell::new();
        }
        moved.day.high = moved.day.high.max(paise);
        moved.day.low = moved.day.low.min(paise);
        moved
    }

    /// Moves on to `block`, if that is later.
    pub(super) fn advance_to(&mut self, block: u64, noise: &Noise, rules: &Rules) {
        while self.block < block {
            let head = *self.head(noise, rules);
            self.day.high = self.day.high.max(self.paise(head.high + head.jump.max(0.0)));
            self.day.low = self.day.low.min(self.paise(head.low + head.jump.min(0.0)));
            self.x = head.end + head.jump;
            self.v = head.vol_end;
            self.block += 1;
            self.head = OnceCell::new();
            self.path = OnceCell::new();
        }
    }

    /// The price at a step of the current block, in paise.
    pub(super) fn spot(&self, step: u64, noise: &Noise, rules: &Rules) -> i64 {
        self.paise(self.log_at(step, noise, rules))
    }

    /// Annual volatility now, as a fraction.
    pub(super) fn volatility(&self, step: u64, noise: &Noise, rules: &Rules) -> f64 {
        let head = self.head(noise, rules);
        let part = (step % BLOCK) as f64 / BLOCK as f64;
        self.vol * libm::exp(self.v + (head.vol_end - self.v) * part)
    }

    /// Mean annual volatility, as a fraction.
    pub(super) fn mean_volatility(&self) -> f64 {
        self.vol
    }

    /// The day's prices up to and including a step of the current block.
    pub(super) fn day(&self, step: u64, noise: &Noise, rules: &Rules) -> Day {
        let path = self.path(noise, rules);
        let so_far = &path[..=(step % BLOCK) as usize];
        let high = so_far.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let low = so_far.iter().copied().fold(f64::INFINITY, f64::min);
        Day { high: self.day.high.max(self.paise(high)), low: self.day.low.min(self.paise(low)), ..self.day }
    }

    /// A new trading day starts at a step of the current block.
    pub(super) fn start_day(&mut self, step: u64, noise: &Noise, rules: &Rules) {
        let now = self.spot(step, noise, rules);
        self.day = Day { open: now, high: now, low: now, previous_close: now };
    }

    /// The session opens at a step of the current block: yesterday's close stays what it was.
    pub(super) fn open_day(&mut self, step: u64, noise: &Noise, rules: &Rules) {
        let previous_close = self.day.previous_close;
        self.start_day(step, noise, rules);
        self.day.previous_close = previous_close;
    }

    /// The price everything is relative to, in paise: another one means that the process was put elsewhere.
    pub(super) fn anchor(&self) -> i64 {
        self.anchor
    }

    /// Number of its random stream.
    pub(super) fn stream(&self) -> u32 {
        self.stream
    }

    /// The block it stands at.
    pub(super) fn block(&self) -> u64 {
        self.block
    }

    /// The close before the process's day.
    pub(super) fn previous_close(&self) -> i64 {
        self.day.previous_close
    }

    /// The highest and lowest price of the current block as the day's range takes them, jump included, in paise.
    pub(super) fn extremes(&self, noise: &Noise, rules: &Rules) -> (i64, i64) {
        let head = self.head(noise, rules);
        (self.paise(head.high + head.jump.max(0.0)), self.paise(head.low + head.jump.min(0.0)))
    }

    fn paise(&self, log: f64) -> i64 {
        let rupees = self.anchor as f64 / 100.0 * libm::exp(log);
        // A twentieth of a rupee is as fine as an index is published.
        ((rupees * 20.0).round() as i64 * 5).max(5)
    }

    fn log_at(&self, step: u64, noise: &Noise, rules: &Rules) -> f64 {
        self.path(noise, rules)[(step % BLOCK) as usize]
    }

    fn head(&self, noise: &Noise, rules: &Rules) -> &Head {
        self.head.get_or_init(|| {
            let (shared, _) = noise.at(Stream::Market, self.block).normals();
            let mut draw = noise.at(Stream::Head(self.stream), self.block);
            let (own, vol_z) = draw.normals();
            let (jump_z, _) = draw.normals();
            let z = rules.correlation * shared + libm::sqrt(1.0 - rules.correlation * rules.correlation) * own;
            let sd = self.vol * libm::exp(self.v) * libm::sqrt(rules.block_years);
            let end = self.x * (1.0 - rules.pull) + sd * z;
            // The extremes of a Brownian bridge of variance sd² have a closed form.
            let reach = |u: f64| libm::sqrt((end - self.x) * (end - self.x) - 2.0 * sd * sd * libm::log(u)) / 2.0;
            let middle = f64::midpoint(self.x, end);
            let (high, low) = (middle + reach(draw.unit()), middle - reach(draw.unit()));
            let jumps = draw.unit() < rules.jump_chance;
            // A jump is a few minutes' movement at once.
            let jump_sd = 4.0 * self.vol * libm::sqrt(60.0 / TRADING_YEAR_SECONDS);
            Head {
                end,
                vol_end: self.v * (1.0 - rules.vol_revert) + rules.vol_shock * vol_z,
                high,
                low,
                jump: if jumps { jump_sd * jump_z } else { 0.0 },
                jump_at: u64::from(draw.below(BLOCK as u32 - 1)) + 1,
                step_sd: sd / libm::sqrt(BLOCK as f64),
            }
        })
    }

    fn path(&self, noise: &Noise, rules: &Rules) -> &[f64; POINTS] {
        self.path.get_or_init(|| {
            let head = self.head(noise, rules);
            let mut draw = noise.at(Stream::Path(self.stream), self.block);
            let mut path = Box::new([0.0; POINTS]);
            path[0] = self.x;
            path[POINTS - 1] = head.end;
            // Halve the gaps until every step has its point.
            let mut gap = POINTS - 1;
            let mut spare = None;
            while gap > 1 {
                let half = gap / 2;
                let sd = head.step_sd * libm::sqrt(gap as f64) / 2.0;
                for left in (0..POINTS - 1).step_by(gap) {
                    let z = spare.take().unwrap_or_else(|| {
                        let (a, b) = draw.normals();
                        spare = Some(b);
                        a
                    });
                    let middle = f64::midpoint(path[left], path[left + gap]) + sd * z;
                    path[left + half] = middle.clamp(head.low, head.high);
                }
                gap = half;
            }
            if head.jump != 0.0 {
                path[head.jump_at as usize..].iter_mut().for_each(|p| *p += head.jump);
            }
            path
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (Noise, Rules, Process) {
        let rules = Rules::new(&Behaviour::default());
        (Noise::new(11), rules, Process::new(0, 2_594_400, 0.13, 0))
    }

    #[test]
    fn skipping_blocks_and_walking_through_them_end_at_the_same_price() {
        let (noise, rules, mut skipped) = world();
        let mut walked = skipped.clone();
        for step in 0..BLOCK * 20 {
            walked.advance_to(step / BLOCK, &noise, &rules);
            walked.spot(step, &noise, &rules);
        }
        skipped.advance_to(19, &noise, &rules);
        let last = BLOCK * 20 - 1;
        assert_eq!(skipped.spot(last, &noise, &rules), walked.spot(last, &noise, &rules));
        assert_eq!(skipped.day(last, &noise, &rules), walked.day(last, &noise, &rules));
    }

    #[test]
    fn a_block_starts_where_the_one_before_it_ended() {
        let (noise, rules, mut p) = world();
        for block in 0..500 {
            p.advance_to(block, &noise, &rules);
            let end = p.path(&noise, &rules)[POINTS - 1];
            p.advance_to(block + 1, &noise, &rules);
            assert!((p.log_at(0, &noise, &rules) - end).abs() < 1e-12, "block {block}");
        }
    }

    #[test]
    fn the_price_never_leaves_the_days_range() {
        let (noise, rules, mut p) = world();
        let mut range = (i64::MIN, i64::MAX);
        for step in 0..BLOCK * 200 {
            p.advance_to(step / BLOCK, &noise, &rules);
            let (day, spot) = (p.day(step, &noise, &rules), p.spot(step, &noise, &rules));
            assert!(day.low <= spot && spot <= day.high, "step {step}");
            assert!(day.high >= range.0 && day.low <= range.1, "the range never shrinks");
            range = (day.high, day.low);
        }
    }

    #[test]
    fn a_day_moves_about_as_much_as_the_volatility_says() {
        let (noise, rules, _) = world();
        let blocks_a_day = (TRADING_DAY_SECONDS * 4.0) as u64 / BLOCK;
        let mut squares = 0.0;
        for n in 0..60 {
            let mut p = Process::new(n, 2_594_400, 0.13, 0);
            p.advance_to(blocks_a_day, &noise, &rules);
            squares += p.x * p.x;
        }
        let annual = libm::sqrt(squares / 60.0 * 252.0);
        assert!((0.08..0.19).contains(&annual), "annual volatility {annual}");
    }
}
