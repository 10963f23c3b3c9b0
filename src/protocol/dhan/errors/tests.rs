use super::*;

fn parse(status: u16, body: &str) -> (String, String, ErrorStyle) {
    let error = WireError::parse(status, body.as_bytes());
    assert_eq!(error.http_status, status);
    (error.code, error.message, error.style)
}

#[test]
fn every_kind_of_error_body_is_read() {
    let cases = [
        (
            r#"{"errorType":"Order_Error","errorCode":"DH-906","errorMessage":"Order is in Transit state"}"#,
            "DH-906",
            "Order is in Transit state",
            ErrorStyle::Trading,
        ),
        (r#"{"data":{"805":"Too many requests."},"status":"failed"}"#, "805", "Too many requests.", ErrorStyle::Data),
        (r#"{"status":"error","message":"Invalid TOTP"}"#, "", "Invalid TOTP", ErrorStyle::Plain),
        (r#"[{"message":"no address","status":"ERROR"}]"#, "", "no address", ErrorStyle::Plain),
        (
            r#"{"timestamp":"2026","status":404,"error":"Not Found","path":"/v2/x"}"#,
            "",
            "Not Found /v2/x",
            ErrorStyle::Gateway,
        ),
        (
            r#"{"errorType":"HOLDING_ERROR","errorCode":"DHOLDING_ERROR","internalErrorCode":"DH-1111","errorMessage":"No holdings available"}"#,
            "DH-1111",
            "No holdings available",
            ErrorStyle::Trading,
        ),
        (
            r#"{"status":"failure","errorType":"VALIDATION_ERROR","errorCode":"E001","message":"m"}"#,
            "E001",
            "VALIDATION_ERROR",
            ErrorStyle::Trading,
        ),
        ("<html><h1>502 Bad  Gateway</h1>\n</html>", "", "502 Bad Gateway", ErrorStyle::Opaque),
        ("Too many requests", "", "Too many requests", ErrorStyle::Opaque),
        ("", "", "", ErrorStyle::Opaque),
    ];
    for (body, code, message, style) in cases {
        assert_eq!(parse(400, body), (code.to_string(), message.to_string(), style), "{body}");
    }
}

#[test]
fn a_good_answer_hides_no_error() {
    for body in [
        "[]",
        "{}",
        r#"{"orderId":"1","orderStatus":"TRANSIT"}"#,
        r#"{"data":{"IDX_I":{}},"status":"success"}"#,
        r#"[{"orderId":"1"}]"#,
        r#"{"status":"SUCCESS","message":"All orders and positions exited successfully"}"#,
        r#"{"data":["2026-11-24"],"status":"success"}"#,
    ] {
        assert_eq!(WireError::hidden(200, body.as_bytes()), None, "{body}");
    }
    assert!(WireError::hidden(200, br#"{"status":"ERROR","message":"x"}"#).is_some());
}

#[test]
fn what_the_server_writes_is_read_back() {
    let body = serde_json::to_vec(&TradingCode::RateLimit.body("slow down")).unwrap();
    assert_eq!(WireError::parse(429, &body).code, "DH-904");
    let body = serde_json::to_vec(&DataCode::NotSubscribed.body()).unwrap();
    assert_eq!(WireError::parse(401, &body).code, "806");
    assert!(DataCode::ALL.into_iter().all(|c| DataCode::from_number(c.number()) == Some(c)));
}
