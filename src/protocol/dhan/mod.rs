//! DhanHQ v2: one file per category of its documentation; the same types serve the client and the built-in exchange.

pub mod authentication;
pub mod conditional_triggers;
pub mod edis;
pub mod enums;
pub mod errors;
pub mod forever_orders;
pub mod funds;
pub mod historical;
pub mod instruments;
pub mod market_depth;
pub mod market_feed;
pub mod market_quote;
pub mod one_time_password;
pub mod option_chain;
pub mod order_update;
pub mod orders;
pub mod portfolio;
pub mod postback;
pub mod profile;
pub mod statements;
pub mod super_orders;
pub mod terms;
pub mod traders_control;
pub mod trades;
pub mod values;
