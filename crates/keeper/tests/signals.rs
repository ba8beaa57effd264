//! The program is told to stop while it looks: it ends when the look does.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a look takes, about.
const LOOK: Duration = Duration::from_millis(1_500);

/// An endpoint that takes its time to fail, and how often it was asked.
fn slow() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            if stream.read(&mut [0; 4_096]).unwrap_or_default() == 0 {
                continue;
            }
            count.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(LOOK);
            // Whoever asked may be gone by now.
            let _ = stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (url, asked)
}

fn run(url: &str) -> Child {
    let rpc = format!(r#"["{url}"]"#);
    let mut command = Command::new(env!("CARGO_BIN_EXE_equipoise-keeper"));
    command.arg("run").env_clear().stderr(Stdio::null());
    for (name, value) in [
        ("VAULT", "0x00000000000000000000000000000000000000aa"),
        ("RPC", rpc.as_str()),
        ("CHAIN_ID", "1"),
        ("LISTEN", ""),
        ("POLL", "0.1"),
    ] {
        command.env(format!("EQUIPOISE_KEEPER_{name}"), value);
    }
    command.spawn().expect("it starts")
}

/// Sends a process a signal, and gives the code that it ends with, none if the signal itself ended it.
fn ended(mut child: Child, signal: &str) -> Option<i32> {
    let tell = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &tell]).status().expect("a shell").success());
    let since = Instant::now();
    while since.elapsed() < LOOK * 10 {
        if let Some(status) = child.try_wait().expect("asked") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    panic!("it goes on after {signal}");
}

#[test]
fn a_signal_during_the_first_look_or_a_later_one_ends_it_after_that_look() {
    for (signal, looks) in [("TERM", 1), ("TERM", 2), ("INT", 2)] {
        let (url, asked) = slow();
        let child = run(&url);
        let since = Instant::now();
        while asked.load(Ordering::Relaxed) < looks {
            assert!(since.elapsed() < Duration::from_secs(20), "look {looks} never came");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(ended(child, signal), Some(0), "{signal} during look {looks}");
        assert_eq!(asked.load(Ordering::Relaxed), looks, "no other look after {signal}");
    }
}
