//! The words of the trade as types: money, instruments, contracts, quotes, orders, positions, strategies, the session calendar.
//!
//! Floor 0: nothing here knows of a broker, a database, a screen or a clock. Wrong states should not be expressible;
//! what the field calls by a name has that name here.

pub mod bar;
pub mod bracket;
pub mod calendar;
pub mod contract_rules;
pub mod drill;
pub mod exit_rules;
pub mod forever;
pub mod history;
pub mod ids;
pub mod instrument;
pub mod instrument_index;
pub mod mapping;
pub mod money;
pub mod option_chain;
pub mod order;
pub mod pnl_exit;
pub mod position;
pub mod quote;
pub mod safeguard;
pub mod setup;
pub mod signal;
pub mod strategy;
pub mod time;
pub mod trigger;

pub use bar::Bar;
pub use bracket::{Bracket, BracketChange, BracketLeg, BracketLegSighting, BracketSighting, Pricing};
pub use calendar::{Market, Session, SessionKind, TradingCalendar};
pub use contract_rules::{ContractRules, Disagreement, Expiry, ExpiryCycle, UnderlyingRules};
pub use drill::Drill;
pub use exit_rules::{ExitRules, RuleKind, RuleLevel, ScaleStep};
pub use forever::{ForeverLeg, ForeverLegName, ForeverLegs, ForeverOrder, ForeverSighting};
pub use history::{AuditRecord, SessionRecord, TradeRecord};
pub use ids::{AccountId, BrokerOrderId, CommandId, CorrelationId, IntentId, SecurityId, SignalId, StrategyId};
pub use instrument::{Contract, ContractKind, Exchange, Instrument, OptionRight, Segment, Symbol};
pub use instrument_index::InstrumentIndex;
pub use mapping::{ExpiryPolicy, Listed, MappingError, WantedLeg, at_the_money, map_leg};
pub use money::{Lots, Money, NetQuantity, Price, Quantity};
pub use option_chain::{ChainOption, OptionChain, OptionGreeks, StrikeRow};
pub use order::{Intent, OrderKind, OrderSighting, OrderSpec, Product, SeenStatus, Side, TradeSighting, Validity};
pub use pnl_exit::PnlExit;
pub use position::{Funds, PositionSighting};
pub use quote::Quote;
pub use safeguard::{SafeguardAsk, SafeguardTold};
pub use setup::{Hours, OppositeSignal, ScalpSetup, SetupMode};
pub use signal::{SetupName, Signal, SignalAnswer, SignalKey, SignalRefusal};
pub use strategy::{Bound, Conviction, Issue, Leg, LegKind, Recommendation, StrategyStatus};
pub use trigger::{
    Against, Comparison, Condition, Frequency, Indicator, Operator, TimeFrame, Trigger, TriggerId, TriggerSighting,
    TriggerStatus,
};
