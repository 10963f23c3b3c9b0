//! Black-76: European options on the forward of their own expiry, and their Greeks.
//!
//! Units as on an Indian options screen: delta per point of the forward (discounted), gamma per point², theta per
//! calendar day (annual / 365, forward held fixed), vega per volatility point (0.01). Volatility, rate and time are
//! annual fractions; time is seconds to the contract's close / 31,536,000. Floating point by design: these are
//! models, not money.

use crate::domain::OptionRight;

/// Seconds in the year all option time is measured in (365 days).
pub const YEAR_SECONDS: f64 = 31_536_000.0;

/// Sensitivities of one unit of the option.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greeks {
    /// Per point of the forward.
    pub delta: f64,
    /// Per point of the forward, squared.
    pub gamma: f64,
    /// Per calendar day.
    pub theta: f64,
    /// Per volatility point (0.01).
    pub vega: f64,
}

/// What an option is priced from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    pub right: OptionRight,
    /// Forward of the option's expiry, in points; positive.
    pub forward: f64,
    /// Strike in points; positive.
    pub strike: f64,
    /// Years to expiry; zero or less means expired.
    pub t_years: f64,
    /// Annual volatility as a fraction (0.13 is 13 %).
    pub vol: f64,
    /// Annual continuously compounded rate, for discounting only.
    pub rate: f64,
}

impl Inputs {
    fn sign(&self) -> f64 {
        match self.right {
            OptionRight::Call => 1.0,
            OptionRight::Put => -1.0,
        }
    }

    /// What exercising now against the forward would pay, undiscounted.
    fn intrinsic(&self) -> f64 {
        (self.sign() * (self.forward - self.strike)).max(0.0)
    }

    fn discount(&self) -> f64 {
        libm::exp(-self.rate * self.t_years.max(0.0))
    }

    /// `(d1, d2, standard deviation)`; `None` where nothing is random any more.
    fn d(&self) -> Option<(f64, f64, f64)> {
        let sd = self.vol * libm::sqrt(self.t_years.max(0.0));
        if sd > 0.0 {
            let ln = ln_ratio(self.forward, self.strike);
            let d1 = ln / sd + sd / 2.0;
            Some((d1, d1 - sd, sd))
        } else {
            None
        }
    }
}

/// The price of one unit, in points. Intrinsic value once time or volatility has run out.
pub fn price(i: &Inputs) -> f64 {
    let Some((d1, d2, _)) = i.d() else { return i.discount() * i.intrinsic() };
    // The out-of-the-money side keeps its digits; the other follows by parity.
    let call_side = i.forward <= i.strike;
    let otm = if call_side {
        i.forward * normal_cdf(d1) - i.strike * normal_cdf(d2)
    } else {
        i.strike * normal_cdf(-d2) - i.forward * normal_cdf(-d1)
    };
    i.discount() * (i.intrinsic() + otm.max(0.0))
}

/// All Greeks of one unit. Zero (delta: of intrinsic value) once time or volatility has run out.
pub fn greeks(i: &Inputs) -> Greeks {
    let df = i.discount();
    let sign = i.sign();
    let Some((d1, _, sd)) = i.d() else {
        let delta = if i.intrinsic() > 0.0 { sign * df } else { 0.0 };
        return Greeks { delta, ..Greeks::default() };
    };
    let density = normal_density(d1);
    let vega = df * i.forward * density * libm::sqrt(i.t_years);
    let decay = -df * i.forward * density * i.vol / (2.0 * libm::sqrt(i.t_years));
    Greeks {
        delta: sign * df * normal_cdf(sign * d1),
        gamma: df * density / (i.forward * sd),
        theta: (decay + i.rate * price(i)) / 365.0,
        vega: vega / 100.0,
    }
}

/// The probability that the option ends in the money, under the model.
pub fn probability_in_the_money(i: &Inputs) -> f64 {
    match i.d() {
        Some((_, d2, _)) => normal_cdf(i.sign() * d2),
        None if i.intrinsic() > 0.0 => 1.0,
        None => 0.0,
    }
}

/// The standard normal distribution function, accurate in relative terms far into the tail.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

fn normal_density(x: f64) -> f64 {
    const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;
    INV_SQRT_TAU * libm::exp(-0.5 * x * x)
}

/// ln(a / b), without losing digits when the two are close.
fn ln_ratio(a: f64, b: f64) -> f64 {
    let relative = (a - b) / b;
    if relative.abs() < 0.1 { libm::log1p(relative) } else { libm::log(a / b) }
}

