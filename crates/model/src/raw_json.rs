//! JSON that is kept as the text it was, byte for byte.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// JSON text with its inner whitespace and key order untouched, as a request body needs it: what
/// is compared is what went over the wire, not a rendering of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Takes text that is one JSON value, without a copy.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn from_string(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Parses the text into a type.
    ///
    /// # Errors
    /// When the text does not hold a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

#[cfg(test)]
mod tests {
    use super::RawJson;

    #[test]
    fn the_text_survives_byte_for_byte() {
        let text = r#"{"b" : 1.50,  "a":[ ]}"#;
        let json: RawJson = serde_json::from_str(text).unwrap();
        assert_eq!(json.get(), text);
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
        assert_eq!(json, RawJson::from_string(text.to_owned()).unwrap());
    }

    #[test]
    fn text_that_is_not_json_is_refused() {
        assert!(RawJson::from_string("{".to_owned()).is_err());
    }
}
