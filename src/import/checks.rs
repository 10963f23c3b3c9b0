//! What is odd about a recommendation: each oddity an issue with a code, its detail for the trader, and whether it blocks.
//!
//! | code | blocks | meaning |
//! |---|---|---|
//! | `covered_call_without_stock` | yes | a short call that the name calls covered |
//! | `expiries_missing` | yes | a calendar or diagonal whose file names no expiry |
//! | `expired` | yes | a leg's expiry is over |
//! | `name_mismatch` | yes, except verticals called diagonal | the legs are something else than the name says |
//! | `inconsistent_prices` | until priced again | the premiums cannot be of one moment |
//! | `negative_profit` | unless the legs or their prices explain it | the file itself reports a sure loss |
//! | `unlimited_loss`, `cash_needed` | no | ask a second time |
//! | `payoff_mismatch`, `loss_sign` | no | the file's figures differ from ours, or carry the wrong sign |
//! | `expiry_missing`, `premium_missing`, `premium_off_tick`, `ratio_rebuilt`, `several_expiries` | no | legs |
//! | `stale`, `validity_over`, `future_time`, `bad_time` | no | age |
//! | `score_above_one`, `score_invalid`, `percent_scale`, `probability_invalid`, `conviction_unknown` | no | scores |
//! | `text_sanitised` | no | control characters were taken out |

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::claim::Claim;
use super::draft::{Reported, blocking, issue};
use super::leg::kind_label;
use crate::domain::strategy::Metrics;
use crate::domain::time::{Timestamp, ist, trading_day};
use crate::domain::{Bound, Issue, Leg, LegKind, Money, OptionRight, Quantity, Recommendation};
use crate::options::coherence::{INCONSISTENT_PRICES, incoherence};
use crate::options::naming::StrategyName;
use crate::options::payoff::{self, Payoff};

/// Code of the issue that [`recompute`] renews.
const PAYOFF_MISMATCH: &str = "payoff_mismatch";

/// Theirs and ours may differ by this share before it is said.
const TOLERANCE: Decimal = dec!(0.01);

/// The price step of options on both exchanges, in rupees.
const TICK: Decimal = dec!(0.05);

/// The name against the legs.
pub(super) fn structure(legs: &[Leg], claim: &Claim, derived: StrategyName, issues: &mut Vec<Issue>) {
    let on_options_only = legs.iter().all(|leg| matches!(leg.kind, LegKind::Option { .. }));
    if claim.is_covered_call() && on_options_only && legs.len() == 1 {
        let detail = "one leg only: a covered call without its stock would be a naked call; \
                      it cannot be executed until the stock is a leg of it";
        issues.push(blocking("covered_call_without_stock", detail.into()));
    } else if claim.needs_two_expiries() && legs.iter().all(|leg| leg.expiry.is_none()) {
        let detail = "its name needs two expiries and the file names none: it cannot be executed as it is";
        issues.push(blocking("expiries_missing", detail.into()));
    } else if !claim.allows(derived) {
        let detail = format!("by its legs it is a {derived}: the name or a leg is wrong");
        // The analyser calls verticals diagonals; with the same expiry on both legs the legs say it all.
        let harmless = claim.is_diagonal() && derived.is_named();
        issues.push(Issue { code: "name_mismatch".into(), detail, blocking: !harmless });
    }
    if claim.is_short_put() {
        let detail = "cash-secured only if the cash stays free: the broker margins it as a naked put";
        issues.push(issue("cash_needed", detail.into()));
    }
    if slope_above(legs) < 0 {
        let detail = "its loss is unlimited by its legs: it needs a second confirmation";
        issues.push(issue("unlimited_loss", detail.into()));
    }
}

/// Long minus short calls (and underlying), in lots: below zero the loss has no end.
fn slope_above(legs: &[Leg]) -> i64 {
    let rises = |leg: &&Leg| match leg.kind {
        LegKind::Option { right, .. } => right == OptionRight::Call,
        LegKind::Future | LegKind::Equity => true,
    };
    legs.iter().filter(rises).map(|leg| leg.side.signed(Quantity(leg.ratio)).0).sum()
}

/// The premiums among themselves, and the signs of the file's figures. Needs no lot: signs do not depend on it.
pub(super) fn prices(legs: &[Leg], reported: Reported, issues: &mut Vec<Issue>) {
    for leg in legs {
        let what = kind_label(leg.kind);
        match (leg.premium, leg.kind) {
            (None, _) => {
                let detail = format!("{what} has no premium: no figures before it is quoted");
                issues.push(issue("premium_missing", detail));
            }
            (Some(premium), LegKind::Option { .. }) if !(premium.0 % TICK).is_zero() => {
                let detail = format!("the premium {premium} of {what} is not a multiple of {TICK}");
                issues.push(issue("premium_off_tick", detail));
            }
            _ => {}
        }
    }
    let incoherent = incoherence(legs);
    if let Some(found) = incoherent {
        let detail = format!("inconsistent prices: {found}; not executable before fresh quotes replace them");
        issues.push(blocking(INCONSISTENT_PRICES, detail));
    }
    let payoff = Payoff::of(legs).ok();
    if let Some(Bound::Limited(profit)) = reported.profit.filter(|p| is_negative(*p)) {
        let ours = payoff.as_ref().map(|p| p.max_points().is_none_or(|most| most > Decimal::ZERO));
        let (says, known) = match (ours, incoherent) {
            (Some(true), _) => ("by its legs it can gain", true),
            (_, Some(_)) => ("its prices are inconsistent", true),
            _ => ("it is a sure loss by its own figures", false),
        };
        let detail = format!("it reports a maximum \"profit\" of {}: {says}", said(Bound::Limited(profit)));
        issues.push(Issue { code: "negative_profit".into(), detail, blocking: !known });
    }
    if let Some(Bound::Limited(loss)) = reported.loss.filter(|l| is_negative(*l)) {
        let can_lose = payoff.is_none_or(|p| p.min_points().is_none_or(|least| least < Decimal::ZERO));
        if can_lose {
            let detail =
                format!("it reports its loss as {}: a loss is a positive amount here", said(Bound::Limited(loss)));
            issues.push(issue("loss_sign", detail));
        }
    }
}

