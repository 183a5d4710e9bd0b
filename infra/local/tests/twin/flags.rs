//! Starting: the greeting, the flags (design §9), and what is said when it cannot be done.

use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::json;

use crate::process::{Twin, USER, failure};

/// A text in which every port reads `PORT`.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        shown.push_str("127.0.0.1:PORT");
        shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    shown
}

/// The base URL first, then all that a newcomer needs: issuer, demo credentials, and a command to paste.
#[tokio::test]
async fn the_greeting_says_what_is_needed() {
    let twin = Twin::new().await;
    assert_snapshot!(without_ports(&twin.greeting), @r"
    Postern is ready: http://127.0.0.1:PORT

    Demo page and inbox  http://127.0.0.1:PORT/
    API                  http://127.0.0.1:PORT/docs
    Issuer               http://127.0.0.1:PORT/
    Data                 in memory; gone when this stops
    Embedded AWS         http://127.0.0.1:PORT/_local/aws
    AWS DynamoDB http://127.0.0.1:PORT
    AWS SES http://127.0.0.1:PORT
    AWS SMS http://127.0.0.1:PORT
    AWS KMS http://127.0.0.1:PORT
    AWS EventBridge http://127.0.0.1:PORT
    Twilio http://127.0.0.1:PORT

    Client  demo-app / demo-secret   (public: demo-spa; Management API: demo-management / demo-management-secret)
    User    user@example.com / pwd   (verified address: verified@example.com / pwd)

    Sign in, and be asked for the second factor:

      curl -s http://127.0.0.1:PORT/oauth/token \
        -d grant_type=password -d username=user@example.com -d password=pwd \
        -d audience=https://someapi.com/api -d scope='openid read:sample' \
        -d client_id=demo-app -d client_secret=demo-secret

    Codes arrive at http://127.0.0.1:PORT/_local/inbox. Stop with Ctrl-C.
    ");
    assert_eq!(twin.get("/.well-known/jwks.json").await.status, 200, "it answers once it has greeted");
}

/// The AWS endpoints are where the greeting says, and no two in one place.
#[tokio::test]
async fn the_endpoints_of_the_embedded_aws_can_be_reached() {
    let twin = Twin::new().await;
    let endpoint = |line: &str| {
        let (name, url) = line.rsplit_once(" http://")?;
        (name.starts_with("AWS ") || name == "Twilio").then(|| url.to_owned())
    };
    let mut endpoints: Vec<_> = twin.greeting.lines().filter_map(endpoint).collect();
    endpoints.sort();
    endpoints.dedup();
    assert_eq!(endpoints.len(), 6, "{}", twin.greeting);
    for address in endpoints {
        tokio::net::TcpStream::connect(&address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }
}

/// A taken port is the commonest trouble: it is named, and so is what to do. Nothing is left behind.
#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, said) = failure(home.path(), &["--port", &port.to_string()]).await;
    assert_eq!(
        said,
        format!(
            "postern: port {port} is taken, perhaps by another twin: stop that one, or choose another port with --port (0 takes any free one)\n"
        )
    );
    assert_eq!(code, Some(1));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

/// `--port`: that one and no other.
#[tokio::test]
async fn the_port_is_the_one_asked_for() {
    let home = tempfile::tempdir().unwrap();
    // Below those that systems give to whoever asks for any, as the other twins do meanwhile.
    let free = (20_000..30_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    let twin = Twin::start(home.path(), &["--memory", "--port", &free.to_string()]).await;
    assert_eq!(twin.base, format!("http://127.0.0.1:{free}"));
    assert_eq!(twin.get("/.well-known/jwks.json").await.status, 200);
}

/// `--host`: an address that is not this machine's (TEST-NET-1, RFC 5737) is named.
#[tokio::test]
async fn an_address_of_another_machine_is_named() {
    let home = tempfile::tempdir().unwrap();
    let (code, said) = failure(home.path(), &["--memory", "--host", "192.0.2.1", "--port", "0"]).await;
    assert!(said.starts_with("postern: cannot listen on 192.0.2.1:0: "), "{said}");
    assert_eq!(code, Some(1));
}

/// Without `--host`, whatever the twin listens on is on 127.0.0.1: the embedded AWS has no locks, and `/_local` is
/// open to whoever reaches it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_listens_on_another_address() {
    let twin = Twin::new().await;
    let process = format!("/proc/{}", twin.id());
    let descriptors = std::fs::read_dir(format!("{process}/fd")).unwrap();
    let sockets: Vec<_> = descriptors
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.to_str().map(ToOwned::to_owned))
        .collect();
    let listening = |table: &str| -> Vec<String> {
        let table = std::fs::read_to_string(format!("{process}/net/{table}")).unwrap_or_default();
        let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
        // State 0A is LISTEN; the tenth column is the socket's inode.
        let own = rows.filter(|row| row[3] == "0A" && sockets.contains(&format!("socket:[{}]", row[9])));
        own.map(|row| row[1].split(':').next().unwrap().to_owned()).collect()
    };
    let loopback = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
    let addresses = listening("tcp");
    assert!(addresses.len() >= 7, "the front door and six endpoints: {addresses:?}");
    assert!(addresses.iter().all(|address| *address == loopback), "{addresses:?}");
    assert_eq!(listening("tcp6"), [""; 0]);
}

/// `--host` moves the front door, and the embedded AWS stays where it is.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_address_is_for_the_front_door_alone() {
    let home = tempfile::tempdir().unwrap();
    let twin = Twin::start(home.path(), &["--memory", "--host", "127.0.0.2", "--port", "0"]).await;
    assert!(twin.base.starts_with("http://127.0.0.2:"), "{}", twin.base);
    assert_eq!(twin.get("/.well-known/jwks.json").await.status, 200);
    let is_aws = |line: &&str| line.starts_with("AWS ") || line.starts_with("Twilio ");
    let aws: Vec<_> = twin.greeting.lines().filter(is_aws).collect();
    assert_eq!(aws.iter().filter(|line| line.contains(" http://127.0.0.1:")).count(), 6, "{aws:?}");
}

