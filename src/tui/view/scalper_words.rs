//! The scalper in words: a line for what is used of the limits, for a scalp, a signal, the webhook.

use std::fmt::Write as _;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rust_decimal::Decimal;

use super::words;
use crate::domain::time::ist;
use crate::domain::{Contract, ScalpSetup, SetupMode, StrategyId};
use crate::tui::keymap::Action;
use crate::tui::model::{Model, ScalperKey};
use crate::tui::theme::Theme;
use crate::view::{ScalpRow, ScalpUse, SignalStanding, Signals, WebhookDoor, WebhookHealth, format};

/// `#12 NIFTY 26,000 CE`: short, all of a day expire within a week.
pub fn name(strategy: StrategyId, contract: Option<&Contract>) -> String {
    let what = contract.map(|c| match c.kind {
        crate::domain::ContractKind::Option { strike, right, .. } => {
            format!(" {} {} {right}", c.underlying, format::strike(strike))
        }
        _ => format!(" {}", c.label()),
    });
    format!("#{strategy}{}", what.unwrap_or_default())
}

/// What is used of the day's limits.
pub fn today(today: &ScalpUse, theme: &Theme) -> Line<'static> {
    let full = |is: bool| if is { theme.warn } else { theme.text };
    let dim = |text: &str| Span::styled(text.to_string(), theme.dim);
    let mut spans = vec![
        dim("Today "),
        Span::styled(format!("{}/{}", today.trades, today.max_trades), full(today.trades >= today.max_trades)),
        dim(" · net "),
        words::pnl(today.net, theme),
        dim(&format!(" (limit −{})", format::rupees_whole(today.max_loss))),
        dim(" · losses in a row "),
        Span::styled(
            format!("{}/{}", today.losses_in_a_row, today.max_losses),
            full(today.losses_in_a_row >= today.max_losses),
        ),
    ];
    if let Some(left) = today.cool_down_ms {
        spans.push(Span::styled(format!(" · cools down {}", format::left(left)), theme.warn));
    }
    spans.push(dim(&format!(" · open {}/{}", today.open, today.max_open)));
    Line::from(spans)
}

/// What a narrow table leaves out of a scalp.
pub fn in_figures(s: &ScalpRow) -> String {
    let price = |p: Option<crate::domain::Price>| format::or_unknown(p, format::price);
    let mut text = format!("{} at {}", s.net.size(), price(s.average));
    if let Some(why) = &s.exiting {
        let _ = write!(text, " · leaving: {why}");
        return text;
    }
    let _ = write!(text, " · stop {}", price(s.stop.map(|stop| stop.trigger)));
    if let Some(target) = s.target {
        let to_go = format::or_unknown(s.to_target(), |p| format::grouped(p, 2));
        let _ = write!(text, " · target {}, {to_go} to go", format::price(target));
    }
    if let Some(index_stop) = s.index_stop {
        let _ = write!(text, " · index stop {}", format::price(index_stop));
    }
    text
}

/// How near the stop is: less than a fifth of the premium's room is a warning.
pub fn stop_style(s: &ScalpRow, theme: &Theme) -> Style {
    let near = || {
        let (left, average, stop) = (s.to_stop()?, s.average?, s.stop?.trigger);
        let room = (average.0 - stop.0).abs();
        Some(left * Decimal::from(3) <= room)
    };
    if near().unwrap_or(false) { theme.down } else { theme.text }
}

pub fn standing(standing: &SignalStanding) -> String {
    match standing {
        SignalStanding::Asks(asked) => {
            format!("waits for you, {}: {}", format::left(asked.left_ms), format::contract(&asked.contract))
        }
        SignalStanding::Waits(what) => format!("waits {what}"),
        SignalStanding::Traded(strategy) => format!("traded #{strategy}"),
        SignalStanding::Observed(_) | SignalStanding::Refused { .. } => {
            format!("{}: {}", standing.word(), standing.detail())
        }
    }
}

/// What to do so that one comes.
pub fn no_signals(model: &Model) -> String {
    let all = &model.view.signals;
    let armed = all.setups.iter().any(|s| s.armed);
    let open = matches!(&all.webhook, Some(w) if matches!(w.door, WebhookDoor::Open(_)));
    if all.setups.is_empty() {
        "None today.".into()
    } else if !armed {
        format!("No set-up is armed: press {} on one to arm it.", model.keymap.key(Action::ArmSetup))
    } else if open {
        "None today: armed set-ups wait for them.".into()
    } else {
        "None today, and the webhook is off. `strikedeck signal` sends one by hand.".into()
    }
}

