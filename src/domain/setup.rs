//! Scalping set-ups: what is traded on a signal, when, how much of it, and how it is left again.

use jiff::civil::Time;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use serde::{Deserialize, Serialize};

use super::{ExpiryPolicy, Product, SetupName, Symbol};

/// What happens with a signal that has passed everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupMode {
    /// It is traded.
    Auto,
    /// The trader is asked, with a countdown.
    Confirm,
    /// It is written down what would have been done.
    Observe,
}

impl SetupMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Confirm => "confirm",
            Self::Observe => "observe",
        }
    }
}

/// What a signal against an open trade of the same underlying does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OppositeSignal {
    /// Nothing: it is refused.
    Ignore,
    /// The open trade is left; the signal itself is not traded.
    Exit,
    /// The open trade is left, and then the signal is traded, if it is still fresh.
    Reverse,
}

/// A part of the day, IST; `to` does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub from: Time,
    pub to: Time,
}

impl Hours {
    pub fn contain(&self, time: Time) -> bool {
        self.from <= time && time < self.to
    }
}

/// One set-up (`config/strategy.yaml`, `scalping.setups`). Points are of the option's premium, from its fill price, unless
/// they say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScalpSetup {
    pub name: SetupName,
    /// The underlyings it takes signals for.
    pub symbols: Vec<Symbol>,
    pub mode: SetupMode,
    /// Whether it trades before the trader has armed or paused it.
    pub armed: bool,
    /// A signal older than this is refused.
    pub signal_ttl_s: u32,
    /// In `confirm`, how long the trader has.
    pub confirm_within_s: u32,
    /// The signal's price may be this far from the underlying's, in per cent.
    pub max_price_gap_pct: Decimal,
    pub product: Product,
    /// On the day of expiry, from then on the next expiry is bought. Absent: until the closing auction (15:15) the expiring one.
    pub roll_after: Option<Time>,
    /// Traded at most; by risk and margin it may be fewer.
    pub max_lots: u32,
    /// The first limit is followed for this long; then the rest is cancelled.
    pub entry_timeout_s: u32,
    pub stop_points: Decimal,
    pub target_points: Option<Decimal>,
    /// The stop follows the best price at this distance …
    pub trail_points: Option<Decimal>,
    /// … and goes to the fill price once the premium has gained this much.
    pub breakeven_at_points: Option<Decimal>,
    /// Left when the underlying has gone this many of its own points against the signal.
    pub index_stop_points: Option<Decimal>,
    /// Left after so many minutes, or parts of one.
    pub max_holding_min: Option<Decimal>,
    /// Entries, IST.
    pub hours: Hours,
    /// No entries meanwhile (lunch).
    pub pauses: Vec<Hours>,
    /// Whatever is open is left at this time, IST.
    pub square_off: Time,
    pub opposite: OppositeSignal,
}

impl Default for ScalpSetup {
    fn default() -> Self {
        let symbol = |text| Symbol::new(text).ok();
        Self {
            name: SetupName::new("SCALP_ATM").unwrap_or_else(|_| unreachable!("capitals")),
            symbols: ["NIFTY", "BANKNIFTY", "SENSEX"].into_iter().filter_map(symbol).collect(),
            mode: SetupMode::Auto,
            armed: false,
            signal_ttl_s: 30,
            confirm_within_s: 20,
            max_price_gap_pct: dec!(1),
            product: Product::Intraday,
            roll_after: Some(Time::constant(14, 30, 0, 0)),
            max_lots: 1,
            entry_timeout_s: 10,
            stop_points: dec!(15),
            target_points: Some(dec!(30)),
            trail_points: None,
            breakeven_at_points: None,
            index_stop_points: None,
            max_holding_min: Some(dec!(30)),
            hours: Hours { from: Time::constant(9, 20, 0, 0), to: Time::constant(15, 0, 0, 0) },
            pauses: Vec::new(),
            square_off: Time::constant(15, 15, 0, 0),
            opposite: OppositeSignal::Exit,
        }
    }
}

