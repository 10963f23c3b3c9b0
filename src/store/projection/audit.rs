//! The audit trail: who asked for what, what was refused, what the safety devices did, and by which numbers.

use super::cells::Cells;
use crate::domain::{
    Bound, CommandId, Contract, Price, Product, Quote, RuleKind, RuleLevel, SafeguardTold, StrategyId,
};
use crate::engine::Origin;
use crate::engine::config::FailurePolicy;
use crate::engine::record::{Owner, Record};
use crate::engine::state::{Basis, Guard, LotKey, Plan, SignalFate, State, Stop, StopHow};

/// One line of it, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditLine {
    pub event: &'static str,
    pub what: String,
    pub reason: Option<String>,
    pub strategy: Option<StrategyId>,
    pub command: Option<CommandId>,
    pub origin: Option<Origin>,
}

impl AuditLine {
    pub(super) fn new(event: &'static str, what: &str) -> Self {
        Self { event, what: what.to_string(), ..Self::default() }
    }

    fn because(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_string()), ..self }
    }

    pub(super) fn strategy(self, id: StrategyId) -> Self {
        Self { strategy: Some(id), ..self }
    }

    fn of(self, owner: Owner) -> Self {
        match owner {
            Owner::Strategy(id) => self.strategy(id),
            Owner::Foreign => self,
        }
    }

    pub(super) fn cells(&self) -> Cells {
        Cells::new()
            .text("event", self.event)
            .text("what", &self.what)
            .maybe_text("reason", self.reason.as_ref())
            .maybe_id("strategy_id", self.strategy.map(|id| id.0))
            .maybe_id("command_id", self.command.map(|id| id.0))
            .maybe_text("origin", self.origin.map(origin_name))
    }
}

