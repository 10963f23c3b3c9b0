//! A question before something that cannot be taken back. Cancel is the default.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, header, orders, scalper_words, words};
use crate::domain::SetupName;
use crate::tui::keymap::Action;
use crate::tui::model::{ConfirmCard, Subject};
use crate::tui::update::Drawn;
use crate::tui::widgets::card::{Card, fade};
use crate::tui::widgets::text;
use crate::view::{Amount, LimitKind, OrderRow, PositionRow, View, format};

const WIDTH: u16 = 64;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, card: &ConfirmCard) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let width = Card::inner_width(area, WIDTH);
    let (title, body) = question(scene, &card.subject, width);
    let key = |action| model.keymap.key(action);
    let mut foot = Vec::new();
    if let Some(why) = &card.disarmed {
        foot.push(Span::styled(why.clone(), theme.warn));
    } else if card.is_armed(model.now) {
        foot.push(Span::styled(format!(" {} ", key(Action::Commit)), theme.danger_key));
        foot.push(Span::styled(format!(" {}", done_word(&card.subject)), theme.bright));
    } else {
        foot.push(Span::styled("one moment …", theme.dim));
    }
    foot.push(Span::raw("   "));
    foot.extend(words::key_hint(&key(Action::Cancel), "cancel", theme));
    let frame = header::profile_style(model.view.header.profile, theme);
    fade(buf, area, theme);
    Card { title, frame, body, foot: vec![Line::default(), Line::from(foot)], scroll: 0, width: WIDTH }
        .render(buf, area, theme)
}

fn done_word(subject: &Subject) -> &'static str {
    match subject {
        Subject::CloseStrategy(_) | Subject::ClosePosition(..) => "close it",
        Subject::CancelOrder(_) => "cancel the order",
        Subject::CancelEntries => "cancel them",
        Subject::Unwind(_) => "unwind it",
        Subject::Resume(_) => "let it go on",
        Subject::ArmSetup(_) => "arm it",
        Subject::BrokerExit { on: true } => "ask the broker",
        Subject::BrokerExit { on: false } => "take it back",
        Subject::Quit => "quit",
    }
}

fn question(scene: &Scene<'_>, subject: &Subject, width: u16) -> (String, Vec<Line<'static>>) {
    let (view, theme) = (&scene.model.view, scene.theme);
    let plain = |words: &str| text::wrapped(words, width, "", theme.text);
    let name = |id| view.strategy(id).map_or_else(|| format!("#{id}"), |s| s.title());
    match subject {
        Subject::CloseStrategy(id) => {
            let mut body = plain("Exits everything this strategy holds, shorts first, until it is flat:");
            body.push(Line::default());
            let group = view.positions.groups.iter().find(|g| g.strategy == *id);
            body.extend(group.into_iter().flat_map(|g| &g.rows).filter(|r| !r.net.is_flat()).map(|r| exit(scene, r)));
            (format!("CLOSE {}", name(*id)), body)
        }
        Subject::ClosePosition(contract, product) => {
            let mut body = plain("Exits this one position. Other legs of its strategy stay, so its risk changes:");
            body.push(Line::default());
            let rows = view.positions.groups.iter().flat_map(|g| &g.rows).chain(&view.positions.foreign);
            let rows = rows.filter(|r| r.contract == *contract && r.product == *product && !r.net.is_flat());
            body.extend(rows.map(|r| exit(scene, r)));
            (format!("CLOSE {}", format::contract(contract)), body)
        }
        Subject::CancelEntries => {
            let entries: Vec<&OrderRow> = view.working.iter().filter(|o| o.origin.is_entry()).collect();
            let all = format::count(entries.len(), "working entry order");
            let mut body = plain(&format!("{all} of ours. Exits and stops stay: they only reduce."));
            body.push(Line::default());
            body.extend(entries.iter().map(|o| Line::styled(format!("  {}", order(o)), theme.text)));
            body.push(Line::default());
            body.extend(plain("Executions they belong to end as their policies say."));
            ("CANCEL ALL ENTRIES".into(), body)
        }
        Subject::CancelOrder(intent) => {
            let found = view.working.iter().find(|o| o.intent == Some(*intent));
            let words =
                found.map_or_else(|| "This order is no longer working.".to_string(), |o| format!("{}.", order(o)));
            let mut body = plain(&words);
            body.extend(plain("If it belongs to an execution, that execution ends as its policy says."));
            ("CANCEL ORDER".into(), body)
        }
        Subject::Unwind(id) => {
            let body = plain("Exits what has filled, shorts first, and ends the execution as failed.");
            (format!("UNWIND {}", name(*id)), body)
        }
        Subject::Resume(id) => {
            let body = plain("The execution goes on where it stopped: the missing legs are priced and sent again.");
            (format!("CONTINUE {}", name(*id)), body)
        }
        Subject::ArmSetup(name) => (format!("ARM {name}"), arming(scene, name, width)),
        Subject::BrokerExit { on } => ("BROKER'S EXIT ON LOSS".into(), plain(&broker_exit(view, *on))),
        Subject::Quit => ("QUIT".into(), leaving(scene, width)),
    }
}

