//! The table of everything that can be done from the keyboard.

use crate::tui::model::Model;
use crate::tui::offers;

/// Where a key is heard. The layer on top hears it; nothing below does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    Pending,
    Queue,
    Positions,
    Orders,
    Log,
    Signals,
    Journal,
    Accounts,
    Alerts,
    Audit,
    /// The parts of the program, beside the log.
    LogTargets,
    /// The screen of one strategy.
    Strategy,
    /// An option chain.
    Chain,
    /// Scenarios and limits.
    Risk,
    /// One strategy, whole, over the panes.
    Detail,
    Help,
    /// The halt card.
    Kill,
    /// A card that asks before something dangerous.
    Card,
    /// The card of a signal that waits for the trader.
    Approval,
    /// A text field.
    Text,
    /// A replay of a past day: heard before the panes.
    Replay,
}

impl Context {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queue => "queue",
            Self::Positions => "positions",
            Self::Orders => "orders",
            Self::Log => "log",
            Self::Signals => "signals",
            Self::Journal => "journal",
            Self::Accounts => "accounts",
            Self::Alerts => "alerts",
            Self::Audit => "audit",
            Self::LogTargets => "log targets",
            Self::Strategy => "strategy",
            Self::Chain => "chain",
            Self::Risk => "risk",
            Self::Detail => "details",
            Self::Help => "help",
            Self::Kill => "halt card",
            Self::Card => "confirmation",
            Self::Approval => "signal's card",
            Self::Text => "text field",
            Self::Replay => "replay",
        }
    }
}

use Context::{
    Accounts, Alerts, Approval, Audit, Card, Chain, Detail, Help, Journal, Kill, Log, LogTargets, Orders, Pending,
    Positions, Queue, Replay, Risk, Signals, Strategy, Text,
};

/// The panes of every screen: what is heard in all of them.
pub const PANES: &[Context] = &[
    Pending, Queue, Positions, Orders, Log, Signals, Strategy, Chain, Risk, Journal, Accounts, Alerts, Audit,
    LogTargets,
];
const PAGES: &[Context] = &[Detail, Help, Kill];
const LISTS: &[Context] = &[Pending, Queue];
const STRATEGY: &[Context] = &[Pending, Queue, Strategy, Detail];
const PANES_AND_DETAIL: &[Context] = &join::<{ PANES.len() + 1 }>(&[PANES, &[Detail]]);
const PANES_AND_KILL: &[Context] = &join::<{ PANES.len() + 1 }>(&[PANES, &[Kill]]);
const LEAVES: &[Context] = &join::<{ PANES.len() + PAGES.len() + 1 }>(&[PANES, PAGES, &[Approval]]);
const SCROLL: &[Context] = &join::<{ PANES.len() + PAGES.len() + 1 }>(&[PANES, PAGES, &[Card]]);
pub(super) const EVERYWHERE: &[Context] = &join::<{ SCROLL.len() + 2 }>(&[SCROLL, &[Approval, Text]]);

/// The contexts of several lists as one; `N` is how many there are.
const fn join<const N: usize>(lists: &[&[Context]]) -> [Context; N] {
    let mut all = [Pending; N];
    let (mut list, mut n) = (0, 0);
    while list < lists.len() {
        let mut i = 0;
        while i < lists[list].len() {
            all[n] = lists[list][i];
            n += 1;
            i += 1;
        }
        list += 1;
    }
    assert!(n == N, "as many as there are");
    all
}

/// The chapters of the help page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Safety,
    Strategies,
    Positions,
    Scalping,
    Looking,
    Cards,
    Replay,
}

impl Group {
    pub const ALL: [Self; 7] =
        [Self::Safety, Self::Strategies, Self::Positions, Self::Scalping, Self::Looking, Self::Cards, Self::Replay];

    pub fn title(self) -> &'static str {
        match self {
            Self::Safety => "Safety",
            Self::Strategies => "Strategies and the queue",
            Self::Positions => "Positions and orders",
            Self::Scalping => "Signals and scalps",
            Self::Looking => "Looking around",
            Self::Cards => "Cards and text fields",
            Self::Replay => "Replay of a past day",
        }
    }
}

