//! Exit rules: looked at whenever fresh quotes of everything a strategy holds are there; what is due exits, reduce-only.
//!
//! A quote that is missing or old decides nothing: it is never taken for a price of zero.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::command::RulesWish;
use super::effect::AlertLevel;
use super::execution::fills_of_legs;
use super::record::{Owner, Record};
use super::sabotage::Sabotage;
use super::state::{Basis, Lot, LotKey, Plan, Strategy};
use super::turn::Turn;
use crate::domain::exit_rules::{RuleKind, RuleLevel};
use crate::domain::time::{after_ms, from_ist, ms_between, trading_day};
use crate::domain::{Bound, Contract, ContractKind, ExitRules, Money, Quantity, Quote, StrategyId, StrategyStatus};
use crate::options::implied;

/// A rule that could not be looked at for so long is a reason to tell the trader.
const BLIND_MS: i64 = 15_000;

impl Plan {
    /// Every rule that has not been used up, with what it waits for; the ones that limit a loss first.
    pub fn lines(&self) -> Vec<(RuleKind, RuleLevel)> {
        let (rules, basis) = (&self.rules, &self.basis);
        let of = |whole: Money, pct: Decimal| Money(whole.0 * pct / dec!(100));
        let (reach, risk) = (basis.reach(), basis.risk());
        let mut all = Vec::new();
        let stops = [
            rules.stop,
            rules.stop_pct.map(|pct| of(risk, pct)),
            rules.stop_premium.map(|times| Money(basis.premium.0.abs() * times)),
        ];
        if let Some(stop) = stops.into_iter().flatten().min() {
            all.push((RuleKind::Stop, RuleLevel::ProfitTo(Money(-stop.0).to_paise())));
        }
        if let (Some(after), Some(by)) = (rules.trail_after_pct, rules.trail_by_pct) {
            let level = match self.peak {
                Some(peak) => RuleLevel::ProfitTo((peak - of(reach, by)).to_paise()),
                None => RuleLevel::TrailsFrom(of(reach, after).to_paise()),
            };
            all.push((RuleKind::Trail, level));
        }
        all.extend(rules.days_to_expiry.map(|days| (RuleKind::DaysToExpiry, RuleLevel::Days(days))));
        all.extend(rules.short_delta.map(|delta| (RuleKind::ShortDelta, RuleLevel::Delta(delta))));
        let targets = [rules.target, rules.target_pct.map(|pct| of(reach, pct))];
        if let Some(target) = targets.into_iter().flatten().min() {
            all.push((RuleKind::Target, RuleLevel::ProfitFrom(target.to_paise())));
        }
        for (n, step) in (1..).zip(&rules.scale).filter(|(n, _)| *n > self.scaled) {
            all.push((RuleKind::Scale(n), RuleLevel::ProfitFrom(of(reach, step.profit_pct).to_paise())));
        }
        all
    }

    /// How much of every leg is kept once step `n` has been taken, as parts of the whole: `None` if nothing could be closed
    /// (one lot cannot be halved).
    fn kept(&self, n: u32) -> Option<(u32, u32)> {
        let whole = self.basis.units.max(1);
        let closed = |n: u32| {
            let step = n.checked_sub(1).and_then(|i| self.rules.scale.get(i as usize))?;
            let units = Decimal::from(whole) * step.close_pct / dec!(100);
            u32::try_from(units.floor().mantissa()).ok()
        };
        let (now, before) = (closed(n)?, closed(self.scaled).unwrap_or(0));
        (now > before).then_some((whole.saturating_sub(now), whole))
    }
}

impl Basis {
    /// What percentages of profit are of.
    fn reach(&self) -> Money {
        match self.max_profit {
            Some(Bound::Limited(profit)) if profit > Money::ZERO => profit,
            _ => self.premium.abs(),
        }
    }

    /// What percentages of loss are of.
    fn risk(&self) -> Money {
        match self.max_loss {
            Some(Bound::Limited(loss)) if loss > Money::ZERO => loss,
            _ => self.premium.abs(),
        }
    }
}

/// What a strategy's rules are compared with.
#[derive(Clone, Debug, Default)]
struct Figures {
    pnl: Option<Money>,
    days: Option<i64>,
    /// The largest of its short legs.
    delta: Option<Decimal>,
    quotes: Vec<(Contract, Quote)>,
}

impl Figures {
    fn meet(&self, level: RuleLevel) -> bool {
        match level {
            RuleLevel::ProfitFrom(least) => self.pnl.is_some_and(|p| p >= least),
            RuleLevel::ProfitTo(most) => self.pnl.is_some_and(|p| p <= most),
            RuleLevel::TrailsFrom(_) => false,
            RuleLevel::Days(days) => self.days.is_some_and(|left| left <= days),
            RuleLevel::Delta(most) => self.delta.is_some_and(|d| d >= most),
        }
    }
}

