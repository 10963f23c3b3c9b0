//! A curve through the volatilities of one expiry, to say what an option without a quote is worth by its neighbours.
//!
//! Volatility as a quadratic in standardised moneyness, by weighted least squares, fitted a few times with the weight of
//! outliers lowered. Beyond the outermost quotes it is held level: a guess there would be worse than none. What it prices
//! is a model price and must be marked so.

/// One quoted volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub strike: f64,
    /// Annual, a fraction.
    pub vol: f64,
    /// How much it counts: its vega over its spread, or 1 for all.
    pub weight: f64,
}

/// The fitted curve of one expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smile {
    forward: f64,
    /// Of ln(strike / forward), per unit of standardised moneyness.
    scale: f64,
    /// Of 1, x and x².
    terms: [f64; 3],
    /// Standardised moneyness of the outermost quotes.
    ends: (f64, f64),
    /// How many quotes it went through.
    pub points: usize,
    /// Typical distance of a quote from it, as a fraction (0.01 is one volatility point).
    pub error: f64,
}

/// As many quotes are needed for a curve; with fewer it is level at their middle.
const CURVED_FROM: usize = 5;
/// Fits, each with the outliers of the one before counting less.
const FITS: usize = 4;
/// Distances beyond so many times the typical one count less.
const OUTLYING: f64 = 2.0;
/// No volatility of ours is below this.
const LEAST_VOL: f64 = 0.005;

impl Smile {
    /// Fits a curve; `None` without any usable point.
    pub fn fit(points: &[Point], forward: f64, t_years: f64) -> Option<Self> {
        let usable =
            |p: &&Point| p.vol.is_finite() && p.vol > 0.0 && p.weight > 0.0 && p.weight.is_finite() && p.strike > 0.0;
        let points: Vec<&Point> = points.iter().filter(usable).collect();
        let mut vols: Vec<f64> = points.iter().map(|p| p.vol).collect();
        vols.sort_by(f64::total_cmp);
        let middle = *vols.get(vols.len() / 2)?;
        let scale = middle * libm::sqrt(t_years);
        if !(scale > 0.0 && scale.is_finite() && forward > 0.0) {
            return None;
        }
        let mut smile =
            Self { forward, scale, terms: [middle, 0.0, 0.0], ends: (0.0, 0.0), points: points.len(), error: 0.0 };
        let xs: Vec<f64> = points.iter().map(|p| smile.moneyness(p.strike)).collect();
        smile.ends = (xs.iter().copied().fold(f64::MAX, f64::min), xs.iter().copied().fold(f64::MIN, f64::max));
        let distances = |terms: &[f64; 3]| -> Vec<f64> {
            xs.iter().zip(&points).map(|(x, p)| (at(terms, *x) - p.vol).abs()).collect()
        };
        if points.len() >= CURVED_FROM {
            let mut trust = vec![1.0; points.len()];
            for _ in 0..FITS {
                let rows = xs.iter().zip(&points).zip(&trust).map(|((x, p), trust)| (*x, p.vol, p.weight * trust));
                smile.terms = least_squares(rows).unwrap_or(smile.terms);
                let off = distances(&smile.terms);
                let bound = OUTLYING * middle_of(&off).max(1e-6);
                trust = off.iter().map(|d| if *d > bound { (bound / d) * (bound / d) } else { 1.0 }).collect();
            }
        }
        smile.error = middle_of(&distances(&smile.terms));
        Some(smile)
    }

    /// The curve's volatility at a strike, an annual fraction.
    pub fn vol(&self, strike: f64) -> f64 {
        at(&self.terms, self.moneyness(strike).clamp(self.ends.0, self.ends.1)).max(LEAST_VOL)
    }

    /// The volatility at the money.
    pub fn at_the_money(&self) -> f64 {
        self.vol(self.forward)
    }

    fn moneyness(&self, strike: f64) -> f64 {
        libm::log(strike / self.forward) / self.scale
    }
}

fn at([a, b, c]: &[f64; 3], x: f64) -> f64 {
    a + x * (b + x * c)
}