fn is_negative(bound: Bound) -> bool {
    matches!(bound, Bound::Limited(amount) if amount.is_negative())
}

/// Expiries and ages. Only an expiry that is over blocks: age is shown, and live quotes decide.
pub(super) fn times(
    legs: &[Leg],
    generated_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    now: Timestamp,
    issues: &mut Vec<Issue>,
) {
    let today = ist(now).date();
    let over = legs.iter().filter_map(|leg| leg.expiry).filter(|expiry| *expiry < today).min();
    if let Some(expiry) = over {
        issues.push(blocking("expired", format!("it expired on {}", expiry.strftime("%d %b %Y"))));
    }
    if legs.iter().any(|leg| leg.kind != LegKind::Equity && leg.expiry.is_none()) {
        let detail = "the file names no expiry: it is chosen, and shown, when the strategy is marked";
        issues.push(issue("expiry_missing", detail.into()));
    }
    if let Some(at) = generated_at {
        let made = ist(at).date();
        if at.as_second() > now.as_second() + 300 {
            issues.push(issue("future_time", format!("it says it was made on {made}, which is yet to come")));
        } else if made < today && trading_day(at) < trading_day(now) {
            let days = today.since(made).map_or(0, |span| span.get_days());
            let ago = if days == 1 { "yesterday".into() } else { format!("{days} days ago") };
            let detail = format!("it was made {ago}, on {}: its prices are of that day", made.strftime("%d %b %Y"));
            issues.push(issue("stale", detail));
        }
    }
    if let Some(until) = valid_until.filter(|until| *until < now) {
        let detail = format!("it was valid until {} IST", ist(until).strftime("%d %b %Y %H:%M"));
        issues.push(issue("validity_over", detail));
    }
}

/// Computes the figures of one set with the real lot, and says where the file's own differ by more than one percent.
/// For the importer, and for whoever learns the lot later (when the strategy is mapped); it can be called again.
pub fn recompute(recommendation: &mut Recommendation, lot: Quantity) {
    recommendation.issues.retain(|issue| issue.code != PAYOFF_MISMATCH);
    recommendation.metrics = payoff::metrics(&recommendation.legs, lot).ok();
    let Some(metrics) = &recommendation.metrics else { return };
    let reported = Reported { profit: recommendation.reported_max_profit, loss: recommendation.reported_max_loss };
    if let Some(detail) = disagreement(metrics, reported) {
        recommendation.issues.push(issue(PAYOFF_MISMATCH, detail));
    }
}

fn disagreement(metrics: &Metrics, reported: Reported) -> Option<String> {
    // A loss with the wrong sign is said on its own; here its size counts.
    let loss = reported.loss.map(|loss| match (loss, metrics.max_loss) {
        (Bound::Limited(theirs), Bound::Limited(ours)) if !ours.is_negative() => Bound::Limited(theirs.abs()),
        _ => loss,
    });
    let pairs = [("profit", metrics.max_profit, reported.profit), ("loss", metrics.max_loss, loss)];
    let parts: Vec<String> = pairs
        .iter()
        .filter_map(|(what, ours, theirs)| {
            let theirs = (*theirs)?;
            differ(*ours, theirs).then(|| format!("maximum {what} is {} (reported {})", said(*ours), said(theirs)))
        })
        .collect();
    if parts.is_empty() {
        return None;
    }
    let why = match (scale(metrics.max_profit, reported.profit), scale(metrics.max_loss, loss)) {
        (Some(a), Some(b)) if (a - b).abs() <= a.abs() * TOLERANCE => {
            format!("; both are {} times ours: another lot size or unit", a.round_dp(4).normalize())
        }
        _ => String::new(),
    };
    Some(format!("with the lot of {} its {}{why}", metrics.lot, parts.join(", its ")))
}

fn differ(ours: Bound, theirs: Bound) -> bool {
    match (ours, theirs) {
        (Bound::Unlimited, Bound::Unlimited) => false,
        (Bound::Limited(a), Bound::Limited(b)) => (a.0 - b.0).abs() > (a.0.abs() * TOLERANCE).max(Decimal::ONE),
        _ => true,
    }
}

fn scale(ours: Bound, theirs: Option<Bound>) -> Option<Decimal> {
    match (ours, theirs?) {
        (Bound::Limited(Money(a)), Bound::Limited(Money(b))) => b.checked_div(a),
        _ => None,
    }
}

fn said(bound: Bound) -> String {
    match bound {
        Bound::Unlimited => "unlimited".into(),
        Bound::Limited(amount) => {
            let sign = if amount.is_negative() { "-" } else { "" };
            format!("{sign}₹{}", amount.abs().to_paise().0.normalize())
        }
    }
}
