//! The checks of the day: what must hold before anything is traded live. `doctor --live` shows them, and live trading
//! does not start without them; both ask here.

use std::sync::Arc;

use super::access::connect;
use super::addresses::Registered;
use super::cockpit::{Options, prepare};
use super::config::{AppConfig, LiveChecks};
use super::doctor::Finding;
use super::instruments::{OldList, load_instruments};
use super::reference::Instruments;
use super::risk_review;
use super::token::{self, when};
use crate::broker::dhan::{DhanBroker, TokenCheck, last_four};
use crate::broker::{Broker, BrokerError, Capability};
use crate::domain::calendar::TradingCalendar;
use crate::domain::contract_rules::ContractRules;
use crate::domain::time::{Timestamp, ist, ms_between};
use crate::domain::{Exchange, Symbol};
use crate::protocol::dhan::profile::StaticIp;
use crate::store::DataFolder;
use crate::view::format::{left, rupees};

const ACCOUNT: &str = "account";
const TOKEN: &str = "access token";
const ADDRESS: &str = "static IP";
const CLOCK: &str = "clock";
const FUNDS: &str = "funds";
const SEGMENTS: &str = "segments";
const DATA: &str = "market data";
const LIST: &str = "instruments";
const RISK: &str = "risk limits";

/// Looks at everything; asks questions and sends no order.
pub async fn checks(options: &Options) -> Vec<Finding> {
    let (folder, config) = match prepare(options) {
        Ok(prepared) => prepared,
        Err(e) => return vec![Finding::wrong("settings", e.to_string(), "correct what is named and look again")],
    };
    let mut found = vec![account(&config)];
    let instruments = Instruments::none();
    match connect(None, &folder, &config, &instruments) {
        Ok(broker) => found.extend(at_the_broker(&broker, &folder, &config, &instruments).await),
        Err(e) => found.push(Finding::wrong(TOKEN, e.to_string(), "run `strikedeck setup`: it asks, tries and keeps")),
    }
    found.push(risk(&folder, &config));
    found
}

/// The client id that live trading would be on.
pub fn account_of(options: &Options) -> anyhow::Result<String> {
    let (_, config) = prepare(options)?;
    let id = config.client_id().map(ToString::to_string);
    id.ok_or_else(|| anyhow::anyhow!("no account is set up for live trading: run `strikedeck setup`"))
}

fn account(config: &AppConfig) -> Finding {
    match config.client_id() {
        Some(id) => Finding::ok(ACCOUNT, format!("…{} at {}", last_four(id), config.dhan.rest)),
        None => Finding::wrong(ACCOUNT, "no client id is set", "run `strikedeck setup`"),
    }
}

async fn at_the_broker(
    broker: &Arc<DhanBroker>,
    folder: &DataFolder,
    config: &AppConfig,
    instruments: &Instruments,
) -> Vec<Finding> {
    let mut found = Vec::new();
    match token::log_in(broker, &config.secrets, folder).await {
        Ok(check) => {
            found.push(valid(broker, config, &check));
            found.push(address(broker.static_ip().await, &config.dhan.live_checks).await);
            found.push(clock(check.clock_ahead_ms, config.dhan.live_checks.clock_limit_ms));
            found.push(funds(broker.as_ref()).await);
            found.push(segments(&check));
            found.push(data(&check));
        }
        Err(e) => {
            found.push(Finding::wrong(TOKEN, e.to_string(), "make a new one and give it to `strikedeck setup`"));
            let unasked = "the broker tells it only to whoever is logged in";
            found.extend([ADDRESS, CLOCK, FUNDS].map(|name| Finding::note(name, "not known", unasked)));
        }
    }
    found.extend(list(broker.as_ref(), folder, instruments).await);
    found
}

