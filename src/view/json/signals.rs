//! The scalper as JSON.

use serde_json::{Value, json};

use super::{money, number, opt_money, opt_number, price};
use crate::domain::Contract;
use crate::view::health::{WebhookDoor, WebhookHealth};
use crate::view::signals::{Asked, ClosedScalp, ScalpRow, ScalpUse, SetupRow, SignalRow, SignalStanding};
use crate::view::{IndexQuote, View};

/// `{at, setups, today, signals, open, closed, webhook, indices}`.
pub fn signals(view: &View) -> Value {
    let all = &view.signals;
    json!({
        "at": view.now.to_string(),
        "setups": all.setups.iter().map(setup).collect::<Vec<_>>(),
        "today": today(&all.today),
        "signals": all.signals.iter().map(signal).collect::<Vec<_>>(),
        "open": all.open.iter().map(open).collect::<Vec<_>>(),
        "closed": all.closed.iter().map(closed).collect::<Vec<_>>(),
        "webhook": all.webhook.as_ref().map(webhook),
        "indices": view.header.indices.iter().map(index).collect::<Vec<_>>(),
    })
}

fn setup(s: &SetupRow) -> Value {
    let setup = &s.setup;
    json!({
        "name": setup.name.as_str(),
        "symbols": setup.symbols.iter().map(crate::domain::instrument::Symbol::as_str).collect::<Vec<_>>(),
        "mode": setup.mode.as_str(),
        "armed": s.armed,
        "open": s.closed.is_none(),
        "closed": s.closed,
        "from": setup.hours.from.to_string(),
        "to": setup.hours.to.min(setup.square_off).to_string(),
        "until": s.until.map(|t| t.to_string()),
        "square_off": setup.square_off.to_string(),
        "max_lots": setup.max_lots,
        "stop_points": number(setup.stop_points),
        "target_points": opt_number(setup.target_points),
        "trail_points": opt_number(setup.trail_points),
        "max_holding_min": opt_number(setup.max_holding_min),
        "trades": s.trades,
        "net": money(s.net),
    })
}

fn today(t: &ScalpUse) -> Value {
    json!({
        "trades": t.trades,
        "max_trades": t.max_trades,
        "net": opt_money(t.net),
        "max_loss": money(t.max_loss),
        "losses_in_a_row": t.losses_in_a_row,
        "max_losses_in_a_row": t.max_losses,
        "open": t.open,
        "max_open": t.max_open,
        "cool_down_ms": t.cool_down_ms,
        "full": t.full,
    })
}

fn signal(s: &SignalRow) -> Value {
    let (code, strategy) = match &s.standing {
        SignalStanding::Refused { why, .. } => (Some(why.as_str()), None),
        SignalStanding::Traded(id) => (None, Some(id.0)),
        SignalStanding::Waits(_) | SignalStanding::Asks(_) | SignalStanding::Observed(_) => (None, None),
    };
    json!({
        "id": s.id.0,
        "at": s.seen_at.to_string(),
        "setup": s.setup.as_str(),
        "symbol": s.symbol.as_str(),
        "side": s.side.as_str(),
        "price": price(s.price),
        "timeframe": s.timeframe,
        "source": s.source,
        "age_ms": s.age_ms,
        "status": s.standing.word(),
        "detail": s.standing.detail(),
        "code": code,
        "strategy_id": strategy,
        "asks": s.asks().map(asked),
    })
}

fn asked(a: &Asked) -> Value {
    json!({
        "symbol": a.contract.label(),
        "contract": a.contract.to_string(),
        "lots": a.lots,
        "quantity": a.quantity.map(|q| q.0),
        "premium": price(a.premium),
        "ask": a.ask().map(price),
        "risk": opt_money(a.risk()),
        "size": a.size,
        "left_ms": a.left_ms,
    })
}

fn open(s: &ScalpRow) -> Value {
    json!({
        "strategy_id": s.strategy.0,
        "signal_id": s.signal.0,
        "setup": s.setup.as_str(),
        "state": s.state.as_str(),
        "symbol": s.contract.map(|c| c.label()),
        "contract": s.contract.map(name),
        "product": s.product.as_str(),
        "lots": s.lots,
        "net_quantity": s.net.0,
        "average_price": s.average.map(price),
        "ltp": s.last().map(price),
        "price_age_ms": s.age_ms,
        "pnl": opt_money(s.pnl),
        "stop": s.stop.map(|stop| json!({
            "trigger_price": price(stop.trigger), "how": stop.how.as_str(), "resting_quantity": s.resting.0,
        })),
        "to_stop": opt_number(s.to_stop()),
        "target": s.target.map(price),
        "to_target": opt_number(s.to_target()),
        "index_stop": s.index_stop.map(price),
        "index": s.index.map(price),
        "opened_at": s.opened_at.to_string(),
        "holding_left_ms": s.holding_left_ms,
        "square_off": s.square_off.map(|t| t.to_string()),
        "square_off_left_ms": s.square_off_left_ms,
        "exiting": s.exiting,
    })
}

fn closed(s: &ClosedScalp) -> Value {
    json!({
        "strategy_id": s.strategy.0,
        "signal_id": s.signal.0,
        "setup": s.setup.as_str(),
        "state": "EXITED",
        "symbol": s.contract.map(|c| c.label()),
        "contract": s.contract.map(name),
        "quantity": s.quantity.0,
        "entry_price": s.entry.map(price),
        "exit_price": s.exit.map(price),
        "opened_at": s.opened_at.to_string(),
        "exited_at": s.exited_at.map(|t| t.to_string()),
        "held_ms": s.held_ms,
        "reason": s.reason,
        "gross": money(s.gross),
        "charges": money(s.charges),
        "net": money(s.net()),
    })
}

fn webhook(w: &WebhookHealth) -> Value {
    let (taken, refused) = w.totals();
    let (state, detail) = match &w.door {
        WebhookDoor::Off => ("off", None),
        WebhookDoor::Open(at) => ("open", Some(at.to_string())),
        WebhookDoor::Failed(why) => ("failed", Some(why.clone())),
    };
    json!({
        "state": state,
        "detail": detail,
        "taken": taken,
        "refused": refused,
        "counts": w.counts,
        "refusals": w.refusals.iter().map(|r| json!({
            "at": r.at.to_string(), "source": r.source.to_string(), "status": r.status, "reason": r.reason,
        })).collect::<Vec<_>>(),
    })
}

fn index(i: &IndexQuote) -> Value {
    json!({ "symbol": i.symbol.as_str(), "last": price(i.last), "age_ms": i.age_ms })
}

fn name(contract: Contract) -> String {
    contract.to_string()
}
