//! The instrument master: needs no token.

use super::rest::{judge, send_once};
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::net::{HttpRequest, Method};

impl DhanBroker {
    pub(super) async fn master(&self) -> Result<Vec<u8>, BrokerError> {
        let url = &self.endpoints.instruments;
        let request = HttpRequest { method: Method::GET, url, headers: &[], body: None };
        judge(send_once(&self.download, Purpose::Read, request).await?, Purpose::Read)
    }
}
