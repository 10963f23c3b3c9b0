//! The picture: an immutable `View` made from the engine's state, prices and link health, for the screen and the shell.
//!
//! Floor 3. It only looks: nothing here decides or sends.
