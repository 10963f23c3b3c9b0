//! The same picture as JSON, for the shell and the control API. Names are kept: fields are added, never renamed.
//!
//! Amounts are exact JSON numbers; what is not known is `null`.

mod signals;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::health::Awake;
use super::positions::PositionRow;
use super::queue::{QueueRow, Stage};
use super::risk::{Amount, Gauge, GaugeLevel};
use super::strategies::{LegRow, StrategyRow};
use super::{OrderOrigin, OrderRow, RuleRow, View};
use crate::domain::{Bound, LegKind, Money, OrderKind, Price, StrategyId};
use crate::engine::command::{Preview, PreviewLeg};
use crate::engine::config::FailurePolicy;
use crate::engine::effect::AlertLevel;
use crate::engine::record::Profile;
use crate::engine::state::Safeguard;

pub use self::signals::signals;

/// All strategies: `[{id, symbol, strategy_name, status, priority, total_score, conviction, expiry, legs, …}]`.
pub fn list(view: &View) -> Value {
    Value::Array(view.strategies.iter().map(|s| strategy(s)).collect())
}

/// `{mode, halted, session, day_pnl, positions, working_orders, limits, …}`.
pub fn status(view: &View) -> Value {
    let header = &view.header;
    let groups = view.positions.groups.iter().flat_map(|g| &g.rows);
    let positions = groups.filter(|r| !r.net.is_flat()).chain(&view.positions.foreign);
    json!({
        "mode": mode(header.profile),
        "at": view.now.to_string(),
        "halted": view.safety.halt.is_some(),
        "halt": view.safety.halt.as_ref().map(|h| json!({
            "since": h.since.to_string(), "reason": h.reason, "locked": h.locked,
        })),
        "flattening": view.safety.flatten.map(|f| json!({
            "since": f.started_at.to_string(), "include_foreign": f.include_foreign,
        })),
        "broker_exit": {
            "state": view.safety.broker_exit.as_str(),
            "loss": match &view.safety.broker_exit {
                Safeguard::Set(exit) => Some(money(exit.loss)),
                _ => None,
            },
            "reason": view.safety.broker_exit.reason(),
        },
        "broker_switch": {
            "state": view.safety.broker_switch.as_str(),
            "reason": view.safety.broker_switch.reason(),
        },
        "reconciling": header.reconciling,
        "awake": match &header.awake {
            Awake::NotNeeded => "not needed",
            Awake::Kept => "kept",
            Awake::NotKept(_) => "not kept",
        },
        "token": header.token.map(|t| json!({ "left_ms": t.left_ms, "taken": t.left_ms.is_some(), "ends_soon": t.soon })),
        "orders_last_second": { "account": header.api.used, "elsewhere": header.api.elsewhere, "limit": header.api.limit },
        "session": {
            "open": header.session.open,
            (if header.session.open { "closes_at" } else { "opens_at" }): header.session.until.map(|t| t.to_string()),
        },
        "day_pnl": opt_money(header.pnl.net),
        "day_pnl_gross": opt_money(header.pnl.gross),
        "charges": money(header.pnl.charges),
        "available": opt_money(header.available),
        "positions": positions.map(position).collect::<Vec<_>>(),
        "positions_age_ms": view.positions.age_ms,
        "working_orders": view.working.iter().map(order).collect::<Vec<_>>(),
        "queue": view.queue.iter().map(queued).collect::<Vec<_>>(),
        "limits": view.risk.iter().map(limit).collect::<Vec<_>>(),
        "rehearsals": header.rehearsals.iter()
            .map(|r| json!({"drill": r.drill, "left_ms": r.left_ms})).collect::<Vec<_>>(),
        "conditions": view.standing.iter().map(|s| json!({"level": level(s.level), "text": s.text})).collect::<Vec<_>>(),
    })
}

