//! The book beyond its five best levels, for those who want twenty or two hundred of them.

use crate::domain::{Contract, ContractKind, SecurityId};

use super::Exchange;
use super::listing::{self, Listed, price};
use super::market::{LEVELS, Level};
use super::noise::{Draw, Stream};
use super::quotes::DepthLevel;
use crate::domain::Quantity;

/// Slots of random text one price step takes here, half of them for each side: two hundred levels draw more than one holds.
const SLOTS: u64 = 8;

/// A contract's book, deep. Both sides best first, without empty levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeepBook {
    pub contract: Contract,
    pub security_id: SecurityId,
    pub bids: Vec<DepthLevel>,
    pub asks: Vec<DepthLevel>,
}

impl Exchange {
    /// The book of a contract with so many levels a side, fewer where prices would reach zero; `None` for what is not
    /// listed or has no book. The best five are those of every quote.
    pub fn deep_book(&self, contract: &Contract, levels: usize) -> Option<DeepBook> {
        let listed = self.find(contract).filter(|l| l.contract.kind != ContractKind::Index)?;
        let book = self.book(&listed);
        let segment = listing::segment_number(listed.contract.segment());
        let stream = Stream::Deep { segment, id: listed.id.0 };
        let slot = self.market.step.saturating_mul(SLOTS);
        let draw = |slot| self.market.noise.at(stream, slot);
        let bids = deeper(&book.bids, levels, true, &listed, &mut draw(slot));
        let asks = deeper(&book.asks, levels, false, &listed, &mut draw(slot + SLOTS / 2));
        Some(DeepBook { contract: *contract, security_id: listed.id, bids, asks })
    }
}

/// The levels there are, and behind them others like them.
fn deeper(best: &[Level; LEVELS], levels: usize, down: bool, listed: &Listed, draw: &mut Draw) -> Vec<DepthLevel> {
    let told = |l: &Level| DepthLevel { price: price(l.price), quantity: Quantity(l.quantity), orders: l.orders };
    let known: Vec<Level> = best.iter().filter(|l| l.quantity > 0).copied().collect();
    let mut side: Vec<DepthLevel> = known.iter().take(levels).map(told).collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return side };
    let tick = listed.tick.max(1);
    let gaps = u32::try_from((last.price - first.price).abs() / tick / LEVELS as i64).unwrap_or(1).max(1);
    let lots = (known.iter().map(|l| l.quantity / listed.lot.max(1)).sum::<u32>() / LEVELS as u32).max(1);
    let mut at = last.price;
    while side.len() < levels {
        let step = (1 + i64::from(draw.below(gaps))) * tick;
        at += if down { -step } else { step };
        if at < tick {
            break;
        }
        let size = 1 + draw.below(lots * 2);
        let orders = 1 + draw.below(size.min(20)) as u16;
        side.push(DepthLevel { price: price(at), quantity: Quantity(size.saturating_mul(listed.lot)), orders });
    }
    side
}
