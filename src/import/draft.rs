//! A typed strategy before it is checked, and the recommendation it becomes.

use super::LotOf;
use super::checks;
use super::claim::Claim;
use super::leg::kind_label;
use crate::domain::time::{Timestamp, ist};
use crate::domain::{Bound, Conviction, Exchange, Issue, Leg, LegKind, Price, Quantity, Recommendation, Side, Symbol};
use crate::options::{naming, payoff};
use rust_decimal::Decimal;

/// What all strategies of a file share.
pub(super) struct Context<'a> {
    pub source: String,
    /// From the file's name, for files that state no time.
    pub file_time: Option<Timestamp>,
    pub now: Timestamp,
    pub lot_of: &'a LotOf<'a>,
}

/// The file's own figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub profit: Option<Bound>,
    pub loss: Option<Bound>,
}

#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub symbol: Symbol,
    pub exchange: Exchange,
    pub name: String,
    pub legs: Vec<Leg>,
    pub spot: Option<Price>,
    pub score: Option<Decimal>,
    pub conviction: Option<Conviction>,
    pub probability: Option<Decimal>,
    pub reported: Reported,
    pub generated_at: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub outlook: String,
    pub rules: crate::domain::ExitRules,
    pub issues: Vec<Issue>,
}

/// Something worth saying that does not keep a strategy from being executed.
pub(super) fn issue(code: &str, detail: String) -> Issue {
    Issue { code: code.into(), detail, blocking: false }
}

pub(super) fn blocking(code: &str, detail: String) -> Issue {
    Issue { code: code.into(), detail, blocking: true }
}

impl Draft {
    /// Names it from its legs, computes its figures where the lot is known, and checks it.
    pub fn finish(self, context: &Context<'_>) -> Recommendation {
        let derived = naming::of_legs(&self.legs);
        let title = derived.is_named().then(|| derived.title().to_owned());
        let claim = Claim::of(&self.name);
        let generated_at = self.generated_at.or(context.file_time);
        let name = match (self.name.is_empty(), &title) {
            (false, _) => self.name,
            (true, Some(title)) => title.clone(),
            (true, None) => "Custom".into(),
        };
        let key = natural_key(self.exchange, self.symbol, &name, &self.legs, generated_at);
        let mut issues = self.issues;
        checks::structure(&self.legs, &claim, derived, &mut issues);
        checks::prices(&self.legs, self.reported, &mut issues);
        checks::times(&self.legs, generated_at, self.valid_until, context.now, &mut issues);
        let mut recommendation = Recommendation {
            key,
            source: context.source.clone(),
            symbol: self.symbol,
            exchange: self.exchange,
            name,
            derived_name: title,
            legs: self.legs,
            spot: self.spot,
            score: self.score,
            conviction: self.conviction,
            probability: self.probability,
            reported_max_profit: self.reported.profit,
            reported_max_loss: self.reported.loss,
            metrics: None,
            generated_at,
            valid_until: self.valid_until,
            outlook: self.outlook,
            rules: self.rules,
            issues,
        };
        let nearest = recommendation.legs.iter().filter_map(|leg| leg.expiry).min();
        if let Some(lot) = (context.lot_of)(self.exchange, self.symbol, nearest).filter(|lot| *lot > Quantity::ZERO) {
            checks::recompute(&mut recommendation, lot);
        }
        if let Err(reason @ payoff::NoPayoff::SeveralExpiries) = payoff::Payoff::of(&recommendation.legs) {
            recommendation.issues.push(issue("several_expiries", format!("no exact maximum profit or loss: {reason}")));
        }
        recommendation
    }
}

/// Symbol, name, set of legs and day of the analysis: the same recommendation of a later run of the day updates, and does
/// not duplicate. Readable, since people look for it in the tables.
fn natural_key(
    exchange: Exchange,
    symbol: Symbol,
    name: &str,
    legs: &[Leg],
    generated_at: Option<Timestamp>,
) -> String {
    let day = generated_at.map_or_else(|| "undated".to_owned(), |at| ist(at).date().to_string());
    let mut legs: Vec<String> = legs.iter().map(leg_key).collect();
    legs.sort();
    format!("{day}|{exchange}:{symbol}|{name}|{}", legs.join(","))
}

fn leg_key(leg: &Leg) -> String {
    let side = match leg.side {
        Side::Buy => '+',
        Side::Sell => '-',
    };
    let kind = match leg.kind {
        LegKind::Option { .. } => kind_label(leg.kind).replace(' ', ""),
        LegKind::Future => "FUT".into(),
        LegKind::Equity => "EQ".into(),
    };
    let expiry = leg.expiry.map(|day| format!("@{day}")).unwrap_or_default();
    format!("{side}{}x{kind}{expiry}", leg.ratio)
}