/// Whether an action can be done now, and otherwise why not.
pub type Offer = fn(&Model) -> Result<(), String>;

/// One row of the table.
#[derive(Debug)]
pub struct ActionDef {
    pub action: Action,
    /// Its name in `keymap.toml`.
    pub id: &'static str,
    pub contexts: &'static [Context],
    /// Default keys; the first is the one shown.
    pub keys: &'static [&'static str],
    /// A word or two for the hint line.
    pub label: &'static str,
    /// A sentence for the help page.
    pub help: &'static str,
    pub group: Group,
    /// It can lead to orders; it is not done by a held or pasted key.
    pub danger: bool,
    /// Holding the key repeats it.
    pub repeats: bool,
    /// Place in the hint line, smaller is more important; 0 is not shown there.
    pub hint: u8,
    pub available: Offer,
}

macro_rules! actions {
    ($( $action:ident $id:literal $contexts:expr, $keys:expr, $label:literal, $group:ident, $hint:literal,
        [$($flag:ident)*], $available:path, $help:literal; )*) => {
        /// Everything that can be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($action),* }

        /// The table itself.
        pub const ACTIONS: &[ActionDef] = &[$(ActionDef {
            action: Action::$action,
            id: $id,
            contexts: $contexts,
            keys: &$keys,
            label: $label,
            help: $help,
            group: Group::$group,
            danger: has(&[$(stringify!($flag)),*], b'd'),
            repeats: has(&[$(stringify!($flag)),*], b'r'),
            hint: $hint,
            available: $available,
        }),*];
    };
}

/// Whether a flag that starts with this letter is among them.
const fn has(flags: &[&str], first: u8) -> bool {
    let mut i = 0;
    while i < flags.len() {
        if flags[i].as_bytes()[0] == first {
            return true;
        }
        i += 1;
    }
    false
}

impl Action {
    pub fn def(self) -> &'static ActionDef {
        // The table is made from the same list as the enum, in the same order.
        &ACTIONS[self as usize]
    }
}