fn valid(broker: &DhanBroker, config: &AppConfig, check: &TokenCheck) -> Finding {
    let ours = config.client_id().unwrap_or_default();
    let theirs = check.profile.client_id.as_str();
    if theirs != ours {
        let found = format!("it is of another account (…{})", last_four(theirs));
        return Finding::wrong(TOKEN, found, "run `strikedeck setup` with client id and token of one account");
    }
    let ends = broker.token_claims().and_then(|c| c.expires()).or(check.profile.token_expires);
    let Some(ends) = ends else {
        return Finding::note(TOKEN, "taken by the broker, until when is not known", "it is good for 24 hours at most");
    };
    let ms = ms_between(Timestamp::now(), ends);
    let found = format!("good until {}, {} left", when(ends), left(ms.max(0)));
    if ms < config.dhan.token.warn_min * 60_000 {
        let by_itself = config.dhan.token.auto_renew && config.secrets.can_generate();
        let advice = if by_itself { "a new one is made by itself" } else { "give a new one to `strikedeck setup`" };
        return Finding::note(TOKEN, found, advice);
    }
    Finding::ok(TOKEN, found)
}

/// Whether orders would be taken from here.
async fn address(told: Result<StaticIp, BrokerError>, checks: &LiveChecks) -> Finding {
    let told = match told {
        Ok(told) => told,
        Err(e) => {
            let advice = "whether orders are taken from here cannot be known before the first one";
            return Finding::note(ADDRESS, format!("the broker does not tell: {e}"), advice);
        }
    };
    let told = Registered::of(told, &checks.address_lookup).await;
    let registered = told.all().join(" and ");
    if registered.is_empty() {
        let remedy = "register the address of your line: strikedeck ip set primary ADDRESS";
        return Finding::wrong(ADDRESS, "none is registered: orders are refused", remedy);
    }
    let (allowed, seen) = (told.allows_orders(), told.seen.clone());
    match (allowed, seen) {
        (Some(true), Some(seen)) => Finding::ok(ADDRESS, format!("orders are taken from {seen}")),
        (Some(true), None) => Finding::ok(ADDRESS, format!("the broker takes orders from here ({registered})")),
        (Some(false), seen) => {
            let from = seen.map(|ip| format!(" we come from {ip},")).unwrap_or_default();
            let found = format!("orders are refused:{from} registered is {registered}");
            Finding::wrong(ADDRESS, found, Capability::OrdersFromHere.remedy())
        }
        (None, _) => {
            let found = format!("registered is {registered}; where we come from the broker does not tell");
            let advice =
                "compare it with your line's address, or name a page in live_checks.address_lookup of dhan.yaml";
            Finding::note(ADDRESS, found, advice)
        }
    }
}

fn clock(ahead_ms: Option<i64>, limit_ms: i64) -> Finding {
    let Some(ms) = ahead_ms else {
        return Finding::note(CLOCK, "the broker's answer has no date", "compare this machine's clock yourself");
    };
    let direction = if ms > 0 { "ahead of" } else { "behind" };
    let found = match ms.abs() / 1_000 {
        0 => "as the broker's".to_string(),
        seconds => format!("{seconds} s {direction} the broker's"),
    };
    if ms.abs() > limit_ms {
        let remedy = "set this machine's clock by the network: prices would look fresh or stale that are not";
        return Finding::wrong(CLOCK, found, remedy);
    }
    Finding::ok(CLOCK, found)
}

async fn funds(broker: &dyn Broker) -> Finding {
    match broker.funds().await {
        Ok(funds) if funds.available > crate::domain::Money::ZERO => {
            Finding::ok(FUNDS, format!("{} available", rupees(funds.available)))
        }
        Ok(funds) => {
            let found = format!("{} available", rupees(funds.available));
            Finding::note(FUNDS, found, "entries are refused until there is something")
        }
        Err(e) => Finding::wrong(FUNDS, format!("they cannot be read: {e}"), "look again in a moment"),
    }
}

fn segments(check: &TokenCheck) -> Finding {
    let found = check.profile.segments.clone();
    match check.profile.derivatives {
        Some(true) => Finding::ok(SEGMENTS, found),
        Some(false) => Finding::wrong(
            SEGMENTS,
            format!("{}: {found}", Capability::Derivatives.missing()),
            Capability::Derivatives.remedy(),
        ),
        None => Finding::note(SEGMENTS, "the broker names none", "the first order shows whether options may be traded"),
    }
}