#[cfg(test)]
#[allow(clippy::excessive_precision, clippy::float_cmp)] // the table's own digits
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// One row of the reference table, with what it says the answers are.
    struct Row {
        id: String,
        inputs: Inputs,
        price: f64,
        greeks: Greeks,
        in_the_money: f64,
    }

    fn check(row: &Row) {
        let scale = row.inputs.forward.max(row.inputs.strike);
        let near = |what: &str, got: f64, want: f64, tolerance: f64| {
            assert!((got - want).abs() <= tolerance, "{} {what}: {got:e}, table {want:e}", row.id);
        };
        let got = greeks(&row.inputs);
        near("price", price(&row.inputs), row.price, 1e-11 * scale);
        near("delta", got.delta, row.greeks.delta, 1e-10);
        near("gamma", got.gamma, row.greeks.gamma, 1e-8 * row.greeks.gamma.abs() + 1e-12);
        near("theta", got.theta, row.greeks.theta, 1e-8 * row.greeks.theta.abs() + 1e-9);
        near("vega", got.vega, row.greeks.vega, 1e-8 * row.greeks.vega.abs() + 1e-12);
        near("in the money", probability_in_the_money(&row.inputs), row.in_the_money, 1e-10);
    }

    #[test]
    fn a_few_reference_rows_hold() {
        let row = |id: &str, right, n: [f64; 5], price, g: [f64; 4], in_the_money| {
            let [forward, strike, t_years, rate, vol] = n;
            let greeks = Greeks { delta: g[0], gamma: g[1], theta: g[2], vega: g[3] };
            let inputs = Inputs { right, forward, strike, t_years, vol, rate };
            check(&Row { id: id.into(), inputs, price, greeks, in_the_money });
        };
        row(
            "G00002",
            OptionRight::Call,
            [57335.6, 59200.0, 0.012_901_097_158_802_638, 0.07, 0.2575],
            118.181_399_351_058_59,
            [0.140_061_232_811_130_33, 1.327_296_912_372_797_4e-4, -39.609_556_349_593_947, 14.495_082_338_830_127],
            0.133_774_697_208_008_48,
        );
        row(
            "G00005",
            OptionRight::Put,
            [26969.55, 27200.0, 0.017_973_554_033_485_54, 0.065, 0.2093],
            431.736_567_586_221_04,
            [-0.613_068_055_843_253_74, 5.049_887_253_214_302_9e-4, -21.964_794_676_531_136, 13.817_589_047_017_271],
            0.624_475_686_830_670_94,
        );
        row(
            "G00018",
            OptionRight::Call,
            [86640.35, 89400.0, 0.004_762_366_818_873_668, 0.1, 0.1292],
            0.042_916_876_446_474_524,
            [
                2.220_787_104_777_467_5e-4,
                1.081_778_091_499_004_4e-6,
                -0.185_674_919_261_671_89,
                0.049_964_774_894_080_503,
            ],
            2.148_456_971_461_054_6e-4,
        );
    }

    #[test]
    fn every_black76_row_of_the_reference_table_holds() {
        let Some(path) = ["/../shared", "/../../shared"]
            .iter()
            .map(|up| PathBuf::from(format!("{}{up}/market/data/greeks_reference.csv", env!("CARGO_MANIFEST_DIR"))))
            .find(|p| p.exists())
        else {
            return;
        };
        let mut table = csv::Reader::from_path(path).unwrap();
        let columns = table.headers().unwrap().clone();
        let mut checked = 0;
        for record in table.records() {
            let record = record.unwrap();
            let text = |name: &str| record.get(columns.iter().position(|c| c == name).unwrap()).unwrap();
            let number = |name: &str| text(name).parse::<f64>().unwrap();
            if text("model") != "black76" {
                continue;
            }
            let right = if text("type") == "C" { OptionRight::Call } else { OptionRight::Put };
            check(&Row {
                id: text("id").into(),
                inputs: Inputs {
                    right,
                    forward: number("underlying"),
                    strike: number("strike"),
                    t_years: number("t_years"),
                    vol: number("vol"),
                    rate: number("r"),
                },
                price: number("price"),
                greeks: Greeks {
                    delta: number("delta"),
                    gamma: number("gamma"),
                    theta: number("theta_per_day"),
                    vega: number("vega_per_pct"),
                },
                in_the_money: number("prob_itm"),
            });
            checked += 1;
        }
        assert!(checked > 500, "only {checked} rows were read");
    }

    #[test]
    fn an_expired_option_is_worth_its_intrinsic_value() {
        let right = OptionRight::Put;
        let expired = Inputs { right, forward: 25_900.0, strike: 26_000.0, t_years: 0.0, vol: 0.13, rate: 0.055 };
        assert_eq!(price(&expired), 100.0);
        assert_eq!(greeks(&expired), Greeks { delta: -1.0, ..Greeks::default() });
        assert_eq!(price(&Inputs { right: OptionRight::Call, ..expired }), 0.0);
    }

    #[test]
    fn put_and_call_of_one_strike_differ_by_the_discounted_forward() {
        let call = Inputs {
            right: OptionRight::Call,
            forward: 25_944.0,
            strike: 26_100.0,
            t_years: 0.02,
            vol: 0.12,
            rate: 0.055,
        };
        let put = Inputs { right: OptionRight::Put, ..call };
        let parity = libm::exp(-0.055 * 0.02) * (25_944.0 - 26_100.0);
        assert!((price(&call) - price(&put) - parity).abs() < 1e-9);
    }
}