// Action, name, contexts, keys, label, chapter, place among the hints, flags, offer, help.
actions! {
    Halt "halt" EVERYWHERE, ["F12"], "HALT", Safety, 0, [], offers::always,
        "Halts at once, from anywhere: no entries, working entries cancelled; positions stay. Opens the halt card. Pressed again it does nothing more.";
    Flatten "flatten" &[Kill], ["F"], "FLATTEN", Safety, 1, [danger], offers::flatten,
        "On the halt card: exits everything listed, shorts first, and repeats until the broker says flat.";
    IncludeForeign "include_foreign" &[Kill], ["i"], "include foreign", Safety, 2, [], offers::include_foreign,
        "On the halt card: positions that were opened elsewhere are flattened too, or left alone.";
    Arm "arm" PANES_AND_KILL, ["A"], "arm", Safety, 1, [], offers::arm,
        "Allows entries again after a halt. Asks for a typed word.";
    BrokerExit "broker_exit" PANES, ["L"], "broker's exit", Safety, 0, [danger], offers::always,
        "Asks the broker to exit everything by itself at the day-loss limit, also when this machine is off; or takes that back. Asks first.";

    Mark "mark" STRATEGY, ["Space"], "mark", Strategies, 1, [], offers::mark,
        "Marks a strategy for execution, or takes the mark back. With several selected, all of them.";
    PriorityUp "priority_up" STRATEGY, ["+", "="], "priority", Strategies, 2, [repeats], offers::priority,
        "Raises the priority of a marked strategy: higher goes first.";
    PriorityDown "priority_down" STRATEGY, ["-", "_"], "lower", Strategies, 0, [repeats], offers::priority,
        "Lowers the priority of a marked strategy.";
    Execute "execute" STRATEGY, ["e"], "execute", Strategies, 3, [danger], offers::execute,
        "Checks the marked strategy (or those selected) and shows what would be sent. Nothing goes out before the card is confirmed.";
    ExecuteAll "execute_all" LISTS, ["E"], "execute all", Strategies, 4, [danger], offers::execute_all,
        "The same for everything that is marked, in the order of the queue.";
    Select "select" LISTS, ["v"], "select", Strategies, 11, [], offers::row,
        "Selects or deselects a row; mark and execute then act on all selected rows. Esc clears the selection.";
    MarkTop "mark_top" LISTS, ["t"], "mark top N", Strategies, 12, [], offers::always,
        "Marks the best pending strategies: asks how many, and for the least score.";
    Notes "notes" STRATEGY, ["n"], "note", Strategies, 8, [], offers::row,
        "Edits the note of a strategy.";
    Retry "retry" &[Pending, Strategy, Detail], ["r"], "retry", Strategies, 2, [], offers::retry,
        "Puts a failed strategy back among the pending ones.";
    Resume "resume" &[Queue, Strategy, Detail], ["c"], "continue", Strategies, 1, [danger], offers::held,
        "Lets a held execution go on where it stopped.";
    Unwind "unwind" &[Queue, Strategy, Detail], ["u"], "unwind", Strategies, 2, [danger], offers::held,
        "Exits what a held execution has filled, and ends it as failed. Asks first.";

    Close "close" &[Positions], ["x"], "close", Positions, 1, [danger], offers::close,
        "Closes the strategy, or the single position, under the cursor. Asks first.";
    MoveStop "move_stop" &[Positions, Orders, Signals], ["b"], "stop", Positions, 0, [], offers::move_stop,
        "Asks where the stop of the strategy, position or resting order under the cursor shall stand: a price, breakeven, trail 10, off.";
    CancelOrder "cancel_order" &[Orders], ["x"], "cancel order", Positions, 1, [danger], offers::cancel_order,
        "Cancels the working order under the cursor. Asks first.";
    CancelEntries "cancel_entries" &[Orders], ["X"], "cancel entries", Positions, 2, [danger], offers::cancel_entries,
        "Cancels every working entry of ours; exits and stops stay. Asks first.";
    Fold "fold" &[Positions], ["Space", "Left", "Right"], "fold", Positions, 6, [], offers::row,
        "Shows or hides the legs of a strategy.";

    ApproveSignal "approve_signal" &[Approval], ["o"], "buy it", Scalping, 1, [danger], offers::approve,
        "Approves the signal on its card, which comes by itself: what the card says is bought. A held or pasted key does not count.";
    DeclineSignal "decline_signal" &[Approval], ["d"], "decline", Scalping, 2, [], offers::decline,
        "Lets the signal on its card go.";
    ArmSetup "arm_setup" &[Signals], ["a"], "arm/pause", Scalping, 1, [danger], offers::arm_setup,
        "Arms the set-up of the row under the cursor (asks first), or pauses it: then its signals are refused, what it holds goes on.";
    CloseScalp "close_scalp" &[Signals], ["x"], "close", Scalping, 2, [danger], offers::scalp,
        "Closes the scalp under the cursor. Asks first.";
    Breakeven "breakeven" &[Signals], ["B"], "breakeven", Scalping, 3, [], offers::breakeven,
        "Moves the stop of the scalp under the cursor to its fill price.";

    Details "details" &[Pending, Queue, Positions, Orders, Signals, Strategy], ["Enter"], "details", Looking, 6, [], offers::details,
        "Everything about a strategy: legs, mapping, prices, margin, largest loss, issues, what was reported. On a signal that waits: its card.";
    Filter "filter" &[Pending], ["/"], "filter", Looking, 9, [], offers::always,
        "Narrows the list: words, symbol:NIFTY, status:failed, score>0.6, pop>60, loss<5000.";
    Sort "sort" &[Pending], ["s"], "sort", Looking, 10, [], offers::always,
        "Sorts by the next column.";
    SortReverse "sort_reverse" &[Pending], ["S"], "reverse", Looking, 0, [], offers::always,
        "Turns the order round.";
    GoCockpit "go_cockpit" PANES, ["1"], "cockpit", Looking, 0, [], offers::always,
        "Cockpit: pending strategies, queue, positions, orders, log, limits.";
    GoStrategy "go_strategy" PANES, ["2"], "strategy", Looking, 0, [], offers::always,
        "Strategy: the one under the cursor whole: legs at market, Greeks, payoff at expiry and today, what would be held after it.";
    GoChain "go_chain" PANES, ["3"], "chain", Looking, 0, [], offers::always,
        "Chain: the options of an underlying and expiry, live, with volatilities, Greeks and what is held.";
    GoOrders "go_orders" PANES, ["4"], "orders", Looking, 0, [], offers::always,
        "Orders: those that may still trade, and what became of the others today.";
    GoPortfolio "go_portfolio" PANES, ["5"], "portfolio", Looking, 0, [], offers::always,
        "Portfolio: everything held by strategy and underlying, gross and net, with its Greeks, and where the broker's book differs.";
    GoRisk "go_risk" PANES, ["6"], "risk", Looking, 0, [], offers::always,
        "Risk: what large moves would do, the limits, and what blocks entries.";
    GoSignals "go_signals" PANES, ["7"], "signals", Looking, 0, [], offers::always,
        "Signals: the scalper's set-ups, signals, open scalps, those of the day.";
    GoJournal "go_journal" PANES, ["8"], "journal", Looking, 0, [], offers::always,
        "Journal: sessions, trades, how each kind of strategy has done, the curve of results, the calendar.";
    GoAccounts "go_accounts" PANES, ["9"], "accounts", Looking, 0, [], offers::always,
        "Accounts: connection, log-in, funds, order calls left, what the account lacks, a connection test.";
    GoAlerts "go_alerts" PANES, ["F7"], "alerts", Looking, 0, [], offers::always,
        "Alerts: the inbox, read and unread, and what this screen has said.";
    GoAudit "go_audit" PANES, ["F8"], "audit", Looking, 0, [], offers::always,
        "Audit trail: every command, decision and order, with ids, the newest first.";
    GoLogs "go_logs" PANES, ["F9"], "logs", Looking, 0, [], offers::always,
        "Logs: what the program says of its own work.";
    NextStrategy "next_strategy" &[Strategy], ["Right", "]"], "next", Looking, 4, [repeats], offers::always,
        "The next strategy of the list.";
    PreviousStrategy "previous_strategy" &[Strategy], ["Left", "["], "previous", Looking, 5, [repeats], offers::always,
        "The strategy before.";
    NextUnderlying "next_underlying" &[Chain], ["]"], "underlying", Looking, 1, [repeats], offers::chain,
        "The chain of the next underlying.";
    PreviousUnderlying "previous_underlying" &[Chain], ["["], "underlying before", Looking, 0, [repeats], offers::chain,
        "The chain of the underlying before.";
    NextExpiry "next_expiry" &[Chain], ["Right", "."], "later expiry", Looking, 2, [repeats], offers::chain,
        "The chain of the next expiry.";
    PreviousExpiry "previous_expiry" &[Chain], ["Left", ","], "earlier", Looking, 3, [repeats], offers::chain,
        "The chain of the expiry before.";
    Centre "centre" &[Chain], ["c"], "to the money", Looking, 4, [], offers::chain,
        "Puts the strike next to the money into the middle.";
    NextScope "next_scope" &[Risk], ["Right", "]"], "of what", Looking, 1, [repeats], offers::always,
        "The scenarios of the next: everything, an underlying, a strategy.";
    PreviousScope "previous_scope" &[Risk], ["Left", "["], "of what before", Looking, 0, [repeats], offers::always,
        "The scenarios of the one before.";
    DayLater "day_later" &[Risk], ["+", "="], "a day later", Looking, 2, [repeats], offers::always,
        "The scenarios a calendar day later.";
    DayEarlier "day_earlier" &[Risk], ["-", "_"], "earlier", Looking, 3, [repeats], offers::always,
        "The scenarios a calendar day earlier, down to now.";
    NextPane "next_pane" PANES, ["Tab"], "pane", Looking, 7, [], offers::several_panes,
        "The next pane of the screen.";
    PreviousPane "previous_pane" PANES, ["Shift-Tab"], "back", Looking, 0, [], offers::several_panes,
        "The pane before.";
    GoPending "go_pending" PANES, ["F2"], "pending", Looking, 0, [], offers::always,
        "Straight to the pending strategies on the cockpit.";
    GoQueue "go_queue" PANES, ["F3"], "queue", Looking, 0, [], offers::always,
        "Straight to the execution queue.";
    GoPositions "go_positions" PANES, ["F4"], "positions", Looking, 0, [], offers::always,
        "Straight to the positions.";
    GoWorking "go_working" PANES, ["F5"], "working orders", Looking, 0, [], offers::always,
        "Straight to the orders on the cockpit.";
    GoLog "go_log" PANES, ["F6"], "log", Looking, 0, [], offers::always,
        "Straight to the log on the cockpit.";
    JournalSpan "journal_span" &[Journal], ["p"], "period", Looking, 1, [], offers::always,
        "Day, week, month or all.";
    JournalEarlier "journal_earlier" &[Journal], ["Left", "["], "earlier", Looking, 2, [repeats], offers::journal_moves,
        "The day, week or month before.";
    JournalLater "journal_later" &[Journal], ["Right", "]"], "later", Looking, 3, [repeats], offers::journal_moves,
        "The day, week or month after.";
    JournalOpen "journal_open" &[Journal], ["Enter"], "open", Looking, 4, [], offers::journal_open,
        "On a session: that day alone. On a trade: its strategy, where it is still known.";
    Reread "reread" &[Journal, Alerts, Audit], ["r"], "read again", Looking, 5, [], offers::always,
        "Reads again what stands here.";
    TestConnection "test_connection" &[Accounts], ["t"], "test connection", Looking, 1, [], offers::test_connection,
        "Asks the broker whether it takes our token, what the account may do, and whether it takes orders from here.";
    ReadAlert "read_alert" &[Alerts], ["Enter", "Space"], "mark read", Looking, 1, [], offers::read_alert,
        "Marks the alert under the cursor as read.";
    ReadAllAlerts "read_all_alerts" &[Alerts], ["m"], "mark all read", Looking, 2, [], offers::read_alerts,
        "Marks every alert as read.";
    FilterAudit "filter_audit" &[Audit], ["/"], "filter", Looking, 1, [], offers::always,
        "Shows only lines that have all the words typed: `refused`, `#12`, `order 31`.";
    TargetShown "target_shown" &[LogTargets], ["Right", "+", "="], "show more", Looking, 1, [repeats], offers::always,
        "Shows more of what the part of the program under the cursor says.";
    TargetHidden "target_hidden" &[LogTargets], ["Left", "-", "_"], "show less", Looking, 2, [repeats], offers::always,
        "Shows less of it.";
    Zoom "zoom" PANES, ["z"], "zoom", Looking, 13, [], offers::zoom,
        "Gives the whole screen to one pane, or takes it back.";
    Up "up" SCROLL, ["Up", "k"], "up", Looking, 0, [repeats], offers::always, "One row up.";
    Down "down" SCROLL, ["Down", "j"], "down", Looking, 0, [repeats], offers::always, "One row down.";
    PageUp "page_up" SCROLL, ["PageUp", "Ctrl-b"], "page up", Looking, 0, [repeats], offers::always, "One page up.";
    PageDown "page_down" SCROLL, ["PageDown", "Ctrl-f"], "page down", Looking, 0, [repeats], offers::always, "One page down.";
    First "first" SCROLL, ["Home", "g"], "first", Looking, 0, [], offers::always, "The first row.";
    Last "last" SCROLL, ["End", "G"], "last", Looking, 0, [], offers::always, "The last row; in the log: follow it again.";
    ShowHelp "help" PANES_AND_DETAIL, ["?", "F1"], "help", Looking, 5, [], offers::always,
        "All keys, as they are set, and what the marks mean.";
    Back "back" LEAVES, ["Esc"], "back", Looking, 4, [], offers::back,
        "Leaves a page or card; in a list clears messages, then the selection, then the filter. On the halt card: stays halted. On a signal's card: puts it away, undecided.";
    Palette "palette" PANES_AND_DETAIL, [":", "Ctrl-p"], "palette", Looking, 12, [], offers::always,
        "Finds an action, a screen or a strategy by a few letters, and does it.";
    Rehearse "rehearse" PANES, ["R"], "rehearse", Looking, 0, [], offers::rehearse,
        "Paper mode: lets something go wrong for a while, for practice: a dead feed, an unanswered order, a revoked token.";
    Redraw "redraw" EVERYWHERE, ["Ctrl-l"], "redraw", Looking, 0, [], offers::always,
        "Paints the whole screen anew.";
    Quit "quit" PANES, ["q"], "quit", Looking, 14, [], offers::always,
        "Leaves. Asks first while positions or executions are open.";
    Interrupt "interrupt" EVERYWHERE, ["Ctrl-c"], "quit", Looking, 0, [], offers::always,
        "Leaves from anywhere. Asks first while something is open; pressed again then, it leaves.";

    Commit "commit" &[Card], ["y"], "yes, do it", Cards, 1, [danger], offers::commit,
        "Does what the card says. It is not the key that opened the card, and a held or pasted key does not count.";
    Refresh "refresh" &[Card], ["r"], "check again", Cards, 2, [], offers::refresh,
        "Asks again what executing would mean now.";
    Cancel "cancel" &[Card], ["Esc", "Enter", "n"], "cancel", Cards, 3, [], offers::always,
        "Closes the card; nothing is done. A card that is left alone closes itself.";
    Submit "submit" &[Text], ["Enter"], "done", Cards, 1, [], offers::always,
        "Takes what was typed.";
    Abandon "abandon" &[Text], ["Esc"], "cancel", Cards, 2, [], offers::always,
        "Forgets what was typed.";
    NextField "next_field" &[Text], ["Tab", "Down"], "next field", Cards, 3, [], offers::always,
        "The next field.";
    PreviousField "previous_field" &[Text], ["Shift-Tab", "Up"], "field before", Cards, 0, [], offers::always,
        "The field before.";

    ReplayPlay "replay_play" &[Replay], ["Space"], "play", Replay, 1, [], offers::always,
        "Plays the day, or pauses it.";
    ReplayForward "replay_forward" &[Replay], ["Right", "."], "record on", Replay, 2, [repeats], offers::always,
        "One record of the journal on.";
    ReplayBack "replay_back" &[Replay], ["Left", ","], "record back", Replay, 3, [repeats], offers::always,
        "One record back.";
    ReplayMinuteOn "replay_minute_on" &[Replay], ["]", "m"], "minute on", Replay, 4, [repeats], offers::always,
        "One minute on.";
    ReplayMinuteBack "replay_minute_back" &[Replay], ["[", "M"], "minute back", Replay, 5, [repeats], offers::always,
        "One minute back.";
    ReplayJump "replay_jump" &[Replay], ["t", ":"], "to a time", Replay, 6, [], offers::always,
        "Asks for a time of the day, and shows it as it was then.";
    ReplayFaster "replay_faster" &[Replay], ["+", "="], "faster", Replay, 7, [repeats], offers::always,
        "Plays faster: up to 3,000 seconds of the day in one.";
    ReplaySlower "replay_slower" &[Replay], ["-", "_"], "slower", Replay, 8, [repeats], offers::always,
        "Plays slower: down to as fast as it was.";
    ReplayStart "replay_start" &[Replay], ["Home"], "start", Replay, 9, [], offers::always,
        "The first record of the day.";
    ReplayEnd "replay_end" &[Replay], ["End"], "end", Replay, 10, [], offers::always,
        "The last record of the day.";
}
