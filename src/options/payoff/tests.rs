use super::*;
use jiff::civil::{Date, date};
use rust_decimal_macros::dec;
use serde::Deserialize;
use serde_json::Number;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}
#[derive(Deserialize)]
struct Case {
    id: String,
    lot_size: u32,
    legs: Vec<Row>,
    expected: Expected,
}
#[derive(Deserialize)]
struct Row {
    action: Side,
    #[serde(rename = "type")]
    kind: String,
    strike: Option<Number>,
    expiry: Option<Date>,
    lots: u32,
    price: Number,
}
#[derive(Deserialize)]
struct Expected {
    net_premium_points: Number,
    net_premium_rupees: Number,
    max_pnl_points: Option<Number>,
    min_pnl_points: Option<Number>,
    max_pnl_rupees: Option<Number>,
    min_pnl_rupees: Option<Number>,
    breakevens: Option<Vec<Number>>,
    profit_zones: Option<Vec<(Number, Option<Number>)>>,
    payoff_at_expiry: Option<Vec<(Number, Number, Number)>>,
}

fn decimal(n: &Number) -> Decimal {
    n.to_string().parse().unwrap()
}
fn near(a: Decimal, b: Decimal) -> bool {
    (a - b).abs() <= dec!(0.000001)
}
fn near_or_none(a: Option<Decimal>, b: Option<&Number>) -> bool {
    match (a, b.map(decimal)) {
        (Some(a), Some(b)) => near(a, b),
        (None, None) => true,
        _ => false,
    }
}
fn leg(row: &Row) -> Leg {
    let strike = row.strike.as_ref().map(|s| Price(decimal(s)));
    let kind = match (row.kind.as_str(), strike) {
        ("CE", Some(strike)) => LegKind::Option { strike, right: OptionRight::Call },
        ("PE", Some(strike)) => LegKind::Option { strike, right: OptionRight::Put },
        ("FUT", None) => LegKind::Future,
        ("EQ", None) => LegKind::Equity,
        other => panic!("{other:?}"),
    };
    Leg { side: row.action, kind, expiry: row.expiry, ratio: row.lots, premium: Some(Price(decimal(&row.price))) }
}

#[test]
fn every_position_of_one_expiry_agrees_with_the_reference() {
    let text = include_str!("../../../tests/fixtures/market/payoff_reference.json");
    let file: File = serde_json::from_str(text).unwrap();
    let (mut exact, mut several) = (0, 0);
    for case in &file.cases {
        let legs: Vec<Leg> = case.legs.iter().map(leg).collect();
        let (id, want) = (&case.id, &case.expected);
        let Some(breakevens) = &want.breakevens else {
            assert_eq!(Payoff::of(&legs), Err(NoPayoff::SeveralExpiries), "{id}");
            several += 1;
            continue;
        };
        let payoff = Payoff::of(&legs).unwrap();
        exact += 1;
        assert!(near(payoff.net_premium().0, decimal(&want.net_premium_points)), "{id} premium");
        assert!(near_or_none(payoff.max_points(), want.max_pnl_points.as_ref()), "{id} most");
        assert!(near_or_none(payoff.min_points(), want.min_pnl_points.as_ref()), "{id} least");
        let ours = payoff.breakevens();
        assert!(
            ours.len() == breakevens.len() && ours.iter().zip(breakevens).all(|(a, b)| near(a.0, decimal(b))),
            "{id} breakevens {ours:?}"
        );
        let zones = want.profit_zones.as_ref().unwrap();
        let ours = payoff.profit_zones();
        assert_eq!(ours.len(), zones.len(), "{id} zones {ours:?}");
        for ((from, to), (want_from, want_to)) in ours.iter().zip(zones) {
            assert!(near(from.0, decimal(want_from)) && near_or_none(to.map(|t| t.0), want_to.as_ref()), "{id}");
        }
        let lot = Quantity(case.lot_size);
        for (spot, points, rupees) in want.payoff_at_expiry.as_ref().unwrap() {
            let spot = Price(decimal(spot));
            assert!(near(payoff.points_at(spot).0, decimal(points)), "{id} at {spot}");
            assert!(near(payoff.at(spot, lot).0, decimal(rupees)), "{id} rupees at {spot}");
        }
        rupees_agree(id, &payoff.metrics(lot), want);
    }
    assert_eq!((exact, several), (127, 19));
}

fn rupees_agree(id: &str, metrics: &Metrics, want: &Expected) {
    let amount = |bound: Bound, sign: Decimal| match bound {
        Bound::Limited(money) => Some(money.0 * sign),
        Bound::Unlimited => None,
    };
    assert!(near(metrics.net_premium.0, decimal(&want.net_premium_rupees)), "{id} premium in rupees");
    assert!(near_or_none(amount(metrics.max_profit, dec!(1)), want.max_pnl_rupees.as_ref()), "{id} max profit");
    assert!(near_or_none(amount(metrics.max_loss, dec!(-1)), want.min_pnl_rupees.as_ref()), "{id} max loss");
}

#[test]
fn a_leg_without_a_premium_has_no_payoff() {
    let kind = LegKind::Option { strike: Price(dec!(26000)), right: OptionRight::Call };
    let leg = Leg { side: Side::Buy, kind, expiry: Some(date(2026, 11, 23)), ratio: 1, premium: None };
    assert_eq!(metrics(&[leg], Quantity(65)), Err(NoPayoff::PremiumMissing));
    assert_eq!(metrics(&[], Quantity(65)), Err(NoPayoff::NoLegs));
}