/// One strategy whole, with its mapping and, where it was asked for, what executing it would mean now.
pub fn show(view: &View, id: StrategyId, preview: Option<&Preview>) -> Option<Value> {
    let row = view.strategy(id)?;
    let mut value = strategy(row);
    if let Value::Object(fields) = &mut value {
        fields.insert("queue".into(), view.queued(id).map_or(Value::Null, queued));
        fields.insert("preview".into(), preview.map_or(Value::Null, self::preview));
    }
    Some(value)
}

fn strategy(s: &StrategyRow) -> Value {
    json!({
        "id": s.id.0,
        "symbol": s.symbol.as_str(),
        "exchange": s.exchange.as_str(),
        "strategy_name": s.name,
        "scalp": s.scalp,
        "derived_name": s.derived_name,
        "status": s.status.as_str(),
        "queued": s.queued_at.is_some(),
        "priority": s.priority,
        "notes": s.notes,
        "total_score": opt_number(s.score),
        "conviction": s.conviction.map(crate::domain::Conviction::as_str),
        "probability_of_profit": opt_number(s.probability),
        "expiry": s.expiry.map(|d| d.to_string()),
        "max_profit": s.max_profit().map(bound),
        "max_loss": s.max_loss().map(bound),
        "reward_to_risk": opt_number(s.reward_to_risk),
        "net_premium": s.metrics.as_ref().map(|m| money(m.net_premium)),
        "breakevens": s.metrics.as_ref().map(|m| m.breakevens.iter().map(|p| price(*p)).collect::<Vec<_>>()),
        "reported_max_profit": s.reported_max_profit.map(bound),
        "reported_max_loss": s.reported_max_loss.map(bound),
        "legs": s.legs.iter().map(leg).collect::<Vec<_>>(),
        "issues": s.issues.iter().map(|i| json!({
            "code": i.code, "detail": i.detail, "blocking": i.blocking,
        })).collect::<Vec<_>>(),
        "rules": s.rules.iter().map(rule).collect::<Vec<_>>(),
        "rules_stated": s.rules_stated,
        "on_failure": s.on_failure.map(FailurePolicy::as_str),
        "reason": s.reason,
        "source": s.source,
        "outlook": s.outlook,
        "spot": s.spot.map(price),
        "added_at": s.added_at.to_string(),
        "generated_at": s.generated_at.map(|t| t.to_string()),
        "valid_until": s.valid_until.map(|t| t.to_string()),
        "marked_at": s.marked_at.map(|t| t.to_string()),
        "expires_at": s.expires.map(|t| t.to_string()),
        "executed_at": s.executed_at.map(|t| t.to_string()),
    })
}

fn leg(l: &LegRow) -> Value {
    let (kind, strike, right) = match l.kind {
        LegKind::Option { strike, right } => ("option", Some(price(strike)), Some(right.as_str())),
        LegKind::Future => ("future", None, Some("FUT")),
        LegKind::Equity => ("equity", None, Some("EQ")),
    };
    json!({
        "action": l.side.as_str(),
        "kind": kind,
        "strike": strike,
        "type": right,
        "expiry": l.expiry.map(|d| d.to_string()),
        "ratio": l.ratio,
        "premium": l.premium.map(price),
        "quantity": l.quantity.map(|q| q.0),
        "filled": l.filled.0,
        "contract": l.instrument.map(|i| i.contract.to_string()),
        "security_id": l.instrument.map(|i| i.security_id.0.to_string()),
        "lot": l.instrument.map(|i| i.lot.0),
        "ltp": l.quote.map(|q| price(q.last)),
        "bid": l.quote.and_then(|q| q.bid).map(price),
        "ask": l.quote.and_then(|q| q.ask).map(price),
    })
}

fn rule(r: &RuleRow) -> Value {
    json!({
        "rule": r.name(),
        "waits_for": r.waits_for(),
        "now": r.now(),
        "distance": r.distance(),
    })
}