/// `BUY 65 NIFTY 26,300 CE 24 Nov at 35.90, working`.
fn order(o: &OrderRow) -> String {
    let name = format::contract(&o.contract);
    format!("{} {} {name} at {}, {}", o.side, o.quantity, orders::price(o), orders::state_word(o))
}

/// What an armed set-up may do.
fn arming(scene: &Scene<'_>, name: &SetupName, width: u16) -> Vec<Line<'static>> {
    let (all, theme) = (&scene.model.view.signals, scene.theme);
    let Some(row) = all.setup(name) else { return Vec::new() };
    let mut body = text::wrapped("From now on its signals are acted on.", width, "", theme.bright);
    body.push(Line::default());
    body.extend(text::wrapped(&scalper_words::set_up(&row.setup), width, "", theme.text));
    body.push(Line::default());
    let (used, loss) = (&all.today, format::rupees_whole(all.today.max_loss));
    let limits = format!(
        "All scalps together: {} of {} trades today, at most {loss} of loss, {} losses in a row.",
        used.trades, used.max_trades, used.max_losses
    );
    body.extend(text::wrapped(&limits, width, "", theme.dim));
    if let Some(why) = &row.closed {
        body.extend(text::wrapped(&format!("{} No entries now: {why}.", theme.symbols.blocked), width, "", theme.warn));
    }
    body
}

fn broker_exit(view: &View, on: bool) -> String {
    let limit = view.risk.iter().find(|g| g.kind == LimitKind::DayLoss).and_then(|g| g.limit);
    let limit = match limit {
        Some(Amount::Rupees(limit)) => format::rupees_whole(limit),
        Some(Amount::Count(_)) | None => format::UNKNOWN.to_string(),
    };
    if on {
        format!(
            "The broker exits everything in the account by itself, whoever opened it, once the day's loss reaches {limit}: \
             also when this machine is off, and until its session ends."
        )
    } else {
        "The broker no longer exits anything by itself: from then on the loss is watched from here only.".into()
    }
}

fn exit(scene: &Scene<'_>, r: &PositionRow) -> Line<'static> {
    let theme = scene.theme;
    let side = if r.net.0 < 0 { "BUY " } else { "SELL" };
    Line::from(vec![
        Span::styled(format!("  {side} {:>5}  ", r.net.size().to_string()), theme.text),
        Span::styled(format!("{}  ", format::contract(&r.contract)), theme.text),
        words::pnl(r.pnl, theme),
    ])
}

/// What stays behind.
fn leaving(scene: &Scene<'_>, width: u16) -> Vec<Line<'static>> {
    let (view, theme) = (&scene.model.view, scene.theme);
    let mut facts = Vec::new();
    let legs = view.positions.open_legs();
    if legs > 0 {
        facts.push(format!("{} stay open at the broker; nobody here watches them.", format::count(legs, "position")));
    }
    if !view.working.is_empty() {
        facts.push(format!("{} keep working at the broker.", format::count(view.working.len(), "order")));
    }
    let executing = view.queue.iter().filter(|q| q.running_ms.is_some()).count();
    if executing > 0 {
        facts.push(format!("{} under way; they go on at the next start.", format::count(executing, "execution")));
    }
    if view.safety.flatten.is_some() {
        facts.push("Flattening is under way and goes on at the next start.".into());
    }
    facts
        .into_iter()
        .flat_map(|f| text::wrapped(&format!("{} {f}", theme.symbols.blocked), width, "", theme.warn))
        .collect()
}
