//! The books as they are read: trades, positions, funds, the listing.

use rust_decimal::Decimal;

use crate::domain::{BrokerOrderId, Contract, ContractKind, Funds, Money, OrderSpec, Product, SecurityId, Segment};

use super::Exchange;
use super::account::{Position, PositionView};
use super::listing::{self, Listed, Listing};
use super::margin::{self, Holding, Need};
use super::order::{Order, Trade, TradeView};

impl Exchange {
    /// Every trade of the account today, oldest first.
    pub fn trades(&self, account: &str) -> Vec<TradeView> {
        self.trades.iter().filter(|t| t.account == account).map(Trade::view).collect()
    }

    pub fn trades_of(&self, account: &str, order: &BrokerOrderId) -> Vec<TradeView> {
        let Ok(number) = order.0.parse::<u64>() else { return Vec::new() };
        self.trades.iter().filter(|t| t.account == account && t.order == number).map(Trade::view).collect()
    }

    /// The account's positions by contract and product; those closed today with a net of zero.
    pub fn positions(&self, account: &str) -> Vec<PositionView> {
        let Some(account) = self.accounts.get(account) else { return Vec::new() };
        account.positions.iter().map(|p| p.view(self.mark(&p.contract))).collect()
    }

    /// What the account can spend, what is held back, and what it began the day with.
    pub fn funds(&self, account: &str) -> Funds {
        let money = |paise: i64| Money(Decimal::new(paise, 2));
        let Some(book) = self.accounts.get(account) else {
            return Funds {
                available: money(self.start_cash),
                utilised: Money::ZERO,
                start_of_day: money(self.start_cash),
            };
        };
        let need = self.need_of(account);
        let spent: Decimal =
            book.positions.iter().filter(|p| is_paid(p)).map(|p| p.cost * Decimal::from(p.net())).sum();
        let spent = i64::try_from(spent.round()).unwrap_or(0);
        Funds {
            available: money(book.cash + need.credit - need.risk - self.blocked(account)),
            utilised: money(need.risk + self.blocked(account) + spent),
            start_of_day: money(book.start_of_day),
        }
    }

    /// What a set of orders would tie up if all of them were filled at their prices, alone or on top of what is held, and of
    /// what the account's working orders would add to that.
    pub fn margin_for(
        &self,
        account: &str,
        orders: &[OrderSpec],
        on_top_of_positions: bool,
        on_top_of_orders: bool,
    ) -> MarginFor {
        let mut holdings = if on_top_of_positions { self.holdings(account) } else { Vec::new() };
        if on_top_of_orders {
            holdings.extend(self.working_holdings(account));
        }
        let before = margin::need(&holdings, &self.market, self.pricing_time());
        let mut premium = 0;
        for order in orders {
            let Some(listed) = self.find(&order.contract) else { continue };
            let net = order.side.signed(order.quantity).0;
            let given = order.kind.price().filter(|p| p.is_positive()).and_then(listing::to_paise);
            let at = given.unwrap_or_else(|| self.book(&listed).fair.round() as i64);
            if matches!(order.contract.kind, ContractKind::Option { .. }) || order.product == Product::Cnc {
                premium += net * at;
            }
            holdings.push(Holding { listed, product: order.product, net });
        }
        let after = margin::need(&holdings, &self.market, self.pricing_time());
        let money = |paise: i64| Money(Decimal::new(paise.max(0), 2));
        let exposure = after.exposure - before.exposure;
        MarginFor {
            // Premium received pays for part of a short; premium paid is needed in full.
            total: money(after.risk - before.risk + premium),
            span: money(after.risk - before.risk - exposure + premium.min(0)),
            exposure: money(exposure),
            available: Money(Decimal::new(self.available(account), 2)),
        }
    }

    /// Names of all accounts that have been used.
    pub fn accounts(&self) -> Vec<String> {
        self.accounts.keys().cloned().collect()
    }

