//! Why there is no answer, in words without a URL.

use std::error::Error as StdError;

use alloy_provider::transport::{TransportError, TransportErrorKind};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The node refuses, in its own words, or nothing could be asked.
    #[error("{0}")]
    Refused(String),
    /// No answer, or none that can be read: what was asked may have been done.
    #[error("{place}: {why}")]
    Lost {
        /// Host and port of the node.
        place: String,
        /// What became of the answer.
        why: String,
    },
}

impl Fault {
    pub(crate) fn lost(place: &str, why: String) -> Self {
        Self::Lost { place: place.to_owned(), why }
    }

    pub(crate) fn of(place: &str, error: &TransportError) -> Self {
        match error {
            TransportError::Transport(kind) => Self::lost(place, unanswered(kind)),
            // The text itself may be a page that repeats the URL.
            TransportError::DeserError { err, .. } => {
                Self::lost(place, format!("no answer of the type: {err}"))
            }
            TransportError::NullResp => Self::lost(place, "an empty answer".to_owned()),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// Host and port of a URL, without the name, password and path in it.
#[must_use]
pub fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default().to_owned()
}

/// What a transport says. The body of an HTTP error may repeat the URL: its status says enough.
fn unanswered(kind: &TransportErrorKind) -> String {
    match (kind.as_http_error(), cause(kind)) {
        (Some(http), _) => format!("HTTP status {}", http.status),
        (None, Some(cause)) => format!("no answer: {cause}"),
        (None, None) => "no answer".to_owned(),
    }
}

/// The innermost cause: the outer words of an HTTP client name the URL.
fn cause(kind: &TransportErrorKind) -> Option<String> {
    let mut inner: &(dyn StdError + 'static) = kind.source()?.source()?;
    while let Some(next) = inner.source() {
        inner = next;
    }
    Some(inner.to_string()).filter(|words| !words.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_holds_no_secrets() {
        assert_eq!(place("https://user:word@arb.example.com:8443/v2/KEY?x=KEY"), "arb.example.com:8443");
        assert_eq!(place("http://127.0.0.1:8547"), "127.0.0.1:8547");
    }
}
