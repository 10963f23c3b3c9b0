//! Neutral contracts and DhanHQ's numbers: one to the other, by today's instruments.

use std::sync::{Arc, PoisonError, RwLock};

use crate::broker::BrokerError;
use crate::domain::{Contract, ContractKind, Exchange, InstrumentIndex, SecurityId, Segment, Symbol};
use crate::protocol::dhan::enums::ExchangeSegment;

/// Today's instruments, to be replaced as a whole by whoever reads the next list.
pub type SharedIndex = Arc<RwLock<Arc<InstrumentIndex>>>;

/// The list as it is now.
pub(super) fn current(index: &SharedIndex) -> Arc<InstrumentIndex> {
    index.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The name of everything that has none.
const UNLISTED: &str = "UNLISTED";

/// What the broker's number stands for. A number the list does not know becomes an unlisted contract, the same one
/// whichever book or link names it.
pub(super) fn contract_of(index: &InstrumentIndex, segment: Segment, id: SecurityId) -> Option<Contract> {
    if let Some(instrument) = index.by_security(segment, id) {
        return Some(instrument.contract);
    }
    let exchange = match segment {
        Segment::Index
        | Segment::NseEquity
        | Segment::NseDerivatives
        | Segment::NseCurrency
        | Segment::NseCommodity => Exchange::Nse,
        Segment::BseEquity | Segment::BseDerivatives | Segment::BseCurrency => Exchange::Bse,
        Segment::McxCommodity => Exchange::Mcx,
    };
    let underlying = Symbol::new(UNLISTED).ok()?;
    Some(Contract { exchange, underlying, kind: ContractKind::Unlisted { segment, id } })
}

/// From a row of a book: segment and number as they are written.
pub(super) fn contract_of_row(index: &InstrumentIndex, segment: &ExchangeSegment, id: &str) -> Option<Contract> {
    let segment = segment.segment()?;
    contract_of(index, segment, id.trim().parse().ok()?)
}

/// The broker's number for a contract. One that is not listed today cannot be asked for, except by its number.
pub(super) fn security_of(
    index: &InstrumentIndex,
    contract: &Contract,
) -> Result<(ExchangeSegment, SecurityId), BrokerError> {
    if let ContractKind::Unlisted { segment, id } = contract.kind {
        return Ok((segment.into(), id));
    }
    match index.by_contract(contract) {
        Some(instrument) => Ok((contract.segment().into(), instrument.security_id)),
        None => Err(BrokerError::not_sent(format!("{contract} is not in today's instrument list"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::dhan::tests::listing::{index, nifty_put};

    #[test]
    fn a_listed_contract_goes_both_ways() {
        let index = index();
        let (segment, id) = security_of(&index, &nifty_put()).unwrap();
        assert_eq!((segment.clone(), id), (ExchangeSegment::NseFno, SecurityId(51_234)));
        assert_eq!(contract_of_row(&index, &segment, "51234"), Some(nifty_put()));
    }

    #[test]
    fn an_unknown_number_is_the_same_unlisted_contract_everywhere_and_can_be_sent_back() {
        let index = index();
        let odd = contract_of_row(&index, &ExchangeSegment::McxComm, "999").unwrap();
        assert_eq!(odd.to_string(), "MCX:UNLISTED:ID-McxCommodity-999");
        assert_eq!(security_of(&index, &odd), Ok((ExchangeSegment::McxComm, SecurityId(999))));
        assert_eq!(contract_of_row(&index, &ExchangeSegment::read("MOON"), "1"), None);
    }
}
