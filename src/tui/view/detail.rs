//! One strategy, whole: its legs and what they were mapped to, prices now, margin, largest loss, issues, what was reported.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::payoff::Curve;
use super::{Scene, execute, queue, side, words};
use crate::domain::time::ist;
use crate::tui::model::{DetailPage, DetailPreview};
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;
use crate::tui::widgets::{card, pane, text};
use crate::view::{StrategyRow, format};

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, page: &DetailPage) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let Some(row) = model.view.strategy(page.id) else { return Drawn::default() };
    text::blank(buf, area, theme.ground);
    let title = Line::from(Span::styled(row.title(), theme.title));
    let right = Line::styled(format!("{} · priority {}", row.status, model.priority(row)), theme.dim);
    let inner = pane::frame(buf, area, &title, &right, true, theme);
    // The curve stands beside the text where both have room.
    let beside = if inner.width >= 118 { 46 } else { 0 };
    let left = Rect { width: inner.width - beside, ..inner };
    if beside > 0
        && let Some(curve) = Curve::of(row, side::spot(&model.view, row))
    {
        let place = Rect { x: left.right() + 2, width: beside - 2, height: inner.height.min(16), ..inner };
        curve.render(buf, place, theme);
    }
    let lines = lines(scene, row, page, left.width.saturating_sub(1));
    card::scrolled(buf, left, &lines, page.scroll, theme)
}

fn lines(scene: &Scene<'_>, row: &StrategyRow, page: &DetailPage, width: u16) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let mut all = Vec::new();
    status(scene, row, width, &mut all);
    heading(&mut all, "Legs", theme);
    legs(row, &mut all, theme);
    all.extend(row.on_failure.map(|own| {
        let what = format!("{} (its own: {})", own.what(), own.as_str());
        fact("If a leg fails", words::cell(what, theme.text), theme)
    }));
    let checked = scene.model.now.saturating_sub(page.asked_at) / 1_000;
    let ago = matches!(page.preview, DetailPreview::Ready(_)).then(|| format!(", checked {checked} s ago"));
    heading(&mut all, &format!("Executing it now{}", ago.unwrap_or_default()), theme);
    preview(page, width, &mut all, theme);
    if !row.issues.is_empty() {
        heading(&mut all, "Issues", theme);
        for issue in &row.issues {
            let blocking = (theme.symbols.failed, theme.down);
            let (sign, style) = if issue.blocking { blocking } else { (theme.symbols.blocked, theme.warn) };
            all.extend(text::wrapped(&format!("{sign} {} ({})", issue.detail, issue.code), width, "  ", style));
        }
    }
    heading(&mut all, "Figures, ours: one set, at expiry, before charges", theme);
    figures(row, &mut all, theme);
    heading(&mut all, "Reported by its source, not trusted", theme);
    reported(row, width, &mut all, theme);
    rules(row, width, &mut all, theme);
    heading(&mut all, "Note", theme);
    let note = if row.notes.is_empty() { "none" } else { &row.notes };
    all.extend(text::wrapped(note, width, "  ", theme.text));
    heading(&mut all, "Where it comes from", theme);
    origin(row, width, &mut all, theme);
    all
}

fn heading(all: &mut Vec<Line<'static>>, words: &str, theme: &Theme) {
    if !all.is_empty() {
        all.push(Line::default());
    }
    all.push(Line::styled(words.to_string(), theme.accent));
}

fn status(scene: &Scene<'_>, row: &StrategyRow, width: u16, all: &mut Vec<Line<'static>>) {
    let theme = scene.theme;
    match scene.model.view.queued(row.id) {
        Some(queued) => {
            let mut spans = queue::state(queued, theme).spans;
            if let Some(ms) = queued.expires_in_ms {
                spans.push(Span::styled(format!("  mark expires in {}", format::left(ms)), theme.dim));
            }
            all.push(Line::from(spans));
        }
        None => all.push(Line::styled(row.status.as_str().to_string(), theme.text)),
    }
    if let Some(reason) = &row.reason {
        all.extend(text::wrapped(reason, width, "", theme.warn));
    }
}

fn legs(row: &StrategyRow, all: &mut Vec<Line<'static>>, theme: &Theme) {
    for leg in &row.legs {
        let mut spans = vec![Span::raw("  ")];
        spans.extend(side::leg(leg, theme).spans);
        match leg.instrument {
            Some(i) => spans.push(Span::styled(
                format!("  {} · id {} · lot {}", i.contract.exchange, i.security_id, i.lot),
                theme.dim,
            )),
            None => spans.push(Span::styled("  mapped when it is marked", theme.dim)),
        }
        if !leg.filled.is_zero() {
            spans.push(Span::styled(format!("  filled {}", leg.filled), theme.accent));
        }
        all.push(Line::from(spans));
    }
}