#[test]
fn a_repeating_breakeven_is_cut_to_six_decimals() {
    let call = |side, strike: i64, ratio, premium| Leg {
        side,
        kind: LegKind::Option { strike: Price(strike.into()), right: OptionRight::Call },
        expiry: None,
        ratio,
        premium: Some(Price(premium)),
    };
    let legs = [call(Side::Buy, 100, 3, dec!(1)), call(Side::Sell, 200, 3, dec!(0.9))];
    assert_eq!(metrics(&legs, Quantity(10)).unwrap().breakevens, [Price(dec!(100.1))]);
    let legs = [call(Side::Buy, 100, 3, dec!(1)), call(Side::Sell, 200, 4, dec!(0.7))];
    // 3 × (S − 100) = 0.2, then 300 − 0.2 falls by one point a point.
    assert_eq!(metrics(&legs, Quantity(10)).unwrap().breakevens, [Price(dec!(100.066667)), Price(dec!(499.8))]);
}

#[test]
fn a_stretch_without_gain_or_loss_is_named() {
    let leg = |side, right, strike: i64, premium| Leg {
        side,
        kind: LegKind::Option { strike: Price(strike.into()), right },
        expiry: None,
        ratio: 1,
        premium: Some(Price(premium)),
    };
    let free =
        [leg(Side::Buy, OptionRight::Call, 26_500, dec!(80)), leg(Side::Sell, OptionRight::Put, 25_500, dec!(80))];
    let payoff = Payoff::of(&free).unwrap();
    assert_eq!(payoff.zero_intervals(), [(Price(dec!(25500)), Some(Price(dec!(26500))))]);
    assert_eq!((payoff.slope_above(), payoff.kinks().len()), (dec!(1), 3));
    assert_eq!(net_premium(&free), Price::ZERO);
}

mod by_brute_force {
    use proptest::prelude::*;

    use super::*;

    /// Strikes and premiums on whole points, so that the grid below meets every kink.
    fn legs() -> impl Strategy<Value = Vec<Leg>> {
        let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
        let kind = prop_oneof![
            4 => (1i64..40, prop::bool::ANY).prop_map(|(strike, call)| LegKind::Option {
                strike: Price(strike.into()),
                right: if call { OptionRight::Call } else { OptionRight::Put },
            }),
            1 => Just(LegKind::Future),
        ];
        let leg = (side, kind, 1u32..4, 1i64..30).prop_map(|(side, kind, ratio, premium)| Leg {
            side,
            kind,
            expiry: None,
            ratio,
            premium: Some(Price(premium.into())),
        });
        prop::collection::vec(leg, 1..6)
    }

    /// Written anew, leg by leg, as a trader would on paper.
    fn on_paper(legs: &[Leg], spot: Decimal) -> Decimal {
        let mut sum = Decimal::ZERO;
        for leg in legs {
            let worth = match leg.kind {
                LegKind::Option { strike, right: OptionRight::Call } if spot > strike.0 => spot - strike.0,
                LegKind::Option { strike, right: OptionRight::Put } if spot < strike.0 => strike.0 - spot,
                LegKind::Option { .. } => Decimal::ZERO,
                LegKind::Future | LegKind::Equity => spot,
            };
            let gain = (worth - leg.premium.unwrap().0) * Decimal::from(leg.ratio);
            sum += if leg.side == Side::Buy { gain } else { -gain };
        }
        sum
    }

    proptest! {
        /// On a grid of eighths up to twice the last strike the payoff is what paper says, no extreme is missed, and a price
        /// gains exactly where it lies within a profit zone.
        #[test]
        fn every_figure_is_what_a_grid_finds(legs in legs()) {
            let payoff = Payoff::of(&legs).unwrap();
            let zones = payoff.profit_zones();
            let zero = payoff.zero_intervals();
            for eighths in 0..640 {
                let spot = Decimal::from(eighths) / Decimal::from(8);
                let paper = on_paper(&legs, spot);
                prop_assert_eq!(payoff.points_at(Price(spot)).0, paper);
                prop_assert!(payoff.max_points().is_none_or(|most| paper <= most));
                prop_assert!(payoff.min_points().is_none_or(|least| paper >= least));
                let near = |at: Price| (at.0 - spot).abs() < Decimal::new(1, 5);
                let at_an_end = zones.iter().any(|(from, to)| near(*from) || to.is_some_and(near));
                let inside = zones.iter().any(|(from, to)| from.0 < spot && to.is_none_or(|to| spot < to.0));
                prop_assert!(at_an_end || inside == (paper > Decimal::ZERO), "at {} of {:?}", spot, zones);
                let flat = zero.iter().any(|(from, to)| from.0 <= spot && to.is_none_or(|to| spot <= to.0));
                prop_assert!(!flat || paper.is_zero());
            }
            for bound in [payoff.max_points(), payoff.min_points()].into_iter().flatten() {
                prop_assert!((0..=40).any(|spot| on_paper(&legs, Decimal::from(spot)) == bound), "{} is reached", bound);
            }
        }
    }
}
