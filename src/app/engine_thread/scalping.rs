//! The prices that signals are decided on: those of the underlyings of armed set-ups and of the options at the money are
//! subscribed before any signal comes.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::EngineThread;
use crate::domain::{Contract, OptionRight, Price, ScalpSetup, Signal, Symbol};
use crate::engine::Reference;

/// The underlying may move by this share of itself until the next look at what is at the money.
const AROUND: [Decimal; 3] = [dec!(0.999), dec!(1), dec!(1.001)];

impl EngineThread {
    /// What must have a fresh price before a signal can be decided on: the underlying and the option at the money now.
    pub(super) fn decided_on(&self, signal: &Signal) -> BTreeSet<Contract> {
        self.near_the_money(signal, &[Decimal::ONE])
    }

    /// Those, and the options that the next tick of the underlying might put at the money.
    pub(super) fn candidates(&self, signal: &Signal) -> BTreeSet<Contract> {
        self.near_the_money(signal, &AROUND)
    }

    fn near_the_money(&self, signal: &Signal, around: &[Decimal]) -> BTreeSet<Contract> {
        let policy = &self.desk.driver().engine().config.scalping;
        let setup = policy.setup(&signal.setup).filter(|s| s.symbols.contains(&signal.symbol));
        setup.map(|s| self.options_near(s, signal.symbol, signal.right(), around)).unwrap_or_default()
    }

    /// What armed set-ups may want to buy.
    pub(super) fn scalping_interest(&self) -> BTreeSet<Contract> {
        let (policy, scalper) = (&self.desk.driver().engine().config.scalping, &self.desk.state().scalper);
        let armed = policy.setups.iter().filter(|s| scalper.is_armed(s));
        let wanted = armed.flat_map(|setup| {
            let both = [OptionRight::Call, OptionRight::Put];
            let of = move |symbol: &Symbol| both.map(|right| self.options_near(setup, *symbol, right, &AROUND));
            setup.symbols.iter().flat_map(of)
        });
        wanted.flatten().collect()
    }

    fn options_near(
        &self,
        setup: &ScalpSetup,
        symbol: Symbol,
        right: OptionRight,
        around: &[Decimal],
    ) -> BTreeSet<Contract> {
        let (now, policy) = (self.clock.now(), setup.expiry_policy());
        let Some(underlying) = self.today.underlying(symbol) else { return BTreeSet::new() };
        let mut wanted = BTreeSet::from([underlying]);
        if let Some((_, quote)) = self.shared.quotes_of([&underlying]).first() {
            let at = |share: &Decimal| self.today.at_the_money(symbol, Price(quote.last.0 * share), right, policy, now);
            wanted.extend(around.iter().filter_map(|share| at(share).ok()).map(|i| i.contract));
        }
        wanted
    }
}
