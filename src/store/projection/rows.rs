//! From the engine's words to rows.

use rust_decimal::Decimal;

use super::cells::{Cells, limited};
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{
    Contract, ContractKind, Conviction, Leg, LegKind, OptionRight, OrderKind, OrderSighting, PositionSighting, Price,
    Quantity, SecurityId, Side, SignalId, StrategyStatus, TradeSighting,
};
use crate::engine::ResolvedLeg;
use crate::engine::record::{Owner, Purpose};
use crate::engine::state::{Lot, LotKey, Order, Phase, Received, SignalFate, Strategy};

/// A strategy's own row.
pub fn strategy(s: &Strategy) -> Cells {
    let r = &s.recommendation;
    let metrics = r.metrics.as_ref();
    let premium = metrics.map(|m| m.net_premium.0);
    let (max_profit, max_loss) = (metrics.map(|m| m.max_profit), metrics.map(|m| m.max_loss));
    let marked = matches!(s.status, StrategyStatus::Marked | StrategyStatus::Deferred | StrategyStatus::Executing);
    let (phase, why) = match s.execution.as_ref().map(|e| &e.phase) {
        Some(Phase::Entering) => (Some("entering"), None),
        Some(Phase::Held(why)) => (Some("held"), Some(why)),
        Some(Phase::Unwinding(why)) => (Some("unwinding"), Some(why)),
        None => (None, None),
    };
    Cells::new()
        .id("id", s.id.0)
        .text("stock_name", r.symbol)
        .text("exchange", r.exchange)
        .text("strategy_name", &r.name)
        .maybe_text("derived_name", r.derived_name.as_ref())
        .text("strategy_type", kind_of(r.derived_name.as_deref().unwrap_or(&r.name)))
        .text("execution_status", s.status)
        .int("marked_for_execution", marked)
        .int("execution_priority", s.priority)
        .maybe_text("execution_notes", (!s.notes.is_empty()).then_some(&s.notes))
        .maybe_when("executed_at", s.executed_at)
        .real("total_score", r.score)
        .maybe_text("conviction_level", r.conviction.map(Conviction::as_str))
        .real("probability_of_profit", r.probability)
        .maybe_text("spread_type", premium.map(spread_type))
        .maybe_decimal("net_premium", premium)
        .real("net_premium_real", premium)
        .bound("max_profit", max_profit)
        .real("max_profit_real", limited(max_profit))
        .bound("max_loss", max_loss)
        .real("max_loss_real", limited(max_loss))
        .bound("reported_max_profit", r.reported_max_profit)
        .bound("reported_max_loss", r.reported_max_loss)
        .maybe_text("breakevens", metrics.map(|m| joined(&m.breakevens)))
        .maybe_decimal("spot_price", r.spot.map(|p| p.0))
        .maybe_text("market_outlook", (!r.outlook.is_empty()).then_some(&r.outlook))
        .maybe_when("generated_on", r.generated_at)
        .maybe_when("valid_until", r.valid_until)
        .text("source", &r.source)
        .when("added_at", s.added_at)
        .maybe_when("marked_at", s.marked_at)
        .maybe_when("expires_at", s.expires)
        .maybe_when("queued_at", s.queued_at)
        .maybe_text("phase", phase)
        .maybe_text("reason", why.or(s.reason.as_ref()))
        .maybe_text("issues", (!r.issues.is_empty()).then(|| issues(s)))
}

fn joined(prices: &[Price]) -> String {
    prices.iter().map(|p| p.0.normalize().to_string()).collect::<Vec<_>>().join(" ")
}

fn issues(s: &Strategy) -> String {
    s.recommendation.issues.iter().map(|i| format!("{}: {}", i.code, i.detail)).collect::<Vec<_>>().join("\n")
}

fn spread_type(premium: Decimal) -> &'static str {
    match premium.cmp(&Decimal::ZERO) {
        std::cmp::Ordering::Greater => "NET_CREDIT",
        std::cmp::Ordering::Less => "NET_DEBIT",
        std::cmp::Ordering::Equal => "NEUTRAL",
    }
}