/// `--issuer` and its variable, the flag first; an empty variable is none.
#[tokio::test]
async fn the_issuer_is_the_flags_the_variables_or_the_base_url() {
    let home = tempfile::tempdir().unwrap();
    let plain = ["--memory", "--port", "0"];
    let flagged = [&plain[..], &["--issuer", "https://flag.example"]].concat();
    let variable = "https://variable.example/";
    for (arguments, value, expected) in [
        (&plain[..], "", None),
        (&plain[..], variable, Some(variable)),
        (&flagged[..], variable, Some("https://flag.example/")),
    ] {
        let twin = Twin::with_variable(home.path(), arguments, "POSTERN_ISSUER", value).await;
        let expected = expected.map_or_else(|| format!("{}/", twin.base), ToOwned::to_owned);
        let discovery = twin.get("/.well-known/openid-configuration").await.json();
        assert_eq!(discovery["issuer"], json!(expected));
        assert_eq!(discovery["token_endpoint"], json!(format!("{expected}oauth/token")));
        assert!(twin.greeting.contains(&format!("\nIssuer               {expected}\n")), "{}", twin.greeting);
        let foreign = [("host", "evil.example")];
        let discovery =
            twin.send("GET", "/.well-known/openid-configuration", &foreign, crate::client::Body::none());
        assert_eq!(discovery.await.json()["issuer"], json!(expected), "whatever the host says");
    }
}

/// `--seed`: beside the demo tenant, which stays.
#[tokio::test]
async fn a_seed_adds_to_the_demo_tenant() {
    let home = tempfile::tempdir().unwrap();
    let seed =
        json!({ "users": [{ "email": "ada@example.com", "password": "lovelace", "email_verified": true }] });
    std::fs::write(home.path().join("users.json"), seed.to_string()).unwrap();
    let twin = Twin::start(home.path(), &["--memory", "--port", "0", "--seed", "users.json"]).await;
    for (username, password) in [("ada@example.com", "lovelace"), (USER, "pwd")] {
        let reply = twin.password(username, password).await;
        assert_eq!(reply.json()["error"], "mfa_required", "{username}: {}", reply.body);
    }
    assert_eq!(twin.password("ada@example.com", "pwd").await.json()["error"], "invalid_grant");
}

/// A seed that cannot be planted says why, and flags that contradict each other are refused.
#[tokio::test]
async fn a_start_that_cannot_be_says_why() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("misspelt.json"), "{\n  \"user\": []\n}").unwrap();
    std::fs::write(home.path().join("a-file"), "").unwrap();
    for (arguments, code, why) in [
        (&["--memory", "--seed", "none.json"][..], 1, "postern: the seed file none.json cannot be read: "),
        (&["--memory", "--seed", "misspelt.json"], 1, "unknown field `user`"),
        (
            &["--data", "a-file"],
            1,
            "postern: the embedded AWS did not start: cannot make the data directory: ",
        ),
        (&["--memory", "--data", "kept"], 2, "'--memory' cannot be used with '--data <DIR>'"),
        (&["--port", "65536"], 2, "65536"),
        (&["--host", "localhost"], 2, "localhost"),
        (&["--no-such-flag"], 2, "--no-such-flag"),
    ] {
        let arguments = [&["--port", "0"][..], arguments].concat();
        let arguments = if arguments.contains(&"65536") { &arguments[2..] } else { &arguments[..] };
        let (status, said) = failure(home.path(), arguments).await;
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert_eq!(status, Some(code), "{arguments:?}");
    }
}

fn without_id(line: &str) -> String {
    let Some((before, rest)) = line.split_once(r#""log_id":""#) else { return line.to_owned() };
    format!("{before}{}", rest.split_once('"').map_or("", |(_, rest)| rest))
}

/// design §9: one log record or more per request at the default level; SEC-34: nothing secret in any.
#[tokio::test]
async fn requests_are_logged_and_secrets_are_not() {
    let twin = Twin::new().await;
    let tokens = twin.enrol(USER).await;
    let code = crate::process::code_of(twin.inbox(USER).await.last().unwrap()).unwrap().to_owned();
    // Of an entry of the audit log the id is digits at random, among which anything may stand.
    let log = twin.log().lines().map(without_id).collect::<Vec<_>>().join("\n");
    for route in ["/oauth/token", "/mfa/associate"] {
        let logged = log.lines().filter(|line| line.contains(r#""event":"request""#) && line.contains(route));
        assert!(logged.count() >= 1, "{route}: {log}");
    }
    let secrets = [USER, "demo-secret", &code, &tokens.text("access_token"), &tokens.text("id_token")];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is logged");
    }
}
