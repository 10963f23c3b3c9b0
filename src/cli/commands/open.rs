//! What is open, as a status says it.

use serde_json::Value;

use crate::cli::fields::{self, flag, items, text, whole};
use crate::cli::table::{self, Table};
use crate::view::format;

/// Positions that flattening would exit: ours, and the foreign ones where they go too.
pub fn positions(status: &Value, include_foreign: bool) -> Vec<&Value> {
    items(status, "positions").iter().filter(|p| include_foreign || !flag(p, "foreign")).collect()
}

/// Orders that flattening would wait for.
pub fn orders(status: &Value, include_foreign: bool) -> Vec<&Value> {
    items(status, "working_orders").iter().filter(|o| include_foreign || text(o, "purpose") != "foreign").collect()
}

/// Entries that may still fill.
pub fn entries(status: &Value) -> usize {
    items(status, "working_orders").iter().filter(|o| text(o, "purpose") == "entry").count()
}

/// By name and quantity.
pub fn named(status: &Value, include_foreign: bool) -> Vec<String> {
    let positions = positions(status, include_foreign);
    let positions = positions.iter().map(|p| format!("{} {}", text(p, "symbol"), fields::net(p, "net_quantity")));
    let orders = orders(status, include_foreign);
    let orders = orders.iter().map(|o| {
        let left = whole(o, "quantity").unwrap_or_default() - whole(o, "filled").unwrap_or_default();
        format!("order {} {left} {} ({})", text(o, "side"), text(o, "symbol"), text(o, "status"))
    });
    positions.chain(orders).collect()
}

pub fn positions_table(status: &Value) -> Table {
    let mut table = Table::new([
        table::text("Position"),
        table::figure("Net"),
        table::figure("Average"),
        table::figure("LTP"),
        table::figure("P&L"),
        table::text("Product"),
        table::text("Strategy"),
        table::text(""),
    ]);
    for p in items(status, "positions") {
        let mut remarks = Vec::new();
        if flag(p, "exiting") {
            remarks.push("exiting".to_string());
        }
        if flag(p, "mismatch") {
            remarks.push(format!("the broker says {}", fields::net(p, "broker_net_quantity")));
        }
        table.row([
            text(p, "symbol").into(),
            fields::net(p, "net_quantity"),
            fields::price(p, "average_price"),
            fields::price(p, "ltp"),
            fields::pnl(p, "pnl"),
            text(p, "product").into(),
            whole(p, "strategy_id").map_or_else(|| "opened elsewhere".into(), |id| format!("#{id}")),
            remarks.join(", "),
        ]);
    }
    table
}

pub fn orders_table(status: &Value) -> Table {
    let mut table = Table::new([
        table::text("Order"),
        table::text("Side"),
        table::figure("Qty"),
        table::figure("Filled"),
        table::figure("Price"),
        table::text("Status"),
        table::text("For"),
        table::figure("Age"),
    ]);
    for o in items(status, "working_orders") {
        let strategy = whole(o, "strategy_id").map(|id| format!(" #{id}")).unwrap_or_default();
        let cancelling = if flag(o, "cancelling") { ", cancelling" } else { "" };
        table.row([
            text(o, "symbol").into(),
            text(o, "side").into(),
            fields::shown(o, "quantity", 0),
            fields::shown(o, "filled", 0),
            fields::price(o, "price"),
            format!("{}{cancelling}", text(o, "status")),
            format!("{}{strategy}", text(o, "purpose")),
            format::or_unknown(whole(o, "age_ms"), format::whole_age),
        ]);
    }
    table
}
