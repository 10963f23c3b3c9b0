//! Looking at a strategy before it is executed: prices now against then, margin, limits, everything in the way.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::command::{Preview, PreviewLeg};
use super::commands::lasting_issue;
use super::execution::wave_of;
use super::record::Owner;
use super::reference::ResolvedLeg;
use super::state::{Phase, Strategy};
use super::turn::{Turn, marketable};
use crate::domain::time::{ist, ms_between, trading_day};
use crate::domain::{
    Bound, Contract, ContractKind, ExpiryPolicy, Leg, LegKind, Lots, Money, NetQuantity, OrderKind, OrderSpec, Price,
    Product, Quantity, Quote, Side, StrategyId, StrategyStatus, Validity,
};
use crate::options::coherence::{INCONSISTENT_PRICES, incoherence};
use crate::options::payoff;
use crate::risk::margin::Margin;
use crate::risk::{gate, margin};

/// For how long the broker's word on a margin is gone by.
const MARGIN_HOLDS_MS: i64 = 60_000;
/// A touch this narrow is accepted whatever the per cent: at a rupee, two ticks are ten per cent.
const NARROW_TICKS: i64 = 4;

impl Turn<'_> {
    /// What executing this strategy would mean now. `quotes` (if any) count before the ones the engine has.
    pub(super) fn preview(&self, id: StrategyId, quotes: &[(Contract, Quote)]) -> Option<Preview> {
        let s = self.state.strategies.get(&id)?;
        Some(self.preview_of(s, self.product_of(id), quotes))
    }

    /// The same of a strategy that may not be in the list yet.
    pub(super) fn preview_of(&self, s: &Strategy, product: Product, quotes: &[(Contract, Quote)]) -> Preview {
        let id = s.id;
        let mut refusals: Vec<String> = self.entries_closed().into_iter().collect();
        let mut warnings = Vec::new();
        let legs = self.legs_of(s, &mut refusals);
        let given: BTreeMap<Contract, Quote> = quotes.iter().copied().collect();
        let quote_of = |c: &Contract| given.get(c).or_else(|| self.state.marks.get(c)).copied();
        let shown: Vec<PreviewLeg> =
            legs.iter().map(|l| self.preview_leg(&legs, l, quote_of(&l.instrument.contract))).collect();
        for leg in &shown {
            self.check_quote(leg, &mut refusals);
            self.check_drift(leg, &mut warnings);
            self.check_opposite(id, product, leg, &mut refusals);
        }
        self.check_status(s, &legs, &mut refusals, &mut warnings);
        let metrics = metrics_now(&legs, &shown);
        check_coherence(s, &legs, &shown, &mut refusals);
        let max_loss = metrics.as_ref().map(|m| m.max_loss);
        let net_premium = metrics.as_ref().map(|m| m.net_premium);
        let margin = self.margin_of(id, &legs, max_loss, net_premium);
        let ask = gate::Ask {
            max_loss,
            lots: Lots(legs.iter().map(|l| l.ratio).sum()),
            margin,
            orders: legs.iter().map(ResolvedLeg::slices).sum(),
        };
        // Without prices the gate could only repeat that there are none.
        if metrics.is_some() || shown.iter().all(|l| l.quote.is_some()) {
            refusals.extend(gate::check(&ask, &self.usage(), &self.config.limits));
        }
        if max_loss == Some(Bound::Unlimited) {
            warnings.push("its loss has no limit".into());
        }
        let mut shown = shown;
        shown.sort_by_key(|l| l.wave);
        Preview {
            id,
            title: s.title(),
            net_premium,
            recommended_premium: recommended_premium(&legs),
            legs: shown,
            max_loss,
            margin,
            available: self.state.broker.funds.map(|f| f.available),
            refusals,
            warnings,
        }
    }

    /// The broker's word on the margin of strategies. It holds for a minute: prices move.
    pub(super) fn margins_told(&mut self, margins: &[(StrategyId, Money)]) {
        let now = self.now;
        self.memory.margins.retain(|_, (_, at)| ms_between(*at, now) <= MARGIN_HOLDS_MS);
        self.memory.margins.extend(margins.iter().map(|(id, margin)| (*id, (*margin, now))));
    }

    /// The broker's figure, at least what is paid; while it has said none, our estimate.
    fn margin_of(
        &self,
        id: StrategyId,
        legs: &[ResolvedLeg],
        max_loss: Option<Bound>,
        net_premium: Option<Money>,
    ) -> Margin {
        let paid = net_premium.map_or(Money::ZERO, |p| (-p).max(Money::ZERO));
        let told = self.memory.margins.get(&id).filter(|(_, at)| self.since(*at) <= MARGIN_HOLDS_MS);
        match told {
            Some((margin, _)) => Margin::Broker((*margin).max(paid)),
            None => Margin::Estimate(margin::estimate(&margin_legs(legs), max_loss)),
        }
    }

    /// Frozen legs once marked; what they would resolve to before.
    fn legs_of(&self, s: &Strategy, refusals: &mut Vec<String>) -> Vec<ResolvedLeg> {
        if !s.legs.is_empty() {
            return s.legs.clone();
        }
        self.reference.resolve(&s.recommendation, trading_day(self.now), self.now).unwrap_or_else(|reason| {
            refusals.push(reason);
            Vec::new()
        })
    }

    fn check_status(&self, s: &Strategy, legs: &[ResolvedLeg], refusals: &mut Vec<String>, warnings: &mut Vec<String>) {
        if s.status != StrategyStatus::Marked {
            refusals.push(format!("it is {}: only a marked strategy can be executed", s.status));
        }
        if let Some(issue) = lasting_issue(&s.recommendation) {
            refusals.push(issue.detail.clone());
        }
        warnings.extend(s.recommendation.issues.iter().filter(|i| !i.blocking).map(|i| i.detail.clone()));
        if let Some(closed) = legs.iter().find(|l| !self.reference.is_open(l.instrument.contract.segment(), self.now)) {
            refusals.push(format!("the market of {} is closed", closed.instrument.contract.label()));
        }
        for leg in legs {
            let contract = leg.instrument.contract;
            if self.reference.instrument(&contract).is_none() {
                refusals.push(format!("{} is not listed today: unmark it and mark it again", contract.label()));
            }
            self.check_expiry(&contract, refusals, warnings);
        }
        if s.on_failure.is_some() {
            warnings.push(format!("if a leg fails, {}", self.failure_policy(s.id).what()));
        }
    }

    /// On its last day a contract is entered only until its settlement is being fixed; one on a share, which is delivered,
    /// not in its last days at all.
    fn check_expiry(&self, contract: &Contract, refusals: &mut Vec<String>, warnings: &mut Vec<String>) {
        let Some(expiry) = contract.expiry() else { return };
        let (today, label) = (trading_day(self.now), contract.label());
        let days_left = (expiry - today).get_days();
        let is_delivered = || {
            let kind = self.reference.underlying_of(contract).map(|c| c.kind);
            kind == Some(ContractKind::Equity)
        };
        let cut_off = ExpiryPolicy::default().cut_off;
        if days_left == 0 && ist(self.now).time() >= cut_off {
            refusals
                .push(format!("{label} expires today: nothing is entered in it after {}", cut_off.strftime("%H:%M")));
        } else if days_left < self.config.execution.stock_expiry_days && is_delivered() {
            let when = if days_left == 0 { "today".to_string() } else { expiry.strftime("on %d %b").to_string() };
            refusals
                .push(format!("{label} expires {when} and is settled by delivery of the shares: enter a later one"));
        } else if days_left == 0 {
            warnings.push(format!("{label} expires today"));
        }
    }

    fn preview_leg(&self, legs: &[ResolvedLeg], leg: &ResolvedLeg, quote: Option<Quote>) -> PreviewLeg {
        let fresh = quote.filter(|q| q.age_ms(self.now) <= self.config.execution.max_quote_age_ms);
        PreviewLeg {
            contract: leg.instrument.contract,
            side: leg.side,
            quantity: leg.quantity(),
            slices: leg.slices(),
            wave: wave_of(legs, leg),
            recommended: leg.recommended,
            quote: fresh,
            limit: fresh.and_then(|q| marketable(&q, leg.side, self.config.execution.entry_ticks, leg.instrument.tick)),
        }
    }

    fn check_quote(&self, leg: &PreviewLeg, refusals: &mut Vec<String>) {
        let label = leg.contract.label();
        let Some(quote) = leg.quote else {
            refusals.push(format!("no fresh quote of {label}"));
            return;
        };
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else {
            refusals.push(format!("{label} has {} now", if quote.bid.is_none() { "no bid" } else { "no offer" }));
            return;
        };
        if ask < bid {
            refusals.push(format!(
                "{label}: its offer of {ask} is below its bid of {bid}: a quote like that is not traded on"
            ));
            return;
        }
        let (spread, mid) = (ask.0 - bid.0, quote.mid().0);
        let widest = mid * self.config.execution.max_spread_pct / dec!(100);
        let narrow = dec!(0.05) * Decimal::from(NARROW_TICKS);
        if spread > widest && spread > narrow {
            refusals.push(format!(
                "{label}: the spread {bid}–{ask} is wider than {} %",
                self.config.execution.max_spread_pct
            ));
        }
    }

    fn check_drift(&self, leg: &PreviewLeg, warnings: &mut Vec<String>) {
        let (Some(then), Some(quote)) = (leg.recommended.filter(|p| p.is_positive()), leg.quote) else { return };
        let now = quote.mid();
        let pct = (now.0 - then.0) * dec!(100) / then.0;
        if pct.abs() > self.config.execution.drift_warning_pct {
            let label = leg.contract.label();
            warnings.push(format!(
                "{label}: recommended at {then}, now {}: {:+.1} %",
                now.0.round_dp(2),
                pct.round_dp(1)
            ));
        }
    }

    /// The broker nets by contract and product: an entry against what another strategy holds, works or is about to
    /// enter would close it.
    fn check_opposite(&self, id: StrategyId, product: Product, leg: &PreviewLeg, refusals: &mut Vec<String>) {
        let against = |net: NetQuantity| net.0.signum() * leg.side.signed(Quantity(1)).0 < 0;
        let other = |owner: Owner| match owner {
            Owner::Strategy(other) if other != id => Some(other),
            Owner::Strategy(_) | Owner::Foreign => None,
        };
        let held = self
            .state
            .lots
            .iter()
            .filter(|(k, l)| k.contract == leg.contract && k.product == product && against(l.net));
        let working = self
            .state
            .open_orders_of(leg.contract, product)
            .filter(|o| !o.purpose.is_exit() && o.intent.spec.side != leg.side);
        let entering = self.state.active_strategies().filter(|s| {
            let goes_on = s.execution.as_ref().is_some_and(|e| !matches!(e.phase, Phase::Unwinding(_)));
            goes_on && s.legs.iter().any(|l| l.instrument.contract == leg.contract && l.side != leg.side)
        });
        let mut owners = held.map(|(k, _)| k.owner).chain(working.map(|o| o.purpose.owner()));
        let owner = owners.find_map(other).or_else(|| entering.map(|s| s.id).find(|s| *s != id));
        if let Some(owner) = owner {
            let label = leg.contract.label();
            refusals.push(format!("{} {label} would close what strategy #{owner} holds or is entering", leg.side));
        } else if self.foreign_is_known(&leg.contract, product)
            && against(self.state.foreign_net(&leg.contract, product))
        {
            refusals.push(format!("{} {} would close a position opened elsewhere", leg.side, leg.contract.label()));
        }
    }

    /// Why a held execution may not go on: what it still lacks is looked at as if it began now. Its trade, its place
    /// among the open strategies, its loss and its margin were counted when it did begin.
    pub(super) fn refusals_to_resume(&self, s: &Strategy) -> Vec<String> {
        let mut refusals = Vec::new();
        let exiting = self.state.exits.keys().filter(|k| k.owner == Owner::Strategy(s.id));
        refusals.extend(exiting.map(|k| format!("its {} is still being exited", k.contract.label())));
        let (mut lots, mut orders) = (0, 0);
        for (i, leg) in s.legs.iter().enumerate() {
            let missing = leg.quantity().saturating_sub(self.state.leg_held(s.id, i));
            if missing.is_zero() {
                continue;
            }
            self.check_opposite(s.id, self.product_of(s.id), &self.preview_leg(&s.legs, leg, None), &mut refusals);
            lots += missing.0.div_ceil(leg.instrument.lot.0.max(1));
            orders += missing.0.div_ceil(leg.instrument.largest_order().0);
        }
        let used = self.usage();
        let usage = gate::Usage {
            trades_today: used.trades_today.saturating_sub(1),
            open_strategies: used.open_strategies.saturating_sub(1),
            ..used
        };
        let ask = gate::Ask {
            max_loss: Some(Bound::Limited(Money::ZERO)),
            lots: Lots(lots),
            margin: Margin::Estimate(Money::ZERO),
            orders,
        };
        refusals.extend(gate::check(&ask, &usage, &self.config.limits));
        refusals
    }

    /// What of the limits is used.
    pub(super) fn usage(&self) -> gate::Usage {
        let held = self.state.lots.iter().filter(|(_, l)| !l.net.is_flat());
        let held_lots: u32 = held.clone().map(|(k, l)| self.lots_in(k.owner, &k.contract, l.net.size())).sum();
        let entries = self.state.open_orders().filter(|o| !o.purpose.is_exit());
        let working: u32 =
            entries.map(|o| self.lots_in(o.purpose.owner(), &o.intent.spec.contract, o.remaining())).sum();
        let mut owners: Vec<Owner> = held.map(|(k, _)| k.owner).collect();
        owners.extend(self.state.active_strategies().filter(|s| s.execution.is_some()).map(|s| Owner::Strategy(s.id)));
        owners.sort();
        owners.dedup();
        let charges = self.state.charges(trading_day(self.now), self.reference);
        let uncounted = self.sabotaged(super::sabotage::Sabotage::UncountedLots);
        gate::Usage {
            trades_today: self.state.day.trades,
            day_pnl: self.state.gross_pnl().map(|gross| gross - charges),
            open_lots: if uncounted { Lots(0) } else { Lots(held_lots + working + self.lots_to_come()) },
            open_strategies: owners.len() as u32,
            orders_today: self.state.day.intents,
            available: self.state.broker.funds.map(|f| f.available),
        }
    }

    /// Lots that executions under way have yet to send.
    fn lots_to_come(&self) -> u32 {
        let entering =
            self.state.active_strategies().filter(|s| s.execution.as_ref().is_some_and(|e| e.phase == Phase::Entering));
        let missing = |s: &Strategy| {
            let leg = |(i, leg): (usize, &ResolvedLeg)| {
                let sent = self.state.leg_held(s.id, i) + self.state.leg_open(s.id, i);
                leg.quantity().saturating_sub(sent).0.div_ceil(leg.instrument.lot.0.max(1))
            };
            s.legs.iter().enumerate().map(leg).sum::<u32>()
        };
        entering.map(missing).sum()
    }

    fn lots_in(&self, owner: Owner, contract: &Contract, quantity: Quantity) -> u32 {
        let lot = self.instrument(owner, contract).map_or(1, |i| i.lot.0.max(1));
        quantity.0.div_ceil(lot)
    }
}