fn position(p: &PositionRow) -> Value {
    json!({
        "symbol": p.contract.label(),
        "contract": p.contract.to_string(),
        "underlying": p.contract.underlying.as_str(),
        "security_id": p.security_id.map(|s| s.0.to_string()),
        "product": p.product.as_str(),
        "net_quantity": p.net.0,
        "average_price": p.average.map(price),
        "ltp": p.last().map(price),
        "pnl": opt_money(p.pnl),
        "strategy_id": p.strategy.map(|s| s.0),
        "foreign": p.strategy.is_none(),
        "broker_net_quantity": p.broker.map(|n| n.0),
        "mismatch": p.mismatch,
        "exiting": p.exiting,
        "stop": p.guard.and_then(|g| g.stop).map(|s| json!({
            "trigger_price": price(s.trigger), "how": s.how.as_str(), "resting_quantity": p.guard.map_or(0, |g| g.resting.0),
        })),
        "target": p.guard.and_then(|g| g.target).map(price),
        "price_age_ms": p.age_ms,
    })
}

fn order(o: &OrderRow) -> Value {
    let (purpose, strategy, leg) = match o.origin {
        OrderOrigin::Entry { strategy, leg } => ("entry", Some(strategy.0), Some(leg)),
        OrderOrigin::Exit { strategy } => ("exit", strategy.map(|s| s.0), None),
        OrderOrigin::Stop { strategy } => ("stop", strategy.map(|s| s.0), None),
        OrderOrigin::Foreign => ("foreign", None, None),
    };
    json!({
        "intent": o.intent.map(|i| i.0),
        "order_id": o.order_id.as_ref().map(|i| i.0.as_str()),
        "correlation_id": o.correlation.as_ref().map(crate::domain::CorrelationId::as_str),
        "symbol": o.contract.label(),
        "contract": o.contract.to_string(),
        "product": o.product.as_str(),
        "side": o.side.as_str(),
        "quantity": o.quantity.0,
        "filled": o.filled.0,
        "order_type": match o.kind {
            OrderKind::Limit { .. } => "LIMIT",
            OrderKind::Market => "MARKET",
            OrderKind::StopLimit { .. } => "STOP_LOSS",
            OrderKind::StopMarket { .. } => "STOP_LOSS_MARKET",
        },
        "price": o.kind.price().map(price),
        "trigger_price": o.kind.trigger().map(price),
        "status": o.state.as_str(),
        "cancelling": o.cancelling,
        "purpose": purpose,
        "strategy_id": strategy,
        "leg": leg,
        "age_ms": o.age_ms,
    })
}

fn queued(q: &QueueRow) -> Value {
    let (stage, reason) = match &q.stage {
        Stage::Marked => ("marked", None),
        Stage::Deferred => ("deferred", q.strategy.reason.as_deref()),
        Stage::Queued => ("queued", None),
        Stage::Executing => ("executing", None),
        Stage::Held(reason) => ("held", Some(reason.as_str())),
        Stage::Unwinding(reason) => ("unwinding", Some(reason.as_str())),
    };
    json!({
        "id": q.strategy.id.0,
        "title": q.strategy.title(),
        "stage": stage,
        "reason": reason,
        "priority": q.strategy.priority,
        "legs": q.progress.iter().map(|p| json!({
            "filled": p.filled.0, "target": p.target.0, "working": p.working.0, "wave": p.wave,
        })).collect::<Vec<_>>(),
        "expires_in_ms": q.expires_in_ms,
        "drift": q.drift.map(|d| number(d.points)),
    })
}

fn limit(g: &Gauge) -> Value {
    json!({
        "name": g.kind.as_str(),
        "used": g.used.map(amount),
        "limit": g.limit.map(amount),
        "state": match g.level() {
            GaugeLevel::Calm => "ok",
            GaugeLevel::Warning => "warning",
            GaugeLevel::Full => "full",
        },
    })
}

