//! Conditional triggers: orders that are sent when the last price of an index or a share does what a condition says.
//!
//! Conditions on indicators need candles of many days, which this market does not have: they are refused.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, ist, trading_day};
use crate::domain::{Comparison, Condition, ContractKind, Frequency, Price, Trigger, TriggerId, TriggerStatus};

use super::checks;
use super::listing::price;
use super::order::{Origin, Refusal, Terms};
use super::requests::Fresh;
use super::{Event, Exchange};

/// Orders of one trigger.
const MOST_ORDERS: usize = 15;
/// The first number given to a trigger.
const FIRST_NUMBER: u64 = 700_000;

/// A trigger as the exchange keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StandingTrigger {
    pub number: u64,
    account: String,
    trigger: Trigger,
    status: TriggerStatus,
    created: Timestamp,
    triggered: Option<Timestamp>,
    /// The price at the last look; none was taken since it was made or changed.
    before: Option<Price>,
    /// Whether the condition held then.
    held: bool,
}

impl StandingTrigger {
    pub(super) fn is_active(&self) -> bool {
        self.status == TriggerStatus::Active
    }
}

/// A trigger as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerView {
    pub id: TriggerId,
    pub status: TriggerStatus,
    pub trigger: Trigger,
    pub created: Timestamp,
    pub triggered: Option<Timestamp>,
    /// Of what it watches.
    pub last: Price,
}

impl Exchange {
    /// Takes a trigger, at any hour: it is active at once. Its orders are checked when it fires.
    pub fn create_trigger(&mut self, account: &str, trigger: Trigger, now: Timestamp) -> Result<TriggerView, Refusal> {
        self.run_until(now);
        let trigger = self.checked(trigger)?;
        self.account(account);
        self.counters.triggers += 1;
        let number = FIRST_NUMBER + self.counters.triggers;
        let standing = StandingTrigger {
            number,
            account: account.to_string(),
            trigger,
            status: TriggerStatus::Active,
            created: self.now,
            triggered: None,
            before: None,
            held: false,
        };
        let view = self.trigger_view(&standing);
        self.triggers.insert(number, standing);
        self.note_trigger(number);
        Ok(view)
    }

    /// Replaces condition and orders of a trigger that has not fired. Without orders, they stay as they are.
    pub fn modify_trigger(
        &mut self,
        account: &str,
        id: &TriggerId,
        mut to: Trigger,
        now: Timestamp,
    ) -> Result<TriggerView, Refusal> {
        self.run_until(now);
        let number = self.active_trigger(account, id)?;
        if let (true, Some(standing)) = (to.orders.is_empty(), self.triggers.get(&number)) {
            to.orders.clone_from(&standing.trigger.orders);
        }
        let trigger = self.checked(to)?;
        let Some(standing) = self.triggers.get_mut(&number) else { return Err(Refusal::UnknownOrder) };
        *standing = StandingTrigger { trigger, before: None, held: false, ..standing.clone() };
        self.note_trigger(number);
        self.trigger(account, id).ok_or(Refusal::UnknownOrder)
    }

    pub fn cancel_trigger(&mut self, account: &str, id: &TriggerId, now: Timestamp) -> Result<TriggerView, Refusal> {
        self.run_until(now);
        let number = self.active_trigger(account, id)?;
        if let Some(standing) = self.triggers.get_mut(&number) {
            standing.status = TriggerStatus::Cancelled;
        }
        self.note_trigger(number);
        self.trigger(account, id).ok_or(Refusal::UnknownOrder)
    }

    /// Every trigger of the account, oldest first; those that are over go with the day.
    pub fn triggers(&self, account: &str) -> Vec<TriggerView> {
        self.triggers.values().filter(|t| t.account == account).map(|t| self.trigger_view(t)).collect()
    }

    pub fn trigger(&self, account: &str, id: &TriggerId) -> Option<TriggerView> {
        let number = id.0.parse::<u64>().ok()?;
        let standing = self.triggers.get(&number).filter(|t| t.account == account)?;
        Some(self.trigger_view(standing))
    }

