//! Where things stand: one pane at 80×24, the cockpit in two columns from 110×30, more room for everything beyond.

use ratatui::layout::Rect;

use crate::tui::model::{Model, Pane, Screen};

/// What stands in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Pane(Pane),
    Risk,
    /// The strategy under the cursor.
    Side,
}

#[derive(Clone, Debug)]
pub struct Layout {
    pub header: Rect,
    /// That this is a past day, and where in it.
    pub replay: Option<Rect>,
    /// The screens: a line of their own where there is room, else the lower edge of the frame.
    pub tabs: Rect,
    /// A condition the trader must know of.
    pub banner: Option<Rect>,
    pub slots: Vec<(Slot, Rect)>,
    /// The limits in one line, where there is no pane for them.
    pub risk_line: Option<Rect>,
    pub hints: Rect,
    /// One pane at a time; its frame names the others.
    pub compact: bool,
    body: Rect,
}

/// From this size on there are two columns.
const TWO_COLUMNS: (u16, u16) = (110, 30);
/// From this height on the tabs have a line of their own.
const TABS_LINE: u16 = 30;

impl Layout {
    pub fn of(screen: Rect, model: &Model) -> Self {
        let row = |y: u16| Rect { y, height: 1, ..screen };
        let replay = model.view.replay.is_some().then(|| row(screen.y + 1));
        let mut top = screen.y + 1 + u16::from(replay.is_some());
        let own_line = screen.height >= TABS_LINE;
        let tabs = own_line.then(|| row(top));
        top += u16::from(own_line);
        let banner = (!model.view.standing.is_empty()).then(|| row(top));
        top += u16::from(banner.is_some());
        let hints = row(screen.bottom() - 1);
        let body = Rect { y: top, height: hints.y - top, ..screen };
        let small = screen.width < TWO_COLUMNS.0 || screen.height < TWO_COLUMNS.1;
        let mut layout = Self {
            header: row(screen.y),
            replay,
            tabs: tabs.unwrap_or_default(),
            banner,
            slots: Vec::new(),
            risk_line: None,
            hints,
            compact: true,
            body,
        };
        if small || model.zoomed {
            let pane = Rect { height: body.height - 1, ..body };
            layout.risk_line = Some(row(pane.bottom()));
            layout.slots.push((Slot::Pane(model.focus), pane));
        } else {
            match model.screen {
                Screen::Cockpit => {
                    layout.compact = false;
                    layout.two_columns(body, model);
                }
                Screen::Journal => {
                    layout.compact = false;
                    layout.journal(body);
                }
                Screen::Logs => {
                    layout.compact = false;
                    layout.logs(body);
                }
                Screen::Risk => {
                    layout.compact = false;
                    layout.risk(body);
                }
                Screen::Orders
                | Screen::Signals
                | Screen::Accounts
                | Screen::Alerts
                | Screen::Audit
                | Screen::Strategy
                | Screen::Chain
                | Screen::Portfolio => layout.slots.push((Slot::Pane(model.focus), body)),
            }
        }
        if !own_line {
            let edge = layout.slots.last().map_or(body, |(_, place)| *place);
            let (x, width) = (edge.x + 2, edge.width.saturating_sub(4));
            layout.tabs = Rect { x, y: edge.bottom() - 1, width, height: 1 };
        }
        layout
    }

    /// Everything between the head line and the hints.
    pub fn body(&self) -> Rect {
        self.body
    }

    /// Limits beside the scenarios, which take what they need.
    fn risk(&mut self, body: Rect) {
        let limits = if body.width < 140 { 50 } else { 60 };
        let left = Rect { width: limits, ..body };
        let right = Rect { x: left.right(), width: body.width - limits, ..body };
        self.slots.push((Slot::Pane(Pane::Limits), left));
        self.slots.push((Slot::Pane(Pane::Scenario), right));
    }

    fn two_columns(&mut self, body: Rect, model: &Model) {
        let side = match body.width {
            0..=139 => 42,
            140..=189 => 48,
            _ => 62,
        };
        let left = Rect { width: body.width - side, ..body };
        let right = Rect { x: left.right(), width: side, ..body };
        if model.focus == Pane::Signals {
            self.slots.push((Slot::Pane(Pane::Signals), left));
        } else {
            self.left(left, model);
        }
        self.right(right);
    }

    /// Pending and positions share what the queue and the log leave them, by what they have to show.
    fn left(&mut self, area: Rect, model: &Model) {
        let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let queue = rows(model.view.queue.len()).saturating_add(3).clamp(4, area.height / 6 + 1);
        let log = (area.height / 5).clamp(5, 12);
        let share = area.height - queue - log;
        let wants_pending = rows(model.pending_rows.len()).saturating_add(4);
        let wants_positions = rows(model.position_keys().len()).saturating_add(4);
        let half = share / 2;
        let pending = if wants_positions < half {
            share - wants_positions.max(6)
        } else if wants_pending < half {
            wants_pending.max(6)
        } else {
            half
        };
        let heights =
            [(Pane::Pending, pending), (Pane::Queue, queue), (Pane::Positions, share - pending), (Pane::Log, log)];
        let mut y = area.y;
        for (pane, height) in heights {
            self.slots.push((Slot::Pane(pane), Rect { y, height, ..area }));
            y += height;
        }
    }

    /// Results and trades beside days and kinds of strategy.
    fn journal(&mut self, area: Rect) {
        let side = (area.width * 2 / 5).clamp(53, 84);
        let left = Rect { width: area.width - side, ..area };
        let right = Rect { x: left.right(), width: side, ..area };
        let stacked = |top: Pane, bottom: Pane, place: Rect, height: u16| {
            let below = Rect { y: place.y + height, height: place.height - height, ..place };
            [(Slot::Pane(top), Rect { height, ..place }), (Slot::Pane(bottom), below)]
        };
        self.slots.extend(stacked(Pane::JournalFigures, Pane::JournalTrades, left, area.height / 2));
        self.slots.extend(stacked(Pane::JournalDays, Pane::JournalKinds, right, (area.height * 2 / 3).min(30)));
    }

    /// The log, and beside it which parts of the program it shows.
    fn logs(&mut self, area: Rect) {
        const TARGETS: u16 = 40;
        let log = Rect { width: area.width - TARGETS, ..area };
        self.slots.push((Slot::Pane(Pane::Log), log));
        self.slots.push((Slot::Pane(Pane::LogTargets), Rect { x: log.right(), width: TARGETS, ..area }));
    }

    /// The limits, the strategy under the cursor where there is room for it, and the orders.
    fn right(&mut self, area: Rect) {
        const GAUGES: u16 = 8;
        let risk = if area.height >= 40 { GAUGES * 2 + 2 } else { GAUGES + 2 };
        let rest = area.height - risk;
        let orders = if rest >= 22 { (rest / 3).max(9) } else { rest };
        self.slots.push((Slot::Risk, Rect { height: risk, ..area }));
        if rest > orders {
            self.slots.push((Slot::Side, Rect { y: area.y + risk, height: rest - orders, ..area }));
        }
        self.slots.push((Slot::Pane(Pane::Orders), Rect { y: area.bottom() - orders, height: orders, ..area }));
    }
}
