//! Settings that read well and make no sense: what is wrong and what to write instead.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::errors::ConfigError;
use super::{CockpitConfig, DhanConfig, PaperConfig, RiskFile, StrategyFile};
use crate::alerts::{AlertPolicy, ChannelPolicy};
use crate::domain::{Money, ScalpSetup};
use crate::engine::config::{ExecutionPolicy, ExitPolicy, PollPolicy, ProtectionPolicy};
use crate::risk::ScalpLimits;

/// The most order calls a second that the regulator allows an unregistered account.
const MOST_ORDERS_PER_SECOND: u32 = 10;
/// Order calls a second that are kept for exits: a limit must leave something beside them.
const KEPT_FOR_EXITS: u32 = 2;
/// The broker's own limit.
const MOST_ORDERS_PER_DAY: u32 = 7_000;

/// Collects what is wrong with one file.
pub struct Checks<'a> {
    file: PathBuf,
    errors: &'a mut Vec<ConfigError>,
}

impl<'a> Checks<'a> {
    pub fn new(file: &Path, errors: &'a mut Vec<ConfigError>) -> Self {
        Self { file: file.into(), errors }
    }

    fn require(&mut self, holds: bool, setting: &str, value: impl Display, remedy: &str) {
        if !holds {
            let (setting, value, remedy) = (setting.to_string(), value.to_string(), remedy.to_string());
            self.errors.push(ConfigError::Value { file: self.file.clone(), setting, value, remedy });
        }
    }

    fn at_least(&mut self, setting: &str, value: i64, least: i64, what: &str) {
        self.require(value >= least, setting, value, &format!("{what} must be at least {least}"));
    }

    fn between(&mut self, setting: &str, value: Decimal, most: Decimal, what: &str) {
        let holds = value > Decimal::ZERO && value <= most;
        self.require(holds, setting, value, &format!("{what} must be more than 0 and at most {most}"));
    }

    fn on_this_machine(&mut self, setting: &str, address: &str) {
        let local = address.parse::<SocketAddr>().is_ok_and(|a| a.ip().is_loopback());
        let remedy = "only this machine may reach it: write 127.0.0.1:0, or another port of 127.0.0.1";
        self.require(local, setting, format_args!("`{address}`"), remedy);
    }

    pub fn risk(&mut self, risk: &RiskFile) {
        let l = &risk.limits;
        let money = |m: Money| m.0.normalize();
        self.require(l.capital > Money::ZERO, "capital", money(l.capital), "write the rupees you trade with");
        let positive = l.max_daily_loss > Money::ZERO;
        let remedy = "a loss is written as a positive amount; entries stop once it is reached";
        self.require(positive, "max_daily_loss", money(l.max_daily_loss), remedy);
        let within = !positive || l.capital <= Money::ZERO || l.max_daily_loss <= l.capital;
        let remedy = format!("it cannot be more than `capital` ({})", money(l.capital));
        self.require(within, "max_daily_loss", money(l.max_daily_loss), &remedy);
        self.between("max_loss_per_trade_pct", l.max_loss_per_trade_pct, dec!(100), "a percentage of capital");
        let holds = l.max_orders_per_second > KEPT_FOR_EXITS && l.max_orders_per_second <= MOST_ORDERS_PER_SECOND;
        let remedy = "2 a second are kept for exits and the regulator allows 10: write 3 to 10";
        self.require(holds, "max_orders_per_second", l.max_orders_per_second, remedy);
        let holds = l.max_orders_per_day <= MOST_ORDERS_PER_DAY;
        self.require(holds, "max_orders_per_day", l.max_orders_per_day, "the broker takes 7000: write at most that");
        let word = &risk.kill_switch.arm_word;
        let holds = !word.is_empty() && word.len() <= 20 && !word.contains(char::is_whitespace);
        let remedy = "write one word of 1 to 20 letters; it is typed to allow entries again";
        self.require(holds, "kill_switch.arm_word", format_args!("`{word}`"), remedy);
        self.scalp_limits(&risk.scalping);
    }

    fn scalp_limits(&mut self, s: &ScalpLimits) {
        self.between("scalping.risk_per_trade_pct", s.risk_per_trade_pct, dec!(100), "a percentage of capital");
        let positive = s.max_daily_loss > Money::ZERO;
        let remedy = "a loss is written as a positive amount; scalps stop once it is reached";
        self.require(positive, "scalping.max_daily_loss", s.max_daily_loss.0.normalize(), remedy);
        let holds = s.max_consecutive_losses > 0;
        let remedy = "write at least 1: after so many losses in a row there is no scalp any more";
        self.require(holds, "scalping.max_consecutive_losses", s.max_consecutive_losses, remedy);
    }

