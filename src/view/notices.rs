//! Conditions that hold now and that the trader must know of.

use super::format;
use super::health::{Health, LinkState, StoreHealth};
use super::positions::Positions;
use super::queue::{QueueRow, Stage};
use super::safety::Safety;
use crate::domain::time::{Timestamp, ms_between};
use crate::engine::State;
use crate::engine::effect::AlertLevel;
use crate::engine::state::{OrderState, Safeguard};

/// A condition, with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub level: AlertLevel,
    pub text: String,
}

/// The feed is called silent after this long without a word while the market is open.
const FEED_SILENT_MS: i64 = 10_000;

/// Everything there is to look at for standing conditions.
pub(super) struct Seen<'a> {
    pub state: &'a State,
    pub health: &'a Health,
    pub positions: &'a Positions,
    pub safety: &'a Safety,
    pub queue: &'a [QueueRow],
    pub open: bool,
    pub now: Timestamp,
}

pub(super) fn standing(seen: &Seen<'_>) -> Vec<Standing> {
    let mut all = Vec::new();
    store(seen, &mut all);
    flatten(seen, &mut all);
    token(seen, &mut all);
    links(seen, &mut all);
    safeguards(seen, &mut all);
    rehearsals(seen, &mut all);
    books(seen, &mut all);
    for row in seen.queue {
        if let Stage::Held(reason) = &row.stage {
            let text = format!("{} is held: {reason}. Resume or unwind it in the queue.", row.strategy.title());
            all.push(Standing { level: AlertLevel::Warning, text });
        }
    }
    all.sort_by_key(|s| match s.level {
        AlertLevel::Critical => 0,
        AlertLevel::Warning => 1,
        AlertLevel::Info => 2,
    });
    all
}

fn store(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    let why = match &seen.health.store {
        StoreHealth::Down(why) => Some(why.as_str()),
        StoreHealth::Ok if seen.state.store_down => Some("it cannot be written"),
        StoreHealth::Ok => None,
    };
    if let Some(why) = why {
        // What it means first: a window may cut off the reason.
        let text = format!("Journal down: no entries; cancels and exits still go ({why}).");
        all.push(Standing { level: AlertLevel::Critical, text });
    }
}

fn flatten(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    let Some(flatten) = seen.safety.flatten else { return };
    let open: Vec<String> = seen
        .safety
        .close
        .rows(flatten.include_foreign)
        .map(|r| format!("{} {}", format::contract(&r.contract), format::net(r.net)))
        .collect();
    let text = if open.is_empty() {
        "Flattening: nothing open in the last read; waiting for the broker to confirm.".to_string()
    } else {
        format!(
            "Flattening since {}: still open {}",
            format::left(ms_between(flatten.started_at, seen.now)),
            open.join(", ")
        )
    };
    all.push(Standing { level: AlertLevel::Critical, text });
}

