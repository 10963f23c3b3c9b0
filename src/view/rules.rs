//! Exit rules with what they wait for, where the strategy stands now, and how far that is.

use rust_decimal::Decimal;

use super::build::Quotes;
use super::format;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{ExitRules, Money, RuleKind, RuleLevel};
use crate::engine::record::Owner;
use crate::engine::state::{Plan, Strategy};

/// One rule of a strategy that has been executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleRow {
    pub kind: RuleKind,
    pub level: RuleLevel,
    /// Its profit now; `None` while a price is missing.
    pub pnl: Option<Money>,
    /// To the first expiry.
    pub days: Option<i64>,
}

impl RuleRow {
    /// `profit target`, `part 2 of the profit`.
    pub fn name(&self) -> String {
        match self.kind {
            RuleKind::Scale(n) => format!("step {n} of the scale"),
            kind => kind.as_str().to_string(),
        }
    }

    /// `at ₹2,500`.
    pub fn waits_for(&self) -> String {
        match self.level {
            RuleLevel::ProfitFrom(at) => format!("at {}", format::pnl(at)),
            RuleLevel::ProfitTo(at) => format!("at {} or less", format::pnl(at)),
            RuleLevel::TrailsFrom(at) => format!("trails from {}", format::pnl(at)),
            RuleLevel::Days(days) => format!("with {days} days left"),
            RuleLevel::Delta(delta) => format!("at a delta of {}", delta.normalize()),
        }
    }

    /// `now ₹1,200`; what is not known is said so.
    pub fn now(&self) -> String {
        match self.level {
            RuleLevel::ProfitFrom(_) | RuleLevel::ProfitTo(_) | RuleLevel::TrailsFrom(_) => {
                self.pnl.map_or_else(|| "waits for prices".into(), |p| format!("now {}", format::pnl(p)))
            }
            RuleLevel::Days(_) => format!("now {}", format::or_unknown(self.days, |d| d.to_string())),
            RuleLevel::Delta(_) => String::new(),
        }
    }

    /// `₹1,300 away`.
    pub fn distance(&self) -> String {
        let away = |gap: Decimal| format!("{} away", format::rupees(Money(gap.max(Decimal::ZERO))));
        match (self.level, self.pnl, self.days) {
            (RuleLevel::ProfitFrom(at) | RuleLevel::TrailsFrom(at), Some(pnl), _) => away(at.0 - pnl.0),
            (RuleLevel::ProfitTo(at), Some(pnl), _) => away(pnl.0 - at.0),
            (RuleLevel::Days(at), _, Some(days)) => format!("{} days away", (days - at).max(0)),
            _ => String::new(),
        }
    }
}

pub(super) fn rows(strategy: &Strategy, quotes: &Quotes<'_>, now: Timestamp) -> Vec<RuleRow> {
    let Some(plan) = strategy.plan.as_ref().filter(|p| p.fired.is_none()) else { return Vec::new() };
    let held = || quotes.state.lots_of(Owner::Strategy(strategy.id));
    let open = || held().filter(|(_, l)| !l.net.is_flat());
    if open().next().is_none() {
        return Vec::new();
    }
    let pnl = held().map(|(k, l)| l.pnl(quotes.of(&k.contract).map(|q| q.mid()))).sum();
    let expiry = open().filter_map(|(k, _)| k.contract.expiry()).min();
    let days = expiry.and_then(|e| trading_day(now).until(e).ok()).map(|span| i64::from(span.get_days()));
    Plan::lines(plan).into_iter().map(|(kind, level)| RuleRow { kind, level, pnl, days }).collect()
}

/// Rules in a few words: `profit target 50 %, stop 50 % of the largest loss, 7 days left`.
pub fn words(rules: &ExitRules) -> Option<String> {
    let pct = |name: &str, p: Option<Decimal>| p.map(|p| format!("{name} {} %", p.normalize()));
    let rupees = |name: &str, m: Option<Money>| m.map(|m| format!("{name} {}", format::rupees(m)));
    let parts = [
        rupees("profit target", rules.target),
        pct("profit target", rules.target_pct),
        rupees("stop", rules.stop),
        pct("stop", rules.stop_pct),
        rules.stop_premium.map(|t| format!("stop {} times the premium", t.normalize())),
        pct("trails from", rules.trail_after_pct),
        pct("by", rules.trail_by_pct),
        rules.days_to_expiry.map(|d| format!("{d} days left")),
        (!rules.scale.is_empty()).then(|| format!("{} steps of a scale", rules.scale.len())),
        rules.short_delta.map(|d| format!("short delta {}", d.normalize())),
    ];
    let words: Vec<String> = parts.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::domain::Bound;
    use crate::engine::Record;
    use crate::engine::state::Basis;
    use rust_decimal_macros::dec;

    #[test]
    fn a_rule_is_shown_with_its_distance_and_a_missing_price_is_not_a_profit_of_zero() {
        let mut desk = Desk::new();
        let id = desk.executed("Long Call", &[("B", 26300, "CE", dec!(40))]);
        let rules = ExitRules { target: Some(Money(dec!(1000))), stop_pct: Some(dec!(50)), ..ExitRules::default() };
        let basis = Basis { max_loss: Some(Bound::Limited(Money(dec!(2600)))), units: 1, ..Basis::default() };
        desk.record(Record::PlanMade { id, rules: Box::new(rules), basis });
        let said = |desk: &Desk| {
            let view = desk.view();
            let row = view.strategy(id).unwrap();
            row.rules
                .iter()
                .map(|r| format!("{} {} {} {}", r.name(), r.waits_for(), r.now(), r.distance()))
                .collect::<Vec<_>>()
        };
        assert!(said(&desk).iter().all(|line| line.contains("waits for prices")), "{:?}", said(&desk));
        desk.price(26300, "CE", dec!(50));
        let lines = said(&desk);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("stop") && lines[0].contains("1,950"), "{lines:?}");
        assert!(lines[1].contains("350") && lines[1].contains("away"), "{lines:?}");
    }
}
