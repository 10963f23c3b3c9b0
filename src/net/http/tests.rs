use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn quick() -> HttpSettings {
    HttpSettings {
        connect: Duration::from_millis(400),
        total: Duration::from_millis(500),
        longest_body: 100,
        ..HttpSettings::default()
    }
}

/// Answers every request with the same bytes (none: never), and counts them.
async fn server(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {
                    seen.fetch_add(1, Ordering::SeqCst);
                    if answer == "reset" {
                        return;
                    }
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (address, count)
}

async fn post(address: &str) -> Result<HttpAnswer, HttpFailure> {
    let client = HttpClient::plain(&quick()).unwrap();
    let request =
        HttpRequest { method: Method::POST, url: address, headers: &[("client-id", "7")], body: Some(b"{}".to_vec()) };
    client.send(request).await
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer() {
    let (address, count) = server("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno").await;
    assert_eq!(post(&address).await, Ok(HttpAnswer { status: 400, body: b"no".to_vec(), date: None }));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(post(&address).await, Err(HttpFailure::NotSent(_))));
    assert!(matches!(post("not an address").await, Err(HttpFailure::NotSent(_))));
}

#[tokio::test]
async fn silence_after_sending_is_not_the_same_as_not_sent() {
    let (address, count) = server("").await;
    assert_eq!(post(&address).await, Err(HttpFailure::Unanswered("no answer in time".into())));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_cut_after_sending_is_unanswered_and_not_repeated() {
    let (address, count) = server("reset").await;
    assert!(matches!(post(&address).await, Err(HttpFailure::Unanswered(_))));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_cut_short_or_too_long_is_unanswered() {
    let (address, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").await;
    assert!(matches!(post(&address).await, Err(HttpFailure::Unanswered(_))));
    let (address, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n").await;
    assert!(matches!(post(&address).await, Err(HttpFailure::Unanswered(_))));
}

#[tokio::test]
async fn a_redirect_is_an_answer_not_an_order() {
    let (address, count) = server("HTTP/1.1 301 Moved\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(post(&address).await.map(|a| a.status), Ok(301));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_does_not_show_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/x?pin=482913", listener.local_addr().unwrap());
    drop(listener);
    let failure = post(&address).await.unwrap_err();
    assert!(!failure.to_string().contains("482913"), "{failure}");
}

#[tokio::test]
async fn redirects_are_followed_only_where_asked_for() {
    let (there, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/x", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    let client = HttpClient::plain(&HttpSettings { redirects: 2, ..quick() }).unwrap();
    let request = HttpRequest { method: Method::GET, url: &address, headers: &[], body: None };
    assert_eq!(client.send(request).await, Ok(HttpAnswer { status: 200, body: b"ok".to_vec(), date: None }));
}
