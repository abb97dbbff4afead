//! Conversations, their turns and their messages, as the page reads them.
//!
//! Every turn sends the history again, so each message is kept once and named by its number.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::records::{Message, Record};

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) conversations: usize,
    /// Of a conversation.
    pub(super) turns: usize,
    /// Of a message.
    pub(super) characters: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversations: 40,
            turns: 60,
            characters: 8000,
        }
    }
}

/// A conversation as one session played it.
struct Play<'r> {
    conversation: &'r str,
    /// How many sessions had begun to play it before.
    replay: usize,
    /// In the order of the turns.
    turns: Vec<&'r Record>,
}

impl Play<'_> {
    fn depth(&self) -> u64 {
        let depths = self.turns.iter().map(|turn| turn.depth);
        depths.min().unwrap_or(0)
    }

    fn start(&self) -> u64 {
        let starts = self.turns.iter().map(|turn| turn.start_ns);
        starts.min().unwrap_or(0)
    }
}

/// What the page shows.
pub(super) fn tree(records: &[Record], files: usize, limits: Limits) -> Value {
    let plays = plays(records);
    let conversations_of: HashMap<&str, &str> = records
        .iter()
        .filter_map(|record| Some((record.session.as_deref()?, record.conversation.as_str())))
        .collect();
    let mut messages = MessageTable::new(limits.characters);
    let shown = &plays[..plays.len().min(limits.conversations)];
    let conversations: Vec<Value> = shown
        .iter()
        .map(|play| play_json(play, &conversations_of, limits.turns, &mut messages))
        .collect();
    let sent: usize = records.iter().map(|record| record.messages.len()).sum();
    json!({
        "stat": format!(
            "{} conversations ({} shown), {} turns, {sent} messages ({} different ones shown), from {files} file{}",
            plays.len(),
            shown.len(),
            records.len(),
            messages.rows.len(),
            if files == 1 { "" } else { "s" },
        ),
        "legend": roles(records),
        "msgs": messages.rows,
        "convs": conversations,
    })
}

/// A session that plays a conversation again is shown apart. Roots first, then by the first request.
fn plays(records: &[Record]) -> Vec<Play<'_>> {
    let mut by_start: Vec<&Record> = records.iter().collect();
    by_start.sort_by_key(|record| record.start_ns);
    let mut sessions: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut turns_seen: HashMap<(&str, Option<u64>), usize> = HashMap::new();
    let mut found: Vec<Play<'_>> = Vec::new();
    let mut places: HashMap<(&str, usize), usize> = HashMap::new();
    for record in by_start {
        let conversation = record.conversation.as_str();
        let replay = match &record.session {
            Some(session) => {
                let known = sessions.entry(conversation).or_default();
                match known.iter().position(|other| other == session) {
                    Some(place) => place,
                    None => {
                        known.push(session);
                        known.len() - 1
                    }
                }
            }
            // Without sessions, a turn that comes again is a replay's.
            None => {
                let seen = turns_seen.entry((conversation, record.turn)).or_default();
                *seen += 1;
                *seen - 1
            }
        };
        let place = *places.entry((conversation, replay)).or_insert_with(|| {
            found.push(Play {
                conversation,
                replay,
                turns: Vec::new(),
            });
            found.len() - 1
        });
        found[place].turns.push(record);
    }
    for play in &mut found {
        play.turns
            .sort_by_key(|turn| (turn.turn.unwrap_or(0), turn.start_ns));
    }
    found.sort_by(|one, other| {
        let key = |play: &Play<'_>| (play.depth(), play.start(), play.replay);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.conversation.cmp(other.conversation))
    });
    found
}

fn play_json(
    play: &Play<'_>,
    conversations_of: &HashMap<&str, &str>,
    most_turns: usize,
    messages: &mut MessageTable,
) -> Value {
    let depth = play.depth();
    let parent = play.turns.iter().find_map(|turn| {
        let session = turn.parent_session.as_deref()?;
        conversations_of.get(session).copied()
    });
    let mut models: Vec<&str> = play
        .turns
        .iter()
        .map(|turn| turn.model.as_deref().unwrap_or("?"))
        .collect();
    models.sort_unstable();
    models.dedup();
    let shown = &play.turns[..play.turns.len().min(most_turns)];
    let turns: Vec<Value> = shown
        .iter()
        .map(|turn| {
            let ids: Vec<usize> = turn
                .messages
                .iter()
                .map(|message| messages.number(message))
                .collect();
            json!({
                "ti": turn.turn,
                "phase": turn.phase,
                "maxTokens": turn.max_tokens,
                "cancelled": turn.was_cancelled,
                "error": turn.has_failed,
                "ids": ids,
            })
        })
        .collect();
    json!({
        "id": play.conversation,
        "kind": if depth == 0 { "root".to_owned() } else { format!("subagent, depth {depth}") },
        "isRoot": depth == 0,
        "parent": parent,
        "lane": play.turns.iter().find_map(|turn| turn.session.as_deref()),
        "models": models.join(", "),
        "nt": play.turns.len(),
        "moreTurns": play.turns.len() - shown.len(),
        "replay": play.replay,
        "turns": turns,
    })
}

