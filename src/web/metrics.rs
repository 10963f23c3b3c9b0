//! The cockpit's figures in the text format of Prometheus. What is not known is left out, never zero.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::time::Duration;

use rust_decimal::Decimal;

use super::webhook::{Rung, Standing};
use crate::domain::Money;
use crate::engine::effect::AlertLevel;
use crate::engine::record::Profile;
use crate::view::{Amount, Health, LinkState, LinkView, StoreHealth, View};

/// Everything there is to tell of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub view: &'a View,
    pub health: &'a Health,
    pub rung: &'a Rung,
    pub uptime: Duration,
}

/// All figures.
pub fn text(facts: &Facts<'_>) -> String {
    let mut page = Page(String::new());
    program(&mut page, facts);
    signals(&mut page, facts.rung);
    orders(&mut page, facts.view);
    limits(&mut page, facts.view);
    links(&mut page, facts);
    money(&mut page, facts.view);
    page.0
}

fn program(page: &mut Page, facts: &Facts<'_>) {
    let Facts { view, health, uptime, .. } = facts;
    let mode = match view.header.profile {
        Profile::Paper => "paper",
        Profile::Live => "live",
    };
    page.about("info", "gauge", "The program: its version and its mode.");
    page.labelled("info", &[("version", env!("CARGO_PKG_VERSION")), ("mode", mode)], 1);
    page.one("uptime_seconds", "gauge", "Since the cockpit was started.", uptime.as_secs());
    page.flag("trading_enabled", "Entries are allowed (1), or halted (0).", view.safety.halt.is_none());
    page.flag("flattening", "Everything is being exited.", view.safety.flatten.is_some());
    page.flag("market_open", "The derivatives session is open.", view.header.session.open);
    page.flag("reconciling", "Books are being compared with the broker.", view.header.reconciling);
    page.flag("store_up", "The journal can be written.", health.store == StoreHealth::Ok);
    page.flag("token_taken", "The broker takes the access token.", health.token.refused.is_none());
    page.about("conditions", "gauge", "Conditions that the screen shows now, by level.");
    for (name, level) in
        [("critical", AlertLevel::Critical), ("warning", AlertLevel::Warning), ("info", AlertLevel::Info)]
    {
        let count = view.standing.iter().filter(|s| s.level == level).count();
        page.labelled("conditions", &[("level", name)], count);
    }
}

fn signals(page: &mut Page, rung: &Rung) {
    page.flag("webhook_open", "The webhook listens.", matches!(rung.standing, Standing::Open(_)));
    page.about("deliveries_total", "counter", "Deliveries at the webhook since the start, by how they were answered.");
    for (outcome, count) in &rung.counts {
        page.labelled("deliveries_total", &[("outcome", outcome)], count);
    }
}

fn orders(page: &mut Page, view: &View) {
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for order in view.working.iter().chain(view.recent.iter()) {
        *states.entry(order.state.as_str()).or_default() += 1;
    }
    page.about("orders", "gauge", "Orders that work and the last fifty that are over, by state.");
    for (state, count) in states {
        page.labelled("orders", &[("state", state)], count);
    }
    let open = view.positions.groups.iter().flat_map(|g| &g.rows).filter(|r| !r.net.is_flat()).count();
    page.one("positions_open", "gauge", "Positions of ours that are open.", open);
    page.one("positions_foreign", "gauge", "Positions that were opened elsewhere.", view.positions.foreign.len());
    page.seconds("positions_age_seconds", "Since the broker's positions were read.", view.positions.age_ms);
}

fn limits(page: &mut Page, view: &View) {
    let api = &view.header.api;
    page.one("order_calls_limit", "gauge", "Order calls a second that we allow ourselves.", api.limit);
    if let Some(used) = api.used {
        page.one("order_calls", "gauge", "Order calls on the account in the last second.", used);
        page.one("order_calls_left", "gauge", "Of the limit, what is left.", api.limit.saturating_sub(used));
    }
    page.about("limit_used", "gauge", "What is used of a limit of risk.yaml.");
    for gauge in view.risk.iter() {
        if let Some(used) = gauge.used {
            page.labelled("limit_used", &[("limit", gauge.kind.as_str())], number(used));
        }
    }
    page.about("limit", "gauge", "A limit of risk.yaml.");
    for gauge in view.risk.iter() {
        if let Some(limit) = gauge.limit {
            page.labelled("limit", &[("limit", gauge.kind.as_str())], number(limit));
        }
    }
}

