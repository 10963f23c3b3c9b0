//! One leg as text, and the typed leg it is; what several legs say together.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use super::raw::{Cell, filled, plain, refuse_at};
use super::text::shown;
use super::value::{self, Number};
use super::{MAX_RATIO, Refused};
use crate::domain::{Leg, LegKind, OptionRight, Price, Side};

/// Prices beyond this many decimals carry the noise of binary floating point, not information.
const PRICE_DECIMALS: u32 = 4;
const LARGEST_PRICE: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawLeg {
    pub place: String,
    pub side: Option<Cell>,
    pub kind: Option<Cell>,
    pub strike: Option<Cell>,
    pub expiry: Option<Cell>,
    pub ratio: Option<Cell>,
    pub premium: Option<Cell>,
}

impl RawLeg {
    fn refuse(&self, code: &'static str, reason: String) -> Refused {
        Refused { place: self.place.clone(), code, reason }
    }

    pub fn read(&self, common_expiry: Option<Date>) -> Result<Leg, Refused> {
        let side = self.side()?;
        let kind = self.kind()?;
        let own = self.expiry.as_ref().map_or(Ok(None), expiry)?;
        let expiry = if kind == LegKind::Equity { None } else { own.or(common_expiry) };
        Ok(Leg { side, kind, expiry, ratio: self.ratio()?, premium: self.premium()? })
    }

    fn side(&self) -> Result<Side, Refused> {
        let Some(cell) = filled(self.side.as_ref()) else {
            return Err(self.refuse("bad_side", "the leg does not say whether it is bought or sold".into()));
        };
        match cell.text.trim().to_uppercase().as_str() {
            "BUY" | "LONG" | "B" | "BOUGHT" => Ok(Side::Buy),
            "SELL" | "SHORT" | "S" | "SOLD" => Ok(Side::Sell),
            _ => {
                let reason = format!("{} is neither BUY nor SELL (LONG, SHORT)", shown(&cell.text));
                Err(refuse_at(cell, "bad_side", reason))
            }
        }
    }

    fn kind(&self) -> Result<LegKind, Refused> {
        let Some(cell) = filled(self.kind.as_ref()) else {
            return Err(self.refuse("bad_type", "the leg does not say whether it is a call or a put".into()));
        };
        let right = match cell.text.trim().to_uppercase().as_str() {
            "CALL" | "CE" | "C" | "CALL_OPTION" => OptionRight::Call,
            "PUT" | "PE" | "P" | "PUT_OPTION" => OptionRight::Put,
            "FUT" | "FUTURE" | "FUTURES" => return Ok(LegKind::Future),
            "EQ" | "EQUITY" | "STOCK" => return Ok(LegKind::Equity),
            _ => {
                let reason = format!("{} is none of CE, PE, FUT, EQ (CALL, PUT)", shown(&cell.text));
                return Err(refuse_at(cell, "bad_type", reason));
            }
        };
        Ok(LegKind::Option { strike: self.strike()?, right })
    }

    fn strike(&self) -> Result<Price, Refused> {
        let Some(cell) = filled(self.strike.as_ref()) else {
            return Err(self.refuse("bad_strike", "the leg has no strike".into()));
        };
        let fits = |strike: &Decimal| *strike > Decimal::ZERO && *strike <= LARGEST_PRICE;
        plain(cell).filter(fits).map(price).ok_or_else(|| {
            refuse_at(cell, "bad_strike", format!("the strike {} is not a price above zero", shown(&cell.text)))
        })
    }

    fn ratio(&self) -> Result<u32, Refused> {
        let Some(cell) = filled(self.ratio.as_ref()) else { return Ok(1) };
        let whole = match value::number(&cell.text) {
            Ok(None) => return Ok(1),
            Ok(Some(Number::Exact(lots))) if lots.is_integer() => u32::try_from(lots).ok(),
            _ => None,
        };
        match whole {
            Some(lots @ 1..=MAX_RATIO) => Ok(lots),
            Some(lots) if lots > MAX_RATIO => {
                let reason = format!("a quantity of {lots} looks like units: give lots per set (1, or 2 for a body)");
                Err(refuse_at(cell, "bad_quantity", reason))
            }
            _ => {
                let reason = format!("the quantity {} is not a whole number of lots above zero", shown(&cell.text));
                Err(refuse_at(cell, "bad_quantity", reason))
            }
        }
    }

    fn premium(&self) -> Result<Option<Price>, Refused> {
        let Some(cell) = filled(self.premium.as_ref()) else { return Ok(None) };
        match value::number(&cell.text) {
            Ok(None) => Ok(None),
            Ok(Some(Number::Exact(premium))) if premium > Decimal::ZERO && premium <= LARGEST_PRICE => {
                Ok(Some(price(premium)))
            }
            _ => {
                let reason = format!("the premium {} is not a price above zero", shown(&cell.text));
                Err(refuse_at(cell, "bad_premium", reason))
            }
        }
    }
}

fn price(value: Decimal) -> Price {
    Price(value.round_dp_with_strategy(PRICE_DECIMALS, RoundingStrategy::MidpointAwayFromZero).normalize())
}

pub(super) fn expiry(cell: &Cell) -> Result<Option<Date>, Refused> {
    if value::number(&cell.text) == Ok(None) {
        return Ok(None);
    }
    let reason = || format!("the expiry {} is not a day: write it like 2026-11-23", shown(&cell.text));
    value::date(&cell.text).map(Some).ok_or_else(|| refuse_at(cell, "bad_expiry", reason()))
}

/// Two parts of one leg: the premium weighted by lots.
pub(super) fn average(a: &Leg, b: &Leg) -> Option<Price> {
    let (pa, pb) = (a.premium?, b.premium?);
    if pa == pb {
        return Some(pa);
    }
    let (na, nb) = (Decimal::from(a.ratio), Decimal::from(b.ratio));
    Some(price((pa.0 * na + pb.0 * nb) / (na + nb)))
}

/// Gives the middle strike of three 1:1:1 legs its two lots. True when something changed.
pub(super) fn rebuild_butterfly(legs: &mut [Leg]) -> bool {
    let mut by_strike: Vec<(Price, OptionRight, Side, usize)> = Vec::new();
    for (i, leg) in legs.iter().enumerate() {
        match leg.kind {
            LegKind::Option { strike, right } if leg.ratio == 1 => by_strike.push((strike, right, leg.side, i)),
            _ => return false,
        }
    }
    by_strike.sort();
    let [low, body, high] = by_strike.as_slice() else { return false };
    let apart = low.0 < body.0 && body.0 < high.0;
    let of_one_type = low.1 == body.1 && body.1 == high.1;
    let body_opposes = low.2 == high.2 && body.2 != low.2;
    if let Some(leg) = legs.get_mut(body.3).filter(|_| apart && of_one_type && body_opposes) {
        leg.ratio = 2;
        return true;
    }
    false
}

pub(super) fn kind_label(kind: LegKind) -> String {
    match kind {
        LegKind::Option { strike, right } => format!("{strike} {right}"),
        LegKind::Future => "the future".into(),
        LegKind::Equity => "the stock".into(),
    }
}
