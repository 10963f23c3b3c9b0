//! The gate: may this entry be made? Every reason against it is named with its numbers.

use crate::domain::{Bound, Lots, Money};

use super::Limits;
use super::margin::Margin;

/// What an entry would add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// At the current prices; `None` when it cannot be computed.
    pub max_loss: Option<Bound>,
    pub lots: Lots,
    pub margin: Margin,
    /// Orders it takes.
    pub orders: u32,
}

/// What is used already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub trades_today: u32,
    /// Realised + open P&L − charges; `None` when a held contract has no price.
    pub day_pnl: Option<Money>,
    pub open_lots: Lots,
    pub open_strategies: u32,
    pub orders_today: u32,
    /// What the broker says can be spent; `None` when it has not said yet.
    pub available: Option<Money>,
}

/// All reasons why the entry is refused; none means that it is allowed.
pub fn check(ask: &Ask, usage: &Usage, limits: &Limits) -> Vec<String> {
    let mut reasons = Vec::new();
    if usage.trades_today >= limits.max_trades_per_day {
        reasons.push(format!("{} of {} trades of the day are used", usage.trades_today, limits.max_trades_per_day));
    }
    check_day_loss(usage, limits, &mut reasons);
    check_max_loss(ask, limits, &mut reasons);
    let lots = usage.open_lots + ask.lots;
    if lots > limits.max_open_lots {
        reasons.push(format!("{lots} open lots would be over the limit of {}", limits.max_open_lots));
    }
    if usage.open_strategies >= limits.max_open_strategies {
        let (open, most) = (usage.open_strategies, limits.max_open_strategies);
        reasons.push(format!("{open} of {most} strategies are open"));
    }
    if usage.orders_today + ask.orders > limits.max_orders_per_day {
        let (used, most) = (usage.orders_today, limits.max_orders_per_day);
        reasons.push(format!("{} more orders would be over the day's limit ({used} of {most} used)", ask.orders));
    }
    match usage.available {
        None => reasons.push("the broker has not yet said what funds are available".into()),
        Some(available) if ask.margin.amount() > available => {
            let (needed, available) = (ask.margin.amount().to_paise(), available.to_paise());
            let by = ask.margin.source();
            reasons.push(format!("₹{needed} of margin is needed ({by}) and ₹{available} available"));
        }
        Some(_) => {}
    }
    reasons
}

fn check_day_loss(usage: &Usage, limits: &Limits, reasons: &mut Vec<String>) {
    match usage.day_pnl {
        None => reasons.push("the day's P&L is unknown: an open position has no price".into()),
        Some(pnl) if -pnl >= limits.max_daily_loss => {
            reasons.push(format!(
                "the day's loss of ₹{} has reached the limit of ₹{}",
                (-pnl).to_paise(),
                limits.max_daily_loss
            ));
        }
        Some(_) => {}
    }
}

fn check_max_loss(ask: &Ask, limits: &Limits, reasons: &mut Vec<String>) {
    let most = limits.max_loss_per_trade();
    let loss = match ask.max_loss {
        None => return reasons.push("its largest loss cannot be computed".into()),
        Some(Bound::Unlimited) if !limits.allow_unlimited_loss => {
            return reasons.push("its loss has no limit (`allow_unlimited_loss` in risk.yaml is off)".into());
        }
        Some(Bound::Unlimited) => ask.margin.amount(),
        Some(Bound::Limited(loss)) => loss,
    };
    if loss > most {
        let text = format!(
            "its largest loss of ₹{} is over ₹{} ({} % of capital)",
            loss.to_paise(),
            most.to_paise(),
            limits.max_loss_per_trade_pct
        );
        reasons.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    fn ask() -> Ask {
        let (max_loss, margin) = (Some(Bound::Limited(Money(dec!(5000)))), Margin::Estimate(Money(dec!(5000))));
        Ask { max_loss, lots: Lots(2), margin, orders: 2 }
    }

    fn usage() -> Usage {
        Usage {
            trades_today: 0,
            day_pnl: Some(Money::ZERO),
            open_lots: Lots(0),
            open_strategies: 0,
            orders_today: 0,
            available: Some(Money(dec!(100000))),
        }
    }

    /// The one reason an ask is refused for.
    fn only_reason(ask: &Ask, usage: &Usage) -> String {
        let reasons = check(ask, usage, &Limits::default());
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        reasons[0].clone()
    }

    #[test]
    fn what_keeps_every_limit_is_allowed() {
        assert!(check(&ask(), &usage(), &Limits::default()).is_empty());
    }

    #[test]
    fn each_limit_refuses_by_itself_and_says_so() {
        assert!(only_reason(&ask(), &Usage { trades_today: 10, ..usage() }).contains("trades"));
        assert!(only_reason(&ask(), &Usage { day_pnl: Some(Money(dec!(-25000))), ..usage() }).contains("day's loss"));
        assert!(only_reason(&ask(), &Usage { day_pnl: None, ..usage() }).contains("unknown"));
        assert!(only_reason(&ask(), &Usage { open_lots: Lots(59), ..usage() }).contains("61 open lots"));
        assert!(only_reason(&ask(), &Usage { open_strategies: 10, ..usage() }).contains("strategies"));
        assert!(only_reason(&ask(), &Usage { orders_today: 6_499, ..usage() }).contains("orders"));
        assert!(only_reason(&ask(), &Usage { available: Some(Money(dec!(4999))), ..usage() }).contains("margin"));
        assert!(only_reason(&ask(), &Usage { available: None, ..usage() }).contains("funds"));
        let told = Ask { margin: Margin::Broker(Money(dec!(100000.05))), ..ask() };
        assert!(only_reason(&told, &usage()).contains("₹100000.05 of margin is needed (broker)"));
        let losing = Ask { max_loss: Some(Bound::Limited(Money(dec!(20000.05)))), ..ask() };
        assert!(only_reason(&losing, &usage()).contains("20000.05"));
        assert!(only_reason(&Ask { max_loss: Some(Bound::Unlimited), ..ask() }, &usage()).contains("no limit"));
        assert!(only_reason(&Ask { max_loss: None, ..ask() }, &usage()).contains("cannot be computed"));
    }
}
