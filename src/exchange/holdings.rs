//! Shares held for delivery over the night, and the authorisations (EDIS) under which they may be sold.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Contract, ContractKind, Exchange as Place, Price, Product, Quantity, SecurityId};

use super::Exchange;
use super::listing::price;
use super::order::Refusal;

/// One row of the holdings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldingView {
    pub contract: Contract,
    pub security_id: SecurityId,
    pub isin: String,
    /// Bought on earlier days and not sold today.
    pub quantity: Quantity,
    /// Of it, what the broker has funded.
    pub funded: Quantity,
    /// What a share cost when it was bought.
    pub cost: Price,
    pub last: Price,
}

/// A form that was asked for, and not yet answered by the depository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    number: u64,
    rows: Vec<(Contract, u32)>,
}

/// Authorisations of one account, for the day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edis {
    forms: u64,
    asked: Vec<Asked>,
    approved: Vec<(Contract, u32)>,
}

/// Forms of one day remembered at most; the oldest go first.
const MOST_FORMS: usize = 32;

impl Edis {
    pub(super) fn end_day(&mut self) {
        self.asked.clear();
        self.approved.clear();
    }
}

impl Exchange {
    /// What the account holds for delivery from earlier days.
    pub fn holdings_of(&self, account: &str) -> Vec<HoldingView> {
        let Some(book) = self.accounts.get(account) else { return Vec::new() };
        let mut rows: Vec<HoldingView> = Vec::new();
        for position in &book.positions {
            let funded = position.product == Product::Mtf;
            let held = position.held();
            if held == 0 {
                continue;
            }
            let quantity = Quantity(u32::try_from(held).unwrap_or(u32::MAX));
            let row = HoldingView {
                contract: position.contract,
                security_id: position.id,
                isin: isin(&position.contract, position.id),
                quantity,
                funded: if funded { quantity } else { Quantity::ZERO },
                cost: position.view(self.mark(&position.contract)).cost,
                last: price(self.mark(&position.contract)),
            };
            match rows.iter_mut().find(|known| known.contract == row.contract) {
                Some(known) => {
                    known.quantity = Quantity(known.quantity.0 + row.quantity.0);
                    known.funded = Quantity(known.funded.0 + row.funded.0);
                }
                None => rows.push(row),
            }
        }
        rows
    }

    /// Gives a new account shares that it has held for long, bought somewhat cheaper; `false` for what is no listed share, or
    /// when the account has some already.
    pub fn give_holding(&mut self, account: &str, share: &Contract, quantity: Quantity) -> bool {
        let listed = self.find(share).filter(|l| l.contract.kind == ContractKind::Equity);
        let Some(listed) = listed.filter(|_| !quantity.is_zero()) else { return false };
        let close = self.mark(share);
        let book = self.account(account);
        if book.positions.iter().any(|p| p.contract == *share && p.product == Product::Cnc) {
            return false;
        }
        book.hold(*share, listed.id, quantity.0, close, close - close / 12);
        self.unsaved.any = true;
        true
    }

    /// A form for so many units of holdings, by ISIN; all of them when `rows` is empty. Returns its number and what it is for.
    pub fn ask_edis(
        &mut self,
        account: &str,
        rows: &[(String, Option<u32>)],
        now: Timestamp,
    ) -> Result<(u64, Vec<(String, u32)>), Refusal> {
        self.run_until(now);
        let held = self.holdings_of(account);
        let wanted: Vec<(&HoldingView, u32)> = if rows.is_empty() {
            held.iter().map(|h| (h, h.quantity.0)).collect()
        } else {
            let find = |(isin, quantity): &(String, Option<u32>)| {
                let holding = held.iter().find(|h| h.isin == *isin)?;
                Some((holding, quantity.unwrap_or(holding.quantity.0)))
            };
            rows.iter().filter_map(find).collect()
        };
        if wanted.is_empty() || wanted.iter().any(|(h, n)| *n == 0 || *n > h.quantity.0) {
            return Err(Refusal::Input("Invalid ISIN or quantity: not among the holdings".into()));
        }
        let told = wanted.iter().map(|(h, n)| (h.isin.clone(), *n)).collect();
        let rows = wanted.iter().map(|(h, n)| (h.contract, *n)).collect();
        let edis = &mut self.account(account).edis;
        edis.forms += 1;
        let number = edis.forms;
        edis.asked.push(Asked { number, rows });
        let gone = edis.asked.len().saturating_sub(MOST_FORMS);
        edis.asked.drain(..gone);
        self.unsaved.any = true;
        Ok((number, told))
    }

    /// The depository says that the person entered the T-PIN on a form. `false` for a form that is not known (any more).
    pub fn approve_edis(&mut self, account: &str, form: u64, now: Timestamp) -> bool {
        self.run_until(now);
        let edis = &mut self.account(account).edis;
        let Some(at) = edis.asked.iter().position(|asked| asked.number == form) else { return false };
        for (contract, quantity) in edis.asked.remove(at).rows {
            match edis.approved.iter_mut().find(|(known, _)| *known == contract) {
                Some((_, known)) => *known = (*known).max(quantity),
                None => edis.approved.push((contract, quantity)),
            }
        }
        self.unsaved.any = true;
        true
    }

    /// How much of a holding may be sold today by EDIS.
    pub fn approved_edis(&self, account: &str, contract: &Contract) -> Quantity {
        let Some(book) = self.accounts.get(account) else { return Quantity::ZERO };
        let found = book.edis.approved.iter().find(|(known, _)| known == contract);
        found.map_or(Quantity::ZERO, |(_, quantity)| Quantity(*quantity))
    }
}

/// A share's ISIN: made from its number, with a right check digit. Nothing but shares has one.
pub fn isin(contract: &Contract, id: SecurityId) -> String {
    if contract.kind != ContractKind::Equity {
        return "NA".into();
    }
    let letter = if contract.exchange == Place::Bse { 'B' } else { 'A' };
    let body = format!("INE{:05}{letter}01", id.0 % 100_000);
    let check = check_digit(&body);
    format!("{body}{check}")
}

/// Letters count as two digits (A is 10); every other digit from the right counts twice.
fn check_digit(body: &str) -> u32 {
    let digits: Vec<u32> = body
        .chars()
        .filter_map(|c| c.to_digit(36))
        .flat_map(|value| if value > 9 { vec![value / 10, value % 10] } else { vec![value] })
        .collect();
    let count = |(n, digit): (usize, &u32)| {
        let doubled = digit * (2 - n as u32 % 2);
        doubled / 10 + doubled % 10
    };
    let sum: u32 = digits.iter().rev().enumerate().map(count).sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_that_of_real_shares() {
        for isin in ["INE002A01018", "INE467B01029", "INE040A01034", "INE155A01022"] {
            let (body, digit) = isin.split_at(11);
            assert_eq!(check_digit(body).to_string(), digit, "{isin}");
        }
    }

    #[test]
    fn a_made_isin_has_twelve_letters_and_nothing_but_shares_has_one() {
        let share: Contract = "NSE:RELIANCE:EQ".parse().unwrap();
        assert_eq!(isin(&share, SecurityId(2_885)).len(), 12);
        let index: Contract = "NSE:NIFTY:INDEX".parse().unwrap();
        assert_eq!(isin(&index, SecurityId(13)), "NA");
    }
}
