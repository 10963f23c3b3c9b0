use axum::Router;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;

use super::*;

fn quick() -> SocketSettings {
    SocketSettings {
        connect: Duration::from_secs(2),
        silence: Duration::from_millis(300),
        ping: Duration::from_millis(100),
        backoff: Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(20) },
        refused_wait: Duration::from_millis(40),
        ..SocketSettings::default()
    }
}

async fn serve(router: Router) -> Secret {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Secret::new(format!("ws://{address}/s?token=t0k3n"))
}

/// Greets, echoes once, closes.
async fn greeter(mut socket: WebSocket) {
    let _ = socket.send(Frame::Binary(vec![1, 2].into())).await;
    if let Some(Ok(Frame::Text(text))) = socket.recv().await {
        let _ = socket.send(Frame::Text(text)).await;
    }
    let _ = socket.send(Frame::Close(None)).await;
}

async fn next(socket: &mut Socket) -> SocketEvent {
    timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap()
}

async fn connected(socket: &mut Socket) -> Outbox {
    match next(socket).await {
        SocketEvent::Connected(outbox) => outbox,
        other => panic!("{other:?}"),
    }
}

async fn disconnected(socket: &mut Socket) -> Disconnect {
    match next(socket).await {
        SocketEvent::Disconnected(disconnect) => disconnect,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_comes_back_by_itself_and_an_old_outbox_stays_closed() {
    let router = Router::new().route("/s", get(|up: WebSocketUpgrade| async { up.on_upgrade(greeter) }));
    let mut socket = Socket::open(serve(router).await, quick());
    let mut old: Option<Outbox> = None;
    for word in ["first", "second"] {
        let outbox = connected(&mut socket).await;
        if let Some(old) = old {
            assert_eq!(old.send("late".into()).await, Err(LinkDown));
        }
        outbox.send(word.into()).await.unwrap();
        assert!(matches!(next(&mut socket).await, SocketEvent::Message(SocketMessage::Binary(b)) if b[..] == [1, 2]));
        assert!(matches!(next(&mut socket).await, SocketEvent::Message(SocketMessage::Text(t)) if t == word));
        assert_eq!(disconnected(&mut socket).await.cause, DisconnectCause::Closed);
        old = Some(outbox);
    }
}

#[tokio::test]
async fn a_link_that_answers_pings_is_not_silent_and_one_that_does_not_is() {
    async fn answers(mut socket: WebSocket) {
        while let Some(Ok(_)) = socket.recv().await {}
    }
    async fn sleeps(socket: WebSocket) {
        std::future::pending::<()>().await;
        drop(socket);
    }
    let healthy = Router::new().route("/s", get(|up: WebSocketUpgrade| async { up.on_upgrade(answers) }));
    let dead = Router::new().route("/s", get(|up: WebSocketUpgrade| async { up.on_upgrade(sleeps) }));
    let (mut healthy, mut dead) =
        (Socket::open(serve(healthy).await, quick()), Socket::open(serve(dead).await, quick()));
    let _outboxes = (connected(&mut healthy).await, connected(&mut dead).await);
    assert_eq!(disconnected(&mut dead).await.cause, DisconnectCause::Silent);
    assert!(timeout(Duration::from_millis(400), healthy.next()).await.is_err());
}

#[tokio::test]
async fn a_refusal_waits_longer_and_shows_no_token() {
    let router = Router::new().route("/s", get(|| async { StatusCode::TOO_MANY_REQUESTS.into_response() }));
    let mut socket = Socket::open(serve(router).await, quick());
    let refused = disconnected(&mut socket).await;
    assert_eq!(refused.cause, DisconnectCause::Refused(429));
    assert!(refused.retry_in >= Duration::from_millis(40));
    assert!(!format!("{refused:?}{socket:?}").contains("t0k3n"));
}

#[tokio::test]
async fn dropping_it_ends_the_connection() {
    let (ended, mut end) = mpsc::channel::<()>(1);
    let listens = move |up: WebSocketUpgrade| {
        let ended = ended.clone();
        async move {
            up.on_upgrade(move |mut socket: WebSocket| async move {
                while let Some(Ok(_)) = socket.recv().await {}
                let _ = ended.send(()).await;
            })
        }
    };
    let mut socket = Socket::open(serve(Router::new().route("/s", get(listens))).await, quick());
    connected(&mut socket).await;
    drop(socket);
    assert_eq!(timeout(Duration::from_secs(5), end.recv()).await, Ok(Some(())));
}

#[tokio::test]
async fn an_address_that_is_none_is_reported_without_it() {
    let mut socket = Socket::open(Secret::new("not an address t0k3n"), quick());
    let failed = disconnected(&mut socket).await;
    assert_eq!(failed.cause, DisconnectCause::Unreachable);
    assert!(!failed.detail.contains("t0k3n"));
}