fn fact(name: &str, value: Line<'static>, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("  {}", text::padded(name, 18)), theme.dim)];
    spans.extend(value.spans);
    Line::from(spans)
}

fn figures(row: &StrategyRow, all: &mut Vec<Line<'static>>, theme: &Theme) {
    let metrics = row.metrics.as_ref();
    let breakevens = metrics.map(|m| m.breakevens.iter().map(|p| format::strike(*p)).collect::<Vec<_>>().join(", "));
    let premium = metrics.map(|m| m.net_premium);
    all.push(fact("Max profit", words::bound(row.max_profit(), theme.up, theme), theme));
    all.push(fact("Max loss", words::bound(row.max_loss(), theme.down, theme), theme));
    all.push(fact(
        "Reward to risk",
        words::known(row.reward_to_risk, theme.text, theme, |d| format::grouped(d, 2)),
        theme,
    ));
    all.push(fact("Net premium", words::known(premium, theme.text, theme, credit), theme));
    all.push(fact("Breakeven", words::known(breakevens, theme.text, theme, |b| b), theme));
    all.push(fact("Lot", words::known(metrics.map(|m| m.lot), theme.text, theme, |l| format!("{l} units")), theme));
}

/// `credit ₹1,449.50`.
pub fn credit(premium: crate::domain::Money) -> String {
    let word = if premium.is_negative() { "debit" } else { "credit" };
    format!("{word} {}", format::rupees(premium.abs()))
}

fn reported(row: &StrategyRow, width: u16, all: &mut Vec<Line<'static>>, theme: &Theme) {
    all.push(fact("Max profit", words::bound(row.reported_max_profit, theme.dim, theme), theme));
    all.push(fact("Max loss", words::bound(row.reported_max_loss, theme.dim, theme), theme));
    all.push(fact("Score", words::known(row.score, theme.text, theme, |d| format::grouped(d, 2)), theme));
    let conviction = row.conviction.map(super::pending::conviction);
    all.push(fact("Conviction", words::known(conviction, theme.text, theme, Into::into), theme));
    all.push(fact("PoP", words::known(row.probability, theme.text, theme, format::share), theme));
    all.push(fact("Underlying then", words::known(row.spot, theme.text, theme, format::price), theme));
    if !row.outlook.is_empty() {
        all.extend(text::wrapped(&format!("Outlook: {}", row.outlook), width, "  ", theme.text));
    }
}

pub fn rules(row: &StrategyRow, width: u16, all: &mut Vec<Line<'static>>, theme: &Theme) {
    if !row.rules.is_empty() {
        heading(all, "Exit rules", theme);
    }
    for rule in &row.rules {
        let parts = [rule.waits_for(), rule.now(), rule.distance()];
        let said = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
        all.push(fact(&rule.name(), words::cell(said, theme.text), theme));
    }
    if let Some(stated) = &row.rules_stated {
        heading(all, "Exit rules of its source, not followed", theme);
        all.extend(text::wrapped(stated, width, "  ", theme.dim));
    }
}

fn preview(page: &DetailPage, width: u16, all: &mut Vec<Line<'static>>, theme: &Theme) {
    match &page.preview {
        DetailPreview::None => all.push(Line::styled("  Nothing to execute in this status.", theme.dim)),
        DetailPreview::Waiting => all.push(Line::styled("  checking …", theme.dim)),
        DetailPreview::Refused(why) => {
            all.extend(text::wrapped(&format!("{} {why}", theme.symbols.failed), width, "  ", theme.down));
        }
        DetailPreview::Ready(preview) => all.extend(execute::preview(preview, width, theme)),
    }
}

fn origin(row: &StrategyRow, width: u16, all: &mut Vec<Line<'static>>, theme: &Theme) {
    let time = |at: crate::domain::time::Timestamp| ist(at).strftime("%d %b %Y %H:%M:%S IST").to_string();
    all.extend(text::wrapped(&format!("source {}", row.source), width, "  ", theme.text));
    if let Some(derived) = row.derived_name.as_ref().filter(|d| **d != row.name) {
        all.extend(text::wrapped(&format!("its legs say {derived}"), width, "  ", theme.text));
    }
    let times = [
        ("generated", row.generated_at),
        ("came in", Some(row.added_at)),
        ("valid until", row.valid_until),
        ("marked", row.marked_at),
        ("execution ended", row.executed_at),
    ];
    for (name, at) in times {
        if let Some(at) = at {
            all.push(fact(name, words::cell(time(at), theme.text), theme));
        }
    }
}
