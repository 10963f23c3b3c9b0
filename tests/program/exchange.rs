//! The built-in exchange as another program sees it: over its own addresses, with nothing of ours in between.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Folder, program};

pub struct Exchange {
    child: Child,
    rest: String,
    token: String,
    /// The line it printed.
    pub addresses: Value,
}

impl Exchange {
    /// `strikedeck exchange ARGS`, once it has said where it is.
    pub fn start(args: &[&str]) -> Self {
        let mut command = program();
        command.arg("exchange").args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addresses: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line:?}"));
        let text = |name: &str| addresses[name].as_str().unwrap().to_string();
        Self { child, rest: text("rest"), token: text("access_token"), addresses }
    }

    /// On a copy of a folder's books: what the exchange had taken when they were last written.
    pub fn on_books_of(folder: &Folder) -> Self {
        let copy = folder.data().join("copy.books");
        let _ = std::fs::remove_file(folder.data().join("copy.books.token"));
        std::fs::copy(folder.paper().join("exchange.db"), &copy).unwrap();
        Self::start(&["--books", copy.to_str().unwrap()])
    }

    /// An answer of the REST interface, such as `/orders`.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(path, &self.token);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e} in {body}"))
    }

    /// Status and body.
    pub fn ask(&self, path: &str, token: &str) -> (u16, String) {
        http_get(&format!("{}{path}", self.rest), token)
    }

    /// Asks it to end, and returns its exit code.
    #[cfg(unix)]
    pub fn stop(mut self) -> Option<i32> {
        // Wine makes Ctrl-C of this, and ends without asking for the others.
        super::signal(self.child.id(), "INT");
        super::until("the exchange's end", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As plain as HTTP gets: one request, one answer, the connection closed.
pub fn http_get(url: &str, token: &str) -> (u16, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\naccess-token: {token}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_string())
}