/// What executing a strategy would mean now.
pub fn preview(p: &Preview) -> Value {
    json!({
        "id": p.id.0,
        "title": p.title,
        "executable": p.refusals.is_empty(),
        "legs": p.legs.iter().map(preview_leg).collect::<Vec<_>>(),
        "net_premium": opt_money(p.net_premium),
        "recommended_premium": opt_money(p.recommended_premium),
        "max_loss": p.max_loss.map(bound),
        "margin": money(p.margin.amount()),
        "margin_by": p.margin.source(),
        "available": opt_money(p.available),
        "refusals": p.refusals,
        "warnings": p.warnings,
    })
}

fn preview_leg(l: &PreviewLeg) -> Value {
    json!({
        "symbol": l.contract.label(),
        "contract": l.contract.to_string(),
        "action": l.side.as_str(),
        "quantity": l.quantity.0,
        "slices": l.slices,
        "wave": l.wave,
        "recommended": l.recommended.map(price),
        "bid": l.quote.and_then(|q| q.bid).map(price),
        "ask": l.quote.and_then(|q| q.ask).map(price),
        "limit": l.limit.map(price),
    })
}

fn mode(profile: Profile) -> &'static str {
    match profile {
        Profile::Paper => "paper",
        Profile::Live => "live",
    }
}

fn level(level: AlertLevel) -> &'static str {
    match level {
        AlertLevel::Info => "info",
        AlertLevel::Warning => "warning",
        AlertLevel::Critical => "critical",
    }
}

fn amount(a: Amount) -> Value {
    match a {
        Amount::Rupees(m) => money(m),
        Amount::Count(n) => n.into(),
    }
}

/// A number, or the word `unlimited`.
fn bound(b: Bound) -> Value {
    match b {
        Bound::Limited(m) => money(m),
        Bound::Unlimited => "unlimited".into(),
    }
}

fn money(m: Money) -> Value {
    number(m.to_paise().0)
}

fn opt_money(m: Option<Money>) -> Value {
    m.map_or(Value::Null, money)
}

fn price(p: Price) -> Value {
    number(p.0)
}

fn opt_number(d: Option<Decimal>) -> Value {
    d.map_or(Value::Null, number)
}

/// Digit for digit: never through binary floating point.
fn number(d: Decimal) -> Value {
    d.normalize().to_string().parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn the_list_has_the_promised_fields_with_exact_numbers() {
        let mut desk = Desk::new();
        desk.pending(
            "Bear Call Spread",
            dec!(0.69),
            &[("S", 26200, "CE", dec!(58.20)), ("B", 26300, "CE", dec!(35.90))],
        );
        let list = list(&desk.view());
        let first = &list[0];
        for (field, expected) in [
            ("id", json!(1)),
            ("symbol", json!("NIFTY")),
            ("strategy_name", json!("Bear Call Spread")),
            ("status", json!("pending")),
            ("priority", json!(0)),
            ("conviction", json!("HIGH")),
        ] {
            assert_eq!(first[field], expected, "{field}");
        }
        assert_eq!((first["total_score"].to_string(), first["legs"].as_array().unwrap().len()), ("0.69".into(), 2));
        assert_eq!(first["legs"][0]["premium"].to_string(), "58.2");
    }

    #[test]
    fn the_status_names_every_open_position_and_limit() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        desk.broker_has(26000, "PE", 65);
        let status = status(&desk.view());
        assert_eq!((status["mode"].as_str(), status["halted"].as_bool()), (Some("paper"), Some(false)));
        let nets: Vec<i64> =
            status["positions"].as_array().unwrap().iter().map(|p| p["net_quantity"].as_i64().unwrap()).collect();
        assert_eq!(nets, [65, 65]);
        assert_eq!(status["positions"][0]["strategy_id"], json!(1));
        assert_eq!(status["positions"][1]["strategy_id"], Value::Null);
        // Unknown is null, never zero.
        assert_eq!((&status["day_pnl"], &status["positions"][0]["ltp"]), (&Value::Null, &Value::Null));
        assert!(status["limits"].as_array().unwrap().iter().any(|l| l["name"] == "max_daily_loss"));
    }
}
