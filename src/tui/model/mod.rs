//! What the screen remembers of its own: cursors, filters, open cards, messages. Everything else it reads in the view.

mod books;
mod cards;
mod journal;
mod list;
mod looking;
mod screens;
mod text;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub use books::{Books, Fetched};
pub use cards::{
    ARMING_MS, Answer, ApprovalCard, CARD_MS, CardId, ConfirmCard, ExecuteCard, Facts, KillCard, Millis, PREVIEW_MS,
    Subject,
};
pub use journal::Journal;
pub use list::{Cursor, offset};
pub use looking::{ChainPage, Looking};
pub use screens::{Pane, Screen};
pub use text::{Asked, Field, TextDialog};

use super::filter::Filter;
use super::keymap::{Context, Keymap};
use super::sort::Sort;
use crate::domain::{Contract, IntentId, Product, SignalId, StrategyId};
use crate::engine::Preview;
use crate::view::books::AlertRow;
use crate::view::{OrderRow, PositionRow, QueueRow, ScalpRow, SetupRow, SignalStanding, StrategyRow, View};

/// A line of the positions pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionKey {
    Group(StrategyId),
    Leg(StrategyId, Contract, Product),
    /// The head line of what was opened elsewhere.
    ForeignHead,
    Foreign(Contract, Product),
}

/// A line of the orders pane, by what names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKey {
    Ours(IntentId),
    /// Place among the foreign orders: their ids are text.
    Foreign(usize),
}

/// A line of the signals pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalperKey {
    /// Its place among the set-ups, which the settings fix.
    Setup(usize),
    Scalp(StrategyId),
    Signal(SignalId),
    Closed(StrategyId),
}

/// What lies over the panes. The last is on top.
#[derive(Clone, Debug)]
pub enum Layer {
    Detail(DetailPage),
    Help { scroll: usize },
    Execute(Box<ExecuteCard>),
    Confirm(Box<ConfirmCard>),
    Kill(KillCard),
    Text(Box<TextDialog>),
}

/// One strategy, whole.
#[derive(Clone, Debug)]
pub struct DetailPage {
    pub id: StrategyId,
    /// What executing it would mean: asked for when the page opens.
    pub preview: DetailPreview,
    pub asked_at: Millis,
    pub scroll: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DetailPreview {
    /// Not asked: nothing could be executed.
    None,
    Waiting,
    Ready(Box<Preview>),
    Refused(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToastLevel {
    Done,
    Info,
    Warning,
    Refused,
    /// An alert of the engine that must not be missed.
    Alarm,
}

/// A message that goes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    pub level: ToastLevel,
    pub lines: Vec<String>,
    pub until: Millis,
}

/// A message, kept for who missed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// As the wall clock showed it.
    pub at: jiff::civil::DateTime,
    pub level: ToastLevel,
    pub text: String,
}

/// The audit trail as it is narrowed.
#[derive(Clone, Debug, Default)]
pub struct AuditList {
    /// Words that must all be in a line.
    pub filter: String,
    /// Places among the lines read.
    pub rows: Vec<usize>,
    /// By the number of the record.
    pub lines: Cursor<u64>,
}

/// Names a question to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Told in a message.
    Tell,
    /// Told only when refused.
    Quiet,
    Priority(StrategyId, i32),
    ExecutePreview(CardId),
    DetailPreview(StrategyId),
}

/// A question without an answer yet.
#[derive(Clone, Debug)]
pub struct Request {
    pub what: &'static str,
    pub purpose: Purpose,
    pub sent_at: Millis,
    /// The trader was told that it takes long.
    pub overdue_told: bool,
}

/// A priority that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub priority: i32,
    /// Once answered: the picture must show it by then.
    pub until: Option<Millis>,
}

