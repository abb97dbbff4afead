//! One request, and a thousand: what a run costs besides its requests.

use anyhow::Result;

use super::client::{Client, Run, unless_failed};
use super::figures::{Figures, Who};
use super::server::Server;
use super::setting::Setting;

/// A run of one request is over in milliseconds, and the system's noise is as long.
const REPETITIONS: usize = 5;

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let server = Server::start(setting, 0.0, 0.0)?;
    let prompts = setting.fresh_folder("prompts")?.join("prompts.jsonl");
    std::fs::write(
        &prompts,
        "{\"text\": \"Say something of thirty-two words.\"}\n",
    )?;
    let one = "--streaming --tokenizer builtin --osl 32 --request-count 1 --concurrency 1";
    let builtin = |client: Client<'_>| client.flags(one).flags("--isl 550").run();
    // The server counts the tokens, so the tokenizer that is named is not needed.
    let plain = |client: Client<'_>| {
        let flags = "--use-server-token-count --custom-dataset-type single_turn";
        client
            .flags(one)
            .flags(flags)
            .path("--input-file", &prompts)
            .run()
    };
    let builtin_rows = ["builtin_wall", "builtin_cpu", "builtin_memory"];
    let plain_rows = ["plain_wall", "plain_cpu", "plain_memory"];
    for _ in 0..setting.options.rounds * REPETITIONS {
        let ours = || Client::ours(setting, &server.url);
        add(figures, Who::Ours, builtin_rows, &builtin(ours())?);
        add(figures, Who::Ours, plain_rows, &plain(ours())?);
    }
    for _ in 0..setting.options.rounds {
        let reference = || Client::reference(setting, &server.url);
        if let Some(run) = unless_failed(reference().map(builtin)) {
            add(figures, Who::Reference, builtin_rows, &run);
        }
        if let Some(run) = unless_failed(reference().map(plain)) {
            add(figures, Who::Reference, plain_rows, &run);
        }
    }
    Ok(())
}

fn add(figures: &mut Figures, who: Who, [wall, cpu, memory]: [&str; 3], run: &Run) {
    figures.add("startup", wall, who, run.cost.wall_s);
    figures.add("startup", cpu, who, run.cost.cpu_s);
    figures.add("startup", memory, who, run.cost.peak_mb);
}

/// The same for a short run as people make them.
pub(super) fn thousand(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let server = Server::start(setting, 5.0, 1.0)?;
    let flags = "--streaming --tokenizer builtin --isl 100 --osl 32 --num-dataset-entries 100 \
                 --request-count 1000 --concurrency 16";
    for _ in 0..setting.options.rounds {
        let ours = Client::ours(setting, &server.url).flags(flags).run()?;
        let reference = Client::reference(setting, &server.url);
        let reference = unless_failed(reference.map(|client| client.flags(flags).run()));
        let runs = std::iter::once((Who::Ours, ours));
        for (who, run) in runs.chain(reference.map(|run| (Who::Reference, run))) {
            figures.add("thousand", "wall", who, run.cost.wall_s);
            figures.add("thousand", "cpu", who, run.cost.cpu_s);
            figures.add("thousand", "memory", who, run.cost.peak_mb);
        }
    }
    Ok(())
}
