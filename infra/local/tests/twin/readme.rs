//! README.md is true: its commands run as they are written, their output is what it shows, and its tables name the flags
//! and handles there are. The flow needs what the README needs: bash, curl and the usual small tools.

use std::path::Path;
use std::process::Command;

use serde_json::{Deserializer, Value, json};

use crate::process::Twin;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
/// The address in the README.
const ADDRESS: &str = "http://127.0.0.1:3000";
/// A line between the outputs of two blocks.
const BETWEEN: &str = "--- the next block ---";

/// A section, without its heading.
fn section(heading: &str) -> String {
    let readme = std::fs::read_to_string(README).unwrap();
    let (_, rest) = readme.split_once(&format!("\n## {heading}\n")).expect("the section");
    rest.split("\n## ").next().unwrap().to_owned()
}

/// The fenced blocks of a section, with their languages.
fn blocks(section: &str) -> Vec<(&str, &str)> {
    let fenced = section.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap()).collect()
}

/// Runs a script as a person would, in a directory of its own; gives its standard output.
fn run(script: &str, home: &Path) -> String {
    for tool in ["bash", "curl", "sed", "grep", "head", "tee"] {
        let found = Command::new(tool).arg("--version").output();
        assert!(
            found.is_ok(),
            "this test runs the commands that README.md and the greeting give: install {tool}"
        );
    }
    let mut bash = Command::new("bash");
    // The twin is on this machine, whatever way leads out of it.
    bash.args(["-e", "-c", script]).current_dir(home).env("no_proxy", "*");
    let output = bash.output().unwrap();
    let (said, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{script}\n{said}\n{errors}");
    said
}

fn values(text: &str) -> Vec<Value> {
    Deserializer::from_str(text)
        .into_iter()
        .map(|value| value.unwrap_or_else(|_| panic!("not JSON: {text}")))
        .collect()
}

/// The form of a random value: length and punctuation.
fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { 'x' } else { c }).collect()
}

/// A text whose code, the group of exactly six digits, is zeros.
fn without_code(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        shown.push_str(if digits.len() == 6 { "000000" } else { &digits });
        digits.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

/// What does not differ from run to run.
fn stable(name: &str, value: &Value) -> Value {
    match (name, value) {
        (_, Value::Object(members)) => {
            members.iter().map(|(name, value)| (name.clone(), stable(name, value))).collect()
        }
        (_, Value::Array(items)) => items.iter().map(|item| stable(name, item)).collect(),
        ("received_at", Value::Number(_)) => json!(0),
        ("mfa_token" | "oob_code" | "recovery_codes", Value::String(text)) => json!(shape(text)),
        ("id", Value::String(text)) => {
            let (kind, random) = text.split_once("dev_").unwrap();
            json!(format!("{kind}dev_{}", shape(random)))
        }
        (_, Value::String(text)) => json!(without_code(text)),
        (_, value) => value.clone(),
    }
}

/// What came, with every text that the README cuts short cut in the same place.
fn cut(came: Value, shown: &Value) -> Value {
    match (came, shown) {
        (Value::Object(members), Value::Object(shown)) => members
            .into_iter()
            .map(|(name, value)| {
                let value = cut(value, shown.get(&name).unwrap_or(&Value::Null));
                (name, value)
            })
            .collect(),
        (Value::Array(items), Value::Array(shown)) => {
            let shown = shown.iter().chain(std::iter::repeat(&Value::Null));
            items.into_iter().zip(shown).map(|(item, shown)| cut(item, shown)).collect()
        }
        (Value::String(text), Value::String(shown)) => match shown.strip_suffix('…') {
            Some(beginning) if text.starts_with(beginning) => json!(shown),
            _ => json!(text),
        },
        (value, _) => value,
    }
}

/// Fails unless the output is what the README shows, in its order.
fn assert_shown(output: &str, shown: &str) {
    let shown: Vec<_> = values(shown).iter().map(|value| stable("", value)).collect();
    let came: Vec<_> = values(output).iter().map(|value| stable("", value)).collect();
    let came = cut(json!(came), &json!(shown));
    assert_eq!(format!("{came:#}"), format!("{:#}", json!(shown)));
}

/// "The flow in curl": every block as it is written, then steps 3 and 4 again, as the README says.
#[tokio::test]
async fn the_flow_in_curl_is_what_comes_back() {
    let section = section("The flow in curl");
    let blocks = blocks(&section);
    let languages: Vec<_> = blocks.iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, ["sh", "json"].repeat(5), "five steps, each with its output");
    let steps: Vec<_> = blocks.iter().step_by(2).map(|(_, script)| *script).collect();
    let shown: Vec<_> = blocks.iter().skip(1).step_by(2).map(|(_, output)| *output).collect();

    let twin = Twin::new().await;
    let between = format!("\nprintf '\\n%s\\n' '{BETWEEN}'\n");
    let all = [&steps[..], &steps[2..4]].concat().join(&between);
    assert_eq!(all.matches(ADDRESS).count(), 1, "the address is named once");
    let home = tempfile::tempdir().unwrap();
    let output = run(&all.replace(ADDRESS, &twin.base), home.path());
    let outputs: Vec<_> = output.split(BETWEEN).collect();
    assert_eq!(outputs.len(), 7);
    for (output, shown) in outputs.iter().zip(&shown) {
        assert_shown(output, shown);
    }
    assert_shown(outputs[6], shown[3]);
}

