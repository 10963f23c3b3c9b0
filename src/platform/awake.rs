//! Keeping the machine from falling asleep by itself. A lid that is closed, a sleep that is asked for, and an empty
//! battery are stronger.

/// The machine stays awake as long as this lives; a process that ends, however it ends, lets it sleep again.
pub struct StayAwake(
    /// Never read: it is kept for what its end does.
    #[allow(dead_code)]
    system::Held,
);

/// Asks the system to stay awake. Blocks for a moment. The error says in a few words why it cannot be done.
pub fn stay_awake() -> Result<StayAwake, String> {
    system::hold().map(StayAwake)
}

#[cfg(windows)]
mod system {
    use std::sync::mpsc::{Sender, channel};
    use std::thread::JoinHandle;

    use super::super::windows_calls::stay_awake;

    /// Windows ties the wish to a thread: it has one of its own, which waits until it is not wanted any more.
    pub struct Held {
        until: Option<Sender<()>>,
        thread: Option<JoinHandle<()>>,
    }

    pub fn hold() -> Result<Held, String> {
        let (until, over) = channel::<()>();
        let (tell, told) = channel();
        let body = move || {
            let _ = tell.send(stay_awake(true));
            // Nothing is ever sent: the end of the sender ends the waiting.
            let _ = over.recv();
            stay_awake(false);
        };
        let thread = std::thread::Builder::new().name("awake".into()).spawn(body).map_err(|e| e.to_string())?;
        if told.recv() == Ok(true) {
            Ok(Held { until: Some(until), thread: Some(thread) })
        } else {
            Err("Windows refused".into())
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            drop(self.until.take());
            if let Some(thread) = self.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    /// The helper holds the inhibitor as long as its standard input is open: it ends with us, even if we are killed.
    pub struct Held(Child);

    pub fn hold() -> Result<Held, String> {
        hold_by("systemd-inhibit")
    }

    pub(super) fn hold_by(program: &str) -> Result<Held, String> {
        let mut command = Command::new(program);
        command.args(["--what=idle:sleep", "--mode=block", "--who=Strikedeck", "--why=positions are open"]);
        command.args(["sh", "-c", "echo held; exec cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|_| format!("there is no `{program}` here"))?;
        // What it says first, it says with the inhibitor in hand; refused, it ends without a word.
        let mut line = String::new();
        let said = child.stdout.take().is_some_and(|out| BufReader::new(out).read_line(&mut line).is_ok());
        if said && line.trim() == "held" {
            return Ok(Held(child));
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("`{program}` was refused"))
    }

    impl Drop for Held {
        fn drop(&mut self) {
            drop(self.0.stdin.take());
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

#[cfg(not(any(windows, target_os = "linux")))]
mod system {
    pub struct Held;

    pub fn hold() -> Result<Held, String> {
        Err("this program cannot do it on this system".into())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(windows)]
    fn windows_is_asked_and_let_go() {
        drop(super::stay_awake().unwrap());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn without_the_helper_it_is_said_that_the_machine_may_sleep() {
        let Err(why) = super::system::hold_by("no-such-inhibitor") else { panic!("held by nobody") };
        assert_eq!(why, "there is no `no-such-inhibitor` here");
        let Err(why) = super::system::hold_by("false") else { panic!("held by nobody") };
        assert_eq!(why, "`false` was refused");
    }
}
