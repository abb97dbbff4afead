//! The output items of an answer of the responses type, as later requests replay them.
//!
//! A stream tells of an item twice, when it is done and in the response that is completed at the
//! end, and servers lose items in either place. So both are read, and an item counts once.

use serde_json::{Map, Value};

/// The items that an answer told of.
#[derive(Debug, Default)]
pub(crate) struct OutputItems {
    /// Of the completed response; their order is the true one.
    completed: Vec<Value>,
    /// As they were done.
    done: Vec<Value>,
    /// Output and content index of texts that came piece by piece.
    streamed_texts: Vec<(i64, i64)>,
    /// Whether the response ended before it was complete.
    has_failed: bool,
}

impl OutputItems {
    /// Adds the `output` of a complete response.
    pub(crate) fn add_completed(&mut self, output: Option<&Value>) {
        if let Some(Value::Array(items)) = output {
            self.completed
                .extend(items.iter().filter(|item| item.is_object()).cloned());
        }
    }

    /// Adds an item that is done.
    pub(crate) fn add_done(&mut self, item: Option<&Value>) {
        self.done
            .extend(item.filter(|item| item.is_object()).cloned());
    }

    /// Notes that the response failed or was cut short: its items are not to be relied on.
    pub(crate) fn fail(&mut self) {
        self.has_failed = true;
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Notes that a piece of this text came.
    pub(crate) fn text_streams(&mut self, text: (i64, i64)) {
        // Pieces of one text come in a row, and there are few texts.
        if !self.streamed_texts.contains(&text) {
            self.streamed_texts.push(text);
        }
    }

    /// Whether pieces of this text came.
    pub(crate) fn has_streamed(&self, text: (i64, i64)) -> bool {
        self.streamed_texts.contains(&text)
    }

    /// Every item once, in the order of the completed response; none if there are none to replay.
    pub(crate) fn finish(&mut self) -> Option<Vec<Value>> {
        if self.has_failed {
            return None;
        }
        let mut items: Vec<Value> = Vec::new();
        let told = std::mem::take(&mut self.completed).into_iter();
        for item in told.chain(std::mem::take(&mut self.done)) {
            if !items.iter().any(|known| is_same(known, &item)) {
                items.push(item);
            }
        }
        (!items.is_empty()).then_some(items)
    }
}

/// Whether two items are one: they have the same name, or are equal where neither has one.
fn is_same(known: &Value, item: &Value) -> bool {
    match (name_of(known), name_of(item)) {
        (None, None) => known == item,
        (known, item) => known == item,
    }
}

fn name_of(item: &Value) -> Option<&Value> {
    let members: &Map<String, Value> = item.as_object()?;
    ["id", "call_id", "item_id"]
        .iter()
        .filter_map(|key| members.get(*key))
        .find(|name| crate::format::is_truthy(name))
}
