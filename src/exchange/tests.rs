//! The rules of the exchange, one test each, and what must hold whatever is done to it.

mod always;
mod books_of_days;
mod charts;
mod forever_orders;
mod orders;
mod steered;
mod super_orders;
mod the_day;
mod triggers;

use jiff::civil::date;

use crate::domain::time::{Timestamp, after_ms, from_ist};
use crate::domain::{
    BrokerOrderId, Contract, Exchange as Place, Money, OrderKind, OrderSpec, Price, Product, Quantity, Side, Symbol,
    Validity,
};

use super::*;

const ME: &str = "1100000001";

fn start() -> Timestamp {
    from_ist(date(2026, 11, 20).at(10, 0, 0, 0))
}

fn config(seed: u64) -> ExchangeConfig {
    ExchangeConfig {
        seed,
        underlyings: vec![small_listing(Symbol::new("NIFTY").unwrap(), date(2026, 11, 23))],
        start_cash: Money("1000000".parse().unwrap()),
        clock: ClockMode::AlwaysOpen,
        behaviour: Behaviour { jumps: 0.0, ..Behaviour::default() },
    }
}

fn option(strike: i64, right: &str) -> Contract {
    format!("NSE:NIFTY:2026-11-23:{strike}:{right}").parse().unwrap()
}

fn future() -> Contract {
    Contract::future(Place::Nse, Symbol::new("NIFTY").unwrap(), date(2026, 11, 23))
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// A trader at an exchange, with a clock that only moves when told.
struct Desk {
    exchange: Exchange,
    now: Timestamp,
    sent: u64,
}

impl Desk {
    fn new(seed: u64) -> Self {
        Self::with(config(seed))
    }

    fn with(config: ExchangeConfig) -> Self {
        Self { exchange: Exchange::new(config, start()), now: start(), sent: 0 }
    }

    fn send(&mut self, contract: Contract, side: Side, quantity: u32, kind: OrderKind) -> BrokerOrderId {
        self.try_send(contract, side, quantity, kind, Validity::Day, Product::Margin).unwrap().order_id
    }

    fn try_send(
        &mut self,
        contract: Contract,
        side: Side,
        quantity: u32,
        kind: OrderKind,
        validity: Validity,
        product: Product,
    ) -> Result<Accepted, Refusal> {
        self.sent += 1;
        let spec = OrderSpec { contract, side, quantity: Quantity(quantity), kind, validity, product };
        self.exchange.place(ME, &NewOrder::new(spec, format!("T{:06}", self.sent)), self.now)
    }

    fn wait(&mut self, ms: i64) -> Vec<Notice> {
        self.now = after_ms(self.now, ms);
        self.exchange.advance(self.now)
    }

    /// The index goes to another price at once, and a minute passes.
    fn move_market(&mut self, spot: &str) {
        let mut spec = small_listing(Symbol::new("NIFTY").unwrap(), date(2026, 11, 23));
        spec.spot = price(spot);
        self.exchange.relist(vec![spec]);
        self.wait(60_000);
    }

    fn order(&self, id: &BrokerOrderId) -> OrderView {
        self.exchange.order(ME, id).unwrap()
    }

    fn status(&self, id: &BrokerOrderId) -> OrderStatus {
        self.order(id).status
    }

    fn ask(&self, contract: Contract) -> Price {
        self.exchange.quote(&contract).unwrap().ask.unwrap()
    }

    fn bid(&self, contract: Contract) -> Price {
        self.exchange.quote(&contract).unwrap().bid.unwrap()
    }

    /// Sends a market order and waits until it is through.
    fn trade(&mut self, contract: Contract, side: Side, quantity: u32) -> OrderView {
        let id = self.send(contract, side, quantity, OrderKind::Market);
        for _ in 0..200 {
            self.wait(500);
            if self.status(&id).is_final() {
                break;
            }
        }
        let order = self.order(&id);
        assert_eq!(order.status, OrderStatus::Traded, "{order:?}");
        order
    }
}

fn limit(at: Price) -> OrderKind {
    OrderKind::Limit { price: at }
}
