//! Profile and static IP.

use serde::{Deserialize, Serialize};

use super::values;
use crate::domain::time::Timestamp;

/// Answer to `GET /profile`: the cheapest check of a token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    /// `DD/MM/YYYY HH:MM` in India.
    #[serde(with = "values::text")]
    pub token_validity: String,
    /// `E, D, C, M, ` live (with the comma at the end), `Equity, Derivative, …` in the documentation.
    #[serde(with = "values::text")]
    pub active_segment: String,
    /// `Active` or `Deactive`, as are the next two.
    #[serde(with = "values::text")]
    pub ddpi: String,
    #[serde(with = "values::text")]
    pub mtf: String,
    #[serde(with = "values::text")]
    pub data_plan: String,
    #[serde(with = "values::text")]
    pub data_validity: String,
}

impl Profile {
    /// When the token ends.
    pub fn token_expires(&self) -> Option<Timestamp> {
        values::parse_ist(&self.token_validity)
    }

    /// Whether the account may ask for market data. The plan can say `Active` while data calls are still refused.
    pub fn has_data_plan(&self) -> bool {
        self.data_plan.eq_ignore_ascii_case("active")
    }
}

/// Answer to `GET /ip/getIP`. The last three are observed, not documented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StaticIp {
    #[serde(rename = "modifyDatePrimary", with = "values::na_text")]
    pub modify_date_primary: Option<String>,
    #[serde(rename = "primaryIP", with = "values::na_text")]
    pub primary_ip: Option<String>,
    #[serde(rename = "modifyDateSecondary", with = "values::na_text")]
    pub modify_date_secondary: Option<String>,
    #[serde(rename = "secondaryIP", with = "values::na_text")]
    pub secondary_ip: Option<String>,
    #[serde(rename = "detectedIP", with = "values::na_text")]
    pub detected_ip: Option<String>,
    /// `PRIMARY_MATCH`, `SECONDARY_MATCH`, `MATCH`, `MISMATCH`.
    #[serde(rename = "ipMatchStatus", with = "values::na_text")]
    pub ip_match_status: Option<String>,
    #[serde(rename = "ordersAllowed", skip_serializing_if = "Option::is_none")]
    pub orders_allowed: Option<bool>,
}