fn token(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    let token = &seen.health.token;
    if let Some(why) = &token.refused {
        // What to do comes first: a narrow screen cuts the end.
        let text = format!("The access token is not taken: no entries, no exits. {} ({why})", token.remedy);
        all.push(Standing { level: AlertLevel::Critical, text });
    } else if let Some(left) = token.ends.map(|e| ms_between(seen.now, e)).filter(|left| *left < token.warn_ms) {
        let text = format!("The access token ends in {}. {}", format::left(left.max(0)), token.remedy);
        all.push(Standing { level: AlertLevel::Warning, text });
    }
    for lacks in &seen.health.lacks {
        all.push(Standing { level: AlertLevel::Warning, text: sentence(lacks) });
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn links(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    let mut warn = |text: String| all.push(Standing { level: AlertLevel::Warning, text });
    if seen.health.orders.state == LinkState::Down || seen.state.order_link_down {
        warn("Order updates down: fills are read by polling, seconds late.".into());
    }
    let silent = seen.health.feed.last_message.map(|t| ms_between(t, seen.now));
    match seen.health.feed.state {
        LinkState::Down => warn("Quote feed down: prices come by request, seconds late.".into()),
        LinkState::Up if seen.open && silent.is_some_and(|ms| ms > FEED_SILENT_MS) => {
            let age = format::whole_age(silent.unwrap_or(0));
            warn(format!("Quote feed silent for {age}: prices come by request, seconds late."));
        }
        LinkState::Up | LinkState::Connecting => {}
    }
}

fn safeguards(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    let mut warn = |text: String| all.push(Standing { level: AlertLevel::Warning, text });
    match &seen.safety.broker_exit {
        Safeguard::Refused(why) => warn(format!("The broker's exit on loss is not set: {why}.")),
        Safeguard::Unknown(why) => warn(format!("Whether the broker's exit on loss is set is being read: {why}.")),
        Safeguard::Gone => warn("The broker's exit on loss has fired, or was taken back elsewhere.".into()),
        Safeguard::Unasked | Safeguard::NotSet | Safeguard::Asked(_) | Safeguard::Set(_) => {}
    }
    match &seen.safety.broker_switch {
        Safeguard::Set(()) => warn("The broker's kill switch is set: it takes no order until you arm.".into()),
        Safeguard::Refused(why) => warn(format!("The broker's kill switch is not set: {why}.")),
        Safeguard::Unknown(why) => warn(format!("Whether the broker's kill switch is set is being read: {why}.")),
        Safeguard::Unasked | Safeguard::NotSet | Safeguard::Asked(_) | Safeguard::Gone => {}
    }
}

fn rehearsals(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    for run in &seen.health.rehearsals {
        let left = format::left(i64::try_from(run.left_ms).unwrap_or(i64::MAX));
        let text = format!("Rehearsal: {}. It ends by itself in {left}.", run.drill.what());
        all.push(Standing { level: AlertLevel::Info, text });
    }
}

fn books(seen: &Seen<'_>, all: &mut Vec<Standing>) {
    for row in seen.positions.mismatches() {
        let broker = row.broker.map_or_else(|| format::UNKNOWN.to_string(), format::net);
        let text = format!(
            "{}: our fills say {}, the broker's book {broker}. What the broker has is what counts.",
            format::contract(&row.contract),
            format::net(row.net),
        );
        all.push(Standing { level: AlertLevel::Critical, text });
    }
    let unknown = seen.state.open_orders().filter(|o| o.state == OrderState::Unknown).count();
    if unknown > 0 {
        let text = format!("{} without an answer: looked up, never sent again.", format::count(unknown, "order"));
        all.push(Standing { level: AlertLevel::Warning, text });
    }
    if seen.state.reconciling_since.is_some() {
        let text = "Comparing with the broker's books: entries wait until that is done.".into();
        all.push(Standing { level: AlertLevel::Info, text });
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use crate::domain::time::after_ms;
    use crate::engine::record::Profile;
    use crate::view::{TokenHealth, View};

    /// A live view with a token that ends after so many minutes.
    fn view(minutes: i64, refused: Option<&str>, lacks: &[&str]) -> View {
        let mut desk = Desk::of(Profile::Live);
        desk.health.token = TokenHealth {
            ends: Some(after_ms(desk.now, minutes * 60_000)),
            refused: refused.map(ToString::to_string),
            warn_ms: 3_600_000,
            remedy: "Give a new one to `strikedeck setup`.".into(),
        };
        desk.health.lacks = lacks.iter().map(ToString::to_string).collect();
        desk.view()
    }

    fn told(view: &View) -> Vec<(AlertLevel, String)> {
        let of_this = |s: &&Standing| s.text.contains("token") || s.text.contains("plan");
        view.standing.iter().filter(of_this).map(|s| (s.level, s.text.clone())).collect()
    }

    #[test]
    fn the_tokens_clock_is_shown_and_warns_early_and_says_what_to_do() {
        let calm = view(300, None, &[]);
        assert_eq!(told(&calm), []);
        assert_eq!(calm.header.token.map(|t| (t.left_ms, t.soon)), Some((Some(18_000_000), false)));
        let soon = view(42, None, &[]);
        let (level, text) = told(&soon).remove(0);
        assert!(level == AlertLevel::Warning && text.contains("42") && text.contains("strikedeck setup"), "{text}");
        let refused = view(300, Some("Invalid Token (DH-906)"), &[]);
        let (level, text) = told(&refused).remove(0);
        assert!(
            level == AlertLevel::Critical && text.contains("DH-906") && text.contains("strikedeck setup"),
            "{text}"
        );
        assert_eq!(refused.header.token.map(|t| t.left_ms), Some(None));
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_said_with_what_still_goes() {
        let mut desk = Desk::of(Profile::Live);
        desk.health.store = StoreHealth::Down("the disk is full: /data/journal.db cannot grow".into());
        let view = desk.view();
        let worst = view.standing.first().unwrap();
        assert_eq!(worst.level, AlertLevel::Critical);
        assert!(worst.text.contains("disk is full") && worst.text.contains("no entries; cancels and exits still go"));
    }

    #[test]
    fn what_the_account_lacks_is_a_sentence_of_its_own() {
        let view = view(300, None, &["the account has no data plan: subscribe"]);
        assert_eq!(told(&view), [(AlertLevel::Warning, "The account has no data plan: subscribe.".to_string())]);
    }
}