/// A recommendation whose own prices contradict each other is executed only if those of now do not.
fn check_coherence(s: &Strategy, legs: &[ResolvedLeg], shown: &[PreviewLeg], refusals: &mut Vec<String>) {
    if !s.recommendation.issues.iter().any(|i| i.blocking && i.code == INCONSISTENT_PRICES) {
        return;
    }
    if let Some(why) = priced_now(legs, shown).as_deref().and_then(incoherence) {
        refusals.push(format!("its prices contradict each other, now too: {why}"));
    }
}

/// The legs at what they would trade for now; `None` while one has no quote.
fn priced_now(legs: &[ResolvedLeg], shown: &[PreviewLeg]) -> Option<Vec<Leg>> {
    let priced = |(leg, shown): (&ResolvedLeg, &PreviewLeg)| {
        let quote = shown.quote?;
        Some(leg_at(leg, Some(quote.touch(leg.side).unwrap_or(quote.last))))
    };
    legs.iter().zip(shown).map(priced).collect()
}

/// Payoff of the legs at what they would trade for now.
fn metrics_now(legs: &[ResolvedLeg], shown: &[PreviewLeg]) -> Option<crate::domain::strategy::Metrics> {
    let lot = legs.first()?.instrument.lot;
    payoff::metrics(&priced_now(legs, shown)?, lot).ok()
}

