//! Conditional triggers: orders that are sent when the last price of an index or a share, or an indicator over its candles,
//! does what a condition says. Prices are looked at with every price step, indicators whenever a candle has closed.

use jiff::ToSpan;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, ist, trading_day};
use crate::domain::{Comparison, ContractKind, Frequency, Price, Trigger, TriggerId, TriggerStatus};

use super::checks;
use super::listing::price;
use super::order::{Origin, Refusal, Terms};
use super::requests::Fresh;
use super::technical::Technical;
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
    pub trigger: Trigger,
    status: TriggerStatus,
    created: Timestamp,
    triggered: Option<Timestamp>,
    /// The price at the last look; none was taken since it was made or changed.
    before: Option<Price>,
    /// The candle that grew at the last look, by its beginning; of one that watches an indicator.
    #[serde(default)]
    pub candle: Option<Timestamp>,
    /// Whether the condition held then.
    held: bool,
}

impl StandingTrigger {
    pub(super) fn is_active(&self) -> bool {
        self.status == TriggerStatus::Active
    }
}

/// How the two sides of a comparison stand, and stood at the look before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub before: Option<(Decimal, Decimal)>,
    pub now: (Decimal, Decimal),
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
        let candles = self.candles_for(&trigger.condition)?;
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
            candle: None,
            held: false,
        };
        let view = self.trigger_view(&standing);
        self.triggers.insert(number, standing);
        self.candles.insert(number, candles);
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
        let candles = self.candles_for(&trigger.condition)?;
        let Some(standing) = self.triggers.get_mut(&number) else { return Err(Refusal::UnknownOrder) };
        *standing = StandingTrigger { trigger, before: None, candle: None, held: false, ..standing.clone() };
        self.candles.insert(number, candles);
        self.note_trigger(number);
        self.trigger(account, id).ok_or(Refusal::UnknownOrder)
    }

    pub fn cancel_trigger(&mut self, account: &str, id: &TriggerId, now: Timestamp) -> Result<TriggerView, Refusal> {
        self.run_until(now);
        let number = self.active_trigger(account, id)?;
        if let Some(standing) = self.triggers.get_mut(&number) {
            standing.status = TriggerStatus::Cancelled;
        }
        self.candles.remove(&number);
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
        if let Comparison::Price { value } = condition.comparison
            && !value.is_positive()
        {
            return Err(input("comparingValue is required"));
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

    /// Fires what the last prices and candles have brought about.
    pub(super) fn look_at_triggers(&mut self) {
        let active: Vec<u64> = self.triggers.values().filter(|t| t.is_active()).map(|t| t.number).collect();
        for number in active {
            let Some(condition) = self.triggers.get(&number).map(|t| &t.trigger.condition) else { continue };
            let (operator, frequency) = (condition.operator, condition.frequency);
            let look = match condition.comparison {
                Comparison::Price { value } => self.look_at_price(number, value),
                Comparison::Technical { indicator, time_frame, with } => {
                    self.look_at_candles(number, Technical { indicator, time_frame, with })
                }
            };
            let Some(Look { before, now }) = look else { continue };
            let holds = operator.holds(before, now);
            let Some(standing) = self.triggers.get_mut(&number) else { continue };
            // One that fires again has to come true anew.
            let fires = holds && !standing.held;
            standing.held = holds && frequency == Frequency::Always;
            if fires {
                self.fire_trigger(number, frequency);
            }
        }
    }

    fn look_at_price(&mut self, number: u64, value: Price) -> Option<Look> {
        let contract = self.triggers.get(&number)?.trigger.condition.contract;
        let last = price(self.book(&self.find(&contract)?).last);
        let before = self.triggers.get_mut(&number)?.before.replace(last);
        Some(Look { before: before.map(|before| (before.0, value.0)), now: (last.0, value.0) })
    }

    fn fire_trigger(&mut self, number: u64, frequency: Frequency) {
        let now = self.now;
        let Some(standing) = self.triggers.get_mut(&number) else { return };
        standing.triggered = Some(now);
        if frequency == Frequency::Once {
            standing.status = TriggerStatus::Triggered;
            self.candles.remove(&number);
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
        self.candles.retain(|number, _| self.triggers.get(number).is_some_and(StandingTrigger::is_active));
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

    pub(super) fn note_trigger(&mut self, number: u64) {
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
