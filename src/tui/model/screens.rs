//! The screens and their panes.
//!
//! A screen is what the number keys and the tabs lead to; it has one pane or several, and Tab moves between them. Each
//! pane has a [`Context`], by which the table of actions says what its keys do.
//!
//! # A further screen
//! 1. `view/NAME.rs` draws its panes: `render(scene, buf, area, compact)`; one arm in `view::slot_in` calls it.
//! 2. A variant of [`Screen`], in the order of the tabs: its name, its panes, the action that goes there. Several panes
//!    stand one at a time unless `view/layout.rs` gives the screen columns of its own.
//! 3. A variant of [`Pane`] for each pane that is not there yet, with its name (`view::words::pane_name`) and its context;
//!    a cursor in the model where it lists something, followed in `update::lists`.
//! 4. A [`Context`], named in `keymap::actions::PANES`: everything that is heard on all screens is heard there too.
//! 5. A row `Go… "go_…"` among the actions, done by `update::lists::go`. With UPDATE_KEYMAP=1 the tests write
//!    `keymap.toml`; the README's table is tested against the same rows.
//!
//! The tab, the hint line, the help, the palette and the random-keys test follow from these. A screen is offered when it is
//! there: no variant before its view.

use crate::tui::keymap::{Action, Context};

/// What fills the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Screen {
    #[default]
    Cockpit,
    /// One strategy, whole.
    Strategy,
    Chain,
    Orders,
    Portfolio,
    Risk,
    Signals,
    Journal,
    Accounts,
    Alerts,
    Audit,
    Logs,
}

impl Screen {
    /// In the order of the tabs.
    pub const ALL: [Self; 12] = [
        Self::Cockpit,
        Self::Strategy,
        Self::Chain,
        Self::Orders,
        Self::Portfolio,
        Self::Risk,
        Self::Signals,
        Self::Journal,
        Self::Accounts,
        Self::Alerts,
        Self::Audit,
        Self::Logs,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cockpit => "Cockpit",
            Self::Strategy => "Strategy",
            Self::Chain => "Chain",
            Self::Orders => "Orders",
            Self::Portfolio => "Portfolio",
            Self::Risk => "Risk",
            Self::Signals => "Signals",
            Self::Journal => "Journal",
            Self::Accounts => "Accounts",
            Self::Alerts => "Alerts",
            Self::Audit => "Audit",
            Self::Logs => "Logs",
        }
    }

    /// In the order of Tab.
    pub fn panes(self) -> &'static [Pane] {
        match self {
            Self::Cockpit => &[Pane::Pending, Pane::Queue, Pane::Positions, Pane::Orders, Pane::Log, Pane::Signals],
            Self::Orders => &[Pane::Orders, Pane::DayOrders, Pane::Fills],
            Self::Strategy => &[Pane::Strategy],
            Self::Chain => &[Pane::Chain],
            Self::Portfolio => &[Pane::Portfolio],
            Self::Risk => &[Pane::Scenario, Pane::Limits],
            Self::Signals => &[Pane::Signals],
            Self::Journal => &[Pane::JournalFigures, Pane::JournalTrades, Pane::JournalDays, Pane::JournalKinds],
            Self::Accounts => &[Pane::Account],
            Self::Alerts => &[Pane::Inbox, Pane::Messages],
            Self::Audit => &[Pane::Audit],
            Self::Logs => &[Pane::Log, Pane::LogTargets],
        }
    }

    /// Its panes stand side by side where there is room.
    pub fn has_columns(self) -> bool {
        matches!(self, Self::Cockpit | Self::Risk | Self::Journal | Self::Logs)
    }

    /// What goes there; its key stands on the tab.
    pub fn action(self) -> Action {
        match self {
            Self::Cockpit => Action::GoCockpit,
            Self::Orders => Action::GoOrders,
            Self::Strategy => Action::GoStrategy,
            Self::Chain => Action::GoChain,
            Self::Portfolio => Action::GoPortfolio,
            Self::Risk => Action::GoRisk,
            Self::Signals => Action::GoSignals,
            Self::Journal => Action::GoJournal,
            Self::Accounts => Action::GoAccounts,
            Self::Alerts => Action::GoAlerts,
            Self::Audit => Action::GoAudit,
            Self::Logs => Action::GoLogs,
        }
    }

    /// The pane that is `by` places from this one.
    #[must_use]
    pub fn pane(self, from: Pane, by: isize) -> Pane {
        let panes = self.panes();
        let at = panes.iter().position(|p| *p == from).unwrap_or(0);
        panes[at.wrapping_add_signed(by).wrapping_add(panes.len()) % panes.len()]
    }
}

/// A part of a screen that can have the keys. One pane may stand on several screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    #[default]
    Pending,
    Queue,
    Positions,
    Orders,
    /// All orders of today.
    DayOrders,
    /// What has filled today, by order.
    Fills,
    Log,
    /// The scalper.
    Signals,
    /// The past in figures, with its curve.
    JournalFigures,
    JournalTrades,
    /// The calendar and the sessions.
    JournalDays,
    /// Each kind of strategy.
    JournalKinds,
    Account,
    /// Alerts, read and unread.
    Inbox,
    /// What this screen has said.
    Messages,
    Audit,
    /// Which parts of the program the log shows, and how much of each.
    LogTargets,
    /// One strategy, whole.
    Strategy,
    /// An option chain.
    Chain,
    /// Everything held, with its Greeks.
    Portfolio,
    /// What large moves would do.
    Scenario,
    /// The limits, and what blocks entries.
    Limits,
}

impl Pane {
    /// It is read like a page: the arrows scroll it.
    pub fn is_page(self) -> bool {
        self == Self::Account
    }

    pub fn context(self) -> Context {
        match self {
            Self::Pending => Context::Pending,
            Self::Queue => Context::Queue,
            Self::Positions => Context::Positions,
            Self::Orders | Self::DayOrders | Self::Fills => Context::Orders,
            Self::Log => Context::Log,
            Self::Signals => Context::Signals,
            Self::Account => Context::Accounts,
            Self::Inbox | Self::Messages => Context::Alerts,
            Self::Audit => Context::Audit,
            Self::LogTargets => Context::LogTargets,
            Self::JournalFigures | Self::JournalTrades | Self::JournalDays | Self::JournalKinds => Context::Journal,
            Self::Strategy => Context::Strategy,
            Self::Chain => Context::Chain,
            Self::Portfolio => Context::Positions,
            Self::Scenario | Self::Limits => Context::Risk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::actions::PANES;

    #[test]
    fn every_pane_hears_what_is_heard_on_every_screen() {
        for screen in Screen::ALL {
            assert!(!screen.panes().is_empty());
            for pane in screen.panes() {
                assert!(PANES.contains(&pane.context()), "{pane:?}");
            }
        }
    }

    #[test]
    fn every_screen_has_a_key_of_its_own_heard_on_every_other() {
        for (n, screen) in Screen::ALL.into_iter().enumerate() {
            assert_eq!(screen.action().def().contexts, PANES, "{screen:?}");
            assert!(Screen::ALL[n + 1..].iter().all(|other| other.action() != screen.action()), "{screen:?}");
        }
    }
}