/// The analyser's classes, by the name of the structure.
fn kind_of(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if any(&["calendar", "diagonal", "ratio", "broken wing"]) {
        "Advanced"
    } else if any(&["long straddle", "long strangle"]) {
        "Volatility"
    } else if any(&["condor", "butterfly", "straddle", "strangle"]) {
        "Neutral"
    } else if any(&["covered call", "cash-secured", "jade lizard"]) {
        "Income"
    } else if any(&["spread", "call", "put"]) {
        "Directional"
    } else {
        "Unknown"
    }
}

/// The rows of a strategy's legs: as resolved once it has been marked, as recommended before.
pub fn legs(s: &Strategy) -> Vec<Cells> {
    let lot = s.recommendation.metrics.as_ref().map(|m| m.lot);
    if s.legs.is_empty() {
        let legs = s.recommendation.legs.iter().enumerate();
        legs.map(|(n, leg)| recommended_leg(s, n, leg, lot)).collect()
    } else {
        s.legs.iter().enumerate().map(|(n, leg)| resolved_leg(s, n, leg)).collect()
    }
}

fn recommended_leg(s: &Strategy, n: usize, leg: &Leg, lot: Option<u32>) -> Cells {
    let (strike, right, instrument) = match leg.kind {
        LegKind::Option { strike, right } => (Some(strike), Some(right), instrument_name(right)),
        LegKind::Future => (None, None, "FUTURE"),
        LegKind::Equity => (None, None, "EQUITY"),
    };
    leg_cells(s, n, leg.side, instrument)
        .maybe_text("option_type", right)
        .maybe_decimal("strike_price", strike.map(|p| p.0))
        .real("strike_price_real", strike.map(|p| p.0))
        .maybe_text("expiry_date", leg.expiry)
        .int("lots", leg.ratio)
        .maybe_int("lot_size", lot)
        .maybe_int("quantity", lot.map(|l| leg.ratio.saturating_mul(l)))
        .maybe_decimal("entry_price", leg.premium.map(|p| p.0))
}

fn resolved_leg(s: &Strategy, n: usize, leg: &ResolvedLeg) -> Cells {
    let i = &leg.instrument;
    let parts = Parts::of(&i.contract);
    let instrument = match (i.contract.kind, parts.right) {
        (_, Some(right)) => instrument_name(right),
        (ContractKind::Future { .. }, None) => "FUTURE",
        (_, None) => "EQUITY",
    };
    leg_cells(s, n, leg.side, instrument)
        .maybe_text("option_type", parts.right)
        .maybe_decimal("strike_price", parts.strike)
        .real("strike_price_real", parts.strike)
        .maybe_text("expiry_date", i.contract.expiry())
        .int("lots", leg.ratio)
        .int("lot_size", i.lot.0)
        .int("quantity", leg.ratio.saturating_mul(i.lot.0))
        .maybe_decimal("entry_price", leg.recommended.map(|p| p.0))
        .text("contract", i.contract)
        .id("security_id", i.security_id.0)
}

fn leg_cells(s: &Strategy, n: usize, side: Side, instrument: &str) -> Cells {
    Cells::new()
        .id("strategy_id", s.id.0)
        .id("leg", n as u64 + 1)
        .text("setup_type", side)
        .text("instrument", instrument)
}

fn instrument_name(right: OptionRight) -> &'static str {
    match right {
        OptionRight::Call => "CALL_OPTION",
        OptionRight::Put => "PUT_OPTION",
    }
}

/// Strike and right, where a contract has them.
struct Parts {
    strike: Option<Decimal>,
    right: Option<OptionRight>,
}

impl Parts {
    fn of(contract: &Contract) -> Self {
        match contract.kind {
            ContractKind::Option { strike, right, .. } => Self { strike: Some(strike.0), right: Some(right) },
            ContractKind::Index
            | ContractKind::Equity
            | ContractKind::Future { .. }
            | ContractKind::Unlisted { .. } => Self { strike: None, right: None },
        }
    }
}

pub(super) fn strategy_of(owner: Owner) -> Option<u64> {
    match owner {
        Owner::Strategy(id) => Some(id.0),
        Owner::Foreign => None,
    }
}

