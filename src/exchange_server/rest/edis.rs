//! EDIS: the T-PIN, the depository's form, and how much may be sold. The form sends itself to this server, which stands for
//! the depository as well: whoever opens it has entered the T-PIN.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use serde_json::json;

use super::answers::{Answer, Refused, ok};
use crate::exchange_server::identity::base64_url;
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::edis::{BulkFormRequest, FormAnswer, FormRequest, Inquiry};

/// The number by which the depository knows this participant.
const PARTICIPANT: &str = "83400";
const APPROVED: &str = "eDIS transaction done successfully";
const NOT_APPROVED: &str = "eDIS transaction not done";

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/edis/tpin", get(tpin))
        .route("/edis/form", post(form))
        .route("/edis/bulkform", post(bulk_form))
        .route("/edis/inquire/{isin}", get(inquire))
}

/// The depository's own address; it asks for no token of the broker's.
pub fn depository() -> Router<Shared> {
    Router::new().route("/eDIS/VerifyDIS/", post(verify))
}

/// A T-PIN goes to the registered phone: here there is none.
async fn tpin(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn form(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let request: FormRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    let quantity = u32::try_from(request.qty).map_err(|_| Refused::bad_fields())?;
    if !request.bulk && (request.isin.is_empty() || quantity == 0) {
        return Err(Refused::bad_fields());
    }
    let rows = if request.bulk { Vec::new() } else { vec![(request.isin, Some(quantity))] };
    page(&shared, &headers, rows).await
}

async fn bulk_form(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let request: BulkFormRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    if request.isin.is_empty() {
        return Err(Refused::bad_fields());
    }
    page(&shared, &headers, request.isin.into_iter().map(|isin| (isin, None)).collect()).await
}

async fn page(shared: &Shared, headers: &HeaderMap, rows: Vec<(String, Option<u32>)>) -> Answer {
    let account = shared.account();
    let asked = shared.core.call(move |exchange, now| exchange.ask_edis(&account, &rows, now));
    let (number, rows) = asked.await??;
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("127.0.0.1");
    let rows: Vec<_> = rows.iter().map(|(isin, quantity)| json!({"ISIN": isin, "Quantity": quantity})).collect();
    let details = base64_url(json!(rows).to_string().as_bytes());
    let field = |name: &str, value: &str| format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    let fields = [
        field("DPId", PARTICIPANT),
        field("ReqId", &format!("{number:015}")),
        field("Version", "1.1"),
        field("TransDtls", &details),
    ];
    let html = format!(
        "<!DOCTYPE html> <html> <body onload=\"document.frmDIS.submit()\"> <form name=\"frmDIS\" method=\"post\" \
         action=\"http://{host}/eDIS/VerifyDIS/\"> {} </form> </body> </html>",
        fields.join(" ")
    );
    // The broker escapes the quotes of the page once more than JSON asks for.
    ok(&FormAnswer { dhan_client_id: shared.account(), edis_form_html: html.replace('"', "\\\"") })
}

/// What the form sends.
async fn verify(State(shared): State<Shared>, body: Bytes) -> Answer {
    let text = String::from_utf8_lossy(&body);
    let number = text.split('&').find_map(|pair| pair.strip_prefix("ReqId=")).and_then(|n| n.parse::<u64>().ok());
    let account = shared.account();
    let form = number.unwrap_or(0);
    let done = shared.core.call(move |exchange, now| exchange.approve_edis(&account, form, now)).await?;
    let words = if done { APPROVED } else { NOT_APPROVED };
    Ok(Html(format!("<!DOCTYPE html><html><body>{words}</body></html>")).into_response())
}

/// Of one holding, or with `ALL` of everything held.
async fn inquire(State(shared): State<Shared>, Path(isin): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let wanted = isin.clone();
    let counted = shared.core.call(move |exchange, now| {
        exchange.let_pass(now);
        let all = wanted.eq_ignore_ascii_case("ALL");
        let held: Vec<_> = exchange
            .holdings_of(&account)
            .into_iter()
            .filter(|h| all || h.isin.eq_ignore_ascii_case(&wanted))
            .collect();
        let total: u32 = held.iter().map(|h| h.quantity.0).sum();
        let approved: u32 = held.iter().map(|h| exchange.approved_edis(&account, &h.contract).min(h.quantity).0).sum();
        (total, approved)
    });
    let (total, approved) = counted.await?;
    ok(&Inquiry {
        client_id: shared.account(),
        isin,
        total_qty: i64::from(total),
        aprvd_qty: i64::from(approved),
        status: "SUCCESS".into(),
        remarks: if approved > 0 { APPROVED.into() } else { NOT_APPROVED.into() },
    })
}