fn data(check: &TokenCheck) -> Finding {
    if !check.profile.market_data {
        return Finding::wrong(DATA, Capability::MarketData.missing(), Capability::MarketData.remedy());
    }
    let until = check.profile.market_data_until.map(|t| ist(t).strftime(" until %d %b %Y").to_string());
    Finding::ok(DATA, format!("the data plan is active{}", until.unwrap_or_default()))
}

async fn list(broker: &dyn Broker, folder: &DataFolder, instruments: &Instruments) -> Vec<Finding> {
    let now = Timestamp::now();
    match load_instruments(broker, folder, instruments, now).await {
        Ok(None) => {}
        Ok(Some(OldList(text))) => return vec![Finding::wrong(LIST, text, "look again in a moment")],
        Err(e) => {
            let remedy = "without today's list nothing can be traded: look again";
            return vec![Finding::wrong(LIST, format!("{e:#}"), remedy)];
        }
    }
    let (index, today) = (instruments.current(), ist(now).date());
    let nifty = Symbol::new("NIFTY").ok();
    let nearest = nifty.and_then(|s| index.option_expiries(Exchange::Nse, s).into_iter().min());
    let found = format!("{} listed today", index.len());
    let mut all = vec![match nearest {
        Some(day) if day < today => {
            let found = format!("{found}, the nearest NIFTY expiry is {day}");
            Finding::wrong(LIST, found, "the list is old: look again in a moment")
        }
        Some(_) => Finding::ok(LIST, found),
        None => Finding::wrong(LIST, format!("{found}, no options on NIFTY"), "the list is not whole: look again"),
    }];
    let rules = ContractRules::builtin().disagreements(&index, TradingCalendar::builtin(), today);
    if !rules.is_empty() {
        let text = rules.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        all.push(Finding::note("contract rules", text, "the instrument list counts; tell us if it is right"));
    }
    all
}

fn risk(folder: &DataFolder, config: &AppConfig) -> Finding {
    let limits = &config.engine.limits;
    let found = format!("at most {} a day, {} trades", rupees(limits.max_daily_loss), limits.max_trades_per_day);
    match risk_review::reviewed(folder, config) {
        Some(at) => Finding::ok(RISK, format!("{found}; reviewed {}", ist(at).strftime("%d %b %Y"))),
        None => {
            let remedy = "look at them and say that they are right: strikedeck risk ack";
            Finding::wrong(RISK, format!("{found}; not reviewed since they were set"), remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::doctor::Weight;

    fn weight(finding: &Finding) -> Option<Weight> {
        finding.advice.as_ref().map(|(weight, _)| *weight)
    }

    #[tokio::test]
    async fn the_address_is_right_or_wrong_or_said_to_be_unknown() {
        let told = |json: &str| -> Result<StaticIp, BrokerError> { Ok(serde_json::from_str(json).unwrap()) };
        let checks = LiveChecks::default();
        for (json, expected) in [
            (r#"{"primaryIP":"203.0.113.10","detectedIP":"203.0.113.10","ordersAllowed":true}"#, None),
            (r#"{"primaryIP":"203.0.113.10","ipMatchStatus":"PRIMARY_MATCH"}"#, None),
            (r#"{"primaryIP":"203.0.113.10","detectedIP":"203.0.113.99"}"#, Some(Weight::Wrong)),
            (r#"{"primaryIP":"203.0.113.10","ipMatchStatus":"MISMATCH"}"#, Some(Weight::Wrong)),
            ("{}", Some(Weight::Wrong)),
            (r#"{"primaryIP":"203.0.113.10"}"#, Some(Weight::Note)),
        ] {
            let finding = address(told(json), &checks).await;
            assert_eq!(weight(&finding), expected, "{json}: {finding:?}");
        }
        let unknown = address(Err(BrokerError::not_sent("no")), &checks).await;
        assert_eq!(weight(&unknown), Some(Weight::Note));
    }

    #[test]
    fn a_clock_that_differs_by_more_than_the_limit_is_wrong() {
        for (ahead, expected) in [
            (Some(0), None),
            (Some(5_000), None),
            (Some(5_001), Some(Weight::Wrong)),
            (Some(-90_000), Some(Weight::Wrong)),
            (None, Some(Weight::Note)),
        ] {
            assert_eq!(weight(&clock(ahead, 5_000)), expected, "{ahead:?}");
        }
    }
}