    fn setups(&mut self, setups: &[ScalpSetup]) {
        for (n, setup) in setups.iter().enumerate() {
            let wrong = setup.wrong();
            let remedy = wrong.clone().unwrap_or_default();
            self.require(wrong.is_none(), &format!("scalping.setups[{n}]"), &setup.name, &remedy);
            let twice = setups.iter().take(n).any(|other| other.name == setup.name);
            self.require(!twice, &format!("scalping.setups[{n}].name"), &setup.name, "each set-up has its own name");
        }
    }

    pub fn strategy(&mut self, s: &StrategyFile) {
        self.execution(&s.execution);
        self.exits(&s.exits);
        self.protection(&s.protection);
        let wrong = s.rules.default.wrong();
        let remedy = wrong.clone().unwrap_or_default();
        self.require(wrong.is_none(), "rules.default", "a rule", &remedy);
        self.polls(&s.polls);
        if let Some(nonsense) = s.webhook.wrong() {
            self.require(false, &format!("webhook.{}", nonsense.setting), nonsense.value, nonsense.remedy);
        }
        self.setups(&s.scalping.setups);
    }

    fn execution(&mut self, e: &ExecutionPolicy) {
        self.at_least("execution.entry_ticks", e.entry_ticks, 0, "ticks through the touch");
        self.at_least("execution.step_ms", e.step_ms, 200, "an order needs time to fill: it");
        self.at_least("execution.step_ticks", e.step_ticks, 1, "an order that is priced again must move: it");
        let holds = e.max_steps <= 50;
        self.require(holds, "execution.max_steps", e.max_steps, "write at most 50: each step is an order call");
        self.between("execution.max_chase_pct", e.max_chase_pct, dec!(100), "a percentage of the price");
        let least = e.step_ms.max(1_000);
        self.at_least("execution.timeout_ms", e.timeout_ms, least, "the time for the whole strategy");
        self.at_least("execution.max_quote_age_ms", e.max_quote_age_ms, 250, "quotes come every second or so: it");
        self.at_least("execution.mark_expires_min", e.mark_expires_min, 1, "the minutes a mark lasts");
        self.between("execution.drift_warning_pct", e.drift_warning_pct, dec!(1000), "a percentage of the premium");
        self.between("execution.band_pct", e.band_pct, dec!(50), "a percentage of the price");
        let holds = (0..=30).contains(&e.stock_expiry_days);
        self.require(holds, "execution.stock_expiry_days", e.stock_expiry_days, "write 0 to 30 days");
        self.between("execution.max_spread_pct", e.max_spread_pct, dec!(200), "a percentage of the middle");
    }

    fn exits(&mut self, e: &ExitPolicy) {
        self.at_least("exits.first_ticks", e.first_ticks, 0, "ticks through the touch");
        self.at_least("exits.step_ms", e.step_ms, 200, "an order needs time to fill: it");
        self.at_least("exits.step_ticks", e.step_ticks, 1, "an exit that does not fill must move: it");
        self.at_least("exits.market_after_ms", e.market_after_ms, 500, "quotes come every second or so: it");
        self.at_least("exits.retry_ms", e.retry_ms, 200, "the wait after a refused exit");
        let least = e.retry_ms;
        self.at_least(
            "exits.retry_max_ms",
            e.retry_max_ms,
            least,
            "the longest wait is not shorter than the first: it",
        );
        self.at_least("exits.longs_wait_ms", e.longs_wait_ms, 0, "the wait for the shorts");
    }

    fn protection(&mut self, p: &ProtectionPolicy) {
        let name = |setting: &str| format!("protection.{setting}");
        self.between(&name("stop_pct"), p.stop_pct, dec!(500), "a percentage of the average price");
        self.between(&name("band_pct"), p.band_pct, dec!(50), "a percentage of the trigger");
        let optional =
            [("breakeven_at_pct", p.breakeven_at_pct), ("trail_pct", p.trail_pct), ("target_pct", p.target_pct)];
        for (setting, value) in optional {
            if let Some(value) = value {
                self.between(&name(setting), value, dec!(1000), "a percentage of the average price");
            }
        }
        self.at_least(&name("unfilled_ms"), p.unfilled_ms, 1_000, "quotes come once a second: it");
        self.at_least(&name("uncovered_ms"), p.uncovered_ms, 3_000, "the broker needs a moment to take a stop: it");
    }

    fn polls(&mut self, p: &PollPolicy) {
        self.at_least("polls.busy_ms", p.busy_ms, 500, "the broker limits how often it may be asked: it");
        self.at_least("polls.idle_ms", p.idle_ms, p.busy_ms, "idle is not busier than busy: it");
    }

