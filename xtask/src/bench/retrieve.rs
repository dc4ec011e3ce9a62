//! The vectors of 80 minutes of video, and of five times as much.

use anyhow::{Context, Result, ensure};

use super::{
    Extent,
    process::{Contender, Programs, Server},
    sdks,
    table::{self, Report, find, ratio},
};

const CURL: &str = "curl";
const WHOLE: &str = "twelvelabs, whole";
const STREAM: &str = "twelvelabs, streaming";
const PROGENITOR: &str = "generated client";
const PYTHON: &str = "official Python SDK";
const JAVASCRIPT: &str = "official JavaScript SDK";

/// 80 minutes in clips of 2 s, three options.
const SEGMENTS: u64 = 7200;
const DIMENSIONS: u64 = 512;
/// The task that the server has.
const TASK_ID: &str = "663da73b31cdd0c1f638a8e6";

pub(super) fn run(programs: &Programs, extent: Extent, report: &mut Report) -> Result<()> {
    let factors = if extent.quick { &[1][..] } else { &[1, 5] };
    for &factor in factors {
        let segments = SEGMENTS * factor;
        let mut arguments = vec!["--segments".to_owned(), segments.to_string()];
        arguments.extend((factor == 1).then(|| "--gzip".to_owned()));
        let server = programs.serve(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        let megabytes = server.about["responses"][0]["bytes"].as_f64().context("the server has no response")? / 1e6;
        let size = format!("{megabytes:.0} MB");
        // What is kept in the end, in MiB.
        let vectors = (segments * DIMENSIONS * 4) as f64 / 1024.0 / 1024.0;

        let mut unpaced = ways(programs, &server, &format!("s{segments}"));
        if factor == 1 && !extent.quick {
            unpaced.extend(official(programs, &server, &format!("s{segments}")));
        }
        programs.alternate(&mut unpaced, extent.runs)?;
        check(&server, &unpaced)?;
        table::print(&format!("Retrieve {size}, unpaced"), &unpaced);

        let mut paced = ways(programs, &server, &format!("s{segments}.r400"));
        programs.alternate(&mut paced, extent.runs)?;
        check(&server, &paced)?;
        table::print(&format!("Retrieve {size} at 400 MB/s"), &paced);

        report.at_most(format!("{size} at 400 MB/s, × curl"), ratio(&paced, WHOLE, CURL), 1.1, "");
        report.at_most(format!("{size} unpaced, × curl"), ratio(&unpaced, WHOLE, CURL), 2.5, "");
        let against = ratio(&unpaced, WHOLE, PROGENITOR);
        report.at_most(format!("{size} unpaced, × generated client"), against, 0.35, "");
        for (contenders, pace) in [(&unpaced, "unpaced"), (&paced, "at 400 MB/s")] {
            report.peak(format!("{size} {pace}, whole: peak memory"), find(contenders, WHOLE), vectors + 16.0);
            report.peak(format!("{size} {pace}, streaming: peak memory"), find(contenders, STREAM), 16.0);
        }
        if factor == 1 {
            if !extent.quick {
                let against = ratio(&unpaced, WHOLE, PYTHON);
                report.at_most(format!("{size} unpaced, × official Python SDK"), against, 0.01, "");
            }
            slow_line(programs, &server, &size, extent)?;
        }
    }
    Ok(())
}

/// The programs that can read this response. A new way of `bench_client` gets a line here.
fn ways(programs: &Programs, server: &Server, selected: &str) -> Vec<Contender> {
    let base_url = base_url(server, selected);
    let client = |name, way| programs.client(name, way, &base_url, TASK_ID);
    vec![
        curl(server, selected, &[]),
        client("reqwest, body discarded", "discard"),
        client(WHOLE, "whole"),
        client(STREAM, "stream"),
        client(PROGENITOR, "progenitor"),
    ]
}

/// The base URL that selects a response of the server.
fn base_url(server: &Server, selected: &str) -> String {
    format!("{}/{selected}", server.base_url)
}

fn curl(server: &Server, selected: &str, flags: &[&str]) -> Contender {
    let name = if flags.is_empty() { CURL } else { "curl, gzip" };
    let url = format!("{}/embed/tasks/{TASK_ID}", base_url(server, selected));
    Contender::new(name, ["curl", "-s", "-f", "-o", "/dev/null", &url].into_iter().chain(flags.iter().copied()))
}

/// Those that can be installed.
fn official(programs: &Programs, server: &Server, selected: &str) -> Vec<Contender> {
    let python = sdks::python(&programs.scratch).map(|command| (PYTHON, command));
    let javascript = sdks::javascript(&programs.scratch).map(|command| (JAVASCRIPT, command));
    let contender = |(name, command): (_, Vec<String>)| {
        let command = command.into_iter().chain([TASK_ID.to_owned()]);
        Contender::new(name, command).env("TWELVELABS_BASE_URL", &base_url(server, selected)).at_most(2)
    };
    python.into_iter().chain(javascript).map(contender).collect()
}

/// On a slow line, compression pays.
fn slow_line(programs: &Programs, server: &Server, size: &str, extent: Extent) -> Result<()> {
    let (plain, gzip) = (format!("s{SEGMENTS}.r125"), format!("s{SEGMENTS}.r125.gzip"));
    let mut slow = vec![
        curl(server, &plain, &[]),
        curl(server, &gzip, &["--compressed"]),
        programs.client(WHOLE, "whole", &base_url(server, &plain), TASK_ID),
        programs.client("twelvelabs, whole, gzip", "whole", &base_url(server, &gzip), TASK_ID),
    ];
    programs.alternate(&mut slow, extent.runs)?;
    check(server, &slow)?;
    table::print(&format!("Retrieve {size} at 125 MB/s"), &slow);
    Ok(())
}

/// Programs that print what they found must have found everything.
fn check(server: &Server, contenders: &[Contender]) -> Result<()> {
    let expected = &server.about["responses"][0];
    for contender in contenders {
        for run in &contender.runs {
            for fact in ["segments", "bytes"].iter().filter(|fact| !run.found[**fact].is_null()) {
                ensure!(run.found[fact] == expected[fact], "{} found {}", contender.name, run.found);
            }
            if let (Some(sum), Some(whole)) = (run.found["sum"].as_f64(), expected["sum"].as_f64()) {
                ensure!((sum - whole).abs() < 1e-3, "{} found {}, not {expected}", contender.name, run.found);
            }
        }
    }
    Ok(())
}