    /// The trigger with a last day, or why it will not do.
    fn checked(&self, mut trigger: Trigger) -> Result<Trigger, Refusal> {
        let input = |what: &str| Refusal::Input(what.to_string());
        let condition = &trigger.condition;
        let listed = self.find(&condition.contract);
        if !listed.is_some_and(|l| matches!(l.contract.kind, ContractKind::Index | ContractKind::Equity)) {
            return Err(input("securityId is invalid"));
        }
        match condition.comparison {
            Comparison::Price { value } if value.is_positive() => {}
            Comparison::Price { .. } => return Err(input("comparingValue is required")),
            Comparison::Technical { .. } => {
                return Err(input(
                    "Technical conditions are not evaluated by the built-in exchange, use PRICE_WITH_VALUE",
                ));
            }
        }
        if trigger.orders.is_empty() || trigger.orders.len() > MOST_ORDERS {
            return Err(Refusal::Input(format!("orders must be 1 to {MOST_ORDERS}")));
        }
        for order in &trigger.orders {
            checks::complete(order, "", self.ways.longest_mark)?;
            self.tradable(&order.contract)?;
        }
        let today = ist(self.now).date();
        let expires = condition.expires.unwrap_or_else(|| today.checked_add(1.year()).unwrap_or(today));
        if expires < today {
            return Err(input("expDate is invalid"));
        }
        trigger.condition.expires = Some(expires);
        Ok(trigger)
    }

    /// Fires what the last prices have brought about.
    pub(super) fn look_at_triggers(&mut self) {
        let active: Vec<u64> = self.triggers.values().filter(|t| t.is_active()).map(|t| t.number).collect();
        for number in active {
            let Some(standing) = self.triggers.get(&number) else { continue };
            let Condition { contract, comparison, operator, frequency, .. } = standing.trigger.condition.clone();
            let Comparison::Price { value } = comparison else { continue };
            let Some(listed) = self.find(&contract) else { continue };
            let last = price(self.book(&listed).last);
            let holds = operator.holds(standing.before.map(|before| (before, value)), (last, value));
            // One that fires again has to come true anew.
            let fires = holds && !standing.held;
            if let Some(standing) = self.triggers.get_mut(&number) {
                standing.before = Some(last);
                standing.held = holds && frequency == Frequency::Always;
            }
            if fires {
                self.fire_trigger(number, frequency);
            }
        }
    }

    fn fire_trigger(&mut self, number: u64, frequency: Frequency) {
        let now = self.now;
        let Some(standing) = self.triggers.get_mut(&number) else { return };
        standing.triggered = Some(now);
        if frequency == Frequency::Once {
            standing.status = TriggerStatus::Triggered;
        }
        let (account, orders) = (standing.account.clone(), standing.trigger.orders.clone());
        self.note_trigger(number);
        for spec in orders {
            // A contract that has left the list meanwhile cannot be ordered.
            let Some(listed) = self.find_held(&spec.contract) else { continue };
            let Some(terms) = Terms::new(spec.kind, spec.quantity, spec.validity) else { continue };
            let order = self.new_order(&Fresh {
                account: &account,
                correlation: "",
                listed: &listed,
                side: spec.side,
                product: spec.product,
                terms,
                origin: Origin::Trigger { number },
            });
            let at = self.transit(order);
            self.schedule_event(at, Event::Arrive(order));
        }
    }

    /// What is over goes with the day; what has had its last day expires.
    pub(super) fn roll_triggers(&mut self) {
        self.triggers.retain(|_, t| t.is_active());
        let today = trading_day(self.now);
        for standing in self.triggers.values_mut() {
            if standing.trigger.condition.expires.is_some_and(|last| last < today) {
                standing.status = TriggerStatus::Expired;
            }
        }
        self.unsaved.triggers.clear();
    }

    fn active_trigger(&self, account: &str, id: &TriggerId) -> Result<u64, Refusal> {
        let number = id.0.parse::<u64>().map_err(|_| Refusal::UnknownOrder)?;
        let known = self.triggers.get(&number).filter(|t| t.account == account);
        match known.map(|t| t.status) {
            None => Err(Refusal::UnknownOrder),
            Some(TriggerStatus::Active) => Ok(number),
            Some(TriggerStatus::Triggered) => Err(Refusal::Order("Alert is already TRIGGERED".into())),
            Some(TriggerStatus::Expired) => Err(Refusal::Order("Alert is already EXPIRED".into())),
            Some(TriggerStatus::Cancelled) => Err(Refusal::Order("Alert is already CANCELLED".into())),
        }
    }

    fn note_trigger(&mut self, number: u64) {
        self.unsaved.triggers.insert(number);
        self.unsaved.any = true;
    }

    fn trigger_view(&self, standing: &StandingTrigger) -> TriggerView {
        TriggerView {
            id: TriggerId(standing.number.to_string()),
            status: standing.status,
            trigger: standing.trigger.clone(),
            created: standing.created,
            triggered: standing.triggered,
            last: price(self.mark(&standing.trigger.condition.contract)),
        }
    }
}
