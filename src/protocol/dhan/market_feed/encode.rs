//! Packets to bytes, for the server.

use super::packet::{Body, HEADER, Packet, QuoteFields};

/// Appends the packet to `out`. An unknown one is written as its header and zeros.
pub fn encode(packet: &Packet, out: &mut Vec<u8>) {
    let start = out.len();
    let code = match packet.body {
        Body::Ticker(_) => 2,
        Body::Quote(_) => 4,
        Body::OpenInterest(_) => 5,
        Body::PreviousClose(_) => 6,
        Body::MarketStatus => 7,
        Body::Full(_) => 8,
        Body::Disconnect(_) => 50,
        Body::Unknown { code, .. } => code,
    };
    out.extend_from_slice(&[code, 0, 0, packet.segment]);
    out.extend_from_slice(&packet.security_id.to_le_bytes());
    match &packet.body {
        Body::Ticker(ticker) => {
            out.extend_from_slice(&ticker.last.0.to_le_bytes());
            out.extend_from_slice(&ticker.last_time.0.to_le_bytes());
        }
        Body::Quote(quote) => {
            trade_fields(quote, out);
            day_prices(quote, out);
        }
        Body::OpenInterest(interest) => out.extend_from_slice(&interest.0.to_le_bytes()),
        Body::PreviousClose(previous) => {
            out.extend_from_slice(&previous.close.0.to_le_bytes());
            out.extend_from_slice(&previous.open_interest.to_le_bytes());
        }
        Body::MarketStatus => {}
        Body::Full(full) => {
            trade_fields(&full.quote, out);
            for number in [full.open_interest, full.open_interest_high, full.open_interest_low] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            day_prices(&full.quote, out);
            for level in &full.depth {
                out.extend_from_slice(&level.bid_quantity.to_le_bytes());
                out.extend_from_slice(&level.ask_quantity.to_le_bytes());
                out.extend_from_slice(&level.bid_orders.to_le_bytes());
                out.extend_from_slice(&level.ask_orders.to_le_bytes());
                out.extend_from_slice(&level.bid.0.to_le_bytes());
                out.extend_from_slice(&level.ask.0.to_le_bytes());
            }
        }
        Body::Disconnect(reason) => out.extend_from_slice(&reason.to_le_bytes()),
        Body::Unknown { length, .. } => out.resize(start + usize::from(*length).max(HEADER), 0),
    }
    let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(start + 1..start + 3) {
        field.copy_from_slice(&length.to_le_bytes());
    }
}

fn trade_fields(quote: &QuoteFields, out: &mut Vec<u8>) {
    out.extend_from_slice(&quote.last.0.to_le_bytes());
    out.extend_from_slice(&quote.last_quantity.to_le_bytes());
    out.extend_from_slice(&quote.last_time.0.to_le_bytes());
    out.extend_from_slice(&quote.average.0.to_le_bytes());
    for number in [quote.volume, quote.total_sell, quote.total_buy] {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Open, close, high, low: in this order.
fn day_prices(quote: &QuoteFields, out: &mut Vec<u8>) {
    for price in [quote.open, quote.close, quote.high, quote.low] {
        out.extend_from_slice(&price.0.to_le_bytes());
    }
}
