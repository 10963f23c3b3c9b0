//! What can be checked before trading: folders, settings, instrument list, exchange or broker, calendar.

mod console;
mod latency;

use super::cockpit::{Cockpit, Options, prepare};
use super::screen::{Wishes, keymap};
use crate::domain::Segment;
use crate::domain::calendar::TradingCalendar;
use crate::domain::time::{Timestamp, ist};
use crate::engine::record::Profile;
use crate::view::format::rupees;
use std::time::Duration;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Note,
    Wrong,
}

/// One thing that was looked at; `advice` where something is to be done or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub name: &'static str,
    pub found: String,
    pub advice: Option<(Weight, String)>,
}

impl Finding {
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, found: found.into(), advice: None }
    }
    pub(super) fn note(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, found: found.into(), advice: Some((Weight::Note, advice.into())) }
    }
    pub(super) fn wrong(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, found: found.into(), advice: Some((Weight::Wrong, advice.into())) }
    }
}

/// Looks at everything; where a cockpit runs already, its own parts are left to it.
pub async fn examine(options: &Options, wishes: &Wishes) -> Vec<Finding> {
    let mut found = vec![calendar()];
    let (folder, config) = match prepare(options) {
        Ok(prepared) => prepared,
        Err(e) => {
            found.push(Finding::wrong("settings", e.to_string(), "correct what is named and run doctor again"));
            return found;
        }
    };
    let settings = options.config.clone().unwrap_or_else(|| folder.config().to_path_buf());
    match keymap(&settings) {
        Ok(keymap) => found.extend(console::findings(&config.cockpit, wishes, &keymap)),
        Err(e) => found.push(Finding::wrong("keys", e.to_string(), "correct what is named and run doctor again")),
    }
    if folder.profile() == Profile::Live {
        let dhan = &config.dhan;
        let addresses = [&dhan.rest, &dhan.feed, &dhan.order_updates].map(Clone::clone);
        found.extend(latency::measure(&addresses).await);
        // What must hold before live trading, and nothing is started for it.
        found.extend(super::live::checks(options).await);
        return found;
    }
    if !config.warnings.is_empty() {
        found.push(Finding::note("settings", folder.config().display().to_string(), config.warnings.join("; ")));
    }
    if let Some(holder) = folder.holder() {
        let process = holder.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
        let advice = "its own header shows the links; quit it to have the rest checked here";
        found.push(Finding::note("cockpit", format!("one is running{process}"), advice));
        return found;
    }
    match Cockpit::start(folder, config).await {
        Ok(cockpit) => {
            cockpit.ready(Duration::from_secs(10)).await;
            found.extend(running(&cockpit));
            found.extend(latency::measure(&cockpit.paper_addresses()).await);
            cockpit.stop().await;
        }
        Err(e) => found.push(Finding::wrong("start", format!("{e:#}"), "a cockpit would not start: see the reason")),
    }
    found
}

fn calendar() -> Finding {
    let now = Timestamp::now();
    let calendar = TradingCalendar::builtin();
    let clock = ist(now).strftime("%a %d %b %Y %H:%M IST");
    match calendar.current_or_next(Segment::NseDerivatives, now) {
        Some(session) if session.contains(now) => {
            let close = ist(session.close).strftime("%H:%M");
            Finding::ok("calendar", format!("{clock}: the exchanges are open until {close}"))
        }
        Some(session) => {
            let open = ist(session.open).strftime("%a %d %b %H:%M");
            Finding::ok("calendar", format!("{clock}: the exchanges open {open}"))
        }
        None => {
            let advice = "the built-in holiday list ends here: bring a newer one";
            Finding::wrong("calendar", format!("{clock}: no next session is known"), advice)
        }
    }
}

fn running(cockpit: &Cockpit) -> Vec<Finding> {
    let index = cockpit.today.instruments.current();
    let mut found = vec![Finding::ok("instruments", format!("{} listed today", index.len()))];
    let view = cockpit.views.borrow().clone();
    let name = "built-in exchange";
    found.push(if view.header.reconciling {
        Finding::wrong(name, "its books could not be read within 10 s", "see the log file in the data folder")
    } else {
        let open = view.positions.groups.len();
        Finding::ok(
            name,
            format!("books read: {open} strategies with positions, {} orders working", view.working.len()),
        )
    });
    found.push(match view.header.available {
        Some(available) => Finding::ok("funds", format!("{} available", rupees(available))),
        None => Finding::note("funds", "not told yet", "entries wait until the broker has told them"),
    });
    found
}
