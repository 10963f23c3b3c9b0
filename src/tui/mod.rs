//! The cockpit screen: terminal set-up, model, update, views, keys, theme.
//!
//! Floor 4. Renders a `View`, sends `Command`s; touches nothing else.