/// What a record adds to the trail; `before` is the state it was made in.
pub fn audit_line(record: &Record, before: &State) -> Option<AuditLine> {
    let line = AuditLine::new;
    Some(match record {
        Record::Asked { command, origin, what } => {
            AuditLine { command: Some(*command), origin: Some(*origin), ..line("asked", what) }
        }
        Record::Refused { command, what, reason } => {
            AuditLine { command: Some(*command), ..line("refused", what).because(reason) }
        }
        Record::Started => line("started", "the cockpit started"),
        Record::Reconciled => line("reconciled", "the broker's books have been compared"),
        Record::StrategyMoved { id, to, reason } => {
            AuditLine { reason: reason.clone(), ..line("strategy moved", to.as_str()).strategy(*id) }
        }
        Record::Unqueued { id, reason } => line("not executed", "taken out of the queue").strategy(*id).because(reason),
        Record::UnwindStarted { id, reason } => {
            line("unwinding", "what has filled is exited").strategy(*id).because(reason)
        }
        Record::ExecutionHeld { id, reason } => {
            line("held", "the execution waits for the trader").strategy(*id).because(reason)
        }
        Record::ExitStarted { owner, contract, reason, .. } => {
            line("exit started", &contract.to_string()).of(*owner).because(reason)
        }
        Record::ExitEnded { owner, contract, outcome, .. } => {
            line("exit ended", &contract.to_string()).of(*owner).because(outcome)
        }
        Record::LotWrittenOff { owner, contract, quantity, reason, .. } => {
            let quantity = quantity.map(|q| format!("{q} × ")).unwrap_or_default();
            line("written off", &format!("{quantity}{contract}")).of(*owner).because(reason)
        }
        Record::StopSet { owner, contract, product, stop } => {
            let was = guard(before, *owner, *contract, *product).and_then(|g| g.stop);
            line("stop set", &format!("{contract}: {} → {}", stop_words(was), stop_words(*stop))).of(*owner)
        }
        Record::TargetSet { owner, contract, product, target } => {
            let was = guard(before, *owner, *contract, *product).and_then(|g| g.target);
            line("target set", &format!("{contract}: {} → {}", price_words(was), price_words(*target))).of(*owner)
        }
        Record::PlanMade { id, rules, basis } => {
            let plan = Plan { rules: (**rules).clone(), basis: *basis, ..Plan::default() };
            line("rules in force", &rules_words(&plan)).strategy(*id).because(&basis_words(basis))
        }
        Record::RuleFired { id, rule, level, pnl, days, delta, quotes } => {
            let figures = [
                pnl.map(|p| format!("profit {}", p.0.normalize())),
                days.map(|d| format!("{d} days left")),
                delta.map(|d| format!("short delta {}", d.normalize())),
            ];
            let figures: Vec<String> = figures.into_iter().flatten().chain(quotes.iter().map(quote_words)).collect();
            let what = format!("{} {}", rule_name(*rule), level_words(*level));
            line("rule fired", &what).strategy(*id).because(&figures.join(", "))
        }
        Record::SignalSeen { id, signal, .. } => {
            line("signal", &format!("{id}: {} {} {} at {}", signal.setup, signal.side, signal.symbol, signal.price))
        }
        Record::SignalProposed { id, proposal } => {
            let what = format!("{id}: {} lots of {} at {}", proposal.lots, proposal.contract, proposal.premium);
            line("signal proposed", &what).because(&proposal.size)
        }
        Record::SignalApproved { id } => line("signal approved", &id.to_string()),
        Record::SignalEnded { id, fate } => match fate {
            SignalFate::Traded { strategy } => line("signal traded", &id.to_string()).strategy(*strategy),
            SignalFate::Observed { what } => line("signal observed", &id.to_string()).because(what),
            SignalFate::Refused { why, reason } => {
                line("signal refused", &id.to_string()).because(&format!("{}: {reason}", why.as_str()))
            }
        },
        Record::SetupArmed { setup, armed: true } => line("set-up armed", setup.as_str()),
        Record::SetupArmed { setup, armed: false } => line("set-up paused", setup.as_str()),
        Record::ScalpOpened { id, signal, plan } => {
            line("scalp opened", &format!("signal {signal}, {}", plan.setup)).strategy(*id)
        }
        Record::ScalpMoved { id, to } => line("scalp moved", to.as_str()).strategy(*id),
        Record::ScalpClosed { id, reason, gross, charges } => {
            let what = format!("gross {gross}, charges {}", charges.to_paise());
            line("scalp closed", &what).strategy(*id).because(reason)
        }
        Record::Halted { reason } => line("halted", "no entries").because(reason),
        Record::FlattenStarted { include_foreign: true } => line("flatten started", "everything, whoever opened it"),
        Record::FlattenStarted { include_foreign: false } => line("flatten started", "everything of ours"),
        Record::FlattenEnded => line("flatten ended", "the broker reports every position closed"),
        Record::Armed => line("armed", "entries are allowed again"),
        Record::FailurePolicySet { id, policy } => {
            line("failure policy", policy.map_or("as the settings say", FailurePolicy::as_str)).strategy(*id)
        }
        Record::BrokerExitWished { on: true } => line("safeguard wished", "the broker's exit on loss"),
        Record::BrokerExitWished { on: false } => line("safeguard wished", "no exit on loss by the broker"),
        Record::SafeguardAsked { ask } => line("safeguard asked", ask.what()),
        Record::SafeguardTold { told: SafeguardTold::Exit(exit) } => line(
            "safeguard",
            exit.map_or("the broker's exit on loss is not set", |_| "the broker's exit on loss is set"),
        ),
        Record::SafeguardTold { told: SafeguardTold::Switch(true) } => {
            line("safeguard", "the broker's kill switch is set")
        }
        Record::SafeguardTold { told: SafeguardTold::Switch(false) } => {
            line("safeguard", "the broker's kill switch is off")
        }
        Record::SafeguardFailed { ask, reason, .. } => {
            line("safeguard failed", &format!("could not {}", ask.what())).because(reason)
        }
        Record::Store { up: true } => line("journal", "can be written again"),
        Record::Store { up: false } => line("journal", "cannot be written"),
        Record::Created { .. }
        | Record::DayStarted { .. }
        | Record::StrategyAdded { .. }
        | Record::StrategyUpdated { .. }
        | Record::StrategyMarked { .. }
        | Record::PrioritySet { .. }
        | Record::NotesSet { .. }
        | Record::Queued { .. }
        | Record::ExecutionStarted { .. }
        | Record::ExecutionResumed { .. }
        | Record::IntentMade { .. }
        | Record::IntentUnplaced { .. }
        | Record::OrderSeen { .. }
        | Record::ForeignOrderSeen { .. }
        | Record::ModifyAsked { .. }
        | Record::ModifyFailed { .. }
        | Record::GuardDropped { .. }
        | Record::RulesSet { .. }
        | Record::PlanPeak { .. }
        | Record::CancelAsked { .. }
        | Record::CancelFailed { .. }
        | Record::ForeignCancelAsked { .. }
        | Record::TradesSeen { .. }
        | Record::OrdersRead { .. }
        | Record::TradesRead { .. }
        | Record::PositionsRead { .. }
        | Record::FundsRead { .. }
        | Record::Marks { .. }
        | Record::OrderLink { .. } => return None,
    })
}

