//! What a trade costs: brokerage, taxes and fees from a dated tariff, in exact decimals.
//!
//! Charges are per executed *order*, whatever number of fills it took: an [`OrderTally`] adds up the turnover of one order,
//! and the tariff of its day says what that costs. Sums over a day add the raw values and round once, as a contract note
//! does; the rounded figure of a single order is an estimate, and the broker's ledger wins.

mod tariff;

use std::iter::Sum;
use std::ops::{Add, Sub};

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

pub use self::tariff::{Class, NoTariff, Tariff, TariffError};
use crate::domain::{Contract, Exchange, Money, Price, Product, Quantity, Side, Symbol};

/// The parts of a charge before rounding. They add up over orders and days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawCharges {
    pub brokerage: Money,
    pub stt: Money,
    pub exchange: Money,
    pub sebi: Money,
    pub ipft: Money,
    pub stamp: Money,
    pub gst: Money,
}

/// The parts as a contract note prints them: STT and stamp duty in whole rupees, the rest in paise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    pub brokerage: Money,
    pub stt: Money,
    pub exchange: Money,
    pub sebi: Money,
    pub ipft: Money,
    pub stamp: Money,
    pub gst: Money,
}

impl RawCharges {
    pub fn total(&self) -> Money {
        self.brokerage + self.stt + self.exchange + self.sebi + self.ipft + self.stamp + self.gst
    }

    /// Half-up: STT and stamp duty to the rupee, everything else to the paisa. GST was computed on unrounded parts.
    #[must_use]
    pub fn rounded(&self) -> Charges {
        Charges {
            brokerage: self.brokerage.to_paise(),
            stt: whole_rupees(self.stt),
            exchange: self.exchange.to_paise(),
            sebi: self.sebi.to_paise(),
            ipft: self.ipft.to_paise(),
            stamp: whole_rupees(self.stamp),
            gst: self.gst.to_paise(),
        }
    }

    fn zip(self, other: Self, f: impl Fn(Money, Money) -> Money) -> Self {
        Self {
            brokerage: f(self.brokerage, other.brokerage),
            stt: f(self.stt, other.stt),
            exchange: f(self.exchange, other.exchange),
            sebi: f(self.sebi, other.sebi),
            ipft: f(self.ipft, other.ipft),
            stamp: f(self.stamp, other.stamp),
            gst: f(self.gst, other.gst),
        }
    }
}

impl Add for RawCharges {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

/// What a further fill adds: the charges after it minus those before.
impl Sub for RawCharges {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Sum for RawCharges {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

impl Charges {
    /// The sum of the rounded parts.
    pub fn total(&self) -> Money {
        self.brokerage + self.stt + self.exchange + self.sebi + self.ipft + self.stamp + self.gst
    }
}

fn whole_rupees(amount: Money) -> Money {
    Money(amount.0.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
}

/// One order as the tariff sees it: what, which way, on which day, and the turnover of its fills so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTally {
    pub contract: Contract,
    pub product: Product,
    pub side: Side,
    /// The trade's day: tariffs change by date.
    pub date: Date,
    /// Rupees traded so far: quantity × price.
    pub turnover: Money,
}

impl OrderTally {
    pub fn new(contract: Contract, product: Product, side: Side, date: Date) -> Self {
        Self { contract, product, side, date, turnover: Money::ZERO }
    }

    /// Counts one fill.
    pub fn fill(&mut self, quantity: Quantity, price: Price) {
        self.turnover += price.times(quantity);
    }

    /// What the order has cost so far; nothing while nothing has filled.
    pub fn charges(&self, tariff: &Tariff) -> Result<RawCharges, NoTariff> {
        tariff.order(self)
    }
}

/// One order in the tariff's own terms: enough for a line of a file, where no contract is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    pub exchange: Exchange,
    pub underlying: Symbol,
    pub class: Class,
    pub side: Side,
    /// The trade's day.
    pub date: Date,
    /// Rupees traded: quantity × price.
    pub turnover: Money,
}

impl Tariff {
    /// The charges of one executed order. Without turnover there is no trade and no charge.
    pub fn order(&self, tally: &OrderTally) -> Result<RawCharges, NoTariff> {
        let OrderTally { contract, product, side, date, turnover } = *tally;
        let charged = Class::of(&contract, product).and_then(|class| {
            let (exchange, underlying) = (contract.exchange, contract.underlying);
            self.trade(&Trade { exchange, underlying, class, side, date, turnover })
        });
        charged.ok_or(NoTariff { contract, date })
    }

