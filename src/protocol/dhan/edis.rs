//! EDIS: the authorisation of delivery sells, given with a T-PIN on the depository's own page.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::values;

/// Body of `POST /edis/form`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormRequest {
    #[serde(with = "values::text")]
    pub isin: String,
    #[serde(with = "values::whole")]
    pub qty: i64,
    /// `NSE` or `BSE`.
    #[serde(with = "values::text")]
    pub exchange: String,
    /// `EQ`.
    #[serde(with = "values::text")]
    pub segment: String,
    /// For everything that is held.
    #[serde(with = "values::flag")]
    pub bulk: bool,
}

/// Body of `POST /edis/bulkform`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BulkFormRequest {
    pub isin: Vec<String>,
    #[serde(with = "values::text")]
    pub exchange: String,
    #[serde(with = "values::text")]
    pub segment: String,
}

/// Answer to both forms: a page that sends itself to the depository, for the person to enter the T-PIN.
/// The page carries what authorises a transfer, so `Debug` leaves it out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FormAnswer {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub edis_form_html: String,
}

impl fmt::Debug for FormAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.edis_form_html.len();
        write!(f, "FormAnswer {{ dhan_client_id: {:?}, edis_form_html: {length} bytes }}", self.dhan_client_id)
    }
}

impl FormAnswer {
    /// The page as a browser reads it: the broker escapes its quotes once more than JSON asks for.
    pub fn page(&self) -> String {
        self.edis_form_html.replace('\\', "")
    }
}

/// Answer to `GET /edis/inquire/{isin}`: how much of a holding may be sold today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Inquiry {
    #[serde(with = "values::text")]
    pub client_id: String,
    #[serde(with = "values::text")]
    pub isin: String,
    #[serde(with = "values::whole")]
    pub total_qty: i64,
    #[serde(with = "values::whole")]
    pub aprvd_qty: i64,
    /// `SUCCESS`.
    #[serde(with = "values::text")]
    pub status: String,
    #[serde(with = "values::text", alias = "remark")]
    pub remarks: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_an_inquiry_may_be_texts() {
        let read: Inquiry =
            serde_json::from_str(r#"{"isin":"X","totalQty":"10","aprvdQty":4,"remark":"done"}"#).unwrap();
        assert_eq!((read.total_qty, read.aprvd_qty, read.remarks.as_str()), (10, 4, "done"));
    }

    #[test]
    fn the_page_is_unescaped_and_never_shown_by_debug() {
        let answer = FormAnswer { edis_form_html: r#"<form name=\"frmDIS\">"#.into(), ..FormAnswer::default() };
        assert_eq!(answer.page(), r#"<form name="frmDIS">"#);
        assert!(!format!("{answer:?}").contains("frmDIS"));
    }
}
