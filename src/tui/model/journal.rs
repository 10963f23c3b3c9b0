//! Which part of the past the journal screen looks at, and where its cursors are.

use jiff::civil::Date;

use super::{Cursor, Millis, Model};
use crate::domain::Money;
use crate::domain::time::trading_day;
use crate::view::performance::{Outcome, Performance, Span, TradingHistory, sharpe};

#[derive(Clone, Debug, Default)]
pub struct Journal {
    pub span: Span,
    /// A day in the span; `None`: today.
    pub around: Option<Date>,
    pub page: Page,
    /// By place in the page.
    pub trades: Cursor<usize>,
    pub kinds: Cursor<usize>,
    pub days: Cursor<Date>,
}

/// The span in figures: made when it or the past changes, not for every frame.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// When the past was read that it is made of, and its first and last day.
    made_of: Option<(Millis, (Date, Date))>,
    pub figures: Performance,
    /// Of the sessions of the span.
    pub sharpe: Option<rust_decimal::Decimal>,
    /// Sessions in the span.
    pub days: Vec<Date>,
    /// Results of the span, as places in the past: what is open first, then the newest end.
    pub trades: Vec<usize>,
    /// Each kind of strategy, the best first.
    pub kinds: Vec<(String, Performance)>,
}

impl Page {
    fn of(history: &TradingHistory, days: (Date, Date), read_at: Millis) -> Self {
        let within = |o: &Outcome| (days.0..=days.1).contains(&o.day);
        let sessions: Vec<Money> = history.sessions_within(days).map(|s| s.net).collect();
        let trades = (0..history.outcomes.len()).rev().filter(|n| within(&history.outcomes[*n]));
        let mut dates: Vec<Date> = history.sessions_within(days).map(|s| s.day).collect();
        dates.reverse();
        Self {
            made_of: Some((read_at, days)),
            figures: Performance::of(history.outcomes_within(days)),
            sharpe: sharpe(&sessions),
            days: dates,
            trades: trades.collect(),
            kinds: history.by_kind(days),
        }
    }
}

impl Model {
    pub fn today(&self) -> Date {
        trading_day(self.view.now)
    }

    /// A day in the span that is looked at.
    pub fn journal_day(&self) -> Date {
        self.journal.around.unwrap_or_else(|| self.today())
    }

    /// The first and the last day that is looked at.
    pub fn journal_days(&self) -> (Date, Date) {
        self.journal.span.around(self.journal_day())
    }

    pub fn history(&self) -> Option<&TradingHistory> {
        self.books.history.value.as_deref()
    }

    /// A result of the page.
    pub fn journal_trade(&self, n: usize) -> Option<&Outcome> {
        self.history()?.outcomes.get(*self.journal.page.trades.get(n)?)
    }

    /// Makes the page anew where the past or the span is another.
    pub(in crate::tui) fn turn_journal_page(&mut self) {
        let days = self.journal_days();
        let Some(read_at) = self.books.history.at else { return };
        if self.journal.page.made_of == Some((read_at, days)) {
            return;
        }
        if let Some(history) = self.books.history.value.clone() {
            self.journal.page = Page::of(&history, days, read_at);
        }
        let page = &self.journal.page;
        self.journal.trades.follow(&(0..page.trades.len()).collect::<Vec<_>>());
        self.journal.kinds.follow(&(0..page.kinds.len()).collect::<Vec<_>>());
        let days = page.days.clone();
        self.journal.days.follow(&days);
    }
}