    /// The charges of one executed order; `None` where the tariff says nothing of its day and exchange.
    pub fn trade(&self, trade: &Trade) -> Option<RawCharges> {
        let rates = self.on(trade)?;
        let turnover = trade.turnover.0;
        if turnover <= Decimal::ZERO {
            return Some(RawCharges::default());
        }
        let buys = trade.side == Side::Buy;
        let brokerage = rates.brokerage.of(turnover);
        let exchange = turnover * rates.fee;
        let sebi = turnover * rates.sebi;
        let ipft = turnover * rates.ipft;
        Some(RawCharges {
            brokerage: Money(brokerage),
            stt: Money(turnover * if buys { rates.stt_buy } else { rates.stt_sell }),
            exchange: Money(exchange),
            sebi: Money(sebi),
            ipft: Money(ipft),
            stamp: Money(if buys { turnover * rates.stamp } else { Decimal::ZERO }),
            gst: Money((brokerage + exchange + sebi + ipft) * rates.gst),
        })
    }

    /// The tax on a long option that is exercised at expiry: `intrinsic` points in the money. No other charge arises.
    pub fn exercise(
        &self,
        contract: Contract,
        quantity: Quantity,
        intrinsic: Price,
        date: Date,
    ) -> Result<RawCharges, NoTariff> {
        self.exercised(intrinsic.times(quantity), date).ok_or(NoTariff { contract, date })
    }

