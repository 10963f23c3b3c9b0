//! The books survive: a stop, and an end without one.

use super::*;

#[tokio::test]
async fn a_restart_goes_on_with_the_same_positions_orders_and_prices() {
    let folder = tempfile::tempdir().unwrap();
    let books = Some(folder.path().join("exchange.books"));
    let time = ten_o_clock();
    let desk = Desk::with(ServerConfig { books: books.clone(), ..config(&time) }).await;
    let call = desk.option("25950", "ce").await;
    desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "A")).await;
    desk.server.forward(5_000).await;
    let (token, orders, positions) =
        (desk.server.access_token.clone(), desk.get("/orders").await, desk.get("/positions").await);
    let spot = desk.post("/marketfeed/ltp", json!({"IDX_I": [13]})).await.1;
    desk.server.stop().await;
    time.forward(3_600_000);
    let desk = Desk::with(ServerConfig { books, ..config(&time) }).await;
    assert_eq!(desk.server.access_token, token);
    assert_eq!(desk.get("/orders").await, orders);
    let again = desk.get("/positions").await;
    assert_eq!((&again[0]["netQty"], &again[0]["buyAvg"]), (&positions[0]["netQty"], &positions[0]["buyAvg"]));
    assert_eq!(desk.post("/marketfeed/ltp", json!({"IDX_I": [13]})).await.1, spot, "the market stood still");
    desk.server.forward(60_000).await;
    assert_ne!(desk.post("/marketfeed/ltp", json!({"IDX_I": [13]})).await.1, spot, "and goes on");
}

#[tokio::test]
async fn what_was_answered_is_in_the_books_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchange.books");
    let time = ten_o_clock();
    let desk = Desk::with(ServerConfig { books: Some(path.clone()), ..config(&time) }).await;
    let call = desk.option("25950", "ce").await;
    let filled = desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "A")).await;
    desk.server.forward(5_000).await;
    let accepted = desk.place(desk.order(&call, "BUY", 65, "LIMIT", 90.0, "B")).await;
    // What a killed process leaves behind is the file as it is now.
    let killed = folder.path().join("killed.books");
    std::fs::copy(&path, &killed).unwrap();
    let copy = Desk::with(ServerConfig { books: Some(killed), ..config(&time) }).await;
    assert_eq!(copy.get(&format!("/orders/{filled}")).await["orderStatus"], json!("TRADED"));
    assert_eq!(copy.get("/positions").await[0]["netQty"], json!(65));
    assert_eq!(copy.get(&format!("/orders/{accepted}")).await["orderStatus"], json!("TRANSIT"));
    copy.server.forward(200).await;
    assert_eq!(copy.get("/orders/external/B").await["orderId"], json!(accepted), "it arrives after all");
}

#[tokio::test]
async fn two_servers_do_not_share_their_books() {
    let folder = tempfile::tempdir().unwrap();
    let books = Some(folder.path().join("exchange.books"));
    let time = ten_o_clock();
    let _first = Desk::with(ServerConfig { books: books.clone(), ..config(&time) }).await;
    let second = start(ServerConfig { books, ..config(&time) }).await;
    assert!(matches!(second, Err(StartError::Books(BooksError::InUse { .. }))));
}

#[tokio::test]
async fn a_new_day_lists_the_expiries_of_that_day() {
    let desk = Desk::new().await;
    let ask = json!({"UnderlyingScrip": 13, "UnderlyingSeg": "IDX_I"});
    let first = desk.post("/optionchain/expirylist", ask.clone()).await.1;
    // To Tuesday morning: Monday's contracts have expired.
    desk.server.forward(4 * 24 * 3_600_000).await;
    desk.server.new_token().unwrap();
    let then = desk.post("/optionchain/expirylist", ask).await.1;
    assert_eq!(then["data"][0], first["data"][1]);
    assert_eq!(then["data"].as_array().unwrap().len(), first["data"].as_array().unwrap().len());
}