impl Turn<'_> {
    /// The rules a strategy goes by, as far as they are known before it is executed.
    pub fn rules_for(&self, s: &Strategy) -> ExitRules {
        let by_settings = &self.config.rules.default;
        match &s.rules {
            Some(own) => own.clone(),
            None if self.config.rules.take_stated => s.recommendation.rules.or(by_settings),
            None => by_settings.clone(),
        }
    }

    /// Freezes the rules of a strategy that has just been executed, with what their percentages are of.
    pub(super) fn make_plan(&mut self, id: StrategyId) {
        let Some(s) = self.state.strategies.get(&id) else { return };
        let rules = self.rules_for(s);
        let legs = fills_of_legs(self.state, s);
        let lot = s.legs.first().map(|l| l.instrument.lot).unwrap_or_default();
        let metrics = crate::options::payoff::metrics(&legs, lot).ok();
        let paid = legs.iter().filter_map(|l| {
            let value = l.premium?.times(Quantity(lot.0.saturating_mul(l.ratio)));
            Some(if l.side == crate::domain::Side::Sell { value } else { -value })
        });
        let basis = Basis {
            max_profit: metrics.as_ref().map(|m| m.max_profit),
            max_loss: metrics.as_ref().map(|m| m.max_loss),
            premium: paid.sum(),
            units: s.legs.iter().map(|l| l.ratio).fold(0, gcd),
        };
        self.record(Record::PlanMade { id, rules: Box::new(rules), basis });
    }

    pub(super) fn drive_rules(&mut self) {
        if self.state.reconciling_since.is_some() || self.state.flatten.is_some() {
            return;
        }
        let planned: Vec<StrategyId> = self
            .state
            .planned
            .iter()
            .filter(|id| !self.state.exits.keys().any(|k| k.owner == Owner::Strategy(**id)))
            .copied()
            .collect();
        for id in planned {
            self.look_at_rules(id);
        }
    }

    fn look_at_rules(&mut self, id: StrategyId) {
        let Some((plan, title)) = self.plan_of(id) else { return };
        if plan.fired.is_some() || plan.rules.is_empty() {
            return;
        }
        let held: Vec<(LotKey, Lot)> = self.state.lots_of(Owner::Strategy(id)).map(|(k, l)| (*k, *l)).collect();
        let open = || held.iter().filter(|(_, l)| !l.net.is_flat());
        if open().next().is_none() || !open().all(|(k, _)| self.reference.is_open(k.contract.segment(), self.now)) {
            return;
        }
        let figures = self.figures(&plan, &held);
        self.tell_if_blind(id, &plan, &figures, &title);
        self.raise_peak(id, &plan, &figures);
        let Some((plan, _)) = self.plan_of(id) else { return };
        let due = plan.lines().into_iter().find(|(_, level)| figures.meet(*level));
        if let Some((rule, level)) = due {
            self.fire(id, &plan, (rule, level), figures, &held, &title);
        }
    }

    fn plan_of(&self, id: StrategyId) -> Option<(Plan, String)> {
        let s = self.state.strategies.get(&id).filter(|s| s.status == StrategyStatus::Executed)?;
        Some((s.plan.clone()?, s.title()))
    }

    fn figures(&self, plan: &Plan, held: &[(LotKey, Lot)]) -> Figures {
        let today = trading_day(self.now);
        let open = || held.iter().filter(|(_, l)| !l.net.is_flat());
        let expiry = open().filter_map(|(k, _)| k.contract.expiry()).min();
        let days = expiry.and_then(|e| today.until(e).ok()).map(|span| i64::from(span.get_days()));
        let mut figures = Figures { days, ..Figures::default() };
        for (key, _) in open() {
            let Some(quote) = self.quote_for_rules(&key.contract) else { return figures };
            figures.quotes.push((key.contract, quote));
        }
        let mark = |c: &Contract| figures.quotes.iter().find(|(k, _)| k == c).map(|(_, q)| q.mid());
        figures.pnl = held.iter().map(|(k, l)| l.pnl(mark(&k.contract))).sum();
        if plan.rules.short_delta.is_some()
            && let Some((contract, spot)) = self.spot_of(held)
        {
            let shorts = open().filter(|(_, l)| l.net.0 < 0);
            figures.delta = shorts.filter_map(|(k, _)| self.delta_of(&k.contract, &spot)).max();
            figures.quotes.push((contract, spot));
        }
        figures
    }

    fn quote_for_rules(&self, contract: &Contract) -> Option<Quote> {
        if self.sabotaged(Sabotage::RulesOnStaleQuotes) {
            return self.state.marks.get(contract).copied();
        }
        self.fresh_quote(contract)
    }

    fn spot_of(&self, held: &[(LotKey, Lot)]) -> Option<(Contract, Quote)> {
        let contract = self.reference.underlying_of(&held.first()?.0.contract)?;
        Some((contract, self.quote_for_rules(&contract)?))
    }

    /// Without its sign.
    fn delta_of(&self, contract: &Contract, spot: &Quote) -> Option<Decimal> {
        let ContractKind::Option { expiry, strike, right } = contract.kind else { return None };
        let close = from_ist(expiry.at(15, 30, 0, 0));
        let seconds = (ms_between(self.now, close) / 1_000).max(0);
        let mid = self.quote_for_rules(contract)?.mid();
        implied::delta(right, spot.last, strike, seconds, mid).map(|d| d.abs())
    }

    /// While quotes are missing no rule acts: the trader hears of it, once a minute.
    fn tell_if_blind(&mut self, id: StrategyId, plan: &Plan, figures: &Figures, title: &str) {
        let needs = plan.lines().iter().any(|(rule, _)| rule.needs_quotes());
        if figures.pnl.is_some() || !needs {
            self.memory.blind.remove(&id);
            return;
        }
        let since = *self.memory.blind.entry(id).or_insert(self.now);
        if self.since(since) >= BLIND_MS {
            let text = format!("{title}: its rules cannot be looked at: quotes are missing or old. Watch it yourself.");
            self.alert_once(AlertLevel::Warning, text);
        } else {
            self.wake_at(after_ms(since, BLIND_MS));
        }
    }

    /// The best profit since trailing began, in steps: not every tick is worth a record.
    fn raise_peak(&mut self, id: StrategyId, plan: &Plan, figures: &Figures) {
        let (Some(pnl), Some(after), Some(by)) = (figures.pnl, plan.rules.trail_after_pct, plan.rules.trail_by_pct)
        else {
            return;
        };
        let of = |pct: Decimal| Money(plan.basis.reach().0 * pct / dec!(100));
        let least = match plan.peak {
            None => of(after),
            Some(peak) => peak + of(by / dec!(10)),
        };
        if pnl >= least && plan.peak.is_none_or(|peak| pnl > peak) {
            self.record(Record::PlanPeak { id, peak: pnl });
        }
    }

    fn fire(
        &mut self,
        id: StrategyId,
        plan: &Plan,
        (rule, level): (RuleKind, RuleLevel),
        figures: Figures,
        held: &[(LotKey, Lot)],
        title: &str,
    ) {
        let keep = match rule {
            RuleKind::Scale(n) => plan.kept(n),
            _ => Some((0, 1)),
        };
        let Figures { pnl, days, delta, quotes } = figures;
        let fired = Record::RuleFired { id, rule, level, pnl, days, delta, quotes };
        self.record(fired);
        let Some((kept, whole)) = keep else {
            let text = format!("{title}: a part of the profit is reached, but it cannot be divided further.");
            return self.alert(AlertLevel::Info, text);
        };
        let why = said(rule, level, pnl, days, delta);
        let what = if kept == 0 { "It is being exited.".into() } else { format!("{kept} of {whole} parts stay.") };
        self.alert(AlertLevel::Warning, format!("{title}: {why}. {what}"));
        let legs = self.state.strategies.get(&id).map(|s| s.legs.clone()).unwrap_or_default();
        for (key, _) in held.iter().filter(|(_, l)| !l.net.is_flat()) {
            let meant: Quantity =
                legs.iter().filter(|l| l.instrument.contract == key.contract).map(super::ResolvedLeg::quantity).sum();
            let keep = Quantity(meant.0 / whole * kept);
            self.start_exit(*key, keep, &why);
        }
    }

    /// The trader states the rules of a strategy anew.
    pub(super) fn wish_rules(&mut self, id: StrategyId, wish: &RulesWish) -> Result<String, String> {
        let Some(s) = self.state.strategies.get(&id) else { return Err(format!("#{id}: there is no such strategy")) };
        let title = s.title();
        let rules = match wish {
            RulesWish::Set(rules) => (**rules).clone(),
            RulesWish::Stated if s.recommendation.rules.is_empty() => {
                return Err(format!("{title} came without rules of its own"));
            }
            RulesWish::Stated => s.recommendation.rules.or(&self.config.rules.default),
            RulesWish::Off => ExitRules::default(),
        };
        if let Some(wrong) = rules.wrong() {
            return Err(format!("{title}: {wrong}"));
        }
        let none = rules.is_empty();
        self.record(Record::RulesSet { id, rules: Box::new(rules) });
        Ok(if none { format!("{title}: no rules") } else { format!("{title}: its rules are set") })
    }
}

/// Why, in words: `stop at ₹-2,000 met at ₹-2,040`.
fn said(rule: RuleKind, level: RuleLevel, pnl: Option<Money>, days: Option<i64>, delta: Option<Decimal>) -> String {
    let name = rule.as_str();
    match level {
        RuleLevel::ProfitFrom(at) | RuleLevel::ProfitTo(at) | RuleLevel::TrailsFrom(at) => {
            let now = pnl.map(Money::to_paise).unwrap_or_default();
            format!("{name} at ₹{} met with ₹{}", at.0.normalize(), now.0.normalize())
        }
        RuleLevel::Days(at) => format!("{name}: {} left, {at} is the limit", days.unwrap_or_default()),
        RuleLevel::Delta(at) => format!("{name} is {}, {at} is the limit", delta.unwrap_or_default()),
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