/// Everything the screen remembers.
#[derive(Clone, Debug)]
pub struct Model {
    pub view: Arc<View>,
    pub keymap: Arc<Keymap>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub now: Millis,
    pub screen: Screen,
    /// The pane of the screen that has the keys.
    pub focus: Pane,
    /// The pane that had them last, of the screens left.
    pub left_at: BTreeMap<Screen, Pane>,
    pub zoomed: bool,
    pub filter: Filter,
    pub sort: Sort,
    /// Strategies that pass the filter, sorted: places in the view.
    pub pending_rows: Vec<usize>,
    pub pending: Cursor<StrategyId>,
    pub queue: Cursor<StrategyId>,
    pub positions: Cursor<PositionKey>,
    pub orders: Cursor<OrderKey>,
    pub day_orders: Cursor<OrderKey>,
    pub fills: Cursor<OrderKey>,
    pub signals: Cursor<ScalperKey>,
    /// What was asked of the books.
    pub books: Books,
    pub journal: Journal,
    pub audit: AuditList,
    /// By the number of the alert.
    pub inbox: Cursor<u64>,
    /// What the screen has said, oldest first.
    pub said: VecDeque<Said>,
    pub messages: Cursor<usize>,
    /// Nothing is sent but a halt and previews.
    pub read_only: bool,
    /// How far pages are scrolled.
    pub page_scroll: BTreeMap<Pane, usize>,
    /// What the models said, and what they look at.
    pub looking: Looking,
    /// The signal that waits for the trader, over everything but the halt card.
    pub approval: Option<ApprovalCard>,
    /// Signals that are decided, or whose card was put away: none comes by itself for them.
    pub put_away: BTreeSet<SignalId>,
    /// Strategies selected with `v`.
    pub chosen: BTreeSet<StrategyId>,
    /// Strategies whose legs are hidden.
    pub folded: BTreeSet<StrategyId>,
    pub layers: Vec<Layer>,
    pub toasts: Vec<Toast>,
    /// Priorities asked for and not in the view yet.
    pub priorities: BTreeMap<StrategyId, Wish>,
    pub requests: BTreeMap<RequestId, Request>,
    /// Counts requests and cards.
    pub next_id: u64,
    /// The newest notice shown.
    pub seen_notice: Option<u64>,
    /// Rows that the list or page with the focus shows, as last drawn.
    pub page_rows: usize,
    /// The engine answers no more.
    pub engine_gone: bool,
}

impl Model {
    pub fn new(keymap: Arc<Keymap>, size: (u16, u16)) -> Self {
        Self {
            view: Arc::default(),
            keymap,
            size,
            now: 0,
            screen: Screen::default(),
            focus: Pane::default(),
            left_at: BTreeMap::new(),
            zoomed: false,
            filter: Filter::default(),
            sort: Sort::default(),
            pending_rows: Vec::new(),
            pending: Cursor::default(),
            queue: Cursor::default(),
            positions: Cursor::default(),
            orders: Cursor::default(),
            day_orders: Cursor::default(),
            fills: Cursor::default(),
            signals: Cursor::default(),
            books: Books::default(),
            journal: Journal::default(),
            audit: AuditList::default(),
            inbox: Cursor::default(),
            said: VecDeque::new(),
            messages: Cursor::default(),
            read_only: false,
            page_scroll: BTreeMap::new(),
            looking: Looking::default(),
            approval: None,
            put_away: BTreeSet::new(),
            chosen: BTreeSet::new(),
            folded: BTreeSet::new(),
            layers: Vec::new(),
            toasts: Vec::new(),
            priorities: BTreeMap::new(),
            requests: BTreeMap::new(),
            next_id: 1,
            seen_notice: None,
            page_rows: 10,
            engine_gone: false,
        }
    }

    /// Who hears the next key.
    pub fn context(&self) -> Context {
        self.context_of(&self.layers)
    }

    fn context_of(&self, layers: &[Layer]) -> Context {
        match layers.last() {
            Some(Layer::Kill(_)) => Context::Kill,
            // What is being typed is never taken away.
            Some(Layer::Text(_)) => Context::Text,
            _ if self.approval.is_some() => Context::Approval,
            None => self.focus.context(),
            Some(Layer::Detail(_)) => Context::Detail,
            Some(Layer::Help { .. }) => Context::Help,
            Some(Layer::Execute(_) | Layer::Confirm(_)) => Context::Card,
        }
    }

    /// Who hears the next key once the text field on top is gone.
    pub fn context_below(&self) -> Context {
        let below = self.layers.len().saturating_sub(usize::from(matches!(self.layers.last(), Some(Layer::Text(_)))));
        self.context_of(&self.layers[..below])
    }

    /// The alert under the cursor.
    pub fn alert_at_hand(&self) -> Option<&AlertRow> {
        let id = self.inbox.key()?;
        self.books.inbox.value.as_ref()?.iter().find(|a| a.id == id)
    }

    pub fn inbox_keys(&self) -> Vec<u64> {
        self.books.inbox.value.iter().flat_map(|all| all.iter()).map(|a| a.id).collect()
    }