fn middle_of(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// The quadratic nearest to `(x, y, weight)`, by its normal equations; `None` where the points lie too alike.
fn least_squares(rows: impl Iterator<Item = (f64, f64, f64)>) -> Option<[f64; 3]> {
    let (mut s, mut t) = ([0.0; 5], [0.0; 3]);
    for (x, y, weight) in rows {
        let mut power = weight;
        for n in 0..5 {
            s[n] += power;
            if n < 3 {
                t[n] += power * y;
            }
            power *= x;
        }
    }
    let [s0, s1, s2, s3, s4] = s;
    let [t0, t1, t2] = t;
    let (m0, m1, m2) = (s2 * s4 - s3 * s3, s1 * s4 - s2 * s3, s1 * s3 - s2 * s2);
    let determinant = s0 * m0 - s1 * m1 + s2 * m2;
    let solvable = determinant.abs() > 1e-12 * (s0 * s2 * s4).abs();
    let solution = [
        t0 * m0 - t1 * m1 + t2 * m2,
        -t0 * m1 + t1 * (s0 * s4 - s2 * s2) - t2 * (s0 * s3 - s1 * s2),
        t0 * m2 - t1 * (s0 * s3 - s1 * s2) + t2 * (s0 * s2 - s1 * s1),
    ];
    solvable.then(|| solution.map(|x| x / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARD: f64 = 26_000.0;
    const WEEK: f64 = 7.0 / 365.0;

    /// A skew as an index has it: puts dearer than calls, both wings up.
    fn skew(strike: f64) -> f64 {
        let x = (strike / FORWARD).ln() / (0.12 * WEEK.sqrt());
        0.12 - 0.01 * x + 0.004 * x * x
    }

    fn points(vol: impl Fn(f64) -> f64) -> Vec<Point> {
        let strikes = (0..31).map(|n| 25_250.0 + 50.0 * f64::from(n));
        strikes.map(|strike| Point { strike, vol: vol(strike), weight: 1.0 }).collect()
    }

    #[test]
    fn it_goes_through_a_skew_and_fills_what_is_missing() {
        let quoted: Vec<Point> = points(skew).into_iter().step_by(3).collect();
        let smile = Smile::fit(&quoted, FORWARD, WEEK).unwrap();
        for point in points(skew) {
            assert!((smile.vol(point.strike) - point.vol).abs() < 1e-9, "{}", point.strike);
        }
        assert!((smile.at_the_money() - 0.12).abs() < 1e-9 && smile.error < 1e-9);
    }

    #[test]
    fn stale_quotes_among_many_hardly_move_it() {
        let mut quoted = points(skew);
        for at in [3, 11, 20, 27] {
            quoted[at].vol *= 2.0;
        }
        let smile = Smile::fit(&quoted, FORWARD, WEEK).unwrap();
        for point in points(skew) {
            assert!((smile.vol(point.strike) - point.vol).abs() < 0.002, "{}", point.strike);
        }
    }

    #[test]
    fn beyond_the_quotes_it_is_level() {
        let smile = Smile::fit(&points(skew), FORWARD, WEEK).unwrap();
        let (first, last) = (smile.vol(25_250.0), smile.vol(26_750.0));
        assert!((smile.vol(20_000.0) - first).abs() < 1e-12 && (smile.vol(30_000.0) - last).abs() < 1e-12);
    }

    #[test]
    fn few_quotes_make_a_level_line_and_none_make_nothing() {
        let few = Smile::fit(&points(skew)[..3], FORWARD, WEEK).unwrap();
        assert!((few.vol(25_250.0) - few.vol(26_500.0)).abs() < 1e-12);
        assert_eq!(Smile::fit(&[], FORWARD, WEEK), None);
        let same = [Point { strike: FORWARD, vol: 0.13, weight: 1.0 }; 6];
        assert!((Smile::fit(&same, FORWARD, WEEK).unwrap().vol(25_000.0) - 0.13).abs() < 1e-12);
    }
}
