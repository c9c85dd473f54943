//! The browser beside the agent: a real headless Chromium that the application's own tool
//! drives over 127.0.0.1:9222, and that nobody outside of the Pod can.
//!
//! The image stands in for the default one, `docker.io/chromedp/headless-shell`: Debian's
//! Chromium, started in headless mode under the same path. The other two rows of the table of
//! images (browserless, and any image that starts Chrome with the arguments that it is given)
//! are seen only as manifests: their images cannot be had without their registries.

use std::time::Instant;

use serde_json::{Value, json};

use crate::bed::pod::status;
use crate::bed::stack::{SMALL, TOKEN};
use crate::bed::{Stack, Web, ensure, eventually, figure, kubectl, steadily};

/// What the page says; the browser shows it only if it ran the script.
const PAGE: &str = "<!doctype html><title>A page</title><h1>Opening hours</h1>\
    <p id=a>closed</p><script>document.getElementById('a').textContent = 'open since ' + (1900 + 7)</script>";

/// An instance in the shape of examples/chromium.yaml. The browser's guard refuses private
/// addresses unless the host is named, and the page lies on one.
fn spec(web: &Web) -> String {
    format!(
        "{SMALL}
chromium:
  enabled: true
  image:
    repository: docker.io/chromedp/headless-shell
    tag: \"151.0.7922.109\"
  resources:
    requests: {{cpu: 300m, memory: 128Mi}}
    limits: {{cpu: 1000m, memory: 2Gi}}
config:
  raw:
    browser:
      ssrfPolicy:
        allowedHostnames: [\"{}\"]",
        web.address
    )
}

/// Calls the application's browser tool; what it says in text.
fn browse(stack: &Stack, args: &Value) -> Result<String, String> {
    let call = json!({"tool": "browser", "args": args}).to_string();
    let token = format!("Authorization: Bearer {TOKEN}");
    let kind = "Content-Type: application/json";
    let answer = stack.pod().http(
        18789,
        "/tools/invoke",
        ["--max-time", "60", "-H", kind, "-H", &token, "-d", &call],
    )?;
    ensure(answer.status == 200, || format!("{}: {}", answer.status, answer.body))?;
    let value: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
    value["result"]["content"][0]["text"].as_str().map(str::to_owned).ok_or(answer.body)
}

#[test]
fn the_agent_reads_a_page_through_the_browser_beside_it() {
    let web = Web::plain();
    web.serve("/hours", PAGE);
    let stack = Stack::new("browser");
    stack.instance("2026.9.6", &spec(&web));
    let started = Instant::now();
    stack.apply_and_wait();
    figure(&format!(
        "browser: Ready with Chromium beside it after {:.0} s",
        started.elapsed().as_secs_f64()
    ));

    let open = json!({"action": "open", "url": web.url("/hours")});
    eventually("the tool opens the page", 90, || browse(&stack, &open));
    let shown = eventually("the tool shows what the script wrote", 60, || {
        let text = browse(&stack, &json!({"action": "snapshot"}))?;
        ensure(text.contains("open since 1907"), || text.clone())?;
        Ok(text)
    });
    assert!(shown.contains("heading \"Opening hours\""), "{shown}");
    let requests = web.requests();
    let page =
        requests.iter().find(|each| each["path"] == "/hours").expect("the page was asked for");
    let agent = page["agent"].as_str().unwrap();
    assert!(agent.contains("HeadlessChrome/"), "{agent}");

    refuses_the_private_network(&stack);
    is_alone_with_the_agent(&stack);
    stays_up(&stack);
}

/// Another private address is still refused, by the application's default.
fn refuses_the_private_network(stack: &Stack) {
    let open = json!({"action": "open", "url": "http://127.0.0.1:18789/"});
    let refused = browse(stack, &open).unwrap_err();
    assert!(refused.contains("tool execution failed"), "{refused}");
    // The call says no more; its reason is in the log.
    eventually("the log names the reason", 20, || {
        let said = stack.pod().logs("openclaw", false);
        ensure(said.contains("browser navigation blocked by policy"), || said.clone())
    });
}

/// The port is open on loopback and on nothing that others reach.
fn is_alone_with_the_agent(stack: &Stack) {
    let pod = stack.pod();
    let refused = pod.http(9222, "/json/version", []).unwrap_err();
    assert!(refused.contains("(7)"), "{refused}");
    let version =
        pod.exec("openclaw", ["curl", "-sS", "http://127.0.0.1:9222/json/version"]).unwrap();
    assert!(
        version.contains("\"Browser\": \"HeadlessChrome/")
            || version.contains("\"Browser\": \"Chrome/"),
        "{version}"
    );
    // 9222 is 2406, and 127.0.0.1 is 0100007F there.
    let listening = |file: &str| -> Vec<String> {
        let table = pod.exec("openclaw", ["cat", file]).unwrap();
        let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        rows.filter(|row| row.get(3) == Some(&"0A") && row[1].ends_with(":2406"))
            .map(|row| row[1].to_owned())
            .collect()
    };
    assert_eq!(listening("/proc/net/tcp"), ["0100007F:2406"]);
    assert_eq!(listening("/proc/net/tcp6"), [""; 0]);
    let service = stack.namespace.object("service", &stack.name).unwrap();
    assert!(!service.to_string().contains("9222"), "{service}");
}

/// Over more than one period of the liveness probe.
fn stays_up(stack: &Stack) {
    steadily("the browser's probes pass", 45, || {
        let pod = stack.pod().get()?;
        let browser = status(&pod, "chromium");
        ensure(
            browser["restartCount"] == 0 && browser["ready"] == true && browser["started"] == true,
            || browser.to_string(),
        )
    });
    let field =
        format!("--field-selector=involvedObject.name={},reason=Unhealthy", stack.pod().name);
    let events =
        kubectl(["get", "events", "-n", &stack.namespace.name, &field, "-o", "json"]).unwrap();
    let events: Value = serde_json::from_str(&events).unwrap();
    for event in events["items"].as_array().unwrap() {
        let where_ = event["involvedObject"]["fieldPath"].as_str().unwrap_or_default();
        let what = event["message"].as_str().unwrap_or_default();
        assert!(!(where_.contains("chromium") && what.starts_with("Liveness")), "{event}");
    }
}
