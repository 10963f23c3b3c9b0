//! The console of a Windows program under Wine, and what only it can bring to the program: see `.ci/wine/console.c`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use portable_pty::CommandBuilder;

use crate::program::{WINE, until, windows_program};

pub struct Console {
    listener: TcpListener,
    stream: Option<BufReader<TcpStream>>,
}

impl Console {
    /// Ready for the console to connect.
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener, stream: None }
    }

    /// The program in its console, before its arguments.
    pub fn command(&self) -> CommandBuilder {
        let mut command = CommandBuilder::new(Path::new(WINE).join("screen"));
        command.arg(windows_program().unwrap());
        command.env("PORT", self.listener.local_addr().unwrap().port().to_string());
        command
    }

    /// Has it do something, and waits until it is done.
    pub fn tell(&mut self, what: &str) {
        let listener = &self.listener;
        let stream = self.stream.get_or_insert_with(|| {
            let (stream, _) = until("the console", || listener.accept().ok());
            stream.set_nonblocking(false).unwrap();
            BufReader::new(stream)
        });
        writeln!(stream.get_mut(), "{what}").unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n", "{what}");
    }

    /// The program's end, with nobody asked. What stands around it ends with it, perhaps before it can say so.
    pub fn kill(&mut self) {
        // A test that fails early may come before the console has.
        for _ in 0..200 {
            if let Some(stream) = &mut self.stream {
                let _ = writeln!(stream.get_mut(), "kill");
                return;
            }
            self.stream = self.listener.accept().ok().map(|(stream, _)| BufReader::new(stream));
            std::thread::sleep(Duration::from_millis(25));
        }
    }
}
