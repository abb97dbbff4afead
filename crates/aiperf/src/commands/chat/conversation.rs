//! The conversation: what was said so far, and what happens in a turn.

use std::pin::pin;

use aiperf_endpoint::conversation::{Media, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::{Answer, EndpointType};
use aiperf_tokenizer::Tokenizer;
use anyhow::Result;
use bytes::Bytes;

use super::exchange::Server;
use super::figures::Figures;
use super::input::Input;
use crate::commands::{print, print_error};
use crate::exit::Exit;
use crate::run::signals::next_signal;

pub(super) struct Conversation {
    server: Server,
    figures: Figures,
    settings: EndpointSettings,
    system_prompt: Option<String>,
    keeps_history: bool,
    history: Vec<Turn>,
}

impl Conversation {
    pub(super) fn new(
        server: Server,
        tokenizer: Tokenizer,
        model: String,
        system_prompt: Option<String>,
        keeps_history: bool,
    ) -> Result<Self> {
        Ok(Self {
            server,
            figures: Figures::new(tokenizer)?,
            settings: EndpointSettings {
                endpoint_type: EndpointType::Chat,
                streaming: true,
                models: vec![model],
                ..EndpointSettings::default()
            },
            system_prompt,
            keeps_history,
            history: Vec::new(),
        })
    }

    /// One message; a failure is this command's. Ctrl-C ends it quietly.
    pub(super) async fn ask_once(mut self, message: String) -> Result<Exit> {
        let asking = self.ask(message);
        tokio::select! {
            result = asking => result?,
            () = next_signal() => print("\n")?,
        }
        Ok(Exit::Success)
    }

    /// Message after message, until there are no more or a signal comes. A turn that fails is told of and
    /// leaves no trace in the history.
    pub(super) async fn hold(mut self) -> Result<Exit> {
        // Made once: a signal between two turns must not be missed.
        let mut stop = pin!(next_signal());
        let mut input = Input::start()?;
        print("Please enter a message for the chat model (Ctrl-D to exit):\n")?;
        loop {
            let message = tokio::select! {
                biased;
                () = &mut stop => None,
                message = input.next() => message?,
            };
            let Some(message) = message else { break };
            let result = tokio::select! {
                biased;
                () = &mut stop => break,
                result = self.ask(message) => result,
            };
            if let Err(error) = result {
                print_error(&format!("request failed: {error:#}\n"))?;
            }
        }
        print("\n")?;
        Ok(Exit::Success)
    }

    async fn ask(&mut self, message: String) -> Result<()> {
        self.history.push(turn("user", message));
        let answered = self.exchange().await;
        match &answered {
            Ok(answer) if self.keeps_history => {
                self.history
                    .push(turn("assistant", said(answer).to_owned()));
            }
            Ok(_) => self.history.clear(),
            Err(_) => drop(self.history.pop()),
        }
        answered.map(drop)
    }

    /// Sends what was said so far, shows the answer while it comes, and its figures.
    async fn exchange(&self) -> Result<Answer> {
        let turns: Vec<&Turn> = self.history.iter().collect();
        let body = format(&FormatContext {
            turns: &turns,
            system_message: self.system_prompt.as_deref(),
            user_context_message: None,
            previous_response_id: None,
            settings: &self.settings,
        })?;
        let (http, answer) = self.server.exchange(Bytes::from(body)).await?;
        print(&self.figures.text(&http, &answer))?;
        Ok(answer)
    }
}

/// What the history keeps of an answer: what the model said, or what it thought if it said nothing.
fn said(answer: &Answer) -> &str {
    if answer.output.is_empty() {
        &answer.reasoning
    } else {
        &answer.output
    }
}

fn turn(role: &str, text: String) -> Turn {
    Turn {
        role: Some(role.to_owned()),
        texts: vec![Media::unnamed(text)],
        ..Turn::default()
    }
}
