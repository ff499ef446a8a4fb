//! Programs of others on the software device: what `sparkle-pm4 emulate` offers, by a client in C that knows libc and
//! the kernel's headers and nothing of this library.
#![cfg(feature = "emulate")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use skip::skip;
use sparkle_pm4::emulate::{Server, Settings};
use sparkle_pm4::soft::{Census, Config};

/// The client, compiled; None where there is no compiler or no header of the kernel's interface.
fn client(name: &str) -> Option<PathBuf> {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/emulate/client.c");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-Wall", "-Wextra", "-Werror", "-I/usr/include/libdrm", "-o"])
        .arg(&out)
        .arg(source)
        .arg("-lpthread");
    match cc.output() {
        Ok(done) if done.status.success() => Some(out),
        Ok(done) => {
            let text = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(text.contains("drm.h: No such file"), "{text}");
            skip!("the client in C needs libdrm's headers (libdrm-dev)");
            None
        }
        Err(error) => {
            skip!("the client in C needs a compiler: cc: {error}");
            None
        }
    }
}

fn server() -> Server {
    Server::start(&Settings { card: Config::default(), devices: 1 }).unwrap()
}

fn start(server: &Server, program: &Path, arguments: &[&str]) -> Child {
    let (name, value) = server.variable();
    let mut command = Command::new(program);
    command.args(arguments).env(name, value).env("LD_PRELOAD", server.library()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until everything that clients held is given back.
fn settle(server: &Server) -> (usize, Census) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let now = (server.open_files(), server.cards()[0].census());
        if now == (0, Census::default()) || Instant::now() > end {
            return now;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn descriptors_behave_as_descriptors() {
    let Some(program) = client("client") else { return };
    let server = server();
    let mut child = start(&server, &program, &[]);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    assert_eq!(text, "ok\n");
    assert_eq!(settle(&server), (0, Census::default()), "what the client left open");
}

#[test]
fn a_program_sees_the_card_whatever_environment_it_is_given() {
    let Some(program) = client("children") else { return };
    let server = server();
    let mut child = start(&server, &program, &["children"]);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    assert_eq!(text, "ok\n");
    assert_eq!(settle(&server), (0, Census::default()), "what the children left open");
}

#[test]
fn two_cards_share_a_buffer() {
    let Some(program) = client("cards") else { return };
    let server = Server::start(&Settings { card: Config::default(), devices: 2 }).unwrap();
    let mut child = start(&server, &program, &["cards"]);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    assert_eq!(text, "ok\n");
    assert_eq!(settle(&server), (0, Census::default()));
}

#[test]
fn killed_clients_leave_nothing_behind() {
    let Some(program) = client("killed") else { return };
    let server = server();
    for round in 0..10 {
        let mut child = start(&server, &program, &["hold"]);
        // It says so when it holds memory, a mapping and a context, and waits for something that never comes.
        let mut byte = [0];
        child.stdout.take().unwrap().read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"h", "round {round}");
        assert_eq!(server.open_files(), 1, "round {round}");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(settle(&server), (0, Census::default()), "round {round}");
    }
    let root = server.root().to_owned();
    assert!(root.exists());
    drop(server);
    assert!(!root.exists(), "the file tree stays behind");
}

#[test]
fn a_client_outlives_its_server() {
    let Some(program) = client("orphan") else { return };
    let server = server();
    let mut child = start(&server, &program, &["hold"]);
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    drop(server);
    // The wait that was under way ends with an error, and so does the next call.
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.trim(), "ENODEV ENODEV");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