    /// The same, on an intrinsic value in rupees.
    pub fn exercised(&self, intrinsic: Money, date: Date) -> Option<RawCharges> {
        let rate = self.exercise_rate(date)?;
        Some(RawCharges { stt: Money(intrinsic.0 * rate), ..RawCharges::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OptionRight;
    use jiff::civil::date;
    use rust_decimal_macros::dec;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Row {
        id: String,
        date: Date,
        exchange: Exchange,
        segment: String,
        symbol: Symbol,
        side: String,
        quantity: u32,
        price: String,
        turnover: String,
        brokerage: String,
        stt: String,
        exchange_txn: String,
        sebi_fee: String,
        ipft: String,
        stamp_duty: String,
        gst: String,
        total: String,
        brokerage_raw: String,
        stt_raw: String,
        exchange_txn_raw: String,
        sebi_fee_raw: String,
        ipft_raw: String,
        stamp_duty_raw: String,
        gst_raw: String,
        total_raw: String,
    }

    fn parts(texts: [&String; 8]) -> [Money; 8] {
        texts.map(|t| t.parse().unwrap())
    }

    fn priced(row: &Row, tariff: &Tariff) -> RawCharges {
        let (exchange, symbol) = (row.exchange, row.symbol);
        let expiry = date(2026, 12, 29);
        let contract = match row.segment.as_str() {
            "options" => Contract::option(exchange, symbol, expiry, Price(dec!(26000)), OptionRight::Call),
            "futures" => Contract::future(exchange, symbol, expiry),
            _ => Contract::equity(exchange, symbol),
        };
        let product = match row.segment.as_str() {
            "delivery" => Product::Cnc,
            "intraday" => Product::Intraday,
            _ => Product::Margin,
        };
        let (quantity, price) = (Quantity(row.quantity), row.price.parse().unwrap());
        let side = match row.side.as_str() {
            "BUY" => Side::Buy,
            "SELL" => Side::Sell,
            _ => return tariff.exercise(contract, quantity, price, row.date).unwrap(),
        };
        let mut order = OrderTally::new(contract, product, side, row.date);
        order.fill(quantity, price);
        assert_eq!(order.turnover, row.turnover.parse().unwrap(), "{}", row.id);
        order.charges(tariff).unwrap()
    }

    #[test]
    fn every_vector_of_the_reference_agrees_raw_and_rounded() {
        let tariff = Tariff::built_in().unwrap();
        let text = include_str!("../../tests/fixtures/market/charges_reference.csv");
        let rows: Vec<Row> = csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 451);
        for row in &rows {
            let raw = priced(row, &tariff);
            let ours = [raw.brokerage, raw.stt, raw.exchange, raw.sebi, raw.ipft, raw.stamp, raw.gst, raw.total()];
            let theirs = parts([
                &row.brokerage_raw,
                &row.stt_raw,
                &row.exchange_txn_raw,
                &row.sebi_fee_raw,
                &row.ipft_raw,
                &row.stamp_duty_raw,
                &row.gst_raw,
                &row.total_raw,
            ]);
            assert_eq!(ours, theirs, "{} raw", row.id);
            let c = raw.rounded();
            let ours = [c.brokerage, c.stt, c.exchange, c.sebi, c.ipft, c.stamp, c.gst, c.total()];
            let theirs = parts([
                &row.brokerage,
                &row.stt,
                &row.exchange_txn,
                &row.sebi_fee,
                &row.ipft,
                &row.stamp_duty,
                &row.gst,
                &row.total,
            ]);
            assert_eq!(ours, theirs, "{} rounded", row.id);
        }
    }

    fn nifty_call() -> Contract {
        let nifty = Symbol::new("NIFTY").unwrap();
        Contract::option(Exchange::Nse, nifty, date(2026, 11, 23), Price(dec!(26000)), OptionRight::Call)
    }

    #[test]
    fn brokerage_is_per_order_not_per_fill() {
        let tariff = Tariff::built_in().unwrap();
        let mut order = OrderTally::new(nifty_call(), Product::Margin, Side::Sell, date(2026, 11, 20));
        assert_eq!(order.charges(&tariff).unwrap(), RawCharges::default(), "nothing filled, nothing charged");
        order.fill(Quantity(65), Price(dec!(135)));
        let first = order.charges(&tariff).unwrap();
        assert_eq!(first.rounded().total(), Money(dec!(40.29)));
        order.fill(Quantity(65), Price(dec!(134)));
        let second = order.charges(&tariff).unwrap() - first;
        assert_eq!((second.brokerage, second.stt), (Money::ZERO, Money(dec!(13.065))));
    }

    #[test]
    fn the_round_trip_of_a_nifty_lot_costs_a_point() {
        let tariff = Tariff::built_in().unwrap();
        let cost = |side, price| {
            let mut order = OrderTally::new(nifty_call(), Product::Intraday, side, date(2026, 11, 20));
            order.fill(Quantity(65), Price(price));
            order.charges(&tariff).unwrap().rounded().total()
        };
        assert_eq!(cost(Side::Buy, dec!(120)) + cost(Side::Sell, dec!(135)), Money(dec!(67.17)));
    }

    proptest::proptest! {
        /// However a day's turnover is split, the parts that follow the turnover add up to the same paisa; brokerage is per
        /// order, and what is added before rounding never differs from the rounded orders by more than half a unit each.
        #[test]
        fn charges_are_additive(lots in proptest::collection::vec((1u32..50, 1i64..200_000, proptest::bool::ANY), 1..12)) {
            let tariff = Tariff::built_in().unwrap();
            let order = |units: u32, paise: i64, side| {
                let mut order = OrderTally::new(nifty_call(), Product::Margin, side, date(2026, 11, 20));
                order.fill(Quantity(units), Price(Decimal::new(paise, 2)));
                order
            };
            let orders: Vec<OrderTally> = lots
                .iter()
                .map(|(lots, paise, buys)| order(65 * lots, *paise, if *buys { Side::Buy } else { Side::Sell }))
                .collect();
            let raw: RawCharges = orders.iter().map(|o| o.charges(&tariff).unwrap()).sum();
            for side in [Side::Buy, Side::Sell] {
                let of_side = || orders.iter().filter(|o| o.side == side);
                let apart: RawCharges = of_side().map(|o| o.charges(&tariff).unwrap()).sum();
                let mut whole = OrderTally::new(nifty_call(), Product::Margin, side, date(2026, 11, 20));
                whole.turnover = of_side().map(|o| o.turnover).sum();
                let whole = whole.charges(&tariff).unwrap();
                proptest::prop_assert_eq!(apart.stt + apart.exchange + apart.sebi, whole.stt + whole.exchange + whole.sebi);
                proptest::prop_assert_eq!(apart.ipft + apart.stamp, whole.ipft + whole.stamp);
            }
            proptest::prop_assert_eq!(raw.brokerage, Money(Decimal::from(20 * orders.len())));
            let note = raw.rounded();
            let one_by_one = orders.iter().map(|o| o.charges(&tariff).unwrap().rounded().stt.0).sum::<Decimal>();
            proptest::prop_assert!((note.stt.0 - one_by_one).abs() <= Decimal::new(5, 1) * Decimal::from(orders.len() + 1));
        }
    }

    #[test]
    fn what_no_tariff_covers_is_said() {
        let tariff = Tariff::built_in().unwrap();
        let order = OrderTally::new(nifty_call(), Product::Margin, Side::Buy, date(2019, 1, 1));
        let refusal = order.charges(&tariff).unwrap_err().to_string();
        assert!(refusal.contains("NIFTY 23 Nov 26000 CE") && refusal.contains("2019-01-01"), "{refusal}");
        let index = Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap());
        assert!(OrderTally::new(index, Product::Margin, Side::Buy, date(2026, 11, 20)).charges(&tariff).is_err());
    }
}