impl ScalpSetup {
    /// Which expiry is bought on the day of an expiry.
    pub fn expiry_policy(&self) -> ExpiryPolicy {
        self.roll_after.map_or_else(ExpiryPolicy::default, |cut_off| ExpiryPolicy { cut_off })
    }

    /// Why no entry is made at this time of the day, if none is.
    pub fn closed_at(&self, time: Time) -> Option<String> {
        let hm = |t: Time| t.strftime("%H:%M").to_string();
        if !self.hours.contain(time) || time >= self.square_off {
            let last = self.hours.to.min(self.square_off);
            return Some(format!("it trades from {} to {}", hm(self.hours.from), hm(last)));
        }
        let pause = self.pauses.iter().find(|p| p.contain(time))?;
        Some(format!("it pauses from {} to {}", hm(pause.from), hm(pause.to)))
    }

    /// What makes no sense in it, for the person who wrote it.
    pub fn wrong(&self) -> Option<String> {
        let points = [
            ("stop_points", Some(self.stop_points)),
            ("target_points", self.target_points),
            ("trail_points", self.trail_points),
            ("breakeven_at_points", self.breakeven_at_points),
            ("index_stop_points", self.index_stop_points),
            ("max_holding_min", self.max_holding_min),
            ("max_price_gap_pct", Some(self.max_price_gap_pct)),
        ];
        if let Some((name, _)) = points.into_iter().find(|(_, p)| p.is_some_and(|p| p <= Decimal::ZERO)) {
            return Some(format!("{name}: more than 0"));
        }
        let counts = [
            ("signal_ttl_s", self.signal_ttl_s, 600),
            ("confirm_within_s", self.confirm_within_s, 600),
            ("entry_timeout_s", self.entry_timeout_s, 600),
            ("max_lots", self.max_lots, 10_000),
        ];
        if let Some((name, _, most)) = counts.into_iter().find(|(_, n, most)| *n == 0 || n > most) {
            return Some(format!("{name}: 1 to {most}"));
        }
        if self.symbols.is_empty() {
            return Some("symbols: at least one".into());
        }
        if matches!(self.product, Product::Cnc | Product::Mtf) {
            return Some("product: INTRADAY or MARGIN".into());
        }
        let ordered = |h: &Hours| h.from < h.to;
        if !ordered(&self.hours) || !self.pauses.iter().all(ordered) {
            return Some("hours: from is before to".into());
        }
        (self.hours.from >= self.square_off).then(|| "square_off: after the hours have begun".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_set_up_makes_sense() {
        assert_eq!(ScalpSetup::default().wrong(), None);
    }

    #[test]
    fn a_set_up_has_its_hours() {
        let lunch = Hours { from: Time::constant(12, 0, 0, 0), to: Time::constant(13, 0, 0, 0) };
        let setup = ScalpSetup { pauses: vec![lunch], ..ScalpSetup::default() };
        let at = |h, m| setup.closed_at(Time::constant(h, m, 0, 0));
        assert_eq!(at(9, 20), None);
        assert!(at(9, 19).unwrap().contains("from 09:20"));
        assert!(at(12, 59).unwrap().contains("pauses"));
        assert_eq!(at(13, 0), None);
        assert!(at(15, 0).is_some());
    }

    #[test]
    fn nonsense_is_named() {
        let wrong = |setup: ScalpSetup| setup.wrong().unwrap_or_default();
        assert!(wrong(ScalpSetup { stop_points: dec!(0), ..ScalpSetup::default() }).contains("stop_points"));
        assert!(wrong(ScalpSetup { max_lots: 0, ..ScalpSetup::default() }).contains("max_lots"));
        assert!(wrong(ScalpSetup { symbols: Vec::new(), ..ScalpSetup::default() }).contains("symbols"));
        let early = ScalpSetup { square_off: Time::constant(9, 0, 0, 0), ..ScalpSetup::default() };
        assert!(wrong(early).contains("square_off"));
    }
}
