//! Compares today's instrument list with the rules known here. The list is the authority; a difference is a warning to look.

use jiff::civil::Date;

use super::{ContractRules, UnderlyingRules};
use crate::domain::calendar::TradingCalendar;
use crate::domain::{Contract, ContractKind, Exchange, Instrument, InstrumentIndex, Quantity, SecurityId, Symbol};

/// Something the instrument list says otherwise than the rules. The list is what is traded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    #[error("{symbol}: the instrument list has no options on it")]
    NoOptions { symbol: Symbol },
    #[error("{symbol}: the next expiry listed is {listed}, by the rules and holidays known here it is {expected}")]
    NextExpiry { symbol: Symbol, listed: Date, expected: Date },
    #[error("{symbol} {expiry}: the lot listed is {listed}, known here is {expected}")]
    Lot { symbol: Symbol, expiry: Date, listed: Quantity, expected: Quantity },
    #[error("{symbol} {expiry}: the largest order listed is {listed}, known here is {expected}")]
    MaxOrder { symbol: Symbol, expiry: Date, listed: Quantity, expected: Quantity },
    #[error("{symbol}: the index has the number {listed} in the list, known here is {expected}")]
    IndexId { symbol: Symbol, listed: SecurityId, expected: SecurityId },
}

impl ContractRules {
    /// What the list of the day `today` says otherwise than these rules, for a warning on screen.
    pub fn disagreements(&self, index: &InstrumentIndex, calendar: &TradingCalendar, today: Date) -> Vec<Disagreement> {
        let mut found = Vec::new();
        for rules in self.underlyings() {
            self.check(rules, index, calendar, today, &mut found);
        }
        found
    }

    fn check(
        &self,
        rules: &UnderlyingRules,
        index: &InstrumentIndex,
        calendar: &TradingCalendar,
        today: Date,
        found: &mut Vec<Disagreement>,
    ) {
        let symbol = rules.symbol;
        if let Some(listed) = index.by_contract(&Contract::index(rules.exchange, symbol)).map(|i| i.security_id)
            && listed != rules.dhan_index_id
        {
            found.push(Disagreement::IndexId { symbol, listed, expected: rules.dhan_index_id });
        }
        let coming = index.option_expiries(rules.exchange, symbol).into_iter().find(|e| *e >= today);
        let Some(expiry) = coming else {
            found.push(Disagreement::NoOptions { symbol });
            return;
        };
        let expected = self.expiries(symbol, today, calendar, 1, 1).first().copied();
        found.extend(expected.filter(|e| *e != expiry).map(|expected| Disagreement::NextExpiry {
            symbol,
            listed: expiry,
            expected,
        }));
        let Some(option) = index.options(rules.exchange, symbol, expiry).next() else { return };
        let lot = rules.lot(expiry).filter(|lot| *lot != option.lot);
        found.extend(lot.map(|expected| Disagreement::Lot { symbol, expiry, listed: option.lot, expected }));
        if let (Some(listed), Some(expected)) = (option.max_order, rules.max_order(expiry, today))
            && listed != expected
        {
            found.push(Disagreement::MaxOrder { symbol, expiry, listed, expected });
        }
    }

    /// Sets the largest order of index futures and options whose list states none (the compact instrument master never does),
    /// with the lot the list gives them and the freeze quantity known for the day `on`.
    pub fn fill_max_orders(&self, instruments: &mut [Instrument], on: Date) {
        let mut last: Option<((Exchange, Symbol), Option<Quantity>)> = None;
        for instrument in instruments.iter_mut().filter(|i| i.max_order.is_none()) {
            let Contract { exchange, underlying, kind } = instrument.contract;
            match kind {
                ContractKind::Future { .. } | ContractKind::Option { .. } => {}
                ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => continue,
            }
            // Lists come in long runs of one underlying.
            let freeze = match last {
                Some((key, freeze)) if key == (exchange, underlying) => freeze,
                _ => self.get(underlying).filter(|r| r.exchange == exchange).and_then(|r| r.freeze(on)),
            };
            last = Some(((exchange, underlying), freeze));
            instrument.max_order = freeze.map(|f| super::usable_max_order(f, instrument.lot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Price;
    use jiff::civil::date;
    use rust_decimal_macros::dec;

    const TODAY: Date = date(2026, 11, 20);

    fn listed(contract: &str, id: u64, lot: u32, max_order: Option<u32>) -> Instrument {
        Instrument {
            contract: contract.parse().unwrap(),
            security_id: SecurityId(id),
            lot: Quantity(lot),
            tick: Price(dec!(0.05)),
            max_order: max_order.map(Quantity),
        }
    }

    fn warnings(list: Vec<Instrument>) -> Vec<String> {
        let all =
            ContractRules::builtin().disagreements(&InstrumentIndex::new(list), TradingCalendar::builtin(), TODAY);
        all.iter().map(ToString::to_string).filter(|w| w.starts_with("NIFTY:") || w.starts_with("NIFTY ")).collect()
    }

    #[test]
    fn a_list_that_agrees_gives_no_warning() {
        let option = "NSE:NIFTY:2026-11-23:26000:CE";
        assert_eq!(warnings(vec![listed("NSE:NIFTY:INDEX", 13, 1, None), listed(option, 1, 65, Some(1755))]), [""; 0]);
        assert_eq!(warnings(vec![listed(option, 1, 65, None)]), [""; 0]);
    }

    #[test]
    fn what_the_list_says_otherwise_is_told() {
        let index = listed("NSE:NIFTY:INDEX", 26000, 1, None);
        let option = listed("NSE:NIFTY:2026-11-24:26000:CE", 1, 75, Some(1800));
        assert_eq!(
            warnings(vec![index, option]),
            [
                "NIFTY: the index has the number 26000 in the list, known here is 13",
                "NIFTY: the next expiry listed is 2026-11-24, by the rules and holidays known here it is 2026-11-23",
                "NIFTY 2026-11-24: the lot listed is 75, known here is 65",
                "NIFTY 2026-11-24: the largest order listed is 1800, known here is 1755",
            ]
        );
        assert_eq!(warnings(Vec::new()), ["NIFTY: the instrument list has no options on it"]);
    }

    #[test]
    fn a_list_without_freeze_quantities_gets_the_known_ones() {
        let mut list = [
            listed("NSE:NIFTY:2026-11-23:26000:CE", 1, 65, None),
            listed("NSE:NIFTY:2026-11-23:26050:CE", 2, 65, Some(650)),
            listed("NSE:NIFTY:INDEX", 13, 1, None),
            listed("NSE:RELIANCE:2026-11-23:1500:CE", 3, 500, None),
            listed("BSE:SENSEX:2026-11-26:FUT", 4, 20, None),
        ];
        ContractRules::builtin().fill_max_orders(&mut list, TODAY);
        let max: Vec<_> = list.iter().map(|i| i.max_order.map(|q| q.0)).collect();
        assert_eq!(max, [Some(1755), Some(650), None, None, Some(1000)]);
    }
}
