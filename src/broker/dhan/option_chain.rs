//! The option chain of one expiry, and the expiries there are.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::contracts::{contract_of, current, security_of};
use super::rest::decode;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::time::Timestamp;
use crate::domain::{
    ChainOption, Contract, ContractKind, InstrumentIndex, OptionChain, OptionGreeks, OptionRight, Price, Quantity,
    Quote, SecurityId, Segment,
};
use crate::protocol::dhan::option_chain::{ChainAnswer, ChainLeg, ChainRequest, ExpiryList};
use crate::protocol::dhan::values::parse_decimal;

impl DhanBroker {
    pub(super) async fn chain(&self, underlying: Contract, expiry: Date) -> Result<OptionChain, BrokerError> {
        let request = ChainRequest { expiry: Some(expiry), ..self.chain_request(&underlying)? };
        let answer: ChainAnswer = decode(Purpose::Read, &self.ask("/optionchain", &request).await?)?;
        let (index, at) = (current(&self.index), Timestamp::now());
        let mut options = Vec::new();
        for (strike, row) in &answer.data.oc {
            let Some(strike) = parse_decimal(strike) else { continue };
            for (leg, right) in [(&row.ce, OptionRight::Call), (&row.pe, OptionRight::Put)] {
                let named = Contract::option(underlying.exchange, underlying.underlying, expiry, Price(strike), right);
                options.extend(leg.as_ref().map(|leg| option(leg, contract(&index, leg, named), at)));
            }
        }
        options.sort_by_key(|option: &ChainOption| option.contract);
        Ok(OptionChain { underlying, expiry, spot: Price(answer.data.last_price), options })
    }

    pub(super) async fn expiry_list(&self, underlying: Contract) -> Result<Vec<Date>, BrokerError> {
        let request = self.chain_request(&underlying)?;
        let list: ExpiryList = decode(Purpose::Read, &self.ask("/optionchain/expirylist", &request).await?)?;
        let mut dates = list.dates();
        dates.sort_unstable();
        Ok(dates)
    }

    fn chain_request(&self, underlying: &Contract) -> Result<ChainRequest, BrokerError> {
        let (underlying_seg, id) = security_of(&current(&self.index), underlying)?;
        let underlying_scrip = i64::try_from(id.0)
            .map_err(|_| BrokerError::not_sent(format!("{underlying} has a number the broker does not take")))?;
        Ok(ChainRequest { underlying_scrip, underlying_seg, expiry: None })
    }
}

/// What the leg's number is listed as, if that is the option it stands for; else the option it stands for.
fn contract(index: &InstrumentIndex, leg: &ChainLeg, named: Contract) -> Contract {
    let id = u64::try_from(leg.security_id).ok().map(SecurityId);
    let listed = id.and_then(|id| contract_of(index, named.segment(), id));
    match listed {
        Some(listed) if listed.segment() != Segment::Index && same_option(&listed, &named) => listed,
        _ => named,
    }
}

fn same_option(a: &Contract, b: &Contract) -> bool {
    matches!((a.kind, b.kind), (ContractKind::Option { .. }, ContractKind::Option { .. })) && a.kind == b.kind
}

fn option(leg: &ChainLeg, contract: Contract, at: Timestamp) -> ChainOption {
    let side = |price: Decimal, quantity: i64| {
        let quantity = units(quantity).unwrap_or_default();
        let there = price > Decimal::ZERO && !quantity.is_zero();
        if there { (Some(Price(price)), quantity) } else { (None, Quantity::ZERO) }
    };
    let (bid, bid_quantity) = side(leg.top_bid_price, leg.top_bid_quantity);
    let (ask, ask_quantity) = side(leg.top_ask_price, leg.top_ask_quantity);
    let greeks = &leg.greeks;
    let computed = [greeks.delta, greeks.gamma, greeks.theta, greeks.vega].iter().any(|g| !g.is_zero());
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    ChainOption {
        contract,
        quote: Quote { last: Price(leg.last_price), bid, ask, bid_quantity, ask_quantity, at },
        implied_volatility: (leg.implied_volatility > Decimal::ZERO).then_some(leg.implied_volatility),
        greeks: computed.then_some(OptionGreeks {
            delta: greeks.delta,
            gamma: greeks.gamma,
            theta: greeks.theta,
            vega: greeks.vega,
        }),
        open_interest: count(leg.oi),
        previous_open_interest: count(leg.previous_oi),
        volume: count(leg.volume),
        previous_close: (leg.previous_close_price > Decimal::ZERO).then_some(Price(leg.previous_close_price)),
    }
}
