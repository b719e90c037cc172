//! Switches that turn single checks of the server off, so that a proof can show that it fails without them.
//! They exist only under the `mutations` feature, which no shipped binary has; without it every check is on.
//!
//! Not known here: what each check does.

macro_rules! mutations {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A check that a mutation can turn off.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Check { $($(#[$doc])* $name,)* }

        impl Check {
            /// Every check, with its name in `RELAIS_MUTATION`.
            #[cfg(any(test, feature = "mutations"))]
            pub(crate) const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $text),)*];
        }
    };
}

mutations! {
    /// The password's proof at sign-in.
    Password = "password",
    /// The mailed code.
    Code = "code",
    /// Tries of a code are counted.
    CodeTries = "code-tries",
    /// Limits of sign-ins.
    LoginLimits = "login-limits",
    /// The session key's proof.
    SessionProof = "session-proof",
    /// Revocation.
    Revocation = "revocation",
    /// Suspension.
    Suspension = "suspension",
    /// Whether an entry is the asking session's own.
    Author = "author",
    /// Whether a reader takes part in the thread.
    Reading = "reading",
    /// Whether a list names only threads that its reader may read.
    Listing = "listing",
    /// Whether a box's reader is its recipient.
    BoxReader = "box-reader",
    /// Whether a blob's reader is a reader of a thread that names it.
    BlobReader = "blob-reader",
    /// Roles and memberships.
    Roles = "roles",
    /// Whether a caller takes part in the thread, and the thread allows calls.
    Calling = "calling",
    /// What an entry was held to still stands when it is committed.
    AppendGuards = "append-guards",
}

/// Whether the check is on: always, except under the `mutations` feature with `RELAIS_MUTATION` naming it.
#[cfg(not(feature = "mutations"))]
pub(crate) const fn is_on(_check: Check) -> bool {
    true
}

/// Whether the check is on: always, except under the `mutations` feature with `RELAIS_MUTATION` naming it.
#[cfg(feature = "mutations")]
pub(crate) fn is_on(check: Check) -> bool {
    static OFF: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let off = OFF.get_or_init(|| std::env::var("RELAIS_MUTATION").ok());
    !Check::ALL.iter().any(|(known, name)| *known == check && off.as_deref() == Some(*name))
}

/// Arms a check of the chain validator: `RELAIS_MUTATION=chain-203` switches rule 203 off. Once, at start.
#[cfg(feature = "mutations")]
pub(crate) fn arm() {
    let named = std::env::var("RELAIS_MUTATION").ok();
    if let Some(code) = named.and_then(|name| name.strip_prefix("chain-").and_then(|code| code.parse().ok()))
    {
        relais_chain::mutations::SWITCHES.switch_off(code);
    }
}

/// Arms nothing: no shipped binary can switch a check off.
#[cfg(not(feature = "mutations"))]
pub(crate) const fn arm() {}

#[cfg(test)]
mod tests {
    use super::Check;

    #[test]
    fn every_name_is_used_once() {
        for (at, (_, name)) in Check::ALL.iter().enumerate() {
            assert!(Check::ALL.iter().skip(at + 1).all(|(_, other)| other != name), "{name}");
        }
    }
}
