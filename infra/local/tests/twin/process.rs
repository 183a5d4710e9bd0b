//! One twin: a process, the directory it is started in, and the flow over HTTP.

use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::{Body, Client, Reply};

pub(crate) const USER: &str = "user@example.com";
const DEMO_APP: [(&str, &str); 2] = [("client_id", "demo-app"), ("client_secret", "demo-secret")];
/// What the greeting's last line begins with.
const LAST_LINE: &str = "Codes arrive at ";

/// A twin that has greeted.
pub(crate) struct Twin {
    /// All that it printed.
    pub(crate) greeting: String,
    /// `http://127.0.0.1:PORT`, as its first line says.
    pub(crate) base: String,
    child: Child,
    http: Client,
    log: TempDir,
}

/// The binary of `cargo run`, in `home`, with nothing of this environment that would change it.
fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.current_dir(home).args(arguments).env_remove("POSTERN_ISSUER").env_remove("POSTERN_LOG");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Starts a twin that will not run, and gives what it left.
pub(crate) async fn failure(home: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command(home, arguments).output().await.unwrap();
    assert_eq!(String::from_utf8(stdout).unwrap(), "", "nothing is greeted that does not run");
    (status.code(), String::from_utf8(stderr).unwrap())
}

impl Twin {
    /// In memory, on any free port.
    pub(crate) async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self::start(home.path(), &["--memory", "--port", "0"]).await
    }

    /// In a directory, with exactly these arguments.
    pub(crate) async fn start(home: &Path, arguments: &[&str]) -> Self {
        Self::run(command(home, arguments)).await
    }

    /// The same with a variable set.
    pub(crate) async fn with_variable(home: &Path, arguments: &[&str], name: &str, value: &str) -> Self {
        let mut command = command(home, arguments);
        command.env(name, value);
        Self::run(command).await
    }

    async fn run(mut command: Command) -> Self {
        let log = tempfile::tempdir().unwrap();
        let file = File::create(log.path().join("stderr")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            greeting.push_str(&line);
            greeting.push('\n');
            if line.starts_with(LAST_LINE) {
                break;
            }
        }
        let first = greeting.lines().next().unwrap_or_default();
        let base = first.rsplit(' ').next().unwrap().to_owned();
        let twin = Self { greeting, base, child, http: Client::new(), log };
        assert!(twin.base.starts_with("http://"), "it did not start: {}{}", twin.greeting, twin.log());
        twin
    }

    /// What it wrote to standard error, which is its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path().join("stderr")).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Ends it as a supervisor does, by SIGTERM, and waits until it is gone.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().await.unwrap();
        assert!(told.success());
        self.child.wait().await.unwrap()
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Reply {
        self.http.send(method, &format!("{}{path}", self.base), headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Body::none()).await
    }

    /// `curl -d` of some JSON, which says that it is a form.
    pub(crate) async fn tell(&self, path: &str, json: &str) -> Reply {
        self.send("POST", path, &[], Body::raw(Some("application/x-www-form-urlencoded"), json)).await
    }

    pub(crate) async fn bearer(&self, method: &str, path: &str, token: &str, body: Body) -> Reply {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    /// A token request of the demo application.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Reply {
        let all: Vec<_> = fields.iter().copied().chain(DEMO_APP).collect();
        self.send("POST", "/oauth/token", &[], Body::form(&all)).await
    }

    pub(crate) async fn password(&self, username: &str, password: &str) -> Reply {
        let fields = [("grant_type", "password"), ("username", username), ("password", password)];
        self.token(&[&fields[..], &[("scope", "openid")]].concat()).await
    }

    /// The right password, and what is asked for then.
    pub(crate) async fn log_in(&self, username: &str) -> String {
        let reply = self.password(username, "pwd").await;
        assert_eq!((reply.status, &reply.json()["error"]), (403, &json!("mfa_required")), "{}", reply.body);
        reply.text("mfa_token")
    }

    /// Begins to enrol the user's own address: the status is 200 and a code is mailed.
    pub(crate) async fn associate(&self, mfa_token: &str) -> Reply {
        let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"] });
        self.bearer("POST", "/mfa/associate", mfa_token, Body::json(&body)).await
    }

    pub(crate) async fn oob(&self, mfa_token: &str, oob_code: &str, code: &str) -> Reply {
        let grant = "http://auth0.com/oauth/grant-type/mfa-oob";
        let fields = [("grant_type", grant), ("mfa_token", mfa_token), ("oob_code", oob_code)];
        self.token(&[&fields[..], &[("binding_code", code)]].concat()).await
    }

    /// From password to tokens, enrolling the user's own address.
    pub(crate) async fn enrol(&self, username: &str) -> Reply {
        let mfa_token = self.log_in(username).await;
        let associated = self.associate(&mfa_token).await;
        assert_eq!(associated.status, 200, "{}", associated.body);
        let code = code_of(&self.inbox(username).await[0]).expect("a code").to_owned();
        let tokens = self.oob(&mfa_token, &associated.text("oob_code"), &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        tokens
    }

    /// The messages to an address, newest first.
    pub(crate) async fn inbox(&self, to: &str) -> Vec<Value> {
        let reply = self.get(&format!("/_local/inbox?to={to}")).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json().as_array().unwrap().clone()
    }
}

/// The code in a message: the only group of exactly six digits in its text. Security notices have none.
pub(crate) fn code_of(message: &Value) -> Option<&str> {
    let text = message["text"].as_str().unwrap();
    let mut groups = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 6);
    let code = groups.next();
    assert_eq!(groups.next(), None, "the code is the only group of six digits");
    code
}