    /// Lines of the audit trail that pass the filter.
    pub fn audit_keys(&self) -> Vec<u64> {
        let all = self.books.audit.value.as_deref();
        self.audit.rows.iter().filter_map(|n| all?.get(*n)).map(|r| r.seq).collect()
    }

    pub fn pending_keys(&self) -> Vec<StrategyId> {
        self.pending_rows.iter().filter_map(|i| self.view.strategies.get(*i)).map(|s| s.id).collect()
    }

    pub fn queue_keys(&self) -> Vec<StrategyId> {
        self.view.queue.iter().map(|q| q.strategy.id).collect()
    }

    /// Lines of the positions pane from top to bottom.
    pub fn position_keys(&self) -> Vec<PositionKey> {
        let mut keys = Vec::new();
        for group in &self.view.positions.groups {
            keys.push(PositionKey::Group(group.strategy));
            if !self.folded.contains(&group.strategy) {
                let legs = group.rows.iter().map(|r| PositionKey::Leg(group.strategy, r.contract, r.product));
                keys.extend(legs);
            }
        }
        if !self.view.positions.foreign.is_empty() {
            keys.push(PositionKey::ForeignHead);
        }
        keys.extend(self.view.positions.foreign.iter().map(|r| PositionKey::Foreign(r.contract, r.product)));
        keys
    }

    pub fn order_keys(&self) -> Vec<OrderKey> {
        let keys = self.view.working.iter().enumerate();
        keys.map(|(n, o)| o.intent.map_or(OrderKey::Foreign(n), OrderKey::Ours)).collect()
    }

    /// Lines of all orders of today: those that may still trade, then the others, the newest first.
    pub fn day_order_keys(&self) -> Vec<OrderKey> {
        let over = self.view.recent.iter().filter_map(|o| o.intent).map(OrderKey::Ours);
        self.order_keys().into_iter().chain(over).collect()
    }

    /// Of these, what has filled, the newest first.
    pub fn fill_keys(&self) -> Vec<OrderKey> {
        let named = |(n, o): (usize, &OrderRow)| (o.changed_at, o.intent.map_or(OrderKey::Foreign(n), OrderKey::Ours));
        let all = self.view.working.iter().enumerate().chain(self.view.recent.iter().enumerate());
        let mut filled: Vec<_> = all.filter(|(_, o)| !o.filled.is_zero()).map(named).collect();
        filled.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        filled.into_iter().map(|(_, key)| key).collect()
    }

    /// The strategy that an action concerns now: of the page on top, or under the cursor.
    pub fn strategy_at_hand(&self) -> Option<&Arc<StrategyRow>> {
        let page = self.layers.iter().rev().find_map(|l| match l {
            Layer::Detail(page) => Some(page.id),
            Layer::Help { .. } | Layer::Execute(_) | Layer::Confirm(_) | Layer::Kill(_) | Layer::Text(_) => None,
        });
        let id = page.or_else(|| match self.focus {
            Pane::Pending => self.pending.key(),
            Pane::Queue => self.queue.key(),
            Pane::Strategy => Some(self.looking.page.as_ref()?.id),
            Pane::Positions | Pane::Portfolio => match self.positions.key()? {
                PositionKey::Group(id) | PositionKey::Leg(id, ..) => Some(id),
                PositionKey::ForeignHead | PositionKey::Foreign(..) => None,
            },
            Pane::Signals => self.scalp_strategy(),
            Pane::Orders | Pane::DayOrders | Pane::Fills => self.order_at_hand()?.origin.strategy(),
            Pane::JournalTrades => self.journal_trade(self.journal.trades.index())?.strategy,
            _ => None,
        })?;
        self.view.strategy(id)
    }

    /// Lines of the signals pane from top to bottom.
    pub fn scalper_keys(&self) -> Vec<ScalperKey> {
        let all = &self.view.signals;
        let setups = (0..all.setups.len()).map(ScalperKey::Setup);
        let open = all.open.iter().map(|s| ScalperKey::Scalp(s.strategy));
        let signals = all.signals.iter().map(|s| ScalperKey::Signal(s.id));
        let closed = all.closed.iter().map(|s| ScalperKey::Closed(s.strategy));
        setups.chain(open).chain(signals).chain(closed).collect()
    }

