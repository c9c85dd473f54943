//! How long commits take in a fleet of 1,000 instances. Not a test: `tests/run bench` runs it.

use std::time::Instant;

use openclaw::controller::update::Effect;

use crate::desk::{Desk, bump, fleet, key, revert, wait_until};
use crate::servers::{Https, run};

fn memory() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

#[test]
#[ignore = "it measures; tests/run bench runs it with the release profile"]
fn figures() {
    let upstream = fleet(1_000, "");
    let server = Https::start(&upstream);
    let started = Instant::now();
    let desk = Desk::start(&upstream, &server, "one", None);
    println!("figures: the branch of 1,000 instances read after {:.2?}", started.elapsed());
    let timed = |what: &str, numbers: &[usize], is_back: bool| {
        let started = Instant::now();
        for number in numbers {
            let update = bump(*number);
            let effect = if is_back { revert(&update) } else { Effect::Bump(update) };
            desk.ask(&key(*number), effect);
        }
        let tag = if is_back { "2026.9.4" } else { "2026.9.6" };
        wait_until(what, 120, || numbers.iter().all(|number| desk.tag(&key(*number)) == tag));
        println!("figures: {what}: on the server after {:.2?}", started.elapsed());
    };
    let many: Vec<usize> = (1..201).collect();
    timed("one update among 1,000", &[0], false);
    timed("one way back among 1,000", &[0], true);
    timed("200 updates in one push", &many, false);
    timed("200 ways back in one push", &many, true);
    println!("figures: memory at its highest {:.0} MiB", memory());
    let work = upstream.clone_as("peer");
    let started = Instant::now();
    run(&work, "git", &["pull", "--quiet"]);
    run(&work, "sed", &["-i", "s/2026.9.4/2026.9.6/", "instances/a-500.yaml"]);
    run(&work, crate::kit::binary().to_str().unwrap(), &["render"]);
    run(&work, "git", &["commit", "--quiet", "-am", "by hand"]);
    run(&work, "git", &["push", "--quiet"]);
    println!(
        "figures: the same by git and openclaw render in a checkout {:.2?}",
        started.elapsed()
    );
}
