//! Ways to break the engine on purpose: the simulation's checks must notice each of them.

use super::turn::Turn;

/// One deliberate fault. None of them can be switched on outside tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The stop is for what was ordered, not for what has filled.
    StopForOrdered,
    /// A stop that is gone is not missed.
    NoRepair,
    /// The stop stays where it is when the position has been exited.
    StopStays,
    /// The exit goes out beside the stop instead of taking it over.
    ExitBesideStop,
    /// A target rests at the broker beside the stop.
    TargetBesideStop,
    /// Rules look at whatever quote there is, however old.
    RulesOnStaleQuotes,
    /// Exits are asked whether the limits allow them.
    GateForExits,
    /// Modifications are not written down.
    ForgetRecord,
    /// The short leg does not wait for its hedge.
    NoWaves,
    /// Entries are priced on old quotes.
    EntriesOnStaleQuotes,
    /// Nobody asks the gate.
    NoGate,
    /// Lots that are open are not counted.
    UncountedLots,
    /// Trades are booked at prices in whole rupees.
    RoundedTrades,
    /// A signal that is delivered again is acted on again.
    SignalsTwice,
    /// A second scalp of the same underlying is opened beside the first.
    ManyScalps,
    /// Scalps are not left by the clock.
    NoSquareOff,
    /// What is missing at the broker is written off at once, whoever closed it.
    HastyWriteOff,
}

impl Turn<'_> {
    #[cfg(test)]
    pub(super) fn sabotaged(&self, how: Sabotage) -> bool {
        self.sabotage == Some(how)
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self)]
    pub(super) fn sabotaged(&self, _: Sabotage) -> bool {
        false
    }
}