fn guard(state: &State, owner: Owner, contract: Contract, product: Product) -> Option<&Guard> {
    state.guards.get(&LotKey { owner, contract, product })
}

/// `84.5 (trailing by 10)`, or `none`.
pub(super) fn stop_words(stop: Option<Stop>) -> String {
    match stop {
        None => "none".into(),
        Some(Stop { trigger, how: StopHow::Trailing { by } }) => {
            format!("{} (trailing by {})", plain(trigger), plain(by))
        }
        Some(Stop { trigger, how }) => format!("{} ({})", plain(trigger), how.as_str()),
    }
}

pub(super) fn price_words(price: Option<Price>) -> String {
    price.map_or_else(|| "none".into(), plain)
}

fn plain(price: Price) -> String {
    price.0.normalize().to_string()
}

fn rules_words(plan: &Plan) -> String {
    let lines: Vec<String> =
        plan.lines().into_iter().map(|(rule, level)| format!("{} {}", rule_name(rule), level_words(level))).collect();
    if lines.is_empty() { "none".into() } else { lines.join(", ") }
}

/// What the percentages are of.
fn basis_words(basis: &Basis) -> String {
    let bound = |b: Option<Bound>| match b {
        None => "not known".to_string(),
        Some(Bound::Unlimited) => "unlimited".into(),
        Some(Bound::Limited(money)) => money.0.normalize().to_string(),
    };
    format!(
        "largest profit {}, largest loss {}, premium {}",
        bound(basis.max_profit),
        bound(basis.max_loss),
        basis.premium.0.normalize()
    )
}

fn rule_name(rule: RuleKind) -> String {
    match rule {
        RuleKind::Scale(n) => format!("{} (step {n})", rule.as_str()),
        RuleKind::Stop | RuleKind::Trail | RuleKind::DaysToExpiry | RuleKind::ShortDelta | RuleKind::Target => {
            rule.as_str().into()
        }
    }
}

fn level_words(level: RuleLevel) -> String {
    match level {
        RuleLevel::ProfitFrom(at) => format!("at {}", at.0.normalize()),
        RuleLevel::ProfitTo(at) => format!("at {} or less", at.0.normalize()),
        RuleLevel::TrailsFrom(at) => format!("trails from {}", at.0.normalize()),
        RuleLevel::Days(days) => format!("with {days} days left"),
        RuleLevel::Delta(delta) => format!("at a delta of {}", delta.normalize()),
    }
}

/// `NSE:NIFTY:2026-11-24:25900:PE 84.2/84.4`: bid and ask.
fn quote_words((contract, quote): &(Contract, Quote)) -> String {
    let side = |price: Option<Price>| price.map_or_else(|| "—".into(), plain);
    format!("{contract} {}/{}", side(quote.bid), side(quote.ask))
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Screen => "screen",
        Origin::Shell => "shell",
        Origin::System => "system",
        Origin::Webhook => "webhook",
    }
}
