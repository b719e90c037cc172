//! Configuration of a program: one table of options, laid out as an example file, and read from TOML with the
//! environment over it. What the table does not know is refused with the nearest name.
//!
//! Not known here: what any option does.

mod values;

pub use values::{ConfigError, Kind, RawConfig};

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// `section.name` in the file.
    pub key: &'static str,
    /// What a value looks like.
    pub kind: Kind,
    /// The default, as it stands in the file.
    pub default: &'static str,
    /// Meaning, unit and limits, for an operator.
    pub help: &'static str,
    /// Whether `SIGHUP` takes a new value over without a restart.
    pub reload: bool,
}

impl Opt {
    /// The same, taken over at `SIGHUP`.
    #[must_use]
    pub const fn at_reload(self) -> Self {
        Self { reload: true, ..self }
    }
}

const fn opt(key: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Opt {
    Opt { key, kind, default, help, reload: false }
}

/// A text.
#[must_use]
pub const fn text(key: &'static str, default: &'static str, help: &'static str) -> Opt {
    opt(key, Kind::Text, default, help)
}

/// True or false.
#[must_use]
pub const fn flag(key: &'static str, default: &'static str, help: &'static str) -> Opt {
    opt(key, Kind::Flag, default, help)
}

/// Several texts.
#[must_use]
pub const fn list(key: &'static str, default: &'static str, help: &'static str) -> Opt {
    opt(key, Kind::List, default, help)
}

/// A whole number from `min` to `max`.
#[must_use]
pub const fn number(key: &'static str, min: u64, max: u64, default: &'static str, help: &'static str) -> Opt {
    opt(key, Kind::Number { min, max }, default, help)
}

/// Every option of a program.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// What each option's name in the environment begins with: `PREFIX_SECTION_NAME`, here with the last underscore.
    pub prefix: &'static str,
    /// First lines of the example.
    pub head: &'static str,
    /// Sections and what stands above each in the example.
    pub sections: &'static [(&'static str, &'static str)],
    /// The options, in order.
    pub options: &'static [Opt],
}

impl Table {
    /// Name of an option in the environment.
    #[must_use]
    pub fn env_name(&self, key: &str) -> String {
        format!("{}{}", self.prefix, key.replace('.', "_").to_uppercase())
    }

    /// The example file: every option with its meaning and default.
    #[must_use]
    pub fn example(&self) -> String {
        let mut out = self.head.to_owned();
        for (section, title) in self.sections {
            out.push_str(&format!("\n# {title}\n[{section}]\n"));
            for option in self.options {
                let Some(name) = option.key.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'))
                else {
                    continue;
                };
                for line in option.help.lines() {
                    out.push_str(&format!("# {line}\n"));
                }
                let takes_effect = if option.reload { "at SIGHUP" } else { "at the next start" };
                let env = self.env_name(option.key);
                out.push_str(&format!(
                    "# {env}; a change takes effect {takes_effect}.\n{name} = {}\n",
                    option.default
                ));
            }
        }
        out
    }
}