/// The contract's own columns, shared by several tables.
pub(super) fn contract_cells(cells: Cells, contract: &Contract) -> Cells {
    let parts = Parts::of(contract);
    cells
        .maybe_text("option_type", parts.right)
        .maybe_decimal("strike_price", parts.strike)
        .maybe_text("expiry_date", contract.expiry())
}

/// `trade`: the round trip it is part of.
pub fn order(o: &Order, trade: Option<u64>) -> Cells {
    let spec = &o.intent.spec;
    let (purpose, leg) = match o.purpose {
        Purpose::Entry { leg, .. } => ("entry", Some(leg as u64 + 1)),
        Purpose::Exit { .. } => ("exit", None),
        Purpose::Protect { .. } => ("stop", None),
    };
    let average = average(o.value.0, o.filled);
    let cells = Cells::new()
        .id("intent_id", o.intent.id.0)
        .text("correlation_id", &o.intent.correlation)
        .maybe_text("broker_order_id", o.order_id.as_ref())
        .id("account_id", o.intent.account.0)
        .maybe_id("strategy_id", strategy_of(o.purpose.owner()))
        .maybe_id("leg", leg)
        .maybe_id("trade_id", trade)
        .text("purpose", purpose)
        .text("side", spec.side)
        .text("contract", spec.contract)
        .text("stock_name", spec.contract.underlying);
    contract_cells(cells, &spec.contract)
        .text("product", spec.product.as_str())
        .text("order_type", order_type(&o.kind))
        .int("quantity", o.quantity.0)
        .int("filled_quantity", o.filled.0)
        .maybe_decimal("price", o.kind.price().map(|p| p.0))
        .maybe_decimal("trigger_price", o.kind.trigger().map(|p| p.0))
        .maybe_decimal("average_price", average)
        .real("average_price_real", average)
        .decimal("value", o.value.0)
        .real("value_real", Some(o.value.0))
        .text("status", o.state.as_str())
        .int("modifications", o.steps)
        .maybe_text("reason", o.reason.as_ref())
        .when("made_at", o.made_at)
        .when("changed_at", o.changed_at)
}

pub(super) fn average(value: Decimal, filled: Quantity) -> Option<Decimal> {
    (!filled.is_zero()).then(|| (value / Decimal::from(filled.0)).round_dp(4))
}

fn order_type(kind: &OrderKind) -> &'static str {
    match kind {
        OrderKind::Limit { .. } => "LIMIT",
        OrderKind::Market => "MARKET",
        OrderKind::StopLimit { .. } => "STOP_LOSS",
        OrderKind::StopMarket { .. } => "STOP_LOSS_MARKET",
    }
}

/// A fill; `order` is ours, where it is.
pub fn fill(t: &TradeSighting, order: Option<&Order>, at: Timestamp) -> Cells {
    Cells::new()
        .text("order_id", &t.order_id)
        .text("fill_id", &t.trade_id)
        .maybe_id("intent_id", order.map(|o| o.intent.id.0))
        .maybe_id("strategy_id", order.and_then(|o| strategy_of(o.purpose.owner())))
        .text("stock_name", t.contract.underlying)
        .text("contract", t.contract)
        .text("product", t.product.as_str())
        .text("action", t.side)
        .int("quantity", t.quantity.0)
        .decimal("price", t.price.0)
        .real("price_real", Some(t.price.0))
        .maybe_when("traded_at", t.at)
        .when("seen_at", at)
}

pub fn position(p: &PositionSighting, id: Option<SecurityId>, read_at: Option<Timestamp>) -> Cells {
    Cells::new()
        .text("contract", p.contract)
        .text("product", p.product.as_str())
        .text("stock_name", p.contract.underlying)
        .maybe_id("security_id", id.map(|i| i.0))
        .int("net_quantity", p.net.0)
        .int("buy_quantity", p.buy_quantity.0)
        .int("sell_quantity", p.sell_quantity.0)
        .decimal("buy_average", p.buy_average.0)
        .decimal("sell_average", p.sell_average.0)
        .decimal("realised", p.realised.0)
        .decimal("unrealised", p.unrealised.0)
        .maybe_when("read_at", read_at)
}