    /// The trade under the cursor of the signals pane.
    fn scalp_strategy(&self) -> Option<StrategyId> {
        match self.signals.key()? {
            ScalperKey::Scalp(id) | ScalperKey::Closed(id) => Some(id),
            ScalperKey::Signal(id) => match self.view.signals.signal(id)?.standing {
                SignalStanding::Traded(strategy) => Some(strategy),
                _ => None,
            },
            ScalperKey::Setup(_) => None,
        }
    }

    /// The open scalp under the cursor of the signals pane.
    pub fn scalp_at_hand(&self) -> Option<&ScalpRow> {
        self.view.signals.scalp(self.scalp_strategy()?)
    }

    /// The set-up of whatever is under the cursor of the signals pane.
    pub fn setup_at_hand(&self) -> Option<&SetupRow> {
        let all = &self.view.signals;
        match self.signals.key()? {
            ScalperKey::Setup(n) => all.setups.get(n),
            ScalperKey::Scalp(id) => all.setup(&all.scalp(id)?.setup),
            ScalperKey::Signal(id) => all.setup(&all.signal(id)?.setup),
            ScalperKey::Closed(id) => all.setup(&all.closed.iter().find(|s| s.strategy == id)?.setup),
        }
    }

    /// What mark and execute act on: what is selected, in the order of the list, or the row under the cursor.
    pub fn targets(&self) -> Vec<&Arc<StrategyRow>> {
        let in_list = self.layers.is_empty() && matches!(self.focus, Pane::Pending | Pane::Queue);
        if !in_list || self.chosen.is_empty() {
            return self.strategy_at_hand().into_iter().collect();
        }
        let keys = if self.focus == Pane::Pending { self.pending_keys() } else { self.queue_keys() };
        keys.iter().filter(|id| self.chosen.contains(id)).filter_map(|id| self.view.strategy(*id)).collect()
    }

    pub fn position_at(&self, key: PositionKey) -> Option<&PositionRow> {
        let positions = &self.view.positions;
        match key {
            PositionKey::Group(_) | PositionKey::ForeignHead => None,
            PositionKey::Leg(id, contract, product) => {
                let group = positions.groups.iter().find(|g| g.strategy == id)?;
                group.rows.iter().find(|r| r.contract == contract && r.product == product)
            }
            PositionKey::Foreign(contract, product) => {
                positions.foreign.iter().find(|r| r.contract == contract && r.product == product)
            }
        }
    }

    /// The order under the cursor of the pane with the focus; elsewhere that of the working ones.
    pub fn order_at_hand(&self) -> Option<&OrderRow> {
        let cursor = match self.focus {
            Pane::DayOrders => &self.day_orders,
            Pane::Fills => &self.fills,
            _ => &self.orders,
        };
        self.order_of(cursor.key()?)
    }

    pub fn order_of(&self, key: OrderKey) -> Option<&OrderRow> {
        let (working, recent) = (&self.view.working, &self.view.recent);
        match key {
            OrderKey::Ours(intent) => working.iter().chain(recent.iter()).find(|o| o.intent == Some(intent)),
            OrderKey::Foreign(n) => working.get(n).filter(|o| o.intent.is_none()),
        }
    }

    pub fn queued_at_hand(&self) -> Option<&QueueRow> {
        self.view.queued(self.strategy_at_hand()?.id)
    }

    /// As asked for, or as the view says.
    pub fn priority(&self, row: &StrategyRow) -> i32 {
        self.priorities.get(&row.id).map_or(row.priority, |w| w.priority)
    }

    /// The earliest instant at which something on the screen changes by itself.
    pub fn wake_at(&self) -> Option<Millis> {
        let toasts = self.toasts.iter().map(|t| t.until);
        let layers = self.layers.iter().flat_map(|l| match l {
            Layer::Execute(c) => vec![c.ready_at + ARMING_MS, c.expires_at],
            Layer::Confirm(c) => vec![c.shown_at + ARMING_MS, c.expires_at],
            Layer::Kill(c) => vec![c.shown_at + ARMING_MS],
            Layer::Detail(_) | Layer::Help { .. } | Layer::Text(_) => Vec::new(),
        });
        // The countdown of a signal's card goes by seconds.
        let approval = self.approval.iter().flat_map(|c| {
            let left = c.expires_at.saturating_sub(self.now);
            [c.shown_at + ARMING_MS, c.expires_at, self.now + left % 1_000, self.now + 1_000]
        });
        toasts.chain(layers).chain(approval).filter(|at| *at > self.now).min()
    }
}
