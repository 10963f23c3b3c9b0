//! The command line as a shell uses it: what is typed, what comes out, and the exit code.

mod calculating;
mod connecting;
mod deciding;
mod executing;
mod importing;
mod looking;
mod parsing;
mod records;
mod scalping;
mod stage;
