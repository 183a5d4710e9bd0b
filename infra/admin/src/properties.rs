//! Properties of what is made or changed: from a file of JSON as the Management API takes it, and from options, which
//! count more.

use std::io::Read;
use std::path::PathBuf;
use std::{fs, io};

use clap::Args;
use serde_json::{Map, Value};

use crate::CommandError;

/// A file of properties.
#[derive(Args, Clone)]
pub(crate) struct From {
    /// A JSON object with any properties that the Management API takes; `-` is the standard input. Options count more.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

impl From {
    pub(crate) fn read(&self) -> Result<Properties, CommandError> {
        let Some(path) = &self.from else { return Ok(Properties::default()) };
        let text = match path.as_os_str() == "-" {
            true => {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text).map(|_| text)
            }
            false => fs::read_to_string(path),
        };
        let text = text.map_err(CommandError::file(path))?;
        let object = serde_json::from_str(&text).map_err(|error| {
            CommandError::Setting(format!("{}: not a JSON object: {error}", path.display()))
        })?;
        Ok(Properties(object))
    }
}

/// What a request is to say.
#[derive(Default)]
pub(crate) struct Properties(Map<String, Value>);

impl Properties {
    pub(crate) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Sets it if it was given.
    pub(crate) fn set_some<T: Into<Value>>(self, name: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Sets a list if anything of it was given.
    pub(crate) fn set_list(self, name: &str, values: &[String]) -> Self {
        match values {
            [] => self,
            values => self.set(name, values.to_vec()),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What is to change; nothing is no change.
    pub(crate) fn change(self) -> Result<Value, CommandError> {
        if self.0.is_empty() {
            let text = "nothing to change: give an option, or --from with a file of properties";
            return Err(CommandError::Setting(text.to_owned()));
        }
        Ok(self.whole())
    }

    pub(crate) fn whole(self) -> Value {
        Value::Object(self.0)
    }
}
