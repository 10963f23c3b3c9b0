//! EDIS: the authorisation of delivery sells, for accounts without a standing one.

use super::rest::decode;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::{Authorised, BrokerError};
use crate::domain::{Exchange, Quantity};
use crate::net::Method;
use crate::protocol::dhan::edis::{BulkFormRequest, FormAnswer, FormRequest, Inquiry};

impl DhanBroker {
    /// Has a T-PIN sent to the registered phone. Counts as a non-trading call.
    pub async fn request_tpin(&self) -> Result<(), BrokerError> {
        // It is sent each time: not a mere question.
        self.change::<()>(Method::GET, "/edis/tpin", None).await.map(|_| ())
    }

    /// The depository's page on which the person enters the T-PIN, for a browser. It authorises a sale: never log it.
    pub async fn edis_form(&self, isin: &str, quantity: Quantity, exchange: Exchange) -> Result<String, BrokerError> {
        let request = FormRequest {
            isin: checked(isin)?.to_string(),
            qty: i64::from(quantity.0),
            exchange: exchange.to_string(),
            segment: "EQ".into(),
            bulk: false,
        };
        let answer: FormAnswer = decode(Purpose::Read, &self.ask("/edis/form", &request).await?)?;
        Ok(answer.page())
    }

    /// Likewise for several holdings at once, whole.
    pub async fn edis_bulk_form(&self, isins: &[String], exchange: Exchange) -> Result<String, BrokerError> {
        for isin in isins {
            checked(isin)?;
        }
        let request = BulkFormRequest { isin: isins.to_vec(), exchange: exchange.to_string(), segment: "EQ".into() };
        let answer: FormAnswer = decode(Purpose::Read, &self.ask("/edis/bulkform", &request).await?)?;
        Ok(answer.page())
    }

    /// How much may be sold today: of one holding, or with `None` of all.
    pub async fn edis_inquiry(&self, isin: Option<&str>) -> Result<Authorised, BrokerError> {
        let isin = isin.map_or(Ok("ALL"), checked)?;
        let answer: Inquiry = decode(Purpose::Read, &self.get(&format!("/edis/inquire/{isin}")).await?)?;
        Ok(Authorised {
            held: units(answer.total_qty).unwrap_or_default(),
            approved: units(answer.aprvd_qty).unwrap_or_default(),
            remarks: answer.remarks,
        })
    }
}

/// It becomes part of an address: twelve letters and digits, nothing else.
fn checked(isin: &str) -> Result<&str, BrokerError> {
    let fits = isin.len() == 12 && isin.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if fits { Ok(isin) } else { Err(BrokerError::not_sent("an ISIN is twelve capital letters and digits")) }
}