fn links(page: &mut Page, facts: &Facts<'_>) {
    let header = &facts.view.header;
    let all: [(&str, LinkView); 2] = [("prices", header.feed), ("orders", header.orders)];
    page.about("link_up", "gauge", "Whether a link to the broker stands.");
    for (name, link) in all {
        page.labelled("link_up", &[("link", name)], u8::from(link.state == LinkState::Up));
    }
    page.about("link_age_seconds", "gauge", "Since a link's last word.");
    for (name, link) in all {
        if let Some(age) = link.age_ms {
            page.labelled("link_age_seconds", &[("link", name)], in_seconds(age));
        }
    }
}

fn money(page: &mut Page, view: &View) {
    let pnl = &view.header.pnl;
    page.rupees("day_pnl_rupees", "The day's result after charges.", pnl.net);
    page.rupees("day_pnl_gross_rupees", "The day's result before charges.", pnl.gross);
    page.rupees("charges_rupees", "The day's charges, estimated.", Some(pnl.charges));
    page.rupees("available_rupees", "What the broker says can be spent.", view.header.available);
}

fn number(amount: Amount) -> String {
    match amount {
        Amount::Rupees(Money(m)) => m.normalize().to_string(),
        Amount::Count(n) => n.to_string(),
    }
}

fn in_seconds(ms: i64) -> String {
    Decimal::new(ms, 3).normalize().to_string()
}

/// The text as it grows.
struct Page(String);

impl Page {
    fn about(&mut self, name: &str, kind: &str, what: &str) {
        let _ = writeln!(self.0, "# HELP strikedeck_{name} {what}\n# TYPE strikedeck_{name} {kind}");
    }

    fn labelled(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{v}\"")).collect();
        let _ = writeln!(self.0, "strikedeck_{name}{{{}}} {value}", labels.join(","));
    }

    fn one(&mut self, name: &str, kind: &str, what: &str, value: impl Display) {
        self.about(name, kind, what);
        let _ = writeln!(self.0, "strikedeck_{name} {value}");
    }

    fn flag(&mut self, name: &str, what: &str, holds: bool) {
        self.one(name, "gauge", what, u8::from(holds));
    }

    fn seconds(&mut self, name: &str, what: &str, ms: Option<i64>) {
        if let Some(ms) = ms {
            self.one(name, "gauge", what, in_seconds(ms));
        }
    }

    fn rupees(&mut self, name: &str, what: &str, amount: Option<Money>) {
        if let Some(Money(amount)) = amount {
            self.one(name, "gauge", what, amount.normalize());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::Desk;
    use rust_decimal_macros::dec;

    #[test]
    fn every_line_is_one_that_a_monitor_reads() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        let (view, health) = (desk.view(), Health::default());
        let rung = Rung { counts: [("accepted", 3), ("stale", 1)].into(), ..Rung::default() };
        let text = text(&Facts { view: &view, health: &health, rung: &rung, uptime: Duration::from_secs(90) });
        for wanted in [
            "strikedeck_uptime_seconds 90",
            "strikedeck_trading_enabled 1",
            "strikedeck_webhook_open 0",
            "strikedeck_deliveries_total{outcome=\"accepted\"} 3",
            "strikedeck_positions_open 1",
            "strikedeck_store_up 1",
            "strikedeck_link_up{link=\"prices\"} 1",
        ] {
            assert!(text.lines().any(|l| l == wanted), "{wanted} is not in\n{text}");
        }
        assert!(!text.contains("day_pnl_rupees"), "what is not known is left out");
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            assert!(value.parse::<f64>().is_ok() && text.contains(&format!("# TYPE {family} ")), "{line}");
        }
    }
}
