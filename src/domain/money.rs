//! Rupees, prices and quantities: exact decimals and whole numbers that cannot be mixed up.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An amount of rupees, exact. Negative is a loss or an outflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub Decimal);

/// A price in points (rupees per unit), exact. Prices sent to an exchange obey the instrument's tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(pub Decimal);

/// A quantity in units (not lots), never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(pub u32);

/// A signed quantity in units: positive is long, negative short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetQuantity(pub i64);

/// A number of lots (contracts of `lot` units each).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lots(pub u32);

/// Which way a price that lies between two ticks goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    Down,
    Up,
    Nearest,
}

impl Money {
    pub const ZERO: Self = Self(Decimal::ZERO);

    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Half-up to whole paise, as a contract note prints it.
    #[must_use]
    pub fn to_paise(self) -> Self {
        Self(self.0.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
    }
}

impl Price {
    pub const ZERO: Self = Self(Decimal::ZERO);

    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// The nearest multiple of `tick` in the direction asked for. A tick of zero leaves the price as it is.
    #[must_use]
    pub fn on_tick(self, tick: Price, toward: Toward) -> Self {
        if tick.0.is_zero() {
            return self;
        }
        let strategy = match toward {
            Toward::Down => RoundingStrategy::ToNegativeInfinity,
            Toward::Up => RoundingStrategy::ToPositiveInfinity,
            Toward::Nearest => RoundingStrategy::MidpointAwayFromZero,
        };
        Self(((self.0 / tick.0).round_dp_with_strategy(0, strategy) * tick.0).normalize())
    }

    /// This price moved by `n` ticks (negative moves down).
    #[must_use]
    pub fn ticks(self, n: i64, tick: Price) -> Self {
        Self(self.0 + tick.0 * Decimal::from(n))
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// The value of this price for a quantity, in rupees.
    pub fn times(self, quantity: Quantity) -> Money {
        Money(self.0 * Decimal::from(quantity.0))
    }
}

impl Quantity {
    pub const ZERO: Self = Self(0);

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl NetQuantity {
    pub const ZERO: Self = Self(0);

    pub fn is_flat(self) -> bool {
        self.0 == 0
    }

    /// The size without its sign.
    pub fn size(self) -> Quantity {
        Quantity(u32::try_from(self.0.unsigned_abs()).unwrap_or(u32::MAX))
    }
}

impl Lots {
    /// Units of `self` lots of `lot` units; saturates at the largest quantity.
    pub fn units(self, lot: Quantity) -> Quantity {
        Quantity(self.0.saturating_mul(lot.0))
    }
}

macro_rules! additive {
    ($t:ident) => {
        impl Add for $t {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $t {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl AddAssign for $t {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $t {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl Sum for $t {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self::default(), |a, b| a + b)
            }
        }
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}
additive!(Money);
additive!(Price);
additive!(Quantity);
additive!(NetQuantity);
additive!(Lots);

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Neg for NetQuantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<NetQuantity> for Price {
    type Output = Money;
    fn mul(self, quantity: NetQuantity) -> Money {
        Money(self.0 * Decimal::from(quantity.0))
    }
}

impl From<Quantity> for NetQuantity {
    fn from(q: Quantity) -> Self {
        Self(i64::from(q.0))
    }
}

impl std::str::FromStr for Price {
    type Err = rust_decimal::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.trim().parse().map(Self)
    }
}

impl std::str::FromStr for Money {
    type Err = rust_decimal::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.trim().parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn a_price_between_ticks_goes_the_way_it_is_told() {
        let tick = Price(dec!(0.05));
        assert_eq!(Price(dec!(101.12)).on_tick(tick, Toward::Down), Price(dec!(101.10)));
        assert_eq!(Price(dec!(101.12)).on_tick(tick, Toward::Up), Price(dec!(101.15)));
        assert_eq!(Price(dec!(101.12)).on_tick(tick, Toward::Nearest), Price(dec!(101.10)));
    }

    #[test]
    fn the_value_of_a_short_is_negative() {
        assert_eq!(Price(dec!(10.5)) * NetQuantity(-65), Money(dec!(-682.5)));
    }
}
