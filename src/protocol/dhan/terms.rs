//! The terms of an order, from the wire's words to ours and back: how it is priced, how long it stands, which leg it is.

use rust_decimal::Decimal;

use super::enums::{LegName, OrderType, Validity};
use crate::domain::{self, BracketLeg, ForeverLegName, OrderKind, Price, Pricing};

impl OrderType {
    /// The kind of an order of this type; of its prices those count that the type has. `None` for a type nobody knows.
    pub fn kind(&self, price: Decimal, trigger: Decimal) -> Option<OrderKind> {
        let (price, trigger) = (Price(price), Price(trigger));
        match self {
            Self::Limit => Some(OrderKind::Limit { price }),
            Self::Market => Some(OrderKind::Market),
            Self::StopLoss => Some(OrderKind::StopLimit { trigger, price }),
            Self::StopLossMarket => Some(OrderKind::StopMarket { trigger }),
            Self::Unknown(_) => None,
        }
    }

    /// How an order of this type is priced once it waits for nothing. `None` for a type nobody knows.
    pub fn pricing(&self, price: Decimal) -> Option<Pricing> {
        match self {
            Self::Limit | Self::StopLoss => Some(Pricing::Limit { price: Price(price) }),
            Self::Market | Self::StopLossMarket => Some(Pricing::Market),
            Self::Unknown(_) => None,
        }
    }
}

impl From<OrderKind> for OrderType {
    fn from(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Limit { .. } => Self::Limit,
            OrderKind::Market => Self::Market,
            OrderKind::StopLimit { .. } => Self::StopLoss,
            OrderKind::StopMarket { .. } => Self::StopLossMarket,
        }
    }
}

/// The wire's word for a kind of order, its price and its trigger; 0 where there is none.
pub fn priced(kind: impl Into<OrderKind>) -> (OrderType, Decimal, Decimal) {
    let kind = kind.into();
    let of = |price: Option<Price>| price.map_or(Decimal::ZERO, |p| p.0);
    (OrderType::from(kind), of(kind.price()), of(kind.trigger()))
}

impl Validity {
    /// `None` for a word nobody knows.
    pub fn validity(&self) -> Option<domain::Validity> {
        match self {
            Self::Day => Some(domain::Validity::Day),
            Self::Ioc => Some(domain::Validity::Ioc),
            Self::Unknown(_) => None,
        }
    }
}

impl From<domain::Validity> for Validity {
    fn from(validity: domain::Validity) -> Self {
        match validity {
            domain::Validity::Day => Self::Day,
            domain::Validity::Ioc => Self::Ioc,
        }
    }
}

impl LegName {
    /// The leg of a super order; `None` where none is named.
    pub fn leg(&self) -> Option<BracketLeg> {
        match self {
            Self::Entry => Some(BracketLeg::Entry),
            Self::Target => Some(BracketLeg::Target),
            Self::StopLoss => Some(BracketLeg::StopLoss),
            Self::None | Self::Unknown(_) => None,
        }
    }

    /// The leg of a forever order; `None` where none is named.
    pub fn forever_leg(&self) -> Option<ForeverLegName> {
        match self {
            Self::Entry => Some(ForeverLegName::Entry),
            Self::Target => Some(ForeverLegName::Target),
            Self::StopLoss => Some(ForeverLegName::StopLoss),
            Self::None | Self::Unknown(_) => None,
        }
    }
}

impl From<BracketLeg> for LegName {
    fn from(leg: BracketLeg) -> Self {
        match leg {
            BracketLeg::Entry => Self::Entry,
            BracketLeg::Target => Self::Target,
            BracketLeg::StopLoss => Self::StopLoss,
        }
    }
}

impl From<ForeverLegName> for LegName {
    fn from(leg: ForeverLegName) -> Self {
        match leg {
            ForeverLegName::Entry => Self::Entry,
            ForeverLegName::Target => Self::Target,
            ForeverLegName::StopLoss => Self::StopLoss,
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal_macros::dec;

    use super::*;

    #[test]
    fn every_kind_of_order_is_read_back_as_it_was_written() {
        let (trigger, price) = (Price(dec!(99.5)), Price(dec!(100)));
        for kind in [
            OrderKind::Limit { price },
            OrderKind::Market,
            OrderKind::StopLimit { trigger, price },
            OrderKind::StopMarket { trigger },
        ] {
            let (order_type, price, trigger) = priced(kind);
            assert_eq!(order_type.kind(price, trigger), Some(kind));
        }
        assert_eq!(priced(OrderKind::Market), (OrderType::Market, Decimal::ZERO, Decimal::ZERO));
        assert_eq!(OrderType::read("ICEBERG").kind(dec!(1), dec!(1)), None);
    }

    #[test]
    fn what_has_fired_is_priced_as_its_type_says() {
        for order_type in OrderType::KNOWN {
            let pricing = order_type.pricing(dec!(5));
            assert_eq!(pricing.and_then(Pricing::price), order_type.kind(dec!(5), dec!(4)).and_then(|k| k.price()));
        }
    }

    #[test]
    fn legs_and_validities_are_read_back_as_they_were_written() {
        for leg in [BracketLeg::Entry, BracketLeg::Target, BracketLeg::StopLoss] {
            assert_eq!(LegName::from(leg).leg(), Some(leg));
        }
        for leg in [ForeverLegName::Entry, ForeverLegName::Target, ForeverLegName::StopLoss] {
            assert_eq!(LegName::from(leg).forever_leg(), Some(leg));
        }
        for validity in [domain::Validity::Day, domain::Validity::Ioc] {
            assert_eq!(Validity::from(validity).validity(), Some(validity));
        }
        assert_eq!((LegName::None.leg(), Validity::read("GTC").validity()), (None, None));
    }
}
