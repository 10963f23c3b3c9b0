//! Parts that panes are made of. They know themes, not trading.

pub mod card;
pub mod curve;
pub mod gauge;
pub mod list;
pub mod pane;
pub mod table;
pub mod text;
