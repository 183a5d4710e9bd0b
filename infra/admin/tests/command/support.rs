//! A twin to operate, the command, and a client of the twin's HTTP API.

use std::process::Stdio;

use local::{Twin, TwinOptions};
use postern::time::Clock;
use postern::token::key_times::KeyTimes;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A twin and a directory to work in.
pub(crate) struct Deployment {
    pub(crate) twin: Twin,
    pub(crate) directory: TempDir,
}

/// How a command ended, and what it wrote.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Waits for the end of a command.
    pub(crate) async fn of(child: Child) -> Self {
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The one document that it answered by.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }

    /// What it said of why it failed.
    pub(crate) fn refusal(&self) -> &str {
        assert_eq!((self.status, self.out.as_str()), (1, ""), "{}", self.err);
        self.err.trim_end()
    }
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        Self::with(KeyTimes::default()).await
    }

    /// One that has these times of keys.
    pub(crate) async fn with(key_times: KeyTimes) -> Self {
        let options = TwinOptions { key_times, ..TwinOptions::for_tests(Clock::host()) };
        let twin = Twin::start(options).await.unwrap();
        Self { twin, directory: tempfile::tempdir().unwrap() }
    }

    /// Runs the command; gives its status and both outputs. How long it took is left out.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let Ran { status, out, err } = self.ran(arguments, "").await;
        let text = [out, err].concat();
        let lines = text.lines().filter(|line| !line.starts_with("It took "));
        (status, lines.collect::<Vec<_>>().join("\n"))
    }

    /// Runs the command on the twin, with a standard input that is no terminal.
    pub(crate) async fn ran(&self, arguments: &[&str], input: &str) -> Ran {
        let twin = format!("--twin={}", self.twin.base_url());
        self.ran_at(&[&[twin.as_str()], arguments].concat(), input).await
    }

    /// Has AWS misbehave.
    pub(crate) fn fault(&self, fault: Value) {
        self.twin.aws.faults.add(serde_json::from_value(fault).unwrap());
    }

    /// Runs the command on whatever its arguments say.
    pub(crate) async fn ran_at(&self, arguments: &[&str], input: &str) -> Ran {
        self.ran_with(arguments, input, &[]).await
    }

    /// The same with variables of its environment.
    pub(crate) async fn ran_with(&self, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Ran {
        let mut child = self.started(arguments, variables);
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        Ran::of(child).await
    }

    /// Starts the command on the twin, and leaves it to itself.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let twin = format!("--twin={}", self.twin.base_url());
        self.started(&[&[twin.as_str()], arguments].concat(), &[])
    }

    fn started(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(arguments).current_dir(self.directory.path());
        command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").envs(variables.iter().copied());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// The document that a command answers by.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        self.ran(&[arguments, &["--output", "json"]].concat(), "").await.json()
    }

    /// What a person sees of a command that succeeds.
    pub(crate) async fn shown(&self, arguments: &[&str]) -> String {
        let Ran { status, out, err } = self.ran(arguments, "").await;
        assert_eq!((status, err.as_str()), (0, ""), "{out}");
        out
    }

    /// Posts to the twin; gives the status and the answer.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_as(None, path, body).await
    }

    async fn post_as(&self, authorization: Option<&str>, path: &str, body: &Value) -> (u16, Value) {
        let address = self.twin.base_url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = body.to_string();
        let authorization =
            authorization.map(|word| format!("authorization: {word}\r\n")).unwrap_or_default();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\n{authorization}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }

    /// A password grant by a client: its error, or `tokens`.
    pub(crate) async fn signs_in(&self, client: &Value, email: &str, password: &str) -> String {
        let body = json!({
            "grant_type": "password", "username": email, "password": password, "scope": "openid",
            "client_id": client["client_id"], "client_secret": client["client_secret"],
        });
        outcome(self.post("/oauth/token", &body).await.1)
    }

    /// Has the demo user enrol an address, and what SES tells of it taken in; the status.
    pub(crate) async fn enrol_address(&self, address: &str) -> u16 {
        let body = json!({
            "grant_type": "password", "username": "user@example.com", "password": "pwd",
            "audience": "https://someapi.com/api", "client_id": "demo-app", "client_secret": "demo-secret",
        });
        let (_, required) = self.post("/oauth/token", &body).await;
        let token = format!("Bearer {}", required["mfa_token"].as_str().unwrap());
        let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": address });
        let (status, _) = self.post_as(Some(&token), "/mfa/associate", &body).await;
        self.twin.deliver_mail_events().await;
        status
    }

    /// A token of a client in its own name: its scope, or the error.
    pub(crate) async fn own_scope(&self, client: &Value, audience: &str) -> String {
        let body = json!({
            "grant_type": "client_credentials", "audience": audience,
            "client_id": client["client_id"], "client_secret": client["client_secret"],
        });
        let (_, answer) = self.post("/oauth/token", &body).await;
        match answer["scope"].as_str() {
            Some(scope) => scope.to_owned(),
            None => outcome(answer),
        }
    }
}

fn outcome(answer: Value) -> String {
    match answer["error"].as_str() {
        Some(error) => error.to_owned(),
        None if answer["access_token"].is_string() => "tokens".to_owned(),
        None => answer.to_string(),
    }
}