pub fn lot(key: &LotKey, lot: &Lot) -> Cells {
    let cash = (lot.sold_value - lot.bought_value).0;
    let strategy = strategy_of(key.owner);
    Cells::new()
        .text("owner", strategy.map_or("foreign".to_string(), |id| id.to_string()))
        .maybe_id("strategy_id", strategy)
        .text("contract", key.contract)
        .text("product", key.product.as_str())
        .int("net_quantity", lot.net.0)
        .int("bought_quantity", lot.bought.0)
        .decimal("bought_value", lot.bought_value.0)
        .int("sold_quantity", lot.sold.0)
        .decimal("sold_value", lot.sold_value.0)
        .maybe_decimal("average_price", lot.average().map(|p| p.0))
        .decimal("cash", cash)
        .real("cash_real", Some(cash))
}

pub fn foreign_order(o: &OrderSighting) -> Cells {
    Cells::new()
        .text("broker_order_id", &o.order_id)
        .text("side", o.spec.side)
        .text("contract", o.spec.contract)
        .text("product", o.spec.product.as_str())
        .int("quantity", o.spec.quantity.0)
        .int("filled_quantity", o.filled.0)
        .maybe_decimal("price", o.spec.kind.price().map(|p| p.0))
        .maybe_decimal("trigger_price", o.spec.kind.trigger().map(|p| p.0))
}

/// What has become of a signal.
pub fn fate_name(r: &Received) -> &'static str {
    match &r.fate {
        Some(SignalFate::Traded { .. }) => "traded",
        Some(SignalFate::Observed { .. }) => "observed",
        Some(SignalFate::Refused { .. }) => "refused",
        None => "waiting",
    }
}

/// A signal's own row.
pub fn signal(id: SignalId, r: &Received) -> Cells {
    let (refusal, reason, strategy) = match &r.fate {
        Some(SignalFate::Traded { strategy }) => (None, None, Some(strategy.0)),
        Some(SignalFate::Observed { what }) => (None, Some(what), None),
        Some(SignalFate::Refused { why, reason }) => (Some(why.as_str()), Some(reason), None),
        None => (None, None, None),
    };
    let (s, proposal) = (&r.signal, r.proposal.as_ref());
    Cells::new()
        .id("id", id.0)
        .when("seen_at", r.seen_at)
        .text("trading_day", trading_day(r.seen_at))
        .text("setup", &s.setup)
        .text("stock_name", s.symbol)
        .text("side", s.side)
        .text("timeframe", &s.timeframe)
        .decimal("price", s.price.0)
        .when("sent_at", s.at)
        .when("valid_until", r.until)
        .text("source", &s.source)
        .text("fate", fate_name(r))
        .maybe_text("refusal", refusal)
        .maybe_text("reason", reason)
        .maybe_id("strategy_id", strategy)
        .int("approved", r.approved)
        .maybe_text("contract", proposal.map(|p| p.contract))
        .maybe_int("lots", proposal.map(|p| p.lots))
        .maybe_decimal("premium", proposal.map(|p| p.premium.0))
}

pub fn mapping(leg: &ResolvedLeg, at: Timestamp) -> Cells {
    let i = &leg.instrument;
    let cells = Cells::new().text("contract", i.contract).text("symbol", i.contract.underlying);
    contract_cells(cells, &i.contract)
        .id("security_id", i.security_id.0)
        .int("lot_size", i.lot.0)
        .decimal("tick_size", i.tick.0)
        .maybe_int("freeze_quantity", i.max_order.map(|q| q.0))
        .when("last_updated", at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_have_the_analysers_class() {
        let classes = [
            ("Bull Put Spread", "Directional"),
            ("Long Call", "Directional"),
            ("Iron Condor", "Neutral"),
            ("Short Strangle", "Neutral"),
            ("Long Straddle", "Volatility"),
            ("Cash-Secured Put", "Income"),
            ("Call Ratio Spread", "Advanced"),
            ("Broken Wing Butterfly", "Advanced"),
            ("Something new", "Unknown"),
        ];
        for (name, class) in classes {
            assert_eq!(kind_of(name), class, "{name}");
        }
    }
}
