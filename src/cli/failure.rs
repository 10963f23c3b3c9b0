//! How a sub-command can end other than well, and what the process says of it.

use std::io;

use crate::store::StoreError;
use crate::web::DeskError;

/// One plain sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It was declined, or it went wrong: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// It was not said in a way that can be done: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The reason stands on stderr already: exit code 1.
    #[error("")]
    Told,
}

impl Failure {
    pub fn code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Told => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    /// The causes follow the sentence they explain.
    fn from(error: anyhow::Error) -> Self {
        Self::Refused(format!("{error:#}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Refused(format!("the output cannot be written: {error}"))
    }
}
