//! Reads values by the table of options: defaults, then the file, then the environment.
//!
//! Not known here: what the values do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::{Opt, Table as Options};

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A list of texts; separated by commas in the environment.
    List,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("line {line}: {message}")]
    Syntax {
        /// Where.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// There is no such option.
    #[error("unknown option {key}; did you mean {nearest}?")]
    Unknown {
        /// As it was written.
        key: String,
        /// The option with the most similar name.
        nearest: String,
    },
    /// The value does not fit.
    #[error("{key}: {message}")]
    Value {
        /// Which option.
        key: String,
        /// What is wrong; never shows the value of a secret, because no option holds one.
        message: String,
    },
}

impl ConfigError {
    /// An option's value does not fit.
    #[must_use]
    pub fn value(key: &str, message: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), message: message.into() }
    }
}

/// All options with their values, not yet understood.
#[derive(Debug)]
pub struct RawConfig {
    values: BTreeMap<&'static str, Value>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl RawConfig {
    /// Lays the file's text and the environment over the defaults.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(
        table: &'static Options,
        file: &str,
        environment: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        for option in table.options {
            values.insert(option.key, parse_value(option.key, option.default)?);
        }
        for (key, value) in flatten(parse_table(file)?) {
            let option = known(table, &key)?;
            check(option.key, option.kind, &value)?;
            values.insert(option.key, value);
        }
        for (name, text) in environment {
            let Some(rest) = name.strip_prefix(table.prefix) else { continue };
            if rest == FILE_VARIABLE {
                continue;
            }
            let Some(option) = table.options.iter().find(|option| table.env_name(option.key) == *name) else {
                let nearest = nearest(table, &rest.to_lowercase().replacen('_', ".", 1));
                return Err(ConfigError::Unknown { key: name.clone(), nearest: table.env_name(nearest) });
            };
            let value = from_environment(option.key, option.kind, text)?;
            check(option.key, option.kind, &value)?;
            values.insert(option.key, value);
        }
        Ok(Self { values, read: RefCell::default() })
    }

    /// The text of an option.
    ///
    /// # Errors
    /// The table has no such option of that kind.
    pub fn text(&self, key: &str) -> Result<&str, ConfigError> {
        self.get(key)?.as_str().ok_or_else(|| ConfigError::value(key, "must be text"))
    }

    /// The flag of an option.
    ///
    /// # Errors
    /// The table has no such option of that kind.
    pub fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        self.get(key)?.as_bool().ok_or_else(|| ConfigError::value(key, "must be true or false"))
    }

    /// The number of an option, within its bounds.
    ///
    /// # Errors
    /// The table has no such option of that kind.
    pub fn number(&self, key: &str) -> Result<u64, ConfigError> {
        let number = self.get(key)?.as_integer().and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| ConfigError::value(key, "must be a whole number"))
    }

    /// The texts of an option.
    ///
    /// # Errors
    /// The table has no such option of that kind.
    pub fn list(&self, key: &str) -> Result<Vec<&str>, ConfigError> {
        let items = self.get(key)?.as_array().ok_or_else(|| ConfigError::value(key, "must be a list"))?;
        items
            .iter()
            .map(|item| item.as_str().ok_or_else(|| ConfigError::value(key, "must be texts")))
            .collect()
    }

    fn get(&self, key: &str) -> Result<&Value, ConfigError> {
        let (key, value) =
            self.values.get_key_value(key).ok_or_else(|| ConfigError::value(key, "is not in the table"))?;
        self.read.borrow_mut().insert(key);
        Ok(value)
    }

    /// Options that nothing has asked for: none, once everything was understood; for a test to assert.
    #[must_use]
    pub fn unread(&self) -> Vec<&'static str> {
        let read = self.read.borrow();
        self.values.keys().filter(|key| !read.contains(*key)).copied().collect()
    }
}

/// The variable that names the configuration file itself, after the prefix.
const FILE_VARIABLE: &str = "CONFIG";

fn parse_table(text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        ConfigError::Syntax { line, message: error.message().to_owned() }
    })
}

fn parse_value(key: &str, text: &str) -> Result<Value, ConfigError> {
    let mut table = parse_table(&format!("v = {text}"))?;
    table.remove("v").ok_or_else(|| ConfigError::value(key, "has no value"))
}

/// One level of sections: `a.b = v`. Deeper tables keep their path and are refused as unknown.
fn flatten(table: Table) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(inner) => {
                out.extend(inner.into_iter().map(|(name, value)| (format!("{section}.{name}"), value)));
            }
            other @ (Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)) => out.push((section, other)),
        }
    }
    out
}

fn known(table: &Options, key: &str) -> Result<&'static Opt, ConfigError> {
    table
        .options
        .iter()
        .find(|option| option.key == key)
        .ok_or_else(|| ConfigError::Unknown { key: key.to_owned(), nearest: nearest(table, key).to_owned() })
}

fn from_environment(key: &str, kind: Kind, text: &str) -> Result<Value, ConfigError> {
    Ok(match kind {
        Kind::Text => Value::String(text.to_owned()),
        Kind::Flag | Kind::Number { .. } => parse_value(key, text)?,
        Kind::List => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
    })
}

fn check(key: &str, kind: Kind, value: &Value) -> Result<(), ConfigError> {
    let wrong = match kind {
        Kind::Text => (!value.is_str()).then(|| "must be text".to_owned()),
        Kind::Flag => (!value.is_bool()).then(|| "must be true or false".to_owned()),
        Kind::List => {
            let fits = value.as_array().is_some_and(|items| items.iter().all(Value::is_str));
            (!fits).then(|| "must be a list of texts".to_owned())
        }
        Kind::Number { min, max } => {
            let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
            let fits = number.is_some_and(|number| (min..=max).contains(&number));
            (!fits).then(|| format!("must be a whole number from {min} to {max}"))
        }
    };
    wrong.map_or(Ok(()), |message| Err(ConfigError::value(key, message)))
}

fn nearest(table: &Options, key: &str) -> &'static str {
    let best = table.options.iter().min_by_key(|option| distance(option.key, key));
    best.map_or("", |option| option.key)
}

/// Levenshtein's distance: insertions, deletions and replacements between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, cb) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("listen", "listen"), 0);
        assert_eq!(distance("listen", "lisen"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
