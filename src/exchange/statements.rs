//! What the books say of past days: every trade with what it would have cost, and a ledger that ends at the account's cash.
//!
//! The exchange takes no charges from cash, so the ledger has none either; the figures beside a trade are those of the tariff.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::time::trading_day;
use crate::domain::{Money, OrderKind};
use crate::options::charges::{OrderTally, RawCharges, Tariff};

use super::Exchange;
use super::order::{Trade, TradeView};

/// Past trades kept; the oldest go first.
const MOST_TRADES: usize = 5_000;

/// What a row of the ledger is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Voucher {
    /// The money the account began with.
    Deposit,
    /// What a day's trades and settlements came to.
    Trades,
}

/// A row of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    pub day: Date,
    pub voucher: Voucher,
    /// Counted from 1 in each account.
    pub number: usize,
    pub debit: Money,
    pub credit: Money,
    /// After this row.
    pub balance: Money,
}

/// A trade of a past day.
#[derive(Clone, Debug, PartialEq)]
pub struct PastTradeView {
    pub trade: TradeView,
    pub exchange_order: String,
    pub kind: OrderKind,
    /// Its part of what its order cost.
    pub charges: RawCharges,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PastTrade {
    trade: Trade,
    exchange_order: u64,
    kind: OrderKind,
}

/// Cash at the end of a day, in paise.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bill {
    account: String,
    day: Date,
    cash: i64,
}

/// Everything of past days.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Statements {
    /// The exchange's first day.
    begun: Option<Date>,
    /// Oldest first.
    trades: Vec<PastTrade>,
    /// Oldest first.
    bills: Vec<Bill>,
}

impl Statements {
    pub(super) fn begun(day: Date) -> Self {
        Self { begun: Some(day), ..Self::default() }
    }
}

impl Exchange {
    /// The ledger of an account between two days, both included.
    pub fn ledger(&self, account: &str, from: Date, to: Date) -> Vec<LedgerEntry> {
        let money = |paise: i64| Money(Decimal::new(paise, 2));
        let begun = self.statements.begun.unwrap_or_else(|| trading_day(self.now));
        let (mut balance, mut number) = (self.start_cash, 1);
        let deposit = LedgerEntry {
            day: begun,
            voucher: Voucher::Deposit,
            number,
            debit: Money::ZERO,
            credit: money(balance),
            balance: money(balance),
        };
        let mut rows = vec![deposit];
        for bill in self.statements.bills.iter().filter(|bill| bill.account == account) {
            let flow = bill.cash - balance;
            balance = bill.cash;
            number += 1;
            rows.push(LedgerEntry {
                day: bill.day,
                voucher: Voucher::Trades,
                number,
                debit: money((-flow).max(0)),
                credit: money(flow.max(0)),
                balance: money(balance),
            });
        }
        rows.retain(|row| (from..=to).contains(&row.day));
        rows
    }

    /// The account's trades of past days between two days, both included, newest first.
    pub fn past_trades(&self, account: &str, from: Date, to: Date) -> Vec<PastTradeView> {
        let tariff = Tariff::built_in().ok();
        let wanted = |t: &&PastTrade| t.trade.account == account && (from..=to).contains(&trading_day(t.trade.at));
        let view = |past: &PastTrade| PastTradeView {
            trade: past.trade.view(),
            exchange_order: past.exchange_order.to_string(),
            kind: past.kind,
            charges: tariff.as_ref().map(|t| self.cost_of(past, t)).unwrap_or_default(),
        };
        self.statements.trades.iter().rev().filter(wanted).map(view).collect()
    }

    /// A trade's part, by value, of what the tariff takes for its whole order.
    fn cost_of(&self, past: &PastTrade, tariff: &Tariff) -> RawCharges {
        let trade = &past.trade;
        let same = self.statements.trades.iter().filter(|other| other.trade.order == trade.order);
        let upto = |last: u64| {
            let mut tally = OrderTally::new(trade.contract, trade.product, trade.side, trading_day(trade.at));
            for other in same.clone().filter(|other| other.trade.number <= last) {
                let view = other.trade.view();
                tally.fill(view.quantity, view.price);
            }
            tally.charges(tariff).unwrap_or_default()
        };
        upto(trade.number) - upto(trade.number - 1)
    }

    /// The day is over: its trades go to the statements, and what it came to.
    pub(super) fn bill_the_day(&mut self) {
        let day = self.history.days.last().map_or_else(|| trading_day(self.now), |record| record.day);
        let kept = self.trades.iter().map(|trade| {
            let order = self.orders.get(&trade.order);
            PastTrade {
                trade: trade.clone(),
                exchange_order: order.map_or(0, |o| o.exchange_number),
                kind: order.map_or(OrderKind::Market, |o| o.terms.kind),
            }
        });
        self.statements.trades.extend(kept);
        let gone = self.statements.trades.len().saturating_sub(MOST_TRADES);
        self.statements.trades.drain(..gone);
        for account in self.accounts.values() {
            let before = self.statements.bills.iter().rev().find(|bill| bill.account == account.name);
            if before.map_or(self.start_cash, |bill| bill.cash) != account.cash {
                let bill = Bill { account: account.name.clone(), day, cash: account.cash };
                self.statements.bills.push(bill);
            }
        }
    }
}
