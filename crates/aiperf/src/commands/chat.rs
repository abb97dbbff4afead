//! `aiperf chat`: a conversation with a server, with the speed of every answer.

mod conversation;
mod exchange;
mod figures;
mod input;
mod live;

use aiperf_config::command::{Example, Flag, Group, Kind};
use aiperf_config::{Command, CommandSummary, Parsed};
use aiperf_tokenizer::{HubEnvironment, ResolvedTokenizer, TokenizerChoice};
use anyhow::{Result, anyhow, bail};

use crate::exit::Exit;
use crate::run::environment::Environment;
use conversation::Conversation;
use exchange::Server;

#[derive(Default)]
struct ChatArgs {
    model: Option<String>,
    url: Option<String>,
    system_prompt: Option<String>,
    quick: Option<String>,
    no_history: bool,
    api_key: Option<String>,
    tokenizer: Option<String>,
}

/// A flag whose value is kept as it was typed.
const fn text(
    names: &'static [&'static str],
    short: Option<&'static str>,
    value: &'static str,
    default: &'static str,
    help: &'static str,
    set: fn(&mut ChatArgs, String) -> Result<(), String>,
) -> Flag<ChatArgs> {
    Flag {
        names,
        short,
        kind: Kind::Text(set),
        value,
        default,
        path: "",
        help,
    }
}

static SERVER: Group<ChatArgs> = Group {
    title: "Server",
    flags: &[
        text(
            &["model"],
            Some("m"),
            "NAME",
            "",
            "The model to talk to. Needed.",
            |args, model| {
                args.model = Some(model);
                Ok(())
            },
        ),
        text(
            &["url"],
            Some("u"),
            "URL",
            "http://localhost:8000",
            "The server's address, with or without `/v1` or the whole path of chat completions.",
            |args, url| {
                args.url = Some(url);
                Ok(())
            },
        ),
        text(
            &["api-key"],
            None,
            "KEY",
            "OPENAI_API_KEY",
            "The key, sent as a bearer token. The default is the environment variable's.",
            |args, key| {
                args.api_key = Some(key);
                Ok(())
            },
        ),
        text(
            &["tokenizer"],
            None,
            "NAME",
            "the model's",
            "What the tokens of answers are counted with: `builtin`, a folder, or a name at Hugging Face.",
            |args, tokenizer| {
                args.tokenizer = Some(tokenizer);
                Ok(())
            },
        ),
    ],
};

static CONVERSATION: Group<ChatArgs> = Group {
    title: "Conversation",
    flags: &[
        text(
            &["system-prompt"],
            None,
            "TEXT",
            "",
            "What the model is told before the conversation.",
            |args, prompt| {
                args.system_prompt = Some(prompt);
                Ok(())
            },
        ),
        text(
            &["quick"],
            Some("q"),
            "MESSAGE",
            "",
            "Send this one message, show its answer and end.",
            |args, message| {
                args.quick = Some(message);
                Ok(())
            },
        ),
        Flag {
            names: &["history"],
            short: None,
            kind: Kind::SwitchPair {
                negation: "no-history",
                set: |args, keeps| args.no_history = !keeps,
            },
            value: "",
            default: "true",
            path: "",
            help: "Send earlier messages and answers with each new message; without, every message stands alone.",
        },
    ],
};

static CHAT: Command<ChatArgs> = Command {
    name: "chat",
    about: "Talks to a chat server, message by message, and tells after each answer how fast it was: time to \
            first token, tokens per second, time between tokens, share of the prompt that came from a cache. \
            The figures are those of `aiperf profile`. Messages are read from standard input, a line each.",
    groups: &[&SERVER, &CONVERSATION],
    positional: None,
    reference_names: &[],
    examples: &[
        Example {
            purpose: "A conversation",
            line: "aiperf chat --model my-model --url localhost:8000",
        },
        Example {
            purpose: "One question, to see whether a server answers and how fast",
            line: "aiperf chat --model my-model --tokenizer builtin --quick \"What is a prefix cache?\"",
        },
        Example {
            purpose: "Questions from a file that have nothing to do with each other",
            line: "aiperf chat --model my-model --no-history < questions.txt",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    CHAT.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match CHAT.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let Some(model) = args.model else {
        bail!("name a model: `aiperf chat --model NAME`");
    };
    let environment = Environment::read()?;
    let api_key = args.api_key.or_else(|| {
        let key = std::env::var("OPENAI_API_KEY").ok();
        key.filter(|key| !key.is_empty())
    });
    let url = args.url.as_deref().unwrap_or("http://localhost:8000");
    let server = Server::new(url, api_key, &environment)?;
    let tokenizer = tokenizer(args.tokenizer, &model)?;
    let conversation = Conversation::new(
        server,
        tokenizer,
        model,
        args.system_prompt,
        !args.no_history,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match args.quick {
        Some(message) => runtime.block_on(conversation.ask_once(message)),
        None => runtime.block_on(conversation.hold()),
    }
}

fn tokenizer(name: Option<String>, model: &str) -> Result<aiperf_tokenizer::Tokenizer> {
    let choice = TokenizerChoice {
        name,
        ..TokenizerChoice::of_model(model)
    };
    let ResolvedTokenizer {
        tokenizer, notice, ..
    } = aiperf_tokenizer::resolve(&choice, &HubEnvironment::from_process())
        .map_err(|error| anyhow!("{error}\n  hint: {}", error.hint()))?;
    if let Some(notice) = notice {
        super::print_error(&format!("note: {notice}\n"))?;
    }
    Ok(tokenizer)
}
