//! Secrets that are known by their value, in texts that somebody else wrote.

use std::borrow::Cow;

use super::url::secrets_of;
use super::{REDACTED, is_sensitive_header};

/// Shorter ones are left alone: `key` or `test` would blot out words that are no secrets.
const SHORTEST: usize = 6;

/// The credentials of a run, to be hidden where a server repeats them, as in "invalid key …".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Adds the value of a request header, if its name is that of a credential. In `Bearer TOKEN`
    /// the token is the secret.
    pub fn add_header(&mut self, name: &str, value: &str) {
        if is_sensitive_header(name) {
            self.add(value);
            if let Some((_, token)) = value.split_once(' ') {
                self.add(token.trim());
            }
        }
    }

    /// Adds the password and the credentials among the query parameters of an address.
    pub fn add_url(&mut self, url: &str) {
        for secret in secrets_of(url) {
            self.add(&secret);
        }
    }

    /// Adds a secret. One of fewer than 6 bytes is not taken.
    pub fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST || self.0.iter().any(|known| known == secret) {
            return;
        }
        self.0.push(secret.to_owned());
        // What holds another secret has to be looked for first.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// The text without the secrets.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for secret in &self.0 {
            if clean.contains(secret) {
                clean = Cow::Owned(clean.replace(secret, REDACTED));
            }
        }
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_a_text_repeats_them() {
        let mut secrets = Secrets::default();
        secrets.add("sk-123456");
        secrets.add_header("X-Api-Key", "hush-hush");
        secrets.add_header("Authorization", "Bearer sk-123456-long");
        secrets.add_header("X-Team", "benchmarks");
        secrets.add_url("https://me:pass%20word@host/v1?api-key=parameter&page=seventeen");
        for (text, clean) in [
            ("Incorrect key: sk-123456.", "Incorrect key: <redacted>."),
            ("'Bearer sk-123456-long'", "'<redacted>'"),
            ("sk-123456-long", "<redacted>"),
            ("hush-hush, hush-hush", "<redacted>, <redacted>"),
            ("pass%20word or pass word", "<redacted> or <redacted>"),
            ("api-key=parameter", "api-key=<redacted>"),
            (
                "benchmarks on page seventeen",
                "benchmarks on page seventeen",
            ),
        ] {
            assert_eq!(secrets.hide(text), clean);
        }
    }

    #[test]
    fn what_is_short_is_no_reason_to_blot_out_words() {
        let mut secrets = Secrets::default();
        secrets.add("");
        secrets.add("key");
        assert_eq!(secrets.hide("no such key"), "no such key");
    }
}
