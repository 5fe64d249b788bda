//! `narhet`: the one binary. Every role, and the command line that talks to them.

mod actors;
mod area_ask;
mod area_check;
mod area_import;
mod area_picture;
mod area_report;
mod arguments;
mod client;
mod clock;
mod commands;
mod demo;
mod figures;
mod house;
mod identity;
mod keeping;
mod lock;
mod nats_server;
mod node;
mod roles;
mod settings;

use arguments::{Arguments, Command};
use clap::Parser;
use std::{io::IsTerminal as _, process::ExitCode};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging(&arguments);
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            // The whole chain, one cause a line: the last one is usually what to mend.
            eprintln!("narhet: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let settings = settings::Settings::read(&arguments.config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Up(up) => house::up(up, settings).await,
            Command::Run(run) => house::run(run, settings).await,
            Command::Token(token) => commands::token(&token),
            Command::Area(area) => commands::area(area).await,
            Command::Actors(actors) => actors::actors(actors).await,
            Command::Events(events) => commands::events(events).await,
            Command::Verify(verify) => keeping::verify(verify).await,
            Command::Backup(backup) => keeping::backup(backup).await,
            Command::Restore(restore) => keeping::restore(&restore),
            Command::Fork(fork) => keeping::fork(&fork).await,
        }
    })
}

/// Logs go to standard error; standard output belongs to what was asked for.
fn start_logging(arguments: &Arguments) {
    use tracing_subscriber::EnvFilter;
    let filter =
        EnvFilter::try_from_env("NARHET_LOG").unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn,sled=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if arguments.log_json {
        builder.json().init();
    } else {
        builder.init();
    }
}
