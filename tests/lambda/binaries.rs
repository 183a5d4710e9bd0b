//! The binaries, built once per test run by the same cargo in the same profile.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");

/// The executable of that name.
pub(crate) fn binary(name: &str) -> PathBuf {
    built().get(name).unwrap_or_else(|| panic!("no binary {name} in the workspace")).clone()
}

/// All executables by name. Whoever times anything waits for them first: while they are built the machine is busy.
pub(crate) fn built() -> &'static BTreeMap<String, PathBuf> {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> BTreeMap<String, PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from(env!("CARGO")));
    let mut command = Command::new(cargo);
    // What cargo tells the tests about their own package would look like a changed environment to build scripts, and
    // half the workspace would be built again.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let of_this_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if of_this_package.iter().any(|prefix| text.starts_with(prefix)) || text == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(&name);
        }
    }
    command.args(["build", "--workspace", "--bins", "--message-format=json-render-diagnostics"]);
    command.args(["--manifest-path", MANIFEST]).args(profile());
    let output = command.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo build failed");
    let messages = String::from_utf8(output.stdout).unwrap();
    messages.lines().filter_map(|line| executable(&serde_json::from_str(line).ok()?)).collect()
}

/// The profile this test was built with, as its folder's name tells.
fn profile() -> Vec<String> {
    let test = env::current_exe().unwrap();
    match test.ancestors().nth(2).and_then(|folder| folder.file_name()).and_then(|name| name.to_str()) {
        Some("debug") | None => Vec::new(),
        Some(profile) => vec!["--profile".to_owned(), profile.to_owned()],
    }
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
}