pub fn webhook(webhook: Option<&WebhookHealth>, theme: &Theme) -> Line<'static> {
    let off = "Webhook off: set a secret with `strikedeck setup` and signals can come in.";
    let Some(w) = webhook else { return Line::styled(off, theme.dim) };
    let (taken, refused) = w.totals();
    match &w.door {
        WebhookDoor::Off => Line::styled(off, theme.dim),
        WebhookDoor::Failed(why) => Line::styled(format!("Webhook not open: {why}"), theme.down),
        WebhookDoor::Open(at) => {
            let mut codes: Vec<(&str, u64)> = w.counts.iter().map(|(c, n)| (*c, *n)).collect();
            codes.retain(|(code, _)| !matches!(*code, "accepted" | "duplicate"));
            codes.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
            let codes: Vec<String> = codes.iter().map(|(code, n)| format!("{code} {n}")).collect();
            let why = if codes.is_empty() { String::new() } else { format!(": {}", codes.join(", ")) };
            let last = w.refusals.last().map(|r| {
                let at = ist(r.at).strftime("%H:%M:%S");
                format!(" · last {at} from {}: {}", r.source, r.reason)
            });
            Line::from(vec![
                Span::styled(format!("{} webhook {at}", theme.symbols.dot), theme.up),
                Span::styled(format!(" · {taken} taken"), theme.text),
                Span::styled(format!(" · {refused} refused{why}"), if refused > 0 { theme.warn } else { theme.text }),
                Span::styled(last.unwrap_or_default(), theme.dim),
            ])
        }
    }
}

/// The row under the cursor, whole.
pub fn in_full(all: &Signals, key: ScalperKey) -> Option<String> {
    match key {
        ScalperKey::Setup(n) => {
            let row = all.setups.get(n)?;
            let closed = row.closed.as_ref().map(|why| format!(" No entries now: {why}.")).unwrap_or_default();
            Some(format!("{}{closed}", set_up(&row.setup)))
        }
        ScalperKey::Scalp(id) => {
            let s = all.scalp(id)?;
            let stop = s.stop.map(|stop| format!(" Its stop ({}) rests for {}.", stop.how.as_str(), s.resting));
            let index = s.index_stop.map(|level| {
                let now = format::or_unknown(s.index, format::price);
                format!(" Left when the underlying ({now}) reaches {}.", format::price(level))
            });
            let leaving = s.exiting.as_ref().map(|why| format!(" It is being left: {why}."));
            Some(format!(
                "{} of {}, signal {}: {} since {}.{}{}{}{}",
                name(s.strategy, s.contract.as_ref()),
                s.setup,
                s.signal,
                s.state.as_str(),
                ist(s.opened_at).strftime("%H:%M:%S"),
                s.square_off.map(|at| ist(at).strftime(" Square-off at %H:%M.").to_string()).unwrap_or_default(),
                stop.unwrap_or_default(),
                index.unwrap_or_default(),
                leaving.unwrap_or_default(),
            ))
        }
        ScalperKey::Signal(id) => {
            let s = all.signal(id)?;
            let at = ist(s.seen_at).strftime("%H:%M:%S");
            let (price, standing) = (format::price(s.price), standing(&s.standing));
            Some(format!(
                "Signal {id}, {at} by {}: {} {} {price} for {}. {standing}.",
                s.source, s.symbol, s.side, s.setup
            ))
        }
        ScalperKey::Closed(id) => {
            let s = all.closed.iter().find(|s| s.strategy == id)?;
            Some(format!(
                "{} of {}, signal {}: {} gross, {} charges, {} net. Left: {}.",
                name(s.strategy, s.contract.as_ref()),
                s.setup,
                s.signal,
                format::pnl(s.gross),
                format::rupees(s.charges),
                format::pnl(s.net()),
                s.reason,
            ))
        }
    }
}

/// What a set-up does, in one or two sentences.
pub fn set_up(s: &ScalpSetup) -> String {
    let points = |p: Decimal| format::grouped(p.normalize(), p.normalize().scale());
    let mode = match s.mode {
        SetupMode::Auto => "trades each signal at once",
        SetupMode::Confirm => "asks you before each trade",
        SetupMode::Observe => "only writes down what it would have done",
    };
    let symbols: Vec<&str> = s.symbols.iter().map(crate::domain::instrument::Symbol::as_str).collect();
    let mut text = format!(
        "{} {mode}: up to {} at the money of {}, stop {} points below the fill",
        s.name,
        format::count(s.max_lots as usize, "lot"),
        symbols.join(", "),
        points(s.stop_points),
    );
    let more = [
        s.target_points.map(|p| format!("target {}", points(p))),
        s.trail_points.map(|p| format!("trailing by {}", points(p))),
        s.breakeven_at_points.map(|p| format!("to breakeven at {}", points(p))),
        s.index_stop_points.map(|p| format!("index stop {}", points(p))),
        s.max_holding_min.map(|m| format!("left after {} minutes", points(m))),
    ];
    for part in more.into_iter().flatten() {
        let _ = write!(text, ", {part}");
    }
    let hm = |t: jiff::civil::Time| t.strftime("%H:%M").to_string();
    let _ = write!(text, ". Entries {} to {}, square-off {}.", hm(s.hours.from), hm(s.hours.to), hm(s.square_off));
    text
}
