//! The postback: the broker's message to a URL of ours, at every change of an order.
//!
//! Nothing in it proves who sent it: it is a reason to read the order again, never a fact by itself.

use super::orders::Order;
use super::values::present;

/// A postback that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Postback {
    pub order: Order,
}

/// What tells one postback from another: the broker may send the same one twice, in any order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostbackKey {
    pub order_id: String,
    pub status: String,
    pub filled: i64,
    pub updated: Option<i64>,
}

/// A body that is no postback.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPostback {
    #[error("the body is not the JSON of an order: {0}")]
    Unreadable(String),
    #[error("the body names no order")]
    NoOrder,
    #[error("the body is longer than any order ({0} bytes)")]
    TooLong(usize),
}

/// No order's JSON is longer.
const LONGEST: usize = 16 * 1024;

impl Postback {
    /// Reads a body; unknown fields are passed over, unknown words kept.
    pub fn read(body: &[u8]) -> Result<Self, NoPostback> {
        if body.len() > LONGEST {
            return Err(NoPostback::TooLong(body.len()));
        }
        let order: Order = serde_json::from_slice(body).map_err(|error| NoPostback::Unreadable(error.to_string()))?;
        present(&order.order_id).ok_or(NoPostback::NoOrder)?;
        Ok(Self { order })
    }

    pub fn key(&self) -> PostbackKey {
        PostbackKey {
            order_id: self.order.order_id.clone(),
            status: self.order.order_status.to_string(),
            filled: self.order.filled_qty,
            updated: self.order.update_time.map(crate::domain::time::Timestamp::as_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &str = include_str!("../../../tests/fixtures/dhan/postback.json");

    #[test]
    fn a_postback_is_an_order_with_its_own_spelling_of_filled() {
        let read = Postback::read(BODY.as_bytes()).unwrap();
        assert_eq!((read.order.filled_qty, read.order.quantity), (65, 130));
        assert_eq!(read.key().status, "PART_TRADED");
        let again: Postback = Postback::read(read.order.postback().unwrap().to_string().as_bytes()).unwrap();
        assert_eq!(again, read);
    }

    #[test]
    fn the_same_message_twice_has_the_same_key_and_the_next_fill_another() {
        let first = Postback::read(BODY.as_bytes()).unwrap();
        let more = Postback::read(BODY.replace(r#""filled_qty": 65"#, r#""filled_qty": 130"#).as_bytes()).unwrap();
        assert_eq!(first.key(), Postback::read(BODY.as_bytes()).unwrap().key());
        assert_ne!(first.key(), more.key());
    }

    #[test]
    fn what_names_no_order_is_refused() {
        assert_eq!(Postback::read(b"{}"), Err(NoPostback::NoOrder));
        assert_eq!(Postback::read(br#"{"orderId":"NA"}"#), Err(NoPostback::NoOrder));
        assert!(matches!(Postback::read(b"orderId=1"), Err(NoPostback::Unreadable(_))));
        assert_eq!(Postback::read(&vec![b' '; 20_000]), Err(NoPostback::TooLong(20_000)));
    }

    proptest! {
        #[test]
        fn no_body_stops_the_reading(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Postback::read(&body);
        }
    }
}
