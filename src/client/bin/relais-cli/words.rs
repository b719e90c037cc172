//! Errors in plain words. The code beside them is what scripts and documents rely on.

use relais_client::ClientError;
use relais_wire::ErrorCode;

/// What went wrong and, where there is something, what to do about it.
pub(crate) fn plain(error: &ClientError) -> String {
    let words = match error {
        ClientError::Refused(refusal) => of_refusal(refusal.code),
        ClientError::NotFound => Some("there is no such thing, or it is not for you"),
        ClientError::NoKey => Some("you do not hold the keys for that"),
        ClientError::OwnCheck(_) => Some("the rules of this thread do not allow you to do that now"),
        ClientError::WrongSecret => Some("that is not the right password, key or token"),
        ClientError::Unreachable => Some("the server cannot be reached; try again later"),
        ClientError::NoAnswer => {
            Some("no answer came; it may or may not have been done: look before you repeat it")
        }
        _ => None,
    };
    words.map_or_else(|| error.to_string(), str::to_owned)
}

fn of_refusal(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::NotFound => "there is no such thing, or it is not for you",
        ErrorCode::Forbidden => "you may not do that here",
        ErrorCode::Closed => "the thread is closed; nothing can be added any more",
        ErrorCode::Stale | ErrorCode::Conflict => "somebody else was faster; look and try again",
        ErrorCode::ChainRefused => "the rules of this thread do not allow that now",
        ErrorCode::TooLarge => "that is too large",
        ErrorCode::Throttled | ErrorCode::Overloaded => {
            "the server has too much to do; try again in a moment"
        }
        ErrorCode::WrongCredentials => "the e-mail address or the password is wrong",
        ErrorCode::CodeWrong => "the code is wrong",
        ErrorCode::CodeExpired => "the code is too old; sign in again for a new one",
        _ => return None,
    })
}
