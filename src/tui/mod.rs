//! The cockpit screen. It draws the newest [`View`](crate::view::View) and sends commands; it never touches a broker,
//! a database or the engine's state, and nothing it does can hold up trading.
//!
//! Floor 4. Elm style: [`update`] turns a message into changes of the [`model`] and a list of what goes out;
//! [`view`] draws model and view; [`run`] is the only part that waits for anything.

mod ascii;
pub mod filter;
mod fuzzy;
pub mod input;
pub mod key;
pub mod keymap;
pub mod looks;
pub mod model;
mod offers;
mod palette;
pub mod run;
pub mod sort;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod widgets;

pub use keymap::{Keymap, KeymapError};
pub use run::{Edges, Exit, Options, run};
pub use theme::Theme;

#[cfg(test)]
pub(crate) mod demo;