    pub fn dhan(&mut self, d: &DhanConfig) {
        let holds = d.client_id.bytes().all(|b| b.is_ascii_digit()) && d.client_id.len() <= 20;
        self.require(
            holds,
            "client_id",
            format_args!("`{}`", d.client_id),
            "write the digits the broker shows as client id",
        );
        let addresses = [("rest", &d.rest), ("auth", &d.auth), ("instruments", &d.instruments)];
        for (setting, url) in addresses {
            let remedy = "write an address that begins with https://";
            self.require(is_address(url, "https://", "http://"), setting, format_args!("`{url}`"), remedy);
        }
        let t = &d.token;
        self.at_least("token.renew_min", t.renew_min, 5, "the minutes before its end at which a token is replaced");
        self.at_least("token.warn_min", t.warn_min, t.renew_min, "a warning after the new token is no warning: it");
        let limit = d.live_checks.clock_limit_ms;
        self.require((1_000..=60_000).contains(&limit), "live_checks.clock_limit_ms", limit, "write 1000 to 60000");
        let page = &d.live_checks.address_lookup;
        let holds = page.is_empty() || is_address(page, "https://", "http://");
        let remedy = "write an address that begins with https://, or leave it empty";
        self.require(holds, "live_checks.address_lookup", format_args!("`{page}`"), remedy);
        let sockets = [
            ("feed", &d.feed),
            ("order_updates", &d.order_updates),
            ("depth_20", &d.depth_20),
            ("depth_200", &d.depth_200),
        ];
        for (setting, url) in sockets {
            let remedy = "write an address that begins with wss://";
            self.require(is_address(url, "wss://", "ws://"), setting, format_args!("`{url}`"), remedy);
        }
    }

    pub fn paper(&mut self, p: &PaperConfig) {
        self.on_this_machine("listen", &p.listen);
        let holds = p.starting_cash > Money::ZERO;
        self.require(
            holds,
            "starting_cash",
            p.starting_cash.0.normalize(),
            "write the rupees a new account begins with",
        );
    }

    pub fn alerts(&mut self, a: &AlertPolicy) {
        self.require((10..=100_000).contains(&a.keep), "keep", a.keep, "write 10 to 100000");
        for (name, channel) in [("bell", &a.bell), ("toast", &a.toast), ("telegram", &a.telegram)] {
            self.channel(name, channel);
        }
        let url = &a.telegram_url;
        let remedy = "write an address that begins with https://";
        self.require(is_address(url, "https://", "http://"), "telegram_url", format_args!("`{url}`"), remedy);
    }

    fn channel(&mut self, name: &str, c: &ChannelPolicy) {
        self.require((1..=100).contains(&c.burst), &format!("{name}.burst"), c.burst, "write 1 to 100, or on: false");
        let setting = format!("{name}.per_minute");
        self.require((1..=60).contains(&c.per_minute), &setting, c.per_minute, "write 1 to 60, or on: false");
        if let Some(quiet) = &c.quiet {
            let remedy = "it begins when it ends: write two times, or on: false";
            self.require(quiet.from != quiet.to, &format!("{name}.quiet"), quiet.from, remedy);
        }
    }

    pub fn cockpit(&mut self, c: &CockpitConfig) {
        self.on_this_machine("control", &c.control);
        let holds = tracing_subscriber::EnvFilter::try_new(&c.log).is_ok();
        let remedy = "write error, warn, info, debug or trace, or parts with levels: info,strikedeck::broker=debug";
        self.require(holds, "log", format_args!("`{}`", c.log), remedy);
        let holds = c.journal.snapshot_every > 0;
        self.require(
            holds,
            "journal.snapshot_every",
            c.journal.snapshot_every,
            "write a number of records, such as 5000",
        );
    }
}

/// An encrypted address; an open one only on this machine (a simulator).
fn is_address(url: &str, closed: &str, open: &str) -> bool {
    let local = ["127.0.0.1", "localhost", "[::1]"];
    let host = |rest: &str| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace);
    match (url.strip_prefix(closed), url.strip_prefix(open)) {
        (Some(rest), _) => host(rest),
        (None, Some(rest)) => {
            local.iter().any(|l| rest.strip_prefix(l).is_some_and(|r| r.is_empty() || r.starts_with([':', '/'])))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_address_is_for_this_machine_only() {
        let https = |url| is_address(url, "https://", "http://");
        assert!(https("https://api.dhan.co/v2") && https("http://127.0.0.1:8080/v2") && https("http://localhost"));
        for wrong in ["http://api.dhan.co", "http://127.0.0.1.example.com", "https://", "api.dhan.co", "https://a b"] {
            assert!(!https(wrong), "{wrong}");
        }
    }
}
