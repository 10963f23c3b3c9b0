//! The screens and their panes.
//!
//! A screen is what the number keys and the tabs lead to; it has one pane or several, and Tab moves between them. Each
//! pane has a [`Context`], by which the table of actions says what its keys do.
//!
//! # A further screen
//! 1. `view/NAME.rs` draws its panes: `render(scene, buf, area, compact)`; one arm in `view::slot_rows` calls it.
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
    Orders,
    Signals,
    Logs,
}

impl Screen {
    /// In the order of the tabs.
    pub const ALL: [Self; 4] = [Self::Cockpit, Self::Orders, Self::Signals, Self::Logs];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cockpit => "Cockpit",
            Self::Orders => "Orders",
            Self::Signals => "Signals",
            Self::Logs => "Logs",
        }
    }

    /// In the order of Tab.
    pub fn panes(self) -> &'static [Pane] {
        match self {
            Self::Cockpit => &[Pane::Pending, Pane::Queue, Pane::Positions, Pane::Orders, Pane::Log, Pane::Signals],
            Self::Orders => &[Pane::Orders],
            Self::Signals => &[Pane::Signals],
            Self::Logs => &[Pane::Log],
        }
    }

    /// What goes there; its key stands on the tab.
    pub fn action(self) -> Action {
        match self {
            Self::Cockpit => Action::GoCockpit,
            Self::Orders => Action::GoOrders,
            Self::Signals => Action::GoSignals,
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
    Log,
    /// The scalper.
    Signals,
}

impl Pane {
    pub fn context(self) -> Context {
        match self {
            Self::Pending => Context::Pending,
            Self::Queue => Context::Queue,
            Self::Positions => Context::Positions,
            Self::Orders => Context::Orders,
            Self::Log => Context::Log,
            Self::Signals => Context::Signals,
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