/// The command that the greeting gives is one to paste.
#[tokio::test]
async fn the_first_command_of_the_greeting_asks_for_the_second_factor() {
    let twin = Twin::new().await;
    let lines = twin.greeting.lines().skip_while(|line| !line.starts_with("  curl "));
    let command: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(!command.is_empty(), "{}", twin.greeting);
    let home = tempfile::tempdir().unwrap();
    let reply: Value = serde_json::from_str(&run(&command.join("\n"), home.path())).unwrap();
    assert_eq!(reply["error"], "mfa_required", "{reply}");
}

/// The first cell of each row, up to a blank or the end of its first code span.
fn rows(section: &str) -> Vec<String> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.split("` |").next().unwrap().trim_start_matches("| ").to_owned()).collect()
}

/// The table of flags has those that `--help` has, and no other.
#[test]
fn the_table_of_flags_is_complete() {
    let help = Command::new(env!("CARGO_BIN_EXE_local")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let flag = |text: &str| text.split([' ', '`']).find(|word| word.starts_with("--")).map(ToOwned::to_owned);
    let mut there: Vec<_> =
        help.lines().filter(|line| line.trim_start().starts_with('-')).filter_map(flag).collect();
    there.retain(|flag| !["--help", "--version"].contains(&&**flag));
    let section = section("The twin in your own CI");
    let mut told: Vec<_> =
        rows(&section).iter().filter(|row| row.starts_with("`--")).filter_map(|row| flag(row)).collect();
    there.sort();
    told.sort();
    assert_eq!(told, there);
}

/// The table of handles: each answers, and its example is taken.
#[tokio::test]
async fn the_handles_of_the_table_answer() {
    let twin = Twin::new().await;
    let section = section("The twin in your own CI");
    let handles: Vec<_> = rows(&section).into_iter().filter(|row| row.contains("/_local/")).collect();
    assert!(handles.len() >= 5, "{handles:?}");
    for row in handles {
        let spans: Vec<_> = row.split('`').filter(|span| !span.trim_matches([' ', ',']).is_empty()).collect();
        let (method, path) = spans[0].split_once(' ').unwrap();
        let reply = match (method, spans.get(1)) {
            ("POST", Some(example)) => twin.tell(path, example).await,
            _ => twin.get(path).await,
        };
        assert!((200..300).contains(&reply.status), "{row}: {} {}", reply.status, reply.body);
        if row.contains("`DELETE") {
            let reply = twin.send("DELETE", path, &[], crate::client::Body::none()).await;
            assert_eq!(reply.status, 204, "{row}");
        }
    }
}