/// How many messages of each role were sent, the most frequent first.
fn roles(records: &[Record]) -> Vec<(&str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for message in records.iter().flat_map(|record| &record.messages) {
        match counts.iter_mut().find(|(role, _)| *role == message.role) {
            Some((_, count)) => *count += 1,
            None => counts.push((&message.role, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// Each message once.
struct MessageTable {
    numbers: HashMap<Message, usize>,
    rows: Vec<Value>,
    most_characters: usize,
}

impl MessageTable {
    fn new(most_characters: usize) -> Self {
        Self {
            numbers: HashMap::new(),
            rows: Vec::new(),
            most_characters,
        }
    }

    fn number(&mut self, message: &Message) -> usize {
        if let Some(number) = self.numbers.get(message) {
            return *number;
        }
        let length = message.body.chars().count();
        let shown: String = message.body.chars().take(self.most_characters).collect();
        self.rows.push(json!({
            "role": message.role,
            "len": length,
            "body": shown,
            "trunc": length.saturating_sub(self.most_characters),
        }));
        let number = self.rows.len() - 1;
        self.numbers.insert(message.clone(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: &str, body: &str) -> Message {
        Message {
            role: role.to_owned(),
            body: body.to_owned(),
        }
    }

    fn record(conversation: &str, turn: u64, session: Option<&str>, start_ns: u64) -> Record {
        let history = (0..=turn).map(|turn| message("user", &format!("turn {turn}")));
        Record {
            conversation: conversation.to_owned(),
            turn: Some(turn),
            session: session.map(str::to_owned),
            start_ns,
            messages: history.collect(),
            ..Record::default()
        }
    }

    fn shown(tree: &Value) -> Vec<(String, u64, usize)> {
        let conversations = tree["convs"].as_array().unwrap();
        conversations
            .iter()
            .map(|one| {
                (
                    one["id"].as_str().unwrap().to_owned(),
                    one["replay"].as_u64().unwrap(),
                    one["turns"].as_array().unwrap().len(),
                )
            })
            .collect()
    }

    #[test]
    fn a_history_is_kept_once() {
        let records = [record("a", 1, Some("s"), 20), record("a", 0, Some("s"), 10)];
        let tree = tree(&records, 1, Limits::default());
        assert_eq!(tree["msgs"].as_array().unwrap().len(), 2);
        let turns = &tree["convs"][0]["turns"];
        assert_eq!(
            (&turns[0]["ids"], &turns[1]["ids"]),
            (&json!([0]), &json!([0, 1]))
        );
        assert_eq!(tree["legend"], json!([["user", 3]]));
    }

    #[test]
    fn sessions_that_play_the_same_conversation_are_shown_apart() {
        let records = [
            record("a", 0, Some("s2"), 20),
            record("a", 0, Some("s1"), 10),
            record("a", 1, Some("s2"), 40),
            record("b", 0, None, 5),
            record("b", 0, None, 50),
        ];
        let tree = tree(&records, 1, Limits::default());
        let expected = [("b", 0, 1), ("a", 0, 1), ("a", 1, 2), ("b", 1, 1)];
        let expected = expected.map(|(id, replay, turns)| (id.to_owned(), replay, turns));
        assert_eq!(shown(&tree), expected);
    }

    #[test]
    fn roots_come_before_the_subagents_that_they_began() {
        let mut child = record("child", 0, Some("c"), 1);
        child.depth = 1;
        child.parent_session = Some("r".to_owned());
        let records = [child, record("root", 0, Some("r"), 9)];
        let tree = tree(&records, 1, Limits::default());
        assert_eq!(tree["convs"][0]["id"], "root");
        assert_eq!(tree["convs"][1]["parent"], "root");
        assert_eq!(tree["convs"][1]["kind"], "subagent, depth 1");
    }

    #[test]
    fn what_is_beyond_the_limits_is_counted() {
        let records: Vec<Record> = (0..4)
            .map(|turn| record("a", turn, Some("s"), turn))
            .collect();
        let limits = Limits {
            conversations: 1,
            turns: 3,
            characters: 4,
        };
        let tree = tree(&records, 2, limits);
        assert_eq!(tree["convs"][0]["moreTurns"], 1);
        assert_eq!(
            tree["msgs"][0],
            json!({"role": "user", "len": 6, "body": "turn", "trunc": 2})
        );
        let none = Limits {
            conversations: 0,
            ..limits
        };
        assert_eq!(super::tree(&records, 1, none)["convs"], json!([]));
    }
}