/// The orders of some legs, at what they would trade for by these quotes: what the broker is asked the margin of.
pub fn orders_of(legs: &[ResolvedLeg], product: Product, quotes: &[(Contract, Quote)]) -> Vec<OrderSpec> {
    let order = |leg: &ResolvedLeg| {
        let contract = leg.instrument.contract;
        let touch = quotes.iter().find(|(c, _)| *c == contract).and_then(|(_, q)| q.touch(leg.side));
        let kind = touch.map_or(OrderKind::Market, |price| OrderKind::Limit { price });
        OrderSpec { contract, side: leg.side, quantity: leg.quantity(), kind, validity: Validity::Day, product }
    };
    legs.iter().map(order).collect()
}

/// A resolved leg in the words of a recommendation, at a price.
pub fn leg_at(leg: &ResolvedLeg, premium: Option<Price>) -> Leg {
    let kind = match leg.instrument.contract.kind {
        ContractKind::Option { strike, right, .. } => LegKind::Option { strike, right },
        ContractKind::Future { .. } => LegKind::Future,
        ContractKind::Equity | ContractKind::Index | ContractKind::Unlisted { .. } => LegKind::Equity,
    };
    Leg { side: leg.side, kind, expiry: leg.instrument.contract.expiry(), ratio: leg.ratio, premium }
}

fn margin_legs(legs: &[ResolvedLeg]) -> Vec<margin::MarginLeg> {
    legs.iter()
        .filter_map(|l| match l.instrument.contract.kind {
            ContractKind::Option { strike, right, .. } => {
                Some(margin::MarginLeg { right, strike, net: l.side.signed(l.quantity()) })
            }
            _ => None,
        })
        .collect()
}

/// The premium as recommended, credit positive; `None` when a leg came without a price.
fn recommended_premium(legs: &[ResolvedLeg]) -> Option<Money> {
    legs.iter()
        .map(|l| {
            let value = l.recommended?.times(l.quantity());
            Some(if l.side == Side::Sell { value } else { -value })
        })
        .sum()
}