    /// Everything listed now, index by index and expiry by expiry.
    pub fn instruments(&self) -> Vec<Listing> {
        let mut all = Vec::new();
        for spec in &self.market.specs {
            all.extend(self.listing(&spec.contract));
            let strikes = listing::strikes(spec);
            for series in &spec.series {
                let base = spec.contract;
                if series.future {
                    let future = Contract::future(base.exchange, base.underlying, series.expiry);
                    all.extend(self.listing(&future));
                }
                for strike in &strikes {
                    for right in [crate::domain::OptionRight::Call, crate::domain::OptionRight::Put] {
                        let strike = listing::price(*strike);
                        let option = Contract::option(base.exchange, base.underlying, series.expiry, strike, right);
                        all.extend(self.listing(&option));
                    }
                }
            }
        }
        let held = self.accounts.values().flat_map(|a| &a.positions).filter(|p| p.net() != 0);
        for contract in held.map(|p| p.contract) {
            if all.iter().all(|l: &Listing| l.instrument.contract != contract) {
                all.extend(self.listing(&contract));
            }
        }
        all
    }

    /// One listed contract with its names.
    pub fn listing(&self, contract: &Contract) -> Option<Listing> {
        self.find(contract).and_then(|l| self.describe(&l))
    }

    /// Also of a contract that has expired today or left the strike ladder: rows of the books need its names.
    pub fn listing_of_held(&self, contract: &Contract) -> Option<Listing> {
        self.find_held(contract).and_then(|l| self.describe(&l))
    }

    /// The contract a broker's number stands for.
    pub fn contract_of(&self, segment: Segment, id: SecurityId) -> Option<Contract> {
        let own = |s: &&super::UnderlyingSpec| s.security_id == id && s.contract.segment() == segment;
        let contract = match self.market.specs.iter().find(own) {
            Some(spec) => spec.contract,
            None => self.market.numbers.contract(id).filter(|c| c.segment() == segment)?,
        };
        self.find_held(&contract).filter(|l| l.id == id).map(|l| l.contract)
    }

    fn describe(&self, listed: &Listed) -> Option<Listing> {
        self.market.specs.get(listed.underlying).map(|spec| listing::describe(spec, listed))
    }

    /// The last price of a contract, in paise; what it paid when it has expired.
    pub(super) fn mark(&self, contract: &Contract) -> i64 {
        self.find_held(contract).map_or(0, |listed| {
            if listed.close.is_some_and(|close| close <= self.now) {
                super::market::Market::intrinsic(&listed, self.market.spot(listed.underlying))
            } else {
                self.market.book(&listed, self.pricing_time()).last
            }
        })
    }

    pub(super) fn holdings(&self, account: &str) -> Vec<Holding> {
        let Some(account) = self.accounts.get(account) else { return Vec::new() };
        let open = account.positions.iter().filter(|p| p.net() != 0);
        let holding = |p: &Position| {
            self.find_held(&p.contract).map(|listed| Holding { listed, product: p.product, net: p.net() })
        };
        open.filter_map(holding).collect()
    }

    /// The open parts of the account's resting orders, as if they had been filled.
    fn working_holdings(&self, account: &str) -> Vec<Holding> {
        let own = self.resting.iter().filter_map(|n| self.orders.get(n)).filter(|o| o.account == account);
        let holding = |o: &Order| {
            let net = o.side.signed(crate::domain::Quantity(o.open_quantity())).0;
            self.find_held(&o.contract).map(|listed| Holding { listed, product: o.product, net })
        };
        own.filter_map(holding).collect()
    }

    fn need_of(&self, account: &str) -> Need {
        margin::need(&self.holdings(account), &self.market, self.pricing_time())
    }

    fn blocked(&self, account: &str) -> i64 {
        let of = |o: &&Order| o.account == account;
        self.resting.iter().filter_map(|n| self.orders.get(n)).filter(of).map(|o| o.blocked).sum()
    }

    /// Money that can be spent, in paise.
    pub(super) fn available(&self, account: &str) -> i64 {
        let need = self.need_of(account);
        let cash = self.accounts.get(account).map_or(self.start_cash, |a| a.cash);
        cash + need.credit - need.risk - self.blocked(account)
    }

    /// Cash, futures and shares on margin included, in paise.
    pub(super) fn balance(&self, account: &str) -> i64 {
        self.accounts.get(account).map_or(self.start_cash, |a| a.cash) + self.need_of(account).credit
    }
}

/// What a set of orders would tie up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginFor {
    pub total: Money,
    pub span: Money,
    pub exposure: Money,
    /// What the account can spend now.
    pub available: Money,
}

/// A position whose price has been spent, not only secured: long options, and shares for delivery.
fn is_paid(position: &Position) -> bool {
    let option = matches!(position.contract.kind, ContractKind::Option { .. });
    let delivery = position.product == crate::domain::Product::Cnc;
    position.net() > 0 && (option || delivery)
}
