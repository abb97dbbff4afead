//! Where the content of a response is found, in the words of the user.

use jmespath::Expression;
use serde_json::Value;

use crate::error::EndpointError;
use crate::format::is_truthy;
use crate::kind::EndpointType;

/// A JMESPath query, compiled once. Two are equal if their text is.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseField(Expression<'static>);

impl ResponseField {
    /// Compiles a query. Fails on one that is no JMESPath.
    pub fn compile(query: &str) -> Result<Self, EndpointError> {
        jmespath::compile(query)
            .map(Self)
            .map_err(|error| EndpointError::ResponseField {
                query: query.to_owned(),
                // Only the first line says why; the others point at the place in the query.
                reason: error.reason.to_string(),
                column: error.column + 1,
            })
    }

    /// Compiles what a run gives as `response_field`. For the template type the word `text`, its
    /// default, asks for auto-detection and is no query.
    pub fn for_type(
        endpoint_type: EndpointType,
        query: &str,
    ) -> Result<Option<Self>, EndpointError> {
        let is_default = endpoint_type == EndpointType::Template && query == "text";
        if query.is_empty() || is_default {
            return Ok(None);
        }
        Self::compile(query).map(Some)
    }

    /// The query's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What the query finds; none if that is nothing, empty, false, zero or an error.
    pub(crate) fn find(&self, response: &Value) -> Option<Value> {
        let found = self.0.search(response).ok()?;
        let found = serde_json::to_value(&*found).ok()?;
        is_truthy(&found).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_finds_what_is_there_and_not_empty() {
        let response = json!({"a": {"b": [{"c": "x"}, {"c": "y"}]}, "n": 0, "s": ""});
        for (query, expected) in [
            ("a.b[0].c", Some(json!("x"))),
            ("a.b[*].c", Some(json!(["x", "y"]))),
            ("join('', a.b[].c)", Some(json!("xy"))),
            ("a.z", None),
            ("n", None),
            ("s", None),
            // An error of the search, not of the query.
            ("join('', n)", None),
        ] {
            let field = ResponseField::compile(query).unwrap();
            assert_eq!(field.find(&response), expected, "{query}");
        }
    }

    #[test]
    fn a_query_that_does_not_compile_says_where() {
        let error = ResponseField::compile("a.[").unwrap_err().to_string();
        assert!(
            error.starts_with("`a.[` is no JMESPath query (column "),
            "{error}"
        );
    }

    #[test]
    fn the_word_text_is_the_templates_default() {
        let of = |endpoint_type, query| {
            ResponseField::for_type(endpoint_type, query)
                .unwrap()
                .map(|field| field.as_str().to_owned())
        };
        assert_eq!(of(EndpointType::Template, "text"), None);
        assert_eq!(of(EndpointType::Raw, ""), None);
        assert_eq!(of(EndpointType::Raw, "text").as_deref(), Some("text"));
        assert_eq!(of(EndpointType::Template, "a").as_deref(), Some("a"));
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "[a-c\\[\\]{}().*@&|!?:,'`\"0-9 -]{0,24}") {
            if let Ok(field) = ResponseField::compile(&query) {
                field.find(&json!({"a": [1, {"b": "c"}], "b": null, "c": [[1.5]]}));
            }
        }
    }
}
